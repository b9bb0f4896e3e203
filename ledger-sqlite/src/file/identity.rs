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

    /// The same of the log and its index alone, into which a commit goes.
    pub(crate) fn check_log(&self) -> StoreResult<()> {
        let [_, log, index] = &self.files;
        log.check()?;
        index.check()
    }
}

impl Known {
    fn at(path: PathBuf) -> StoreResult<Self> {
        match number(&path)? {
            Some(number) => Ok(Self { path, number }),
            None => Err(lost(&path)),
        }
    }

    /// Its length; none if it is not there any more.
    pub(crate) fn length(&self) -> StoreResult<Option<u64>> {
        let found = look(&self.path)?.filter(|found| found.number == self.number);
        Ok(found.map(|found| found.length))
    }

    fn check(&self) -> StoreResult<()> {
        if self.length()?.is_some() { Ok(()) } else { Err(lost(&self.path)) }
    }
}

fn lost(path: &Path) -> StoreError {
    StoreError::Broken(format!(
        "{} was removed, renamed or replaced while the ledger was open; what was written since may \
         be lost. Put it back, then open the ledger again and look up the last keys",
        path.display()
    ))
}

/// What is at a path.
struct Found {
    number: Number,
    length: u64,
}

/// The number of the file at a path, if there is one.
pub(crate) fn number(path: &Path) -> StoreResult<Option<Number>> {
    Ok(look(path)?.map(|found| found.number))
}

/// The file at a path, if there is one. Where the system can't say, nothing is known to be lost.
fn look(path: &Path) -> StoreResult<Option<Found>> {
    match ask(path) {
        Ok(found) => Ok(Some(found)),
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

/// It asks for nothing else: Linux notes it when someone asks for a file's times, and then gives
/// every write a new time, which makes the next flush a third slower.
#[cfg(target_os = "linux")]
fn ask(path: &Path) -> io::Result<Found> {
    use rustix::fs::{AtFlags, CWD, StatxFlags, makedev, statx};
    let about = statx(CWD, path, AtFlags::empty(), StatxFlags::INO | StatxFlags::SIZE);
    match about {
        Ok(about) => {
            let device = makedev(about.stx_dev_major, about.stx_dev_minor);
            Ok(Found { number: Number(device, about.stx_ino), length: about.stx_size })
        }
        // A kernel, or a sandbox, that does not know this call.
        Err(rustix::io::Errno::NOSYS | rustix::io::Errno::PERM) => {
            fs::metadata(path).map(|about| Found::of(&about))
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn ask(path: &Path) -> io::Result<Found> {
    fs::metadata(path).map(|about| Found::of(&about))
}

impl Found {
    fn of(about: &Metadata) -> Self {
        Self { number: Number::of(about), length: about.len() }
    }
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
