//! A wallet's statement: one HTML file without scripts or outside resources.
//!
//! The wallet's history is read twice and never kept: once for the totals and the curve, once for the
//! list.

mod chart;
mod curve;
mod entries;
mod page;
mod summary;
mod text;
mod ticks;

use std::io::{BufWriter, Write};

use ledger_core::{Timestamp, Wallet};
use ledger_sqlite::SqliteLedger;

use crate::error::ReportError;
use crate::names::Names;
use crate::statement::summary::Summary;

/// How many entries are listed, where nothing else is said.
const LISTED_DEFAULT: usize = 1_000;

/// Which statement to write: of which wallet, of what time, and how many entries it lists.
///
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("shop.ledger");
/// use ledger_core::{Asset, WalletSpec};
/// use ledger_reports::{StatementSpec, statement_with};
/// use ledger_sqlite::SqliteLedger;
///
/// let ledger = SqliteLedger::open(path)?;
/// let usd = Asset::iso("USD")?;
/// let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
/// ledger.deposit(&alice, usd.money("100.00")?, "stripe:ch_1")?;
///
/// let march = StatementSpec::of(&alice)
///     .since("2026-03-01T00:00:00Z".parse()?)
///     .until("2026-04-01T00:00:00Z".parse()?)
///     .listed(100);
/// let mut page = Vec::new();
/// statement_with(&ledger, &march, &mut page)?;
/// assert!(page.starts_with(b"<!DOCTYPE html>"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "it only describes what is to be done"]
pub struct StatementSpec {
    wallet: Wallet,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    listed: usize,
}

impl StatementSpec {
    /// All of a wallet's life, with the latest 1,000 entries.
    pub fn of(wallet: &Wallet) -> Self {
        Self { wallet: wallet.clone(), from: None, until: None, listed: LISTED_DEFAULT }
    }

    /// Only what was recorded at this time or later.
    pub fn since(self, from: Timestamp) -> Self {
        Self { from: Some(from), ..self }
    }

    /// Only what was recorded before this time. If that is still to come, the statement ends now.
    pub fn until(self, until: Timestamp) -> Self {
        Self { until: Some(until), ..self }
    }

    /// Lists at most so many entries, the latest. Totals and the curve are of all of them.
    pub fn listed(self, entries: usize) -> Self {
        Self { listed: entries, ..self }
    }
}

/// Writes a wallet's statement, all of its life, as one HTML file that needs nothing else.
///
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("shop.ledger");
/// use ledger_core::{Asset, WalletSpec};
/// use ledger_sqlite::SqliteLedger;
///
/// let ledger = SqliteLedger::open(path)?;
/// let usd = Asset::iso("USD")?;
/// let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
/// ledger.deposit(&alice, usd.money("100.00")?, "stripe:ch_1")?;
///
/// let mut page = Vec::new();
/// ledger_reports::statement(&ledger, &alice, &mut page)?;
/// assert!(String::from_utf8(page)?.contains("stripe:ch_1"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn statement(
    ledger: &SqliteLedger,
    wallet: &Wallet,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    statement_with(ledger, &StatementSpec::of(wallet), out)
}

/// The same for a part of its life, or with more or fewer entries listed.
pub fn statement_with(
    ledger: &SqliteLedger,
    spec: &StatementSpec,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let summary = Summary::of(ledger, spec)?;
    let out = &mut BufWriter::new(out);
    page::begin(&spec.wallet, &summary, out)?;
    if summary.count > 0 {
        chart::write(&summary, out)?;
        let mut names = Names::new(ledger);
        entries::write(ledger, spec, &summary, &mut names, out)?;
    }
    page::end(&summary, out)?;
    Ok(out.flush()?)
}
