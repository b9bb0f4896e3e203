//! The anchor itself: what it locks, and in which order it lets go.

use ledger_core::store::StoreResult;

use crate::file::place::Place;

#[cfg(target_os = "linux")]
pub(crate) use linux::Anchor;
#[cfg(not(target_os = "linux"))]
pub(crate) use none::Anchor;

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::{File, OpenOptions};
    use std::io;

    use ledger_core::store::StoreError;
    use nix::errno::Errno;
    use nix::fcntl::{FallocateFlags, FcntlArg, fallocate, fcntl};
    use nix::libc;

    use super::{Place, StoreResult};
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
    }

    impl Anchor {
        /// Takes the locks. Call it with a connection open: SQLite must have found itself alone, or
        /// not, before.
        pub(crate) fn hold(place: &Place) -> StoreResult<Self> {
            let held = || -> io::Result<Self> {
                let open = |path| {
                    OpenOptions::new().read(true).write(true).open(path).map(LockedFile::new)
                };
                let anchor = Self {
                    database: open(place.path().to_owned())?,
                    memory: open(place.beside("-shm"))?,
                };
                lock(&anchor.database, SHARED, libc::F_RDLCK)?;
                lock(&anchor.memory, IN_USE, libc::F_RDLCK)?;
                Ok(anchor)
            };
            held().map_err(|error| {
                StoreError::Broken(format!(
                    "{} can't be locked ({error}); is it on a network file system?",
                    place.path().display()
                ))
            })
        }

        /// Sees to it that the shared memory has so many bytes, and that they have their place on the
        /// disk. What is in it stays as it is.
        pub(crate) fn make_room(&self, bytes: u64) -> io::Result<()> {
            let bytes = i64::try_from(bytes).map_err(io::Error::other)?;
            match fallocate(&*self.memory, FallocateFlags::empty(), 0, bytes) {
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

    fn lock(file: &File, (start, length): (i64, i64), kind: libc::c_int) -> io::Result<()> {
        let lock = libc::flock {
            l_type: i16::try_from(kind).unwrap_or_default(),
            l_whence: i16::try_from(libc::SEEK_SET).unwrap_or_default(),
            l_start: start,
            l_len: length,
            l_pid: 0,
        };
        fcntl(file, FcntlArg::F_OFD_SETLK(&lock))?;
        Ok(())
    }
}

#[cfg(not(target_os = "linux"))]
mod none {
    //! Such locks are not to be had here. Lost locks are detected, by the log's being another file.

    use super::{Place, StoreResult};

    #[derive(Debug)]
    pub(crate) struct Anchor;

    impl Anchor {
        pub(crate) fn hold(_: &Place) -> StoreResult<Self> {
            Ok(Self)
        }

        pub(crate) fn make_room(&self, _: u64) -> std::io::Result<()> {
            Ok(())
        }

        pub(crate) fn release(&self) {}
    }
}
