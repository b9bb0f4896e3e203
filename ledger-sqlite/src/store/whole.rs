//! What is done to the file as a whole while it is open.

use std::path::Path;

use ledger_core::store::StoreResult;
use rusqlite::Connection;

use crate::audit::backup::backup;
use crate::audit::head::Head;
use crate::audit::query::{Table, Value, query};
use crate::audit::verify::{Verification, verify};
use crate::audit::watch::Watch;
use crate::base::failure::reading;
use crate::schema::connect::{self, in_snapshot};
use crate::store::SqliteStore;

/// Steps of SQLite's machine between two questions whether to stop: far less than a millisecond.
const STEPS: i32 = 1_000;

impl SqliteStore {
    pub(crate) fn head(&self) -> StoreResult<Head> {
        self.apart(|connection| in_snapshot(connection, || Head::read(connection)))
    }

    pub(crate) fn verify(&self, anchors: &[Head], watch: Watch<'_>) -> StoreResult<Verification> {
        self.apart(|connection| verify(connection, anchors, watch))
    }

    pub(crate) fn query(&self, sql: &str, params: &[Value]) -> StoreResult<Table> {
        self.apart(|connection| {
            self.make_interruptible(connection)?;
            query(sql, params, connection)
        })
    }

    pub(crate) fn backup(&self, path: &Path) -> StoreResult<()> {
        self.health.check()?;
        let mut connection = self.connect(connect::copier)?;
        self.make_interruptible(&mut connection)?;
        backup(path, &connection)?;
        self.health.check()
    }

    /// Figures of the file and of the memory that goes with it.
    pub(crate) fn file_stats(&self) -> StoreResult<FileStats> {
        self.health.check()?;
        let bytes = |path: &Path| std::fs::metadata(path).map_or(0, |about| about.len());
        let state = self.state.read();
        Ok(FileStats {
            lines: state.tip.row,
            lines_behind: state.tip.row.saturating_sub(state.saved),
            file_bytes: bytes(self.place.path()),
            log_bytes: bytes(&self.place.beside("-wal")),
            wallets_in_memory: state.accounts.iter().count() as u64,
            recent_keys: state.keys.recent() as u64,
            key_runs: state.keys.runs() as u64,
            key_filter_bytes: state.keys.bytes() as u64,
        })
    }

    /// Has long statements asked now and then whether to stop.
    fn make_interruptible(&self, connection: &mut Connection) -> StoreResult<()> {
        let stop = self.interrupt.paced();
        connection.progress_handler(STEPS, Some(stop)).map_err(reading)
    }

    /// Works on a connection of its own, which may be kept long.
    fn apart<T>(&self, what: impl FnOnce(&mut Connection) -> StoreResult<T>) -> StoreResult<T> {
        self.health.check()?;
        let mut connection = self.connect(connect::reader)?;
        let result = what(&mut connection)?;
        self.health.check()?;
        Ok(result)
    }
}

/// Figures of a file.
///
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("shop.ledger");
/// # use ledger_sqlite::SqliteLedger;
/// let ledger = SqliteLedger::open(path)?;
/// let stats = ledger.file_stats()?;
/// assert!(stats.file_bytes > 0 && stats.lines_behind <= stats.lines);
/// # Ok::<(), ledger_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileStats {
    /// Lines of the journal.
    pub lines: u64,
    /// Lines that wallets' written states may lack: opening reads them.
    pub lines_behind: u64,
    /// Bytes of the database.
    pub file_bytes: u64,
    /// Bytes of the write-ahead log. It is used again and again, and grows while a reader is long at
    /// it; past 1 GiB writes are refused until that reader is done.
    pub log_bytes: u64,
    /// Wallets in memory.
    pub wallets_in_memory: u64,
    /// Keys in memory.
    pub recent_keys: u64,
    /// Runs of older keys: a new key is looked for in the filter of each.
    pub key_runs: u64,
    /// Bytes of memory for the older keys.
    pub key_filter_bytes: u64,
}
