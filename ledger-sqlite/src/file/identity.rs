//! Whether the files at their paths are still those that were opened. A file that was renamed,
//! removed or replaced under a running process takes its commits nowhere.

use std::fs;
use std::path::{Path, PathBuf};

use ledger_core::store::{StoreError, StoreResult};

use crate::file::place::Place;

/// The files as they were when opened.
#[derive(Debug)]
pub(crate) struct Identity {
    files: [(PathBuf, Number); 3],
}

/// What tells a file from every other on the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Number(u64, u64);

impl Identity {
    /// Notes the database, its write-ahead log and the log's index, which must be there.
    pub(crate) fn of(place: &Place) -> StoreResult<Self> {
        let paths = [place.path().to_owned(), place.beside("-wal"), place.beside("-shm")];
        let [database, log, index] = paths.map(|path| {
            let number = number(&path);
            number.map(|number| (path.clone(), number)).ok_or_else(|| lost(&path))
        });
        Ok(Self { files: [database?, log?, index?] })
    }

    /// Refuses if a file is not the one it was.
    pub(crate) fn check(&self) -> StoreResult<()> {
        match self.files.iter().find(|(path, known)| number(path) != Some(*known)) {
            None => Ok(()),
            Some((path, _)) => Err(lost(path)),
        }
    }
}

fn lost(path: &Path) -> StoreError {
    StoreError::Broken(format!(
        "{} was removed, renamed or replaced while the ledger was open; what was written since may \
         be lost. Put it back, then open the ledger again and look up the last keys",
        path.display()
    ))
}

/// The number of the file at a path, if there is one.
#[cfg(unix)]
pub(crate) fn number(path: &Path) -> Option<Number> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).ok().map(|about| Number(about.dev(), about.ino()))
}

#[cfg(not(unix))]
pub(crate) fn number(path: &Path) -> Option<Number> {
    fs::metadata(path).ok().map(|_| Number(0, 0))
}
