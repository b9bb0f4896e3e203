//! What a failure of SQLite means: what the caller may believe afterwards.

#![allow(clippy::needless_pass_by_value, reason = "so that they can be given to map_err by name")]

use std::fmt::Display;
use std::io;

use ledger_core::store::StoreError;
use rusqlite::{Error, ErrorCode};

/// SQLite could not make the log's index longer.
const SHM_SIZE: i32 = rusqlite::ffi::SQLITE_IOERR_SHMSIZE;

/// Whether there is no room on the disk, or a file may not grow.
pub(crate) fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), FileTooLarge | QuotaExceeded | StorageFull)
}

/// The failure, if it is for want of room.
pub(crate) fn full(error: &io::Error) -> Option<StoreError> {
    is_full(error).then(no_room)
}

/// What a failure of the system means: there is no room, it may not be done, or something is broken.
pub(crate) fn of_system(error: &io::Error, what: String) -> StoreError {
    use io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
    match error.kind() {
        _ if is_full(error) => StoreError::Full(what),
        PermissionDenied | ReadOnlyFilesystem => StoreError::Refused(what),
        _ => StoreError::Broken(what),
    }
}

fn no_room() -> StoreError {
    let problem = "the disk is full, or a file may not grow; make room and try again";
    StoreError::Full(problem.to_owned())
}

/// A failure before anything could have become durable, in a write that will be taken back.
pub(crate) fn before_commit(error: Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::CannotOpen
            | ErrorCode::FileLockingProtocolFailed,
        ) => StoreError::Busy(format!("the file is busy ({error}); try again")),
        Some(ErrorCode::DiskFull) => no_room(),
        _ if error.sqlite_error().is_some_and(|it| it.extended_code == SHM_SIZE) => {
            StoreError::Full(format!(
                "the log's index can't be made longer ({error}); see whether the disk is full, then try \
                 again"
            ))
        }
        Some(ErrorCode::ConstraintViolation) => StoreError::Refused(format!(
            "the database's own check refused a row ({error}); nothing was written"
        )),
        Some(ErrorCode::OutOfMemory | ErrorCode::TooBig | ErrorCode::OperationInterrupted) => {
            StoreError::Refused(format!("it was not possible ({error})"))
        }
        Some(ErrorCode::ReadOnly) => StoreError::Broken(format!(
            "the file can't be written ({error}); check its permissions and those of its folder"
        )),
        _ => broken(&error),
    }
}

/// A failure of a look.
pub(crate) fn reading(error: Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::OperationInterrupted) => {
            StoreError::Busy(format!("it was ended before it was done ({error}); try again"))
        }
        _ => before_commit(error),
    }
}

/// A failure to read a row of `what`: a column of the wrong type is damage.
pub(crate) fn in_row(what: impl Display + Copy) -> impl Fn(Error) -> StoreError + Copy {
    move |error| match error {
        Error::SqliteFailure(..) => reading(error),
        wrong => damaged(format!("{what}: {wrong}")),
    }
}

/// A failure of the commit itself: the rows may or may not be on the disk.
pub(crate) fn in_commit(error: Error) -> StoreError {
    StoreError::InDoubt(format!("the commit failed ({error})"))
}

fn broken(error: &Error) -> StoreError {
    StoreError::Broken(match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt) => {
            format!("the file is damaged ({error}); restore a backup, or run verify to see more")
        }
        Some(ErrorCode::NotADatabase) => {
            format!("the file is not a ledger, nor any SQLite database ({error})")
        }
        Some(ErrorCode::SystemIoFailure) => {
            format!("the disk failed ({error}); check it, then open the ledger again")
        }
        _ => format!("SQLite failed ({error})"),
    })
}

/// Something in the file is not as it would have been written.
pub(crate) fn damaged(what: impl Display) -> StoreError {
    damaged_so(what, "restore a backup")
}

/// The same, where there is other advice.
pub(crate) fn damaged_so(what: impl Display, advice: &str) -> StoreError {
    StoreError::Broken(format!("the file is damaged: {what}; {advice}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_said_to_be_full_only_where_that_is_known() {
        let fails = |code| Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
        let is_certain = |error: StoreError| error.to_string().contains("the disk is full, or");
        assert!(is_certain(before_commit(fails(rusqlite::ffi::SQLITE_FULL))));
        // SQLite says this also when it could not ask how long the file is.
        let index = before_commit(fails(SHM_SIZE));
        assert!(matches!(index, StoreError::Full(_)) && !is_certain(index));
    }
}
