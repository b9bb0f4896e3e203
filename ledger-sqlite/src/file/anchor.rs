//! The anchor itself: what it locks, and in which order it lets go.

use std::fs::File;

use ledger_core::store::StoreResult;

use crate::file::forked::Own;
use crate::file::place::Place;

/// The log's index as it was opened to see whether anyone uses it. It stays open as long as the anchor:
/// closing it would take the locks that others in this process have on the same file.
pub(crate) type Witness = Option<Own<File>>;

#[cfg(target_os = "linux")]
pub(crate) use linux::{Anchor, is_used};
#[cfg(not(target_os = "linux"))]
pub(crate) use none::{Anchor, is_used};

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::{File, OpenOptions};
    use std::io;

    use ledger_core::store::StoreError;
    use nix::errno::Errno;
    use nix::fcntl::{FallocateFlags, FcntlArg, fallocate, fcntl};
    use nix::libc;

    use super::{Place, StoreResult, Witness};
    use crate::base::failure::full;
    use crate::file::forked::LockedFile;

    /// SQLite's shared lock on a database: held by whoever has it open.
    const SHARED: (i64, i64) = (0x4000_0002, 510);
    /// Its lock on the shared memory: held by whoever uses that.
    const IN_USE: (i64, i64) = (128, 1);

    /// Read locks beside SQLite's own, on descriptors of ours.
    #[derive(Debug)]
    pub(crate) struct Anchor {
        database: LockedFile,
        memory: LockedFile,
        _witness: Witness,
    }

    impl Anchor {
        /// Takes the locks. Call it with a connection open: SQLite must have found itself alone, or
        /// not, before.
        pub(crate) fn hold(place: &Place, witness: Witness) -> StoreResult<Self> {
            let held = move || -> io::Result<Self> {
                let open = |path| {
                    OpenOptions::new().read(true).write(true).open(path).map(LockedFile::new)
                };
                let anchor = Self {
                    database: open(place.path().to_owned())?,
                    memory: open(place.beside("-shm"))?,
                    _witness: witness,
                };
                lock(&anchor.database, SHARED, libc::F_RDLCK)?;
                lock(&anchor.memory, IN_USE, libc::F_RDLCK)?;
                Ok(anchor)
            };
            held().map_err(|error| unlockable(place, &error))
        }

        /// Sees to it that the shared memory has so many bytes, and that they have their place on the
        /// disk. What is in it stays as it is.
        pub(crate) fn make_room(&self, bytes: u64) -> io::Result<()> {
            let bytes = i64::try_from(bytes).map_err(io::Error::other)?;
            let mut done = Err(Errno::EINTR);
            while done == Err(Errno::EINTR) {
                done = fallocate(&*self.memory, FallocateFlags::empty(), 0, bytes);
            }
            match done {
                // Where it is not to be had, the commit will tell.
                Ok(()) | Err(Errno::EOPNOTSUPP | Errno::ENOSYS) => Ok(()),
                Err(error) => Err(error.into()),
            }
        }

        /// Lets go of the locks, so that the last connection can find itself alone when it closes.
        /// The descriptors must stay open until it has.
        pub(crate) fn release(&self) {
            for (file, range) in [(&self.database, SHARED), (&self.memory, IN_USE)] {
                // If it fails, closing takes longer next time and nothing is lost.
                let _ = lock(file, range, libc::F_UNLCK);
            }
        }
    }

    /// Why a file can't be locked: someone else's lock passes, and want of room as well.
    fn unlockable(place: &Place, error: &io::Error) -> StoreError {
        let path = place.path().display();
        if error.kind() == io::ErrorKind::WouldBlock {
            return StoreError::Busy(format!("another program has {path} locked; try again"));
        }
        full(error).unwrap_or_else(|| {
            let problem =
                format!("{path} can't be locked ({error}); is it on a network file system?");
            StoreError::Broken(problem)
        })
    }

    /// Whether anyone uses the log's index.
    pub(crate) fn is_used(index: &File) -> io::Result<bool> {
        let mut lock = lock_of(IN_USE, libc::F_WRLCK);
        fcntl(index, FcntlArg::F_OFD_GETLK(&mut lock))?;
        Ok(i32::from(lock.l_type) != libc::F_UNLCK)
    }

    fn lock(file: &File, range: (i64, i64), kind: libc::c_int) -> io::Result<()> {
        fcntl(file, FcntlArg::F_OFD_SETLK(&lock_of(range, kind)))?;
        Ok(())
    }

    /// A lock as the system takes it.
    fn lock_of((start, length): (i64, i64), kind: libc::c_int) -> libc::flock {
        libc::flock {
            l_type: i16::try_from(kind).unwrap_or_default(),
            l_whence: i16::try_from(libc::SEEK_SET).unwrap_or_default(),
            l_start: start,
            l_len: length,
            l_pid: 0,
        }
    }

    #[cfg(test)]
    mod tests {
        use tempfile::TempDir;

        use super::*;

        #[test]
        fn a_file_that_another_has_locked_is_busy_and_no_more() {
            let folder = TempDir::new().unwrap();
            let place =
                Place::find_or_make(&folder.path().join("test.ledger"), |_| Ok(())).unwrap();
            let index = File::create(place.beside("-shm")).unwrap();
            lock(&index, IN_USE, libc::F_WRLCK).unwrap();
            let error = Anchor::hold(&place, None).unwrap_err();
            assert!(matches!(error, StoreError::Busy(_)), "{error}");
            drop(index);
            Anchor::hold(&place, None).unwrap();
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod none {
    //! Such locks are not to be had here. Lost locks are detected, by the log's being another file.

    use super::{Place, StoreResult, Witness};

    /// It can't be told here.
    pub(crate) fn is_used(_: &std::fs::File) -> std::io::Result<bool> {
        Ok(false)
    }

    #[derive(Debug)]
    pub(crate) struct Anchor;

    impl Anchor {
        pub(crate) fn hold(_: &Place, _: Witness) -> StoreResult<Self> {
            Ok(Self)
        }

        pub(crate) fn make_room(&self, _: u64) -> std::io::Result<()> {
            Ok(())
        }

        pub(crate) fn release(&self) {}
    }
}
