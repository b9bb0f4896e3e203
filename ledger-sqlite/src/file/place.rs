//! Where a ledger's file is, and what must be so before it is opened.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use ledger_core::store::{StoreError, StoreResult};

use crate::base::failure::{is_full, of_system};

/// What the names of files beside a ledger end in.
const BESIDE: [&str; 4] = ["-lock", "-wal", "-shm", "-journal"];

/// Refuses the name of a file that stands beside a ledger: SQLite would take it for its own, and remove it.
pub(crate) fn check_name(path: &Path) -> StoreResult<()> {
    let name = path.as_os_str().as_encoded_bytes();
    if !BESIDE.iter().any(|ending| name.ends_with(ending.as_bytes())) {
        return Ok(());
    }
    Err(StoreError::Refused(format!(
        "{} is named like a file that stands beside a ledger; give another name",
        path.display()
    )))
}

/// The path of a ledger's file, complete, with symbolic links followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place(PathBuf);

impl Place {
    /// Finds the file, or makes an empty one that only its owner can read, where `check` says yes to the
    /// folder and to the file.
    pub(crate) fn find_or_make(
        path: &Path,
        check: impl Fn(&Path) -> StoreResult<()>,
    ) -> StoreResult<Self> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = fs::canonicalize(folder.unwrap_or(Path::new(".")))
            .map_err(|error| refuse(path, "its folder can't be opened", &error))?;
        let name = path.file_name().ok_or_else(|| {
            StoreError::Broken(format!("{} does not name a file", path.display()))
        })?;
        let path = folder.join(name);
        check_name(&path)?;
        check(&folder)?;
        match make(&path).and_then(|file| sync(&file, &folder)) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                Err(refuse(&path, "it can't be made", &error))
            }
            _ => Self::find(&path).and_then(|place| check(place.path()).map(|()| place)),
        }
    }

    /// Finds a file that is there. It is not opened: closing it again would take the locks of
    /// another ledger that this process has open on it.
    pub(crate) fn find(path: &Path) -> StoreResult<Self> {
        let path =
            fs::canonicalize(path).map_err(|error| refuse(path, "it can't be opened", &error))?;
        let about =
            fs::metadata(&path).map_err(|error| refuse(&path, "it can't be read", &error))?;
        if !about.is_file() {
            return Err(StoreError::Broken(format!("{} is not a file", path.display())));
        }
        check_links(&path, &about)?;
        may(&path, Access::Read).map_err(|error| refuse(&path, "it can't be read", &error))?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Refuses a file that may not be written. What stands beside it is made only after this, or it would be
    /// in its owner's way.
    pub(crate) fn check_writable(&self) -> StoreResult<()> {
        may(self.path(), Access::Write)
            .map_err(|error| refuse(&self.0, "it can't be written", &error))
    }

    /// Whether SQLite may write the file, and make others beside it.
    pub(crate) fn is_writable(&self) -> bool {
        let folder = self.0.parent().unwrap_or(Path::new("."));
        [self.path(), folder].into_iter().all(|path| may(path, Access::Write).is_ok())
    }

    /// Makes the names in its folder durable, such as that of a new write-ahead log.
    pub(crate) fn flush_folder(&self) -> StoreResult<()> {
        let folder = self.0.parent().unwrap_or(Path::new("."));
        flush_folder(folder).map_err(|error| refuse(&self.0, "its folder can't be flushed", &error))
    }

    /// A file beside it, as SQLite names them.
    pub(crate) fn beside(&self, ending: &str) -> PathBuf {
        let mut path = self.0.clone().into_os_string();
        path.push(ending);
        path.into()
    }
}

/// A failure of the system at a file, with nothing written.
pub(crate) fn refuse(path: &Path, problem: &str, error: &io::Error) -> StoreError {
    let advice = if is_full(error) { "make room" } else { "check the path and the permissions" };
    of_system(error, format!("{}: {problem} ({error}); {advice}", path.display()))
}

#[cfg(unix)]
pub(crate) fn make(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
pub(crate) fn make(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// A new file is durable once its folder is.
fn sync(file: &File, folder: &Path) -> io::Result<()> {
    file.sync_all()?;
    flush_folder(folder)
}

/// Makes the names in a folder durable. XFS says that it did also after it has shut itself down; asked
/// about the folder, it owns up.
pub(crate) fn flush_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        let folder = File::open(folder)?;
        folder.sync_all()?;
        folder.metadata()?;
    }
    Ok(())
}

/// Under two names a file would have two write-ahead logs.
#[cfg(unix)]
fn check_links(path: &Path, about: &fs::Metadata) -> StoreResult<()> {
    use std::os::unix::fs::MetadataExt;
    if about.nlink() == 1 {
        return Ok(());
    }
    Err(StoreError::Broken(format!(
        "{} has {} names (hard links), and money would be lost between them; keep one",
        path.display(),
        about.nlink()
    )))
}

#[cfg(not(unix))]
fn check_links(_: &Path, _: &fs::Metadata) -> StoreResult<()> {
    Ok(())
}

#[derive(Clone, Copy, Debug)]
enum Access {
    Read,
    Write,
}

/// Asked of the system, because a try would be a descriptor, and closing it would take locks.
#[cfg(unix)]
fn may(path: &Path, access: Access) -> io::Result<()> {
    use nix::fcntl::{AT_FDCWD, AtFlags};
    use nix::unistd::{AccessFlags, faccessat};
    let flags = match access {
        Access::Read => AccessFlags::R_OK,
        Access::Write => AccessFlags::W_OK,
    };
    Ok(faccessat(AT_FDCWD, path, flags, AtFlags::AT_EACCESS)?)
}

#[cfg(not(unix))]
fn may(_: &Path, _: Access) -> io::Result<()> {
    Ok(())
}
