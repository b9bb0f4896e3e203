//! `wallets`: lists them with what they hold.

use clap::Args;
use ledger_core::{Balance, Owner, Wallet, WalletId, WalletQuery};

use crate::book::{Book, FileArg};
use crate::failure::{Done, Failure};
use crate::input::LimitArg;
use crate::output::Output;
use crate::record::Record;

/// Lists wallets.
#[derive(Args, Debug)]
pub struct Wallets {
    #[command(flatten)]
    file: FileArg,
    /// Only those whose names begin like that
    #[arg(long, default_value = "", hide_default_value = true)]
    prefix: String,
    /// Only those of this owner
    #[arg(long)]
    owner: Option<String>,
    #[command(flatten)]
    limit: LimitArg,
}

impl Wallets {
    /// Does it.
    pub fn run(&self, output: &mut Output) -> Done {
        let book = self.file.open(output)?;
        let mut query = WalletQuery::all().prefix(&self.prefix);
        if let Some(owner) = &self.owner {
            query = query.owner(Owner::new(owner)?);
        }
        output.pages(&self.limit, |limit, after| {
            let page = book.wallets(&query.clone().limit(limit).after(after))?;
            Ok((with_balances(&book, &page.wallets)?, page.next))
        })
    }
}

/// Wallets with what they hold, all of them at one moment.
pub fn with_balances(book: &Book, wallets: &[Wallet]) -> Result<Vec<Record>, Failure> {
    let ids: Vec<WalletId> = wallets.iter().map(WalletId::from).collect();
    let balances = book.balances(&ids)?;
    Ok(wallets.iter().zip(&balances).map(|(wallet, balance)| shown(wallet, balance)).collect())
}

/// A wallet with what it holds.
pub fn shown(wallet: &Wallet, balance: &Balance) -> Record {
    Record::default()
        .with("wallet", wallet.name.as_str())
        .with("posted", balance.posted)
        .with("held", balance.held)
        .with("available", balance.available)
        .with("status", wallet.status.to_string())
        .with("owner", wallet.owner.as_ref().map(Owner::as_str))
        .with("opened_at", wallet.opened_at)
}
