//! What a statement says as a whole: totals, and the curve of the balance.

use std::time::SystemTime;

use ledger_core::{
    Balance, Entry, Error, Field, HistoryQuery, Invalid, Money, Timestamp, WalletId, bounds,
};
use ledger_sqlite::SqliteLedger;

use crate::error::ReportError;
use crate::statement::StatementSpec;
use crate::statement::curve::Curve;
use crate::statement::text::Figure;

/// Of amounts that are longer, two do not fit beside each other on a phone.
pub(super) const NARROW_LETTERS_MAX: usize = 14;

/// A statement as a whole.
pub(super) struct Summary {
    /// When its time begins.
    pub(super) from: Timestamp,
    /// When it ends; this moment is no longer part of it.
    pub(super) until: Timestamp,
    /// What the wallet held before it.
    pub(super) opening: Money,
    /// What it held at its end.
    pub(super) closing: Money,
    /// All that came in; none past what can be counted.
    pub(super) paid_in: Option<Money>,
    /// All that went out, below zero.
    pub(super) paid_out: Option<Money>,
    /// How many entries there are.
    pub(super) count: u64,
    /// What the wallet holds now, where the statement goes on until now.
    pub(super) now: Option<Balance>,
    /// The balance over time.
    pub(super) curve: Curve,
    /// The wallet's version when this was made: what came later is not in it.
    version: u64,
}

impl Summary {
    /// Reads all entries once.
    pub(super) fn of(ledger: &SqliteLedger, spec: &StatementSpec) -> Result<Self, ReportError> {
        let wallet = &spec.wallet;
        let now = ledger.balance(wallet)?;
        let none = wallet.asset.minor(0);
        let Period { from, until, is_to_date } = Period::of(ledger, spec)?;
        let opening = match spec.from {
            Some(_) => ledger.balance_at(wallet, just_before(from))?,
            None => none,
        };
        let mut summary = Self {
            from,
            until,
            opening,
            closing: opening,
            paid_in: Some(none),
            paid_out: Some(none),
            count: 0,
            now: is_to_date.then_some(now),
            curve: Curve::new(from, until, opening.amount()),
            version: now.version,
        };
        each_entry(
            ledger,
            wallet.id,
            HistoryQuery::oldest_first().since(from).until(until),
            |entry| {
                let goes_on = summary.covers(entry);
                if goes_on {
                    summary.add(entry);
                }
                Ok(goes_on)
            },
        )?;
        Ok(summary)
    }

    /// The last moment of its time.
    pub(super) fn last(&self) -> Timestamp {
        just_before(self.until)
    }

    /// Whether an entry was there when this was made.
    pub(super) fn covers(&self, entry: &Entry) -> bool {
        entry.version <= self.version
    }

    /// How long its amounts are when written.
    pub(super) fn letters(&self) -> usize {
        let figures = [Some(self.opening), Some(self.closing), self.paid_in, self.paid_out];
        let letters = |money| Figure::signed(money).to_string().chars().count();
        figures.into_iter().flatten().map(letters).max().unwrap_or(0)
    }

    fn add(&mut self, entry: &Entry) {
        let side = if entry.amount.is_negative() { &mut self.paid_out } else { &mut self.paid_in };
        *side = side.and_then(|sum| sum.checked_add(entry.amount));
        self.closing = entry.balance_after;
        self.count += 1;
        self.curve.add(entry.at, entry.balance_after.amount());
    }
}

/// From when until when, the end excluded.
struct Period {
    from: Timestamp,
    until: Timestamp,
    /// Whether it ends now, because nobody knows what comes later.
    is_to_date: bool,
}

impl Period {
    fn of(ledger: &SqliteLedger, spec: &StatementSpec) -> Result<Self, ReportError> {
        let last = ledger.history(&spec.wallet, &HistoryQuery::newest_first().limit(1))?;
        let last = last.entries.first().map_or(spec.wallet.opened_at, |entry| entry.at);
        let now = Timestamp::from(SystemTime::now()).max(last);
        let from = spec.from.unwrap_or(spec.wallet.opened_at);
        let past = spec.until.filter(|until| *until <= now);
        let until = past.unwrap_or(Timestamp::from_unix_ms(now.unix_ms().saturating_add(1)));
        if until > from {
            return Ok(Self { from, until, is_to_date: past.is_none() });
        }
        let problem = format!(
            "a statement must end after it begins; from {from} until {until} there is nothing: give an \
             earlier from or a later until"
        );
        Err(Error::from(Invalid::new(Field::Value, problem)).into())
    }
}

fn just_before(time: Timestamp) -> Timestamp {
    Timestamp::from_unix_ms(time.unix_ms().saturating_sub(1))
}

/// Hands over a wallet's entries, page by page, until it is told to stop.
pub(super) fn each_entry(
    ledger: &SqliteLedger,
    wallet: WalletId,
    query: HistoryQuery,
    mut each: impl FnMut(&Entry) -> Result<bool, ReportError>,
) -> Result<(), ReportError> {
    let mut query = query.limit(bounds::PAGE_MAX);
    loop {
        let page = ledger.history(wallet, &query)?;
        for entry in &page.entries {
            if !each(entry)? {
                return Ok(());
            }
        }
        if page.next.is_none() {
            return Ok(());
        }
        query = query.cursor(page.next);
    }
}
