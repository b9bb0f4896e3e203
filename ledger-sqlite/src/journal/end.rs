//! Whether the journal still has its end, as far as what is derived from it can tell.

use ledger_core::store::{StoreError, StoreResult};
use rusqlite::{Connection, Error, ErrorCode, OptionalExtension};

use crate::base::failure::{damaged_so, reading};
use crate::journal::read;

/// The last lines that are known: to marks, to wallets and assets, which are in the order of their lines, to notes
/// and to runs of keys. Each is found without going through its table.
const KNOWN: [(&str, &str); 5] = [
    ("progress", "SELECT max(value) FROM progress WHERE what <> 'runs'"),
    ("wallet", "SELECT row FROM wallet ORDER BY id DESC LIMIT 1"),
    ("asset", "SELECT row FROM asset ORDER BY world DESC LIMIT 1"),
    ("note", "SELECT max(row) FROM note"),
    ("key_run", "SELECT max(last_row) FROM key_run WHERE state = 0"),
];

/// The last transaction that is known to holds.
const KNOWN_HOLD: &str = "SELECT max(id) FROM hold";

const WAYS_OUT: &str = "restore a backup, or, where there is none, rebuild with keep_what_is_left";

/// Refuses a journal that has lost its end: it would answer keys anew that were answered, and nobody would
/// see it once what is derived is made again.
pub(crate) fn check(connection: &Connection) -> StoreResult<()> {
    let Some(tip) = read::tip(connection)? else { return Ok(()) };
    for (table, sql) in KNOWN {
        if let Some(known) = largest(table, sql, connection)?.filter(|known| *known > tip.row) {
            return Err(lost(&format!("{} lines, and {table} knows of line {known}", tip.row)));
        }
    }
    match largest("hold", KNOWN_HOLD, connection)? {
        Some(known) if known > tip.id.raw() => {
            Err(lost(&format!("{} lines, and there is a hold behind them", tip.row)))
        }
        _ => Ok(()),
    }
}

/// Files of earlier schemas don't have every table.
fn largest(table: &str, sql: &str, connection: &Connection) -> StoreResult<Option<u64>> {
    if !connection.table_exists(None, table).map_err(reading)? {
        return Ok(None);
    }
    let read = || {
        let mut find = connection.prepare_cached(sql)?;
        let found = find.query_row([], |row| row.get::<_, Option<i64>>(0)).optional()?;
        Ok(found.flatten().and_then(|row| u64::try_from(row).ok()))
    };
    read().map_err(|error| if is_of_content(&error) { unreadable(table) } else { reading(error) })
}

/// Whether it is what the file holds that can't be read.
fn is_of_content(error: &Error) -> bool {
    matches!(error, Error::InvalidColumnType(..) | Error::IntegralValueOutOfRange(..))
        || error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt)
}

fn unreadable(table: &str) -> StoreError {
    damaged_so(
        format_args!(
            "the table {table} can't be read, so nobody can tell from it whether the journal has its end"
        ),
        WAYS_OUT,
    )
}

fn lost(what: &str) -> StoreError {
    damaged_so(format_args!("the journal has lost its end: it has {what}"), WAYS_OUT)
}
