//! One row of the journal. Its columns are named here once, for writing, sealing and reading alike.

use ledger_core::store::Stamp;
use rusqlite::Statement;
use rusqlite::types::ValueRef;

use crate::base::amount::StoredAmount;
use crate::base::varint::Bytes;

/// The columns in the order of the table, without the seal.
pub(crate) const COLUMNS: &[&str] = &[
    "row",
    "id",
    "item",
    "kind",
    "key",
    "fingerprint",
    "from_wallet",
    "to_wallet",
    "amount",
    "from_balance",
    "to_balance",
    "floor",
    "from_version",
    "to_version",
    "links",
    "note",
    "body",
];

/// Those of a line without a note and a body; the rest comes behind them.
pub(crate) const PLAIN_COLUMNS: &[&str] = COLUMNS.split_at(15).0;

/// One column's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cell<'a> {
    Null,
    Integer(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
}

/// A line about to be written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line<'a> {
    pub(crate) row: u64,
    pub(crate) id: Option<Stamp>,
    /// Which line of its record it is.
    pub(crate) item: u32,
    pub(crate) kind: Option<i64>,
    pub(crate) key: Option<&'a str>,
    pub(crate) fingerprint: Option<&'a [u8; 32]>,
    pub(crate) from_wallet: Option<u64>,
    pub(crate) to_wallet: Option<u64>,
    pub(crate) amount: Option<StoredAmount>,
    pub(crate) from_balance: Option<StoredAmount>,
    pub(crate) to_balance: Option<StoredAmount>,
    /// The floor of `from_wallet`, where the database can check the balance against it.
    pub(crate) floor: Option<i64>,
    pub(crate) from_version: Option<u64>,
    pub(crate) to_version: Option<u64>,
    pub(crate) links: Bytes,
    pub(crate) note: Option<[u8; 32]>,
    pub(crate) body: Option<String>,
}

impl Line<'_> {
    /// The values in the order of [`COLUMNS`].
    pub(crate) fn cells(&self) -> [Cell<'_>; COLUMNS.len()] {
        [
            Cell::from(self.row),
            Cell::from(self.id.map(Stamp::raw)),
            Cell::Integer(self.item.into()),
            self.kind.map_or(Cell::Null, Cell::Integer),
            self.key.map_or(Cell::Null, Cell::Text),
            self.fingerprint.map_or(Cell::Null, |bytes| Cell::Bytes(bytes)),
            Cell::from(self.from_wallet),
            Cell::from(self.to_wallet),
            Cell::from(self.amount.as_ref()),
            Cell::from(self.from_balance.as_ref()),
            Cell::from(self.to_balance.as_ref()),
            self.floor.map_or(Cell::Null, Cell::Integer),
            Cell::from(self.from_version),
            Cell::from(self.to_version),
            if self.links.is_empty() { Cell::Null } else { Cell::Bytes(&self.links) },
            self.note.as_ref().map_or(Cell::Null, |digest| Cell::Bytes(digest)),
            self.body.as_deref().map_or(Cell::Null, Cell::Text),
        ]
    }

    pub(crate) fn is_plain(&self) -> bool {
        self.note.is_none() && self.body.is_none()
    }
}

impl Cell<'_> {
    pub(crate) fn bind(self, statement: &mut Statement<'_>, place: usize) -> rusqlite::Result<()> {
        match self {
            Self::Null => statement.raw_bind_parameter(place, rusqlite::types::Null),
            Self::Integer(number) => statement.raw_bind_parameter(place, number),
            Self::Text(text) => statement.raw_bind_parameter(place, text),
            Self::Bytes(bytes) => statement.raw_bind_parameter(place, bytes),
        }
    }

    /// A value that was read; none for what is never written: a number with a fraction, or text
    /// that is none.
    pub(crate) fn of(value: ValueRef<'_>) -> Option<Cell<'_>> {
        match value {
            ValueRef::Null => Some(Cell::Null),
            ValueRef::Integer(number) => Some(Cell::Integer(number)),
            ValueRef::Text(text) => std::str::from_utf8(text).ok().map(Cell::Text),
            ValueRef::Blob(bytes) => Some(Cell::Bytes(bytes)),
            ValueRef::Real(_) => None,
        }
    }
}

impl From<u64> for Cell<'_> {
    /// Row numbers, ids and versions stay far below 2^63.
    fn from(number: u64) -> Self {
        Self::Integer(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<Option<u64>> for Cell<'_> {
    fn from(number: Option<u64>) -> Self {
        number.map_or(Self::Null, Self::from)
    }
}

impl<'a> From<Option<&'a StoredAmount>> for Cell<'a> {
    fn from(amount: Option<&'a StoredAmount>) -> Self {
        match amount {
            None => Self::Null,
            Some(StoredAmount::Narrow(minor)) => Self::Integer(*minor),
            Some(StoredAmount::Wide(bytes)) => Self::Bytes(bytes),
        }
    }
}
