//! Copies of a file that is in use.

use std::fs::{self, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};

use ledger_core::store::{StoreError, StoreResult};
use rusqlite::Connection;

use crate::base::failure::{before_commit, reading};
use crate::file::place;
use crate::schema::create;

/// Copies the file that `connection` is open on to `path`, as it is at one moment.
///
/// The copy is made under another name, marked, flushed, and only then gets its own: a file of that
/// name is a whole copy.
pub(crate) fn backup(path: &Path, connection: &Connection) -> StoreResult<()> {
    place::check_name(path)?;
    if fs::symlink_metadata(path).is_ok() {
        return Err(exists(path));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let partial = Partial::make(path)?;
    let name = partial.0.to_str().ok_or_else(|| {
        StoreError::Refused(format!("{} is not text that SQLite can take", path.display()))
    })?;
    connection.execute("VACUUM INTO ?1", [name]).map_err(reading)?;
    mark(&partial.0)?;
    publish(&partial.0, path, folder).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => exists(path),
        _ => place::refuse(path, "it can't be made", &error),
    })
}

/// Gives the copy its name, and takes it away again if it may not last.
fn publish(partial: &Path, path: &Path, folder: &Path) -> io::Result<()> {
    OpenOptions::new().write(true).open(partial)?.sync_all()?;
    // A link, unlike a new name, never replaces a file that is there.
    fs::hard_link(partial, path)?;
    fs::remove_file(partial).and_then(|()| place::flush_folder(folder)).inspect_err(|_| {
        let _ = fs::remove_file(path);
    })
}

fn exists(path: &Path) -> StoreError {
    StoreError::Refused(format!(
        "{} exists already, and a backup never overwrites a file; give another path",
        path.display()
    ))
}

/// Says in the copy that it is one. Opening it begins a new epoch and takes the mark away.
fn mark(path: &Path) -> StoreResult<()> {
    let copy = Connection::open(path).map_err(before_commit)?;
    create::mark_copy(&copy)?;
    copy.close().map_err(|(_, error)| before_commit(error))
}

/// A copy in the making, removed unless it gets its name.
struct Partial(PathBuf);

impl Partial {
    fn make(path: &Path) -> StoreResult<Self> {
        let mut name = path.as_os_str().to_owned();
        // A number of its own: one that a crash has left must not be in the way.
        let number = RandomState::new().hash_one(std::process::id());
        name.push(format!(".{number:016x}.partial"));
        let partial = PathBuf::from(name);
        place::make(&partial).map_err(|error| place::refuse(path, "it can't be made", &error))?;
        Ok(Self(partial))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn a_copy_that_is_said_to_have_failed_is_not_there() {
        let folder = TempDir::new().unwrap();
        let (partial, path) = (folder.path().join("partial"), folder.path().join("copy"));
        fs::write(&partial, "a copy").unwrap();
        // A folder that can't be flushed: the name may not last.
        publish(&partial, &path, &folder.path().join("none")).unwrap_err();
        assert!(!path.exists());
        // The next try has its way.
        fs::write(&partial, "a copy").unwrap();
        publish(&partial, &path, folder.path()).unwrap();
        assert!(path.exists() && !partial.exists());
    }
}
