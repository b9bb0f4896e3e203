//! Checkpoints: moving what was committed from the write-ahead log into the database. They are ours,
//! not SQLite's automatic ones, because the errors of those reach nobody.

use std::time::Duration;

use ledger_core::store::{StoreError, StoreResult};
use rusqlite::{Connection, Error, ffi};

use crate::base::failure::before_commit;

/// Bytes of a page in the log, with its header.
pub(crate) const FRAME_BYTES: u64 = 24 + 4_096;
/// Bytes of the log at which readers are waited for, so that it can be used again from its beginning.
/// Else many short reads, of which one is always under way, keep it growing as one long one would.
pub(crate) const LOG_BYTES_PATIENT: u64 = 64 * 1024 * 1024;
/// How long they are waited for after each checkpoint, for each such piece of the log: the longer the log
/// has become, the longer must be what keeps it.
const PATIENCE: Duration = Duration::from_millis(100);
/// Bytes of the log at which no more is written until a reader that keeps it from being used again
/// is done.
pub const LOG_BYTES_MAX: u64 = 1 << 30;

/// What came of a checkpoint.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Checkpoint {
    /// Someone was in the way.
    pub(crate) busy: bool,
    /// Pages in the log.
    pub(crate) log: i64,
}

impl Checkpoint {
    /// Bytes of the log that are in use.
    pub(crate) fn log_bytes(self) -> u64 {
        u64::try_from(self.log).unwrap_or(0) * FRAME_BYTES
    }
}

/// Moves what can be moved without waiting for anyone.
pub(crate) fn passive(connection: &Connection) -> StoreResult<Checkpoint> {
    run(connection, "PASSIVE")
}

/// Moves everything, waits a moment for those who still read from the log, and says whether the next
/// commit begins it anew.
pub(crate) fn restart(
    connection: &Connection,
    log_bytes: u64,
    usual_wait: Duration,
) -> StoreResult<bool> {
    let pieces = u32::try_from(log_bytes / LOG_BYTES_PATIENT).unwrap_or(u32::MAX).max(1);
    let wait = PATIENCE.saturating_mul(pieces).min(usual_wait);
    connection.busy_timeout(wait).map_err(before_commit)?;
    let done = run(connection, "RESTART");
    connection.busy_timeout(usual_wait).map_err(before_commit)?;
    Ok(!done?.busy)
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
            Ok(Checkpoint { busy: busy != 0, log: row.get(1)? })
        })
    });
    result.map_err(failed)
}

/// What a failure means. One of a flush can't be tried again: the system reports it once, and then says that all
/// is well. After any other that is not for want of room everything is opened anew, for pages may be half written.
fn failed(error: Error) -> StoreError {
    const FLUSHES: [i32; 2] = [ffi::SQLITE_IOERR_FSYNC, ffi::SQLITE_IOERR_DIR_FSYNC];
    let is_of_flush = error.sqlite_error().is_some_and(|it| FLUSHES.contains(&it.extended_code));
    match before_commit(error) {
        StoreError::Broken(problem) if !is_of_flush => {
            StoreError::InDoubt(format!("a checkpoint failed ({problem})"))
        }
        other => other,
    }
}
