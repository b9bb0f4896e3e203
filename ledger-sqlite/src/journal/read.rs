//! Reads lines. What is read was written by someone, perhaps not by us: every value is checked.

use std::sync::LazyLock;

use ledger_core::store::{Position, Span, Stamp, StoreError, StoreResult};
use ledger_core::{Amount, Fingerprint, Key, Timestamp, WalletId};
use rusqlite::types::{FromSql, ValueRef};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Row};

use crate::base::amount::ReadAmount;
use crate::base::failure::{damaged, damaged_so, in_row, reading};
use crate::chain::links::{Link, Links};
use crate::journal::line::COLUMNS;
use crate::journal::seal::Seal;
use crate::schema::kinds::LineKind;

/// What [`ReadLine`] is read from: the columns of a line in their order, and the seal.
static LINE: LazyLock<String> = LazyLock::new(|| format!("{} row = ?1", select()));
static LINES: LazyLock<String> = LazyLock::new(|| format!("{} row BETWEEN ?1 AND ?2", select()));

fn select() -> String {
    format!("SELECT {}, seal FROM journal WHERE", COLUMNS.join(", "))
}

/// A line as it was read.
#[derive(Clone, Debug)]
pub(crate) struct ReadLine {
    pub(crate) row: u64,
    pub(crate) id: Stamp,
    pub(crate) item: u32,
    pub(crate) kind: Option<LineKind>,
    pub(crate) key: Option<Key>,
    pub(crate) fingerprint: Option<Fingerprint>,
    pub(crate) from: Option<End>,
    pub(crate) to: Option<End>,
    pub(crate) amount: Option<Amount>,
    pub(crate) floor: Option<i64>,
    pub(crate) links: Links,
    pub(crate) note: Option<[u8; 32]>,
    pub(crate) body: Option<String>,
    pub(crate) seal: Option<Seal>,
}

/// One of a line's wallets, and what it is after the line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    pub(crate) wallet: WalletId,
    pub(crate) balance: Amount,
    pub(crate) version: u64,
}

/// The end of the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tip {
    pub(crate) row: u64,
    pub(crate) id: Stamp,
    pub(crate) seal: Seal,
}

impl ReadLine {
    pub(crate) fn read(row: &Row<'_>) -> StoreResult<Self> {
        let number: u64 = get(row, 0)?;
        let wrong = |what: &str| damaged(format!("line {number} of the journal has {what}"));
        let kind: Option<i64> = get(row, 3)?;
        let kind =
            kind.map(|kind| LineKind::from_number(kind).ok_or_else(|| wrong("an unknown kind")));
        let key = text(row, 4)?.map(|key| Key::new(key).map_err(|_| wrong("an impossible key")));
        let links = match row.get_ref(14).map_err(reading)? {
            ValueRef::Null => Some(Links::default()),
            ValueRef::Blob(bytes) => Links::decode(number, bytes),
            _ => None,
        };
        Ok(Self {
            row: number,
            id: Stamp::from_raw(get(row, 1)?).ok_or_else(|| wrong("no id"))?,
            item: get(row, 2)?,
            kind: kind.transpose()?,
            key: key.transpose()?,
            fingerprint: get::<Option<[u8; 32]>>(row, 5)?.map(Fingerprint::from_bytes),
            from: end(row, [6, 9, 12])?,
            to: end(row, [7, 10, 13])?,
            amount: amount(row, 8)?,
            floor: get(row, 11)?,
            links: links.ok_or_else(|| wrong("impossible links"))?,
            note: get(row, 15)?,
            body: get(row, 16)?,
            seal: get(row, 17)?,
        })
    }

    pub(crate) fn position(&self) -> Position {
        Position { stamp: self.id.raw(), posting: self.item }
    }

    /// How the chain of `wallet` goes on, if it is one of its lines.
    pub(crate) fn link_of(&self, wallet: WalletId) -> Option<Link> {
        let is_it = |end: &End| end.wallet == wallet;
        let from = self.from.filter(is_it).map(|_| self.links.from);
        from.or_else(|| self.to.filter(is_it).map(|_| self.links.to))
    }

    pub(crate) fn damaged(&self, what: &str) -> StoreError {
        damaged(format!("line {} of the journal {what}", self.row))
    }
}

fn end(row: &Row<'_>, [wallet, balance, version]: [usize; 3]) -> StoreResult<Option<End>> {
    let id: Option<u64> = get(row, wallet)?;
    let parts = (id.and_then(WalletId::from_raw), amount(row, balance)?, get(row, version)?);
    Ok(match parts {
        (Some(wallet), Some(balance), Some(version)) => Some(End { wallet, balance, version }),
        _ => None,
    })
}

fn amount(row: &Row<'_>, column: usize) -> StoreResult<Option<Amount>> {
    Ok(get::<Option<ReadAmount>>(row, column)?.map(|ReadAmount(amount)| amount))
}

fn text<'r>(row: &'r Row<'_>, column: usize) -> StoreResult<Option<&'r str>> {
    let value = row.get_ref(column).map_err(reading)?;
    value.as_str_or_null().map_err(|error| damaged(format!("a key that is no text: {error}")))
}

/// A column of a row; what has the wrong type is damage.
pub(crate) fn get<T: FromSql>(row: &Row<'_>, column: usize) -> StoreResult<T> {
    row.get(column).map_err(in_row("a line"))
}

/// The newest line; none in an empty journal.
pub(crate) fn tip(connection: &Connection) -> StoreResult<Option<Tip>> {
    let mut find = connection
        .prepare_cached("SELECT row, id, seal FROM journal ORDER BY row DESC LIMIT 1")
        .map_err(reading)?;
    let mut rows = find.query([]).map_err(reading)?;
    let Some(row) = rows.next().map_err(reading)? else { return Ok(None) };
    let id = Stamp::from_raw(get(row, 1)?).ok_or_else(|| damaged("the last line has no id"))?;
    Ok(Some(Tip { row: get(row, 0)?, id, seal: get(row, 2)? }))
}

/// The newest line of a journal that must have one.
pub(crate) fn known_tip(connection: &Connection) -> StoreResult<Tip> {
    tip(connection)?.ok_or_else(|| {
        let advice =
            "if it was still being made, opening it goes on with that; else restore a backup";
        damaged_so("the journal is empty", advice)
    })
}

/// The number of the newest line; 0 in an empty journal. This is how a reader asks, as cheaply as
/// can be, whether anything was written.
pub(crate) fn last_row(connection: &Connection) -> StoreResult<u64> {
    connection
        .prepare_cached("SELECT max(row) FROM journal")
        .and_then(|mut find| find.query_row([], |row| row.get::<_, Option<u64>>(0)))
        .map(Option::unwrap_or_default)
        .map_err(reading)
}

/// One line.
pub(crate) fn line(connection: &Connection, row: u64) -> StoreResult<Option<ReadLine>> {
    Lines::new(connection)?.at(row)
}

/// Reads single lines, one after the other.
pub(crate) struct Lines<'c>(CachedStatement<'c>);

impl<'c> Lines<'c> {
    pub(crate) fn new(connection: &'c Connection) -> StoreResult<Self> {
        connection.prepare_cached(&LINE).map(Self).map_err(reading)
    }

    pub(crate) fn at(&mut self, row: u64) -> StoreResult<Option<ReadLine>> {
        let mut rows = self.0.query([row]).map_err(reading)?;
        rows.next().map_err(reading)?.map(ReadLine::read).transpose()
    }
}

/// What following a chain needs of a line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hop {
    pub(crate) position: Position,
    pub(crate) link: Link,
}

/// Reads hops, one after the other.
pub(crate) struct Hops<'c>(CachedStatement<'c>);

impl<'c> Hops<'c> {
    pub(crate) fn new(connection: &'c Connection) -> StoreResult<Self> {
        let hop = "SELECT from_wallet, to_wallet, id, item, links FROM journal WHERE row = ?1";
        connection.prepare_cached(hop).map(Self).map_err(reading)
    }

    /// The hop at a line of the wallet; none if it is not one of its lines.
    pub(crate) fn at(&mut self, row: u64, wallet: WalletId) -> StoreResult<Option<Hop>> {
        let mut rows = self.0.query([row]).map_err(reading)?;
        let Some(found) = rows.next().map_err(reading)? else { return Ok(None) };
        let is_from = get::<Option<u64>>(found, 0)? == Some(wallet.raw());
        let is_to = get::<Option<u64>>(found, 1)? == Some(wallet.raw());
        let bytes = found.get_ref(4).map_err(reading)?.as_blob().unwrap_or_default();
        let Some(links) = Links::decode(row, bytes).filter(|_| is_from || is_to) else {
            return Ok(None);
        };
        let position = Position { stamp: get(found, 2)?, posting: get(found, 3)? };
        let link = if is_from { links.from } else { links.to };
        Ok(Some(Hop { position, link }))
    }
}

/// Hands the lines from `first` to `last` to `each`, until it says no.
pub(crate) fn lines(
    connection: &Connection,
    first: u64,
    last: u64,
    mut each: impl FnMut(ReadLine) -> StoreResult<bool>,
) -> StoreResult<()> {
    rows(connection, first, last, |row| each(ReadLine::read(row)?))
}

/// The same with the rows as they are.
pub(crate) fn rows(
    connection: &Connection,
    first: u64,
    last: u64,
    mut each: impl FnMut(&Row<'_>) -> StoreResult<bool>,
) -> StoreResult<()> {
    let mut find = connection.prepare_cached(&LINES).map_err(reading)?;
    let mut rows = find.query((first, last)).map_err(reading)?;
    while let Some(row) = rows.next().map_err(reading)? {
        if !each(row)? {
            break;
        }
    }
    Ok(())
}

/// The first line that is not before `position`, among the lines 1 to `last`; the one behind them if
/// there is none. Ids grow with rows, so no index is needed.
///
/// Every other guess is where the line would be if ids grew evenly, which they nearly do: that takes
/// few looks. The others halve what is left, so that it never takes many.
pub(crate) fn first_from(
    connection: &Connection,
    position: Position,
    last: u64,
) -> StoreResult<u64> {
    let mut find = connection
        .prepare_cached("SELECT id, item FROM journal WHERE row = ?1")
        .map_err(reading)?;
    let mut at = |row: u64| {
        let place = |row: &Row<'_>| Ok(Position { stamp: row.get(0)?, posting: row.get(1)? });
        let found = find.query_row([row], place).optional().map_err(reading)?;
        found.ok_or_else(|| damaged(format!("line {row} of the journal is missing")))
    };
    let mut left = Stretch { low: 1, high: last + 1, before: None, behind: None };
    while left.low < left.high {
        let guess = left.even_guess(position.stamp).unwrap_or(left.low.midpoint(left.high));
        left.narrow(guess, at(guess)?, position);
        if left.low < left.high {
            let middle = left.low.midpoint(left.high);
            left.narrow(middle, at(middle)?, position);
        }
    }
    Ok(left.low)
}

/// Where a line may be: from `low` on, and not behind `high`.
struct Stretch {
    low: u64,
    high: u64,
    /// The stamp of the line before `low`, if it was looked at.
    before: Option<u64>,
    /// The stamp of the line `high`, if it was looked at.
    behind: Option<u64>,
}

impl Stretch {
    /// Takes into account what was found in the line `row`.
    fn narrow(&mut self, row: u64, found: Position, wanted: Position) {
        if found < wanted {
            (self.low, self.before) = (row + 1, Some(found.stamp));
        } else {
            (self.high, self.behind) = (row, Some(found.stamp));
        }
    }

    /// Where a stamp would be if they grew evenly; none if too little is known.
    fn even_guess(&self, stamp: u64) -> Option<u64> {
        let (before, behind) = (self.before?, self.behind?);
        let part = u128::from(stamp.checked_sub(before)?);
        let whole = u128::from(behind.checked_sub(before).filter(|&whole| whole > 0)?);
        let rows = u128::from(self.high - self.low);
        let guess = self.low + u64::try_from(rows * part / whole).ok()?;
        Some(guess.clamp(self.low, self.high - 1))
    }
}

/// The last line of a record made at `until` or before, among the lines 1 to `last`; 0 if there is none.
pub(crate) fn last_until(connection: &Connection, until: Timestamp, last: u64) -> StoreResult<u64> {
    Ok(first_from(connection, Span::until(until).before, last)? - 1)
}
