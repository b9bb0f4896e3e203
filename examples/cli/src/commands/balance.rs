//! `balance`: what wallets hold.

use clap::Args;
use ledger_core::{Timestamp, Wallet, WalletId};

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
        let book = self.file.open()?;
        let wallets: Vec<Wallet> =
            self.wallets.iter().map(|name| book.named(name)).collect::<Result<_, _>>()?;
        let records = match (self.at, self.effective_at) {
            (None, None) => now(&book, &wallets)?,
            (at, effective_at) => earlier(&book, &wallets, at, effective_at)?,
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
    book: &Book,
    wallets: &[Wallet],
    at: Option<Timestamp>,
    effective_at: Option<Timestamp>,
) -> Result<Vec<Record>, Failure> {
    let records = wallets.iter().map(|wallet| {
        let posted = match (at, effective_at) {
            (_, Some(effective)) => book.balance_effective_at(wallet, effective),
            (at, None) => book.balance_at(wallet, at.unwrap_or_default()),
        };
        Ok(Record::default()
            .with("wallet", wallet.name.as_str())
            .with("posted", posted?)
            .with_some("at", at)
            .with_some("effective_at", effective_at))
    });
    records.collect()
}
