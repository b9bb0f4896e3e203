//! What is done to the file as a whole while it is open.

use std::ops::ControlFlow;
use std::path::Path;

use ledger_core::store::{StoreError, StoreResult};
use rusqlite::Connection;

use crate::audit::backup::backup;
use crate::audit::head::Head;
use crate::audit::query::{Table, Value, query};
use crate::audit::rebuild::rebuild;
use crate::audit::verify::{Verification, verify};
use crate::audit::watch::Watch;
use crate::base::failure::{before_commit, in_commit, reading};
use crate::file::place::Place;
use crate::file::turn::Turns;
use crate::file::{log, registry};
use crate::journal::end;
use crate::schema::connect::{self, in_snapshot};
use crate::schema::create::{self, Content};
use crate::schema::glance;
use crate::store::open::move_log_alone;
use crate::store::{Settings, SqliteStore};

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

/// The schema of the ledger in a file that is left as it is; none where there is nothing yet.
pub(crate) fn schema_of_file(path: &Path) -> StoreResult<Option<i32>> {
    glance::schema(&find(path)?)
}

/// Checks a file without opening the ledger in it, which may be too damaged for that.
pub(crate) fn verify_file(
    path: &Path,
    anchors: &[Head],
    watch: Watch<'_>,
) -> StoreResult<Verification> {
    let place = find(path)?;
    let is_writable = place.is_writable();
    let is_still = !is_writable && !log::is_left(&place);
    let connect = if is_still { connect::still } else { connect::reader };
    let connection = connect(place.path()).map_err(|error| match error {
        StoreError::Busy(_) if !is_writable => log_unreadable(&place),
        other => other,
    })?;
    check_not_empty(&connection, path)?;
    let found = verify(&connection, anchors, watch)?;
    if is_still && log::is_left(&place) {
        let problem = "others began to write while the file was checked; try again";
        return Err(StoreError::Busy(problem.to_owned()));
    }
    Ok(found)
}

/// SQLite reads a log with the help of a file beside it, and can't open it where that can't be made.
fn log_unreadable(place: &Place) -> StoreError {
    StoreError::Refused(format!(
        "{0} has a log, which can't be read where the folder or the file can't be written; copy it and \
         {0}-wal into a folder of your own, and check the copy",
        place.path().display()
    ))
}

/// Makes everything derived in a file again, which no one else may have open meanwhile.
pub(crate) fn rebuild_file(path: &Path, settings: &Settings, watch: Watch<'_>) -> StoreResult<()> {
    let place = find(path)?;
    place.check_writable()?;
    if glance::schema(&place)?.is_none() {
        return Err(empty(path));
    }
    let mut turns = Turns::open(&place, settings.wait)?;
    turns.settle(&|| false, || move_log_alone(&place, settings.wait))?;
    turns.keep(&|| false)?;
    let _witness = log::settle(&place)?;
    let connection = connect::alone(place.path(), settings.wait)?;
    check_not_empty(&connection, path)?;
    connection.execute_batch("BEGIN EXCLUSIVE").map_err(before_commit)?;
    if !settings.keep_what_is_left {
        end::check(&connection)?;
    }
    rebuild(&connection, settings.recent_keys, watch)?;
    connection.execute_batch("COMMIT").map_err(in_commit)
}

/// Brings the file of an earlier schema forward: the journal stays, and all that is derived from it is
/// made again. Nobody else may have it open: they would go on writing as they know it.
pub(crate) fn bring_forward(place: &Place, settings: &Settings) -> StoreResult<()> {
    let connection = connect::alone(place.path(), settings.wait)?;
    connection.execute_batch("BEGIN EXCLUSIVE").map_err(before_commit)?;
    end::check(&connection)?;
    create::replace_derived(&connection)?;
    rebuild(&connection, settings.recent_keys, &mut |_| ControlFlow::Continue(()))?;
    connection.execute_batch("COMMIT").map_err(in_commit)
}

fn check_not_empty(connection: &Connection, path: &Path) -> StoreResult<()> {
    match create::recognize(connection)? {
        Content::Ledger => Ok(()),
        Content::Nothing => Err(empty(path)),
        Content::Earlier => Err(StoreError::Refused(format!(
            "{} has an earlier schema; open the ledger once to bring it forward",
            path.display()
        ))),
    }
}

fn empty(path: &Path) -> StoreError {
    StoreError::Broken(format!("{} is empty: no ledger was made in it yet", path.display()))
}

/// Finds a file that is there, and that this process may open.
fn find(path: &Path) -> StoreResult<Place> {
    connect::check_sqlite()?;
    let opening = registry::begin()?;
    let place = Place::find(path)?;
    opening.check(&place)?;
    Ok(place)
}
