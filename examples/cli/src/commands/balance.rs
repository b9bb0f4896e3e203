//! `balance`: what wallets hold.

use clap::Args;
use ledger_core::{Error, Money, Timestamp, Wallet, WalletId};

use crate::book::{Book, FileArg};
use crate::failure::{Done, Failure};
use crate::output::Output;
use crate::record::Record;

/// Shows what wallets hold.
#[derive(Args, Debug)]
pub struct Balance {
    #[command(flatten)]
    file: FileArg,
    /// The wallets' names
    #[arg(value_name = "WALLET", required = true)]
    wallets: Vec<String>,
    /// As it was recorded by this time, such as 2026-03-01T12:00:00Z
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// As it took effect by this time, recorded then or later
    #[arg(long, value_name = "TIME", conflicts_with = "at")]
    effective_at: Option<Timestamp>,
}

impl Balance {
    /// Does it.
    pub fn run(&self, output: &mut Output) -> Done {
        let book = self.file.open(output)?;
        let wallets: Vec<Wallet> =
            self.wallets.iter().map(|name| book.named(name)).collect::<Result<_, _>>()?;
        let records = match (self.at, self.effective_at) {
            (None, None) => now(&book, &wallets)?,
            (Some(at), _) => earlier(&wallets, "at", at, |it| book.balance_at(it, at))?,
            (None, Some(at)) => {
                earlier(&wallets, "effective_at", at, |it| book.balance_effective_at(it, at))?
            }
        };
        output.list(&records)
    }
}

fn now(book: &Book, wallets: &[Wallet]) -> Result<Vec<Record>, Failure> {
    let ids: Vec<WalletId> = wallets.iter().map(WalletId::from).collect();
    let balances = book.balances(&ids)?;
    let records = wallets.iter().zip(balances).map(|(wallet, balance)| {
        Record::default()
            .with("wallet", wallet.name.as_str())
            .with("posted", balance.posted)
            .with("held", balance.held)
            .with("available", balance.available)
            .with("version", balance.version)
    });
    Ok(records.collect())
}

fn earlier(
    wallets: &[Wallet],
    as_of: &'static str,
    time: Timestamp,
    posted: impl Fn(&Wallet) -> Result<Money, Error>,
) -> Result<Vec<Record>, Failure> {
    let records = wallets.iter().map(|wallet| {
        Ok(Record::default()
            .with("wallet", wallet.name.as_str())
            .with("posted", posted(wallet)?)
            .with(as_of, time))
    });
    records.collect()
}
