//! Writing the whole journal in a form that other tools read.

mod account;
mod beancount;
mod csv;
mod date;
pub(crate) mod format;
mod hledger;
mod json;

use std::io::{self, BufWriter, Write};

use ledger_core::store::{Record, WalletRecord};
use ledger_core::{AssetRecord, Money, Timestamp, Transaction, Wallet};
use ledger_sqlite::SqliteLedger;

use crate::error::ReportError;
use crate::export::date::Day;
use crate::export::format::Format;
use crate::names::Names;
use crate::snapshot::{Progress, Snapshot};

/// What an export has in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exported {
    /// Transactions, also those that moved no money.
    pub transactions: u64,
    /// Postings.
    pub postings: u64,
    /// Numbers with more digits than the tool they are written for counts with; it rounds them. Only beancount's
    /// can be too long: they have 28.
    pub too_long: u64,
}

/// Writes every transaction of the journal to `out`, in the order in which they were recorded, all as
/// of one moment. Says now and then how far it is.
///
/// Others may write meanwhile. The memory it takes does not grow with the file.
///
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("shop.ledger");
/// use ledger_core::{Asset, WalletSpec};
/// use ledger_reports::{Format, export};
/// use ledger_sqlite::SqliteLedger;
///
/// let ledger = SqliteLedger::open(path)?;
/// let usd = Asset::iso("USD")?;
/// let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
/// ledger.deposit(&alice, usd.money("100.00")?, "stripe:ch_1")?;
///
/// let mut journal = Vec::new();
/// let exported = export(&ledger, Format::Hledger, &mut journal, &mut |_| {})?;
/// assert_eq!((exported.transactions, exported.postings), (1, 1));
/// let journal = String::from_utf8(journal)?;
/// assert!(journal.contains("    assets:user:alice  100.00 USD\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn export(
    ledger: &SqliteLedger,
    format: Format,
    out: &mut dyn Write,
    progress: &mut dyn FnMut(Progress),
) -> Result<Exported, ReportError> {
    let out = &mut BufWriter::new(out);
    let snapshot = Snapshot::take(ledger)?;
    let mut names = Names::new(ledger);
    let mut form = form_of(format);
    let mut exported = Exported::default();
    form.begin(out)?;
    snapshot.records(progress, &mut |record| match record {
        Record::Asset(asset) => Ok(form.asset(&asset, out)?),
        Record::Wallet(wallet) => {
            names.keep(wallet.id, wallet.name.clone());
            Ok(form.wallet(&wallet, out)?)
        }
        Record::Transaction(transaction) => {
            exported.transactions += 1;
            exported.postings += transaction.postings.len() as u64;
            form.transaction(&transaction, &mut names, out)
        }
        _ => Ok(()),
    })?;
    if form.has_balances() {
        form.end(snapshot.time(), out)?;
        snapshot.balances(&mut |wallet, balance| Ok(form.balance(wallet, balance, out)?))?;
    }
    out.flush()?;
    exported.too_long = form.too_long();
    Ok(exported)
}

fn form_of(format: Format) -> Box<dyn Form> {
    match format {
        Format::Csv => Box::new(csv::Csv),
        Format::JsonLines => Box::new(json::JsonLines),
        Format::Hledger => Box::new(hledger::Hledger),
        Format::Beancount => Box::new(beancount::Beancount::default()),
    }
}

/// How each part of a journal is written.
trait Form {
    fn begin(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn asset(&mut self, _asset: &AssetRecord, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn wallet(&mut self, _wallet: &WalletRecord, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn transaction(
        &mut self,
        transaction: &Transaction,
        names: &mut Names<'_>,
        out: &mut dyn Write,
    ) -> Result<(), ReportError>;

    /// Whether balances stand at the end.
    fn has_balances(&self) -> bool {
        false
    }

    /// How many numbers have more digits than are counted with where they are read.
    fn too_long(&self) -> u64 {
        0
    }

    /// All transactions are written; the last record was made at `time`.
    fn end(&mut self, _time: Timestamp, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn balance(
        &mut self,
        _wallet: &Wallet,
        _balance: Money,
        _out: &mut dyn Write,
    ) -> io::Result<()> {
        Ok(())
    }
}

/// What moved no money, in a comment that begins with a mark.
fn aside(mark: &str, transaction: &Transaction, out: &mut dyn Write) -> io::Result<()> {
    let Transaction { id, kind, key, effective_at, .. } = transaction;
    writeln!(out, "\n{mark} {} ({id}) {kind} {key}", Day::of(*effective_at))
}

/// An amount without its asset's code.
pub(crate) fn number(money: Money) -> impl std::fmt::Display {
    money.amount().display(money.asset().scale())
}
