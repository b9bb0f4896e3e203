//! Pages of a wallet's history, both ways, with filters.

use serde::{Deserialize, Serialize};

use crate::base::bounds::{PAGE_DEFAULT, PAGE_MAX, SCAN_MAX};
use crate::base::id::WalletId;
use crate::base::invalid::{Field, Invalid};
use crate::base::time::Timestamp;
use crate::error::report::Result;
use crate::model::entry::{Entry, Order, Position, Span};
use crate::model::transaction::Kind;
use crate::read::cursor::Cursor;
use crate::store::backend::Store;

/// Which entries of a wallet's history to give, and in which order.
///
/// ```
/// use ledger_core::{Asset, HistoryQuery, Kind, Ledger, WalletSpec};
/// let ledger = Ledger::in_memory();
/// let usd = Asset::iso("USD")?;
/// let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
/// for day in 1..=5 {
///     ledger.deposit(&alice, usd.money("1.00")?, format!("day:{day}"))?;
/// }
/// let query = HistoryQuery::oldest_first().kinds([Kind::Deposit]).limit(3);
/// let first = ledger.history(&alice, &query)?;
/// assert_eq!(first.entries.len(), 3);
/// let rest = ledger.history(&alice, &query.cursor(first.next))?;
/// assert_eq!(rest.entries.last().unwrap().balance_after, usd.money("5.00")?);
/// assert!(rest.next.is_none());
/// # Ok::<(), ledger_core::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "a query finds nothing until it is asked"]
pub struct HistoryQuery {
    order: Order,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    kinds: Vec<Kind>,
    limit: Option<usize>,
    cursor: Option<Cursor>,
}

impl HistoryQuery {
    /// All entries from the latest back.
    pub fn newest_first() -> Self {
        Self::default()
    }

    /// All entries from the beginning on.
    pub fn oldest_first() -> Self {
        Self { order: Order::OldestFirst, ..Self::default() }
    }

    /// Only what was recorded at this time or later.
    pub fn since(self, from: Timestamp) -> Self {
        Self { from: Some(from), ..self }
    }

    /// Only what was recorded before this time.
    pub fn until(self, until: Timestamp) -> Self {
        Self { until: Some(until), ..self }
    }

    /// Only entries of these kinds. Entries are postings, so kinds without any never match.
    pub fn kinds(self, kinds: impl IntoIterator<Item = Kind>) -> Self {
        Self { kinds: kinds.into_iter().collect(), ..self }
    }

    /// At most so many entries on the page: 1 to 1,000, or 50 if nothing is said.
    pub fn limit(self, limit: usize) -> Self {
        Self { limit: Some(limit), ..self }
    }

    /// Goes on where a page ended.
    pub fn cursor(self, cursor: impl Into<Option<Cursor>>) -> Self {
        Self { cursor: cursor.into(), ..self }
    }
}

/// A page of history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HistoryPage {
    /// The entries, in the order asked for. With a filter there can be fewer than the limit, even
    /// none, while `next` still leads on.
    pub entries: Vec<Entry>,
    /// Where the page behind this one begins; none at the end. To look for more later, keep the last
    /// entry's place: [`Cursor::beyond`].
    pub next: Option<Cursor>,
    /// Where the page before this one begins; none at the beginning.
    pub previous: Option<Cursor>,
}

/// How many entries a page may have.
pub(super) fn page_limit(limit: Option<usize>) -> Result<usize, Invalid> {
    match limit.unwrap_or(PAGE_DEFAULT) {
        limit @ 1..=PAGE_MAX => Ok(limit),
        limit => {
            let problem =
                format!("a page must have 1 to {PAGE_MAX} rows; this one asks for {limit}");
            Err(Invalid::new(Field::Page, problem))
        }
    }
}

/// Reads one page.
pub(crate) fn page(
    store: &dyn Store,
    wallet: WalletId,
    query: &HistoryQuery,
) -> Result<HistoryPage> {
    let limit = page_limit(query.limit)?;
    let toward = query.cursor.map_or(query.order, |cursor| cursor.toward);
    let span = span(wallet, query, toward)?;
    let found = scan(store, wallet, span, toward, limit, &query.kinds)?;
    let ahead =
        found.last.filter(|_| found.more).map(|last| Cursor { wallet, position: last, toward });
    // There is something behind us exactly if we came from somewhere.
    let behind = query.cursor.map(|came_from| Cursor {
        wallet,
        position: match found.entries.first() {
            Some(first) => first.position(),
            // From there on, with the entry that stood there.
            None => came_from.position.one_before(toward.reversed()),
        },
        toward: toward.reversed(),
    });
    let mut entries = found.entries;
    if toward == query.order {
        return Ok(HistoryPage { entries, next: ahead, previous: behind });
    }
    entries.reverse();
    Ok(HistoryPage { entries, next: behind, previous: ahead })
}

fn span(wallet: WalletId, query: &HistoryQuery, toward: Order) -> Result<Span, Invalid> {
    let all = Span::between(query.from, query.until);
    let Some(cursor) = query.cursor else { return Ok(all) };
    if cursor.wallet != wallet {
        let problem = format!("cursor {cursor} belongs to the history of wallet {}", cursor.wallet);
        return Err(Invalid::new(Field::Page, problem));
    }
    Ok(all.beyond(cursor.position, toward))
}

struct Scan {
    /// What passed the filter.
    entries: Vec<Entry>,
    /// Where the last entry stands that was looked at.
    last: Option<Position>,
    /// Whether there is anything behind it.
    more: bool,
}

/// Looks at entries until the page is full, the history ends, or it has looked at enough: a filter
/// that passes next to nothing must not make a page take for ever.
fn scan(
    store: &dyn Store,
    wallet: WalletId,
    mut span: Span,
    toward: Order,
    limit: usize,
    kinds: &[Kind],
) -> Result<Scan> {
    let mut page = Scan { entries: Vec::new(), last: None, more: true };
    let mut budget = SCAN_MAX;
    while page.more && page.entries.len() < limit && budget > 0 {
        let chunk = chunk_size(limit - page.entries.len(), kinds, budget);
        budget -= chunk;
        // One more than the chunk tells whether there is more.
        let mut entries = store.entries(wallet, span, toward, chunk + 1)?.into_iter().peekable();
        for entry in entries.by_ref().take(chunk) {
            span = span.beyond(entry.position(), toward);
            page.last = Some(entry.position());
            if kinds.is_empty() || kinds.contains(&entry.kind) {
                page.entries.push(entry);
            }
            if page.entries.len() == limit {
                break;
            }
        }
        page.more = entries.peek().is_some();
    }
    Ok(page)
}

/// Without a filter just what is missing; with one, more at a time.
fn chunk_size(missing: usize, kinds: &[Kind], budget: usize) -> usize {
    let chunk = if kinds.is_empty() { missing } else { missing.max(PAGE_DEFAULT) };
    chunk.min(budget)
}
