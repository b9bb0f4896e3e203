//! Connections, with all that must be said to SQLite before it is trusted with money.

use std::path::Path;
use std::time::Duration;

use ledger_core::store::{StoreError, StoreResult};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::base::failure::{before_commit, reading};
use crate::options::Durability;

/// The first SQLite in which two connections that write and checkpoint at the same instant can't lose
/// a commit.
const SQLITE_MIN: i32 = 3_051_003;
/// Prepared statements kept on a connection; there are fewer.
const STATEMENTS: usize = 64;
/// Memory for pages on a connection that writes, in KiB.
const WRITER_CACHE_KIB: i32 = 65_536;
/// The same on one that reads.
const READER_CACHE_KIB: i32 = 16_384;

pub(crate) fn check_sqlite() -> StoreResult<()> {
    if rusqlite::version_number() >= SQLITE_MIN {
        return Ok(());
    }
    Err(StoreError::Broken(format!(
        "SQLite {} can lose commits; use 3.51.3 or later, such as the one that comes with the \
         feature `bundled`",
        rusqlite::version()
    )))
}

/// Opens the connection that writes.
///
/// The order matters: WAL mode set at the default level unlinks a journal without syncing the
/// folder, and a power cut then may take the whole file back. So the first commit is at EXTRA.
pub(crate) fn writer(
    path: &Path,
    durability: Durability,
    wait: Duration,
) -> StoreResult<Connection> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.busy_timeout(wait).map_err(before_commit)?;
    let set = |pragma: &str, value: &str| {
        connection.pragma_update(None, pragma, value).map_err(before_commit)
    };
    set("synchronous", "EXTRA")?;
    // Chunks of the key index and room in the log are counted in pages of this size.
    set("page_size", "4096")?;
    let mode = change_mode(&connection, "WAL").map_err(before_commit)?;
    if mode != "wal" {
        return Err(StoreError::Broken(format!(
            "the file can't be put into WAL mode (it is in {mode} mode); check that its folder can \
             be written and is on a local disk"
        )));
    }
    set("synchronous", durability.synchronous())?;
    set("wal_autocheckpoint", "0")?;
    set("cache_size", &(-WRITER_CACHE_KIB).to_string())?;
    Ok(connection)
}

/// Opens a connection that has the file to itself, and fails if anyone else has it open.
pub(crate) fn alone(path: &Path, wait: Duration) -> StoreResult<Connection> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.busy_timeout(wait).map_err(before_commit)?;
    match leave_wal(&connection) {
        Ok(mode) if mode == "delete" => Ok(connection),
        Err(error) if error.sqlite_error_code() != Some(ErrorCode::DatabaseBusy) => {
            Err(before_commit(error))
        }
        _ => Err(StoreError::Busy("the ledger is open elsewhere; close it there first".to_owned())),
    }
}

/// Leaves WAL mode, which is only possible for whoever is alone, and stays alone.
fn leave_wal(connection: &Connection) -> rusqlite::Result<String> {
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    connection.pragma_update(None, "synchronous", "EXTRA")?;
    change_mode(connection, "DELETE")
}

/// Changes the journal's mode, and says which it is. SQLite tells the mode first and commits the change after
/// that: whoever does not listen to the end never hears that it failed.
fn change_mode(connection: &Connection, mode: &str) -> rusqlite::Result<String> {
    let mut change = connection.prepare(&format!("PRAGMA journal_mode = {mode}"))?;
    let told: rusqlite::Result<Vec<String>> = change.query_map([], |row| row.get(0))?.collect();
    Ok(told?.concat())
}

/// Opens a connection that only reads.
pub(crate) fn reader(path: &Path) -> StoreResult<Connection> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let set =
        |pragma: &str, value: &str| connection.pragma_update(None, pragma, value).map_err(reading);
    set("cache_size", &(-READER_CACHE_KIB).to_string())?;
    only_read(&connection).map_err(reading)?;
    set("query_only", "ON")?;
    Ok(connection)
}

/// Opens a connection that only reads, takes no locks and makes no files. It does not see the log, and must
/// not be believed while someone writes.
#[cfg(unix)]
pub(crate) fn still(path: &Path) -> StoreResult<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    let bytes = path.as_os_str().as_encoded_bytes();
    let encoded = bytes.iter().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat();
    open(Path::new(&format!("file:{encoded}?immutable=1")), flags)
}

/// Where paths can't be written so, one that only reads.
#[cfg(not(unix))]
pub(crate) use reader as still;

/// Opens a connection that reads this file and writes a copy of it.
pub(crate) fn copier(path: &Path) -> StoreResult<Connection> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    only_read(&connection).map_err(reading)?;
    Ok(connection)
}

/// Checkpoints are the writer's, also when this is the last connection to be closed.
fn only_read(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "wal_autocheckpoint", "0")?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(())
}

fn open(path: &Path, flags: OpenFlags) -> StoreResult<Connection> {
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_PRIVATE_CACHE;
    let connection = Connection::open_with_flags(path, flags).map_err(reading)?;
    harden(&connection).map_err(reading)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

/// The file may come from anyone.
fn harden(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
    // On macOS a flush ends in the disk's own memory without it; elsewhere it changes nothing.
    connection.pragma_update(None, "fullfsync", "ON")?;
    connection.pragma_update(None, "checkpoint_fullfsync", "ON")?;
    connection.pragma_update(None, "cell_size_check", "ON")?;
    connection.pragma_update(None, "temp_store", "MEMORY")
}

/// One snapshot for several statements, and one taking of SQLite's locks.
pub(crate) fn in_snapshot<T>(
    connection: &Connection,
    what: impl FnOnce() -> StoreResult<T>,
) -> StoreResult<T> {
    if !connection.is_autocommit() {
        return what();
    }
    let run =
        |sql| connection.prepare_cached(sql).and_then(|mut it| it.execute([])).map_err(reading);
    run("BEGIN")?;
    let result = what();
    // What was read stands, however the transaction ends.
    let ended = run("COMMIT");
    result.and_then(|value| ended.map(|_| value))
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn a_mode_is_not_believed_before_the_change_to_it_is_committed() {
        let folder = TempDir::new().unwrap();
        let connect = || Connection::open(folder.path().join("test.ledger")).unwrap();
        for mode in ["WAL", "DELETE"] {
            let mut connection = connect();
            connection.commit_hook(Some(|| true)).unwrap();
            change_mode(&connection, mode).unwrap_err();
            drop(connection);
            assert_eq!(change_mode(&connect(), mode).unwrap(), mode.to_lowercase());
        }
    }
}
