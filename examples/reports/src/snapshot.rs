//! One moment of a ledger. The journal is only ever appended to, so what it was at a moment is what
//! stands in it up to a place. Nothing is locked and nobody waits while it is read.

use ledger_core::store::{Position, Record, Span, Stamp, Store};
use ledger_core::{Amount, Money, Order, Timestamp, Wallet, WalletQuery, bounds};
use ledger_sqlite::SqliteLedger;

use crate::error::ReportError;

/// How many records are in memory at once. A record can have a thousand postings.
const RECORDS_AT_ONCE: usize = 256;

/// How far an export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Lines of the journal that are done.
    pub done: u64,
    /// Lines there are.
    pub total: u64,
}

/// A ledger as it was when this was made.
pub(crate) struct Snapshot<'l> {
    ledger: &'l SqliteLedger,
    last: Option<Stamp>,
    lines: u64,
}

impl<'l> Snapshot<'l> {
    pub(crate) fn take(ledger: &'l SqliteLedger) -> Result<Self, ReportError> {
        let lines = ledger.head()?.lines;
        Ok(Self { ledger, last: ledger.store().last()?, lines })
    }

    /// The time of the journal's last record.
    pub(crate) fn time(&self) -> Timestamp {
        self.last.map_or(Timestamp::FIRST, Stamp::time)
    }

    fn has(&self, stamp: Stamp) -> bool {
        self.last.is_some_and(|last| stamp <= last)
    }

    /// Hands over every record of the journal, in order.
    pub(crate) fn records(
        &self,
        progress: &mut dyn FnMut(Progress),
        each: &mut dyn FnMut(Record) -> Result<(), ReportError>,
    ) -> Result<(), ReportError> {
        let (mut after, mut done) = (None, 0);
        loop {
            let records = self.ledger.store().records(after, RECORDS_AT_ONCE)?;
            let mut taken = 0;
            for record in records.into_iter().take_while(|record| self.has(record.stamp())) {
                after = Some(record.stamp());
                done += lines_of(&record);
                taken += 1;
                each(record)?;
            }
            progress(Progress { done: done.min(self.lines), total: self.lines });
            if taken < RECORDS_AT_ONCE {
                break;
            }
        }
        // The file has some lines of its own, which are no records.
        progress(Progress { done: self.lines, total: self.lines });
        Ok(())
    }

    /// Hands over every wallet by name, with what it held.
    pub(crate) fn balances(
        &self,
        each: &mut dyn FnMut(&Wallet, Money) -> Result<(), ReportError>,
    ) -> Result<(), ReportError> {
        let mut query = WalletQuery::all().limit(bounds::PAGE_MAX);
        loop {
            let page = self.ledger.wallets(&query)?;
            for wallet in page.wallets.iter().filter(|wallet| self.has(wallet.id.stamp())) {
                each(wallet, self.balance(wallet)?)?;
            }
            if page.next.is_none() {
                return Ok(());
            }
            query = query.after(page.next);
        }
    }

    /// What a wallet held: the balance after its last posting up to the snapshot's place.
    fn balance(&self, wallet: &Wallet) -> Result<Money, ReportError> {
        let Some(last) = self.last else { return Ok(wallet.asset.of(Amount::ZERO)) };
        let before = Position { stamp: last.raw().saturating_add(1), posting: 0 };
        let span = Span { before, ..Span::ALL };
        let found = self.ledger.store().entries(wallet.id, span, Order::NewestFirst, 1)?;
        Ok(found.last().map_or(wallet.asset.of(Amount::ZERO), |entry| entry.balance_after))
    }
}

/// The lines that a record has in the journal: one for each posting or refused request, and one for
/// what it changes besides.
fn lines_of(record: &Record) -> u64 {
    let lines = match record {
        Record::Transaction(it) => it.postings.len() + usize::from(it.change.is_some()),
        Record::Refusal(refusal) => refusal.items.len(),
        _ => 1,
    };
    lines.try_into().unwrap_or(u64::MAX)
}
