//! The file, and the files beside it.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use ledger_sqlite::{LOG_BYTES_MAX, SqliteLedger};

use super::finding::Finding;

/// Past this the log is worth a look.
const LOG_LOOK: u64 = LOG_BYTES_MAX / 4;

/// Looks at them.
pub(super) fn look(path: &Path) -> Vec<Finding> {
    let rest = [log(path), lock(path)];
    [ledger(path)].into_iter().chain(rest).chain(rollback_journal(path)).collect()
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}

fn ledger(path: &Path) -> Finding {
    const WHAT: &str = "file";
    match SqliteLedger::schema_of_file(path) {
        Ok(Some(schema)) => Finding::ok(WHAT, format!("a ledger, schema {schema}")),
        Ok(None) => Finding::bad(
            WHAT,
            "nothing is in it yet",
            "give the ledger's own file, or begin one with `ledger open-wallet`",
        ),
        Err(error) => {
            Finding::bad(WHAT, error.to_string(), "give the ledger's own file, or restore a backup")
        }
    }
}

fn log(path: &Path) -> Finding {
    const WHAT: &str = "write-ahead log";
    let bytes = fs::metadata(beside(path, "-wal")).map_or(0, |about| about.len());
    let found = indicatif::BinaryBytes(bytes).to_string();
    match bytes {
        LOG_BYTES_MAX.. => Finding::bad(
            WHAT,
            found,
            format!(
                "writes are refused past {}: end the reader that keeps the log from being used again",
                indicatif::BinaryBytes(LOG_BYTES_MAX)
            ),
        ),
        LOG_LOOK.. => Finding::look(
            WHAT,
            found,
            "it grows while a reader is long at the file: end long queries and copies",
        ),
        _ => Finding::ok(WHAT, found),
    }
}

/// Who writes. The lock is SQLite's neighbour, not its own, so trying it disturbs nobody for long.
fn lock(path: &Path) -> Finding {
    const WHAT: &str = "lock";
    let lock = beside(path, "-lock");
    let file = match File::open(&lock) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Finding::ok(WHAT, "nobody has written yet");
        }
        Err(error) => {
            let advice = format!("check the permissions of {}", lock.display());
            return Finding::bad(WHAT, error.to_string(), advice);
        }
    };
    match file.try_lock() {
        Ok(()) => Finding::ok(WHAT, "free"),
        Err(TryLockError::Error(error)) => Finding::bad(
            WHAT,
            error.to_string(),
            "the file system can't lock; keep the ledger on a local disk",
        ),
        Err(TryLockError::WouldBlock) => held(file),
    }
}

fn held(mut file: File) -> Finding {
    let mut holder = String::new();
    let read = file.read_to_string(&mut holder);
    let advice = "nobody else can write meanwhile; close the ledger there if it stays so";
    match read {
        Ok(_) if !holder.is_empty() => Finding::look("lock", format!("held by {holder}"), advice),
        _ => Finding::look("lock", "someone is writing at this moment", advice),
    }
}

fn rollback_journal(path: &Path) -> Option<Finding> {
    let journal = beside(path, "-journal");
    let advice = format!(
        "a rebuild that was cut off leaves one, or a program that writes the file in another mode: keep a copy \
         of {} and of the file. If the file was put here since, as a restored backup is, move the journal \
         away before anything opens it; else stop that program, open the file, which takes the journal \
         back, and verify",
        journal.display()
    );
    journal
        .exists()
        .then(|| Finding::bad("rollback journal", journal.display().to_string(), advice))
}
