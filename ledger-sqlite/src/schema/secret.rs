//! The file's own secret, under which keys and values are hashed.

use ledger_core::store::StoreResult;
use rusqlite::Connection;

use crate::base::failure::reading;

/// Reads it.
pub(crate) fn load(connection: &Connection) -> StoreResult<[u8; 16]> {
    connection
        .prepare_cached("SELECT value FROM property WHERE name = 'key_hash_secret'")
        .and_then(|mut find| find.query_row([], |row| row.get(0)))
        .map_err(reading)
}
