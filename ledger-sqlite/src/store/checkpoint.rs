//! Checkpoints: moving what was committed from the write-ahead log into the database. They are ours,
//! not SQLite's automatic ones, because the errors of those reach nobody.

use ledger_core::store::StoreResult;
use rusqlite::Connection;

use crate::base::failure::before_commit;
use crate::store::room::FRAME_BYTES;

/// Bytes appended between two checkpoints. The log is used again from its beginning afterwards, and
/// overwriting is faster than growing.
pub(crate) const BYTES: u64 = 16 * 1024 * 1024;

/// Bytes of the log at which no more is written until a reader that keeps it from being used again
/// is done.
pub(crate) const LOG_BYTES_MAX: u64 = 1 << 30;
/// What came of a checkpoint.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Checkpoint {
    /// Someone was in the way.
    pub(crate) busy: bool,
    /// Pages in the log.
    pub(crate) log: i64,
    /// Pages of them that are in the database now.
    pub(crate) moved: i64,
}

impl Checkpoint {
    /// Whether the next commit begins the log anew.
    pub(crate) fn is_complete(self) -> bool {
        !self.busy && self.log == self.moved
    }

    /// Bytes of the log that can't be used again yet.
    pub(crate) fn log_bytes(self) -> u64 {
        let kept = if self.is_complete() { 0 } else { self.log };
        u64::try_from(kept).unwrap_or(0) * FRAME_BYTES
    }
}

/// Moves what can be moved without waiting for anyone.
pub(crate) fn passive(connection: &Connection) -> StoreResult<Checkpoint> {
    run(connection, "PASSIVE")
}

/// Moves nothing, and says how long the log is.
pub(crate) fn noop(connection: &Connection) -> StoreResult<Checkpoint> {
    run(connection, "NOOP")
}

/// Moves everything and empties the log.
pub(crate) fn truncate(connection: &Connection) -> StoreResult<Checkpoint> {
    run(connection, "TRUNCATE")
}

fn run(connection: &Connection, mode: &str) -> StoreResult<Checkpoint> {
    let sql = format!("PRAGMA wal_checkpoint({mode})");
    let result = connection.prepare_cached(&sql).and_then(|mut checkpoint| {
        checkpoint.query_row([], |row| {
            let busy: i64 = row.get(0)?;
            Ok(Checkpoint { busy: busy != 0, log: row.get(1)?, moved: row.get(2)? })
        })
    });
    result.map_err(before_commit)
}
