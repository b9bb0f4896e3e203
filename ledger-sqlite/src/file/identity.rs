//! Whether the files at their paths are still those that were opened. A file that was renamed,
//! removed or replaced under a running process takes its commits nowhere.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use ledger_core::store::{StoreError, StoreResult};

use crate::file::place::Place;

/// The files as they were when opened.
#[derive(Debug)]
pub(crate) struct Identity {
    files: [Known; 3],
}

/// A file as it was when it was opened.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) path: PathBuf,
    pub(crate) number: Number,
}

/// What tells a file from every other on the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Number(u64, u64);

impl Identity {
    /// Notes the database, its write-ahead log and the log's index, which must be there.
    pub(crate) fn of(place: &Place) -> StoreResult<Self> {
        let paths = [place.path().to_owned(), place.beside("-wal"), place.beside("-shm")];
        let [database, log, index] = paths.map(Known::at);
        Ok(Self { files: [database?, log?, index?] })
    }

    /// Refuses if a file is not the one it was.
    pub(crate) fn check(&self) -> StoreResult<()> {
        self.files.iter().try_for_each(Known::check)
    }

    /// The same of the database alone, for looks, which are many.
    pub(crate) fn check_database(&self) -> StoreResult<()> {
        let [database, ..] = &self.files;
        database.check()
    }
}

impl Known {
    fn at(path: PathBuf) -> StoreResult<Self> {
        match number(&path)? {
            Some(number) => Ok(Self { path, number }),
            None => Err(lost(&path)),
        }
    }

    pub(crate) fn is_there(&self) -> StoreResult<bool> {
        Ok(number(&self.path)? == Some(self.number))
    }

    fn check(&self) -> StoreResult<()> {
        if self.is_there()? { Ok(()) } else { Err(lost(&self.path)) }
    }
}

fn lost(path: &Path) -> StoreError {
    StoreError::Broken(format!(
        "{} was removed, renamed or replaced while the ledger was open; what was written since may \
         be lost. Put it back, then open the ledger again and look up the last keys",
        path.display()
    ))
}

/// The number of the file at a path, if there is one. Where the system can't say, nothing is known to be
/// lost.
pub(crate) fn number(path: &Path) -> StoreResult<Option<Number>> {
    match ask(path) {
        Ok(number) => Ok(Some(number)),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(StoreError::Busy(format!(
            "the system can't say whether {} is still there ({error}); try again",
            path.display()
        ))),
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// It asks for the number alone: Linux notes it when someone asks for a file's times, and then gives
/// every write a new time, which makes the next flush a third slower.
#[cfg(target_os = "linux")]
fn ask(path: &Path) -> io::Result<Number> {
    use rustix::fs::{AtFlags, CWD, StatxFlags, makedev, statx};
    let about = statx(CWD, path, AtFlags::empty(), StatxFlags::INO);
    match about {
        Ok(about) => Ok(Number(makedev(about.stx_dev_major, about.stx_dev_minor), about.stx_ino)),
        // A kernel, or a sandbox, that does not know this call.
        Err(rustix::io::Errno::NOSYS | rustix::io::Errno::PERM) => {
            fs::metadata(path).map(|about| Number::of(&about))
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn ask(path: &Path) -> io::Result<Number> {
    fs::metadata(path).map(|about| Number::of(&about))
}

impl Number {
    /// The same out of all that is known of the file.
    #[cfg(unix)]
    pub(crate) fn of(about: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self(about.dev(), about.ino())
    }

    #[cfg(not(unix))]
    pub(crate) fn of(_: &Metadata) -> Self {
        Self(0, 0)
    }
}
