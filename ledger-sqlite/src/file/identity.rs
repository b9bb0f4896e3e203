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

pub(crate) fn lost(path: &Path) -> StoreError {
    StoreError::Broken(format!(
        "{} was removed, renamed or replaced while the ledger was open; what was written since may \
         be lost. Put it back, then open the ledger again and look up the last keys",
        path.display()
    ))
}

/// The number of the file at a path, if there is one.
///
/// It asks for the number alone: Linux notes it when someone asks for a file's times, and then gives
/// every write a new time, which makes the next flush a third slower.
#[cfg(target_os = "linux")]
pub(crate) fn number(path: &Path) -> Option<Number> {
    use rustix::fs::{AtFlags, CWD, StatxFlags, makedev, statx};
    let about = statx(CWD, path, AtFlags::empty(), StatxFlags::INO);
    match about {
        Ok(about) => Some(Number(makedev(about.stx_dev_major, about.stx_dev_minor), about.stx_ino)),
        // A kernel, or a sandbox, that does not know this call.
        Err(rustix::io::Errno::NOSYS | rustix::io::Errno::PERM) => number_of_all(path),
        Err(_) => None,
    }
}

/// The number of the file at a path, if there is one.
#[cfg(all(unix, not(target_os = "linux")))]
pub(crate) fn number(path: &Path) -> Option<Number> {
    number_of_all(path)
}

/// The same out of all that is known of the file.
#[cfg(unix)]
fn number_of_all(path: &Path) -> Option<Number> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).ok().map(|about| Number(about.dev(), about.ino()))
}

#[cfg(not(unix))]
pub(crate) fn number(path: &Path) -> Option<Number> {
    fs::metadata(path).ok().map(|_| Number(0, 0))
}
