//! Taking turns: a lock file says which process may write. SQLite's own locks are not enough: on
//! POSIX systems a process loses them when any part of it closes any descriptor of the file.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use ledger_core::store::{StoreError, StoreResult};

use crate::base::failure::{full, of_system};
use crate::file::forked::LockedFile;
use crate::file::identity::{Known, Number};
use crate::file::place::Place;

/// The first pause between two tries; they double up to the last.
const PAUSE_MIN: Duration = Duration::from_micros(20);
const PAUSE_MAX: Duration = Duration::from_millis(2);

/// Says whether to stop waiting.
pub(crate) type Stop<'a> = &'a dyn Fn() -> bool;

/// The lock file of a ledger.
#[derive(Debug)]
pub(crate) struct Turns {
    file: LockedFile,
    known: Known,
    wait: Duration,
    /// Whether the turn is held as long as the ledger is open.
    for_ever: bool,
    taken_by: u32,
}

fn unusable(path: &Path, error: &io::Error) -> StoreError {
    full(error).unwrap_or_else(|| {
        let what = format!(
            "the lock file {} can't be used ({error}); check its permissions and those of its folder",
            path.display()
        );
        of_system(error, what)
    })
}

/// A turn, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Turn<'a>(&'a Turns);

impl Turns {
    pub(crate) fn open(place: &Place, wait: Duration) -> StoreResult<Self> {
        let path = place.beside("-lock");
        let file = options().open(&path).map_err(|error| unusable(&path, &error))?;
        Self::on(file, path, wait)
    }

    fn on(file: File, path: PathBuf, wait: Duration) -> StoreResult<Self> {
        let about = file.metadata().map_err(|error| unusable(&path, &error))?;
        if !about.is_file() || !is_ours(&file, about.len()) {
            return Err(StoreError::Broken(format!(
                "{} is needed as the ledger's lock file, and is something else; move it away",
                path.display()
            )));
        }
        Ok(Self {
            file: LockedFile::new(file),
            // That of the file that was opened: another may be at its path by now.
            known: Known { path, number: Number::of(&about) },
            wait,
            for_ever: false,
            taken_by: std::process::id(),
        })
    }

    /// Takes the turn as long as the ledger is open.
    pub(crate) fn keep(&mut self, stop: Stop<'_>) -> StoreResult<()> {
        let (turn, _) = self.acquire(stop)?;
        self.check_settled()?;
        std::mem::forget(turn);
        self.for_ever = true;
        self.write_holder(&format!("{HOLDER}{}, in exclusive mode", std::process::id()))
            .map_err(|error| self.unusable(&error))
    }

    /// Waits for the turn.
    pub(crate) fn take(&self, stop: Stop<'_>) -> StoreResult<Option<Turn<'_>>> {
        if self.for_ever {
            self.check_same()?;
            return Ok(None);
        }
        let (turn, length) = self.acquire(stop)?;
        if length > 0 {
            self.clear_holder()?;
        }
        Ok(Some(turn))
    }

    /// Tells everyone who has the ledger open, or opens it, that a checkpoint failed.
    pub(crate) fn mark_unsettled(&self) {
        // If that fails, this process still knows, and does not write any more.
        let _ = self.write_holder(UNSETTLED);
    }

    /// If a checkpoint failed, has `settle` make up for it, and takes the mark away.
    pub(crate) fn settle(
        &self,
        stop: Stop<'_>,
        settle: impl FnOnce() -> StoreResult<()>,
    ) -> StoreResult<()> {
        let _turn = self.acquire(stop)?;
        if !self.is_unsettled() {
            return Ok(());
        }
        settle()?;
        self.write_holder("").map_err(|error| self.unusable(&error))
    }

    fn is_unsettled(&self) -> bool {
        let mut content = String::new();
        let mut file: &File = &self.file;
        let read = file.seek(SeekFrom::Start(0)).and_then(|_| file.read_to_string(&mut content));
        read.is_ok() && content == UNSETTLED
    }

    /// Refuses for good: there is no lock file any more, or a checkpoint failed.
    pub(crate) fn check(&self) -> StoreResult<()> {
        self.check_same()?;
        self.check_settled()
    }

    fn check_settled(&self) -> StoreResult<()> {
        if self.is_unsettled() { Err(unsettled()) } else { Ok(()) }
    }

    /// Whoever comes later would take the turn on another file, and write at the same time. Says how long it is.
    fn check_same(&self) -> StoreResult<u64> {
        if let Some(length) = self.known.length()? {
            return Ok(length);
        }
        Err(StoreError::Broken(format!(
            "the lock file {} was removed, renamed or replaced while it was in use, so others may write \
             at the same time; nothing was written. Open the ledger again, wherever it is open",
            self.known.path.display()
        )))
    }

    /// The turn, and how long the lock file is.
    fn acquire(&self, stop: Stop<'_>) -> StoreResult<(Turn<'_>, u64)> {
        let begun = Instant::now();
        let mut pause = PAUSE_MIN;
        loop {
            match self.file.try_lock() {
                Ok(()) => {
                    let turn = Turn(self);
                    return self.check_same().map(|length| (turn, length));
                }
                Err(TryLockError::WouldBlock) if begun.elapsed() < self.wait && !stop() => {
                    thread::sleep(pause.mul_f64(0.5 + jitter()));
                    pause = (2 * pause).min(PAUSE_MAX);
                }
                Err(TryLockError::WouldBlock) => return Err(StoreError::Busy(self.who())),
                Err(TryLockError::Error(error)) => return Err(self.unusable(&error)),
            }
        }
    }

    /// Who holds it, as far as the file tells.
    fn who(&self) -> String {
        let mut holder = String::new();
        let read =
            File::open(&self.known.path).and_then(|mut file| file.read_to_string(&mut holder));
        if read.is_ok() && holder.starts_with(HOLDER) {
            return format!("the ledger is open in {holder}; close it there first");
        }
        format!("other processes kept writing for {:?}; try again", self.wait)
    }

    /// Forgets who held it in exclusive mode and died.
    fn clear_holder(&self) -> StoreResult<()> {
        self.check_settled()?;
        self.write_holder("").map_err(|error| self.unusable(&error))
    }

    fn unusable(&self, error: &io::Error) -> StoreError {
        unusable(&self.known.path, error)
    }

    fn write_holder(&self, holder: &str) -> io::Result<()> {
        let mut file: &File = &self.file;
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(holder.as_bytes())
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        // Nothing can be done about it, and closing the file gives the lock back as well.
        let _ = self.0.file.unlock();
    }
}

impl Drop for Turns {
    fn drop(&mut self) {
        if self.for_ever && std::process::id() == self.taken_by && !self.is_unsettled() {
            let _ = self.write_holder("");
        }
    }
}

#[cfg(unix)]
fn options() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    // A link would have us write to a file of someone's choosing.
    options.custom_flags(nix::libc::O_NOFOLLOW);
    options
}

#[cfg(not(unix))]
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    options
}

/// What a holder writes begins like this.
const HOLDER: &str = "process ";
/// What is written when a checkpoint has failed. It is about memory, so it need not outlive a power cut.
const UNSETTLED: &str = "a checkpoint failed";
/// And is no longer than this.
const HOLDER_BYTES_MAX: u64 = 100;

/// Whether a file has nothing in it but what a holder writes, so that it may be overwritten. It is never
/// flushed, so a power cut may leave its length with zeros in it.
fn is_ours(mut file: &File, length: u64) -> bool {
    let mut content = String::new();
    // After a power cut, the end of what was written before may still be there.
    let is_holder = |content: &str| {
        content.starts_with(HOLDER) || content.starts_with(UNSETTLED) || is_zero(content)
    };
    length == 0
        || length <= HOLDER_BYTES_MAX
            && file.read_to_string(&mut content).is_ok_and(|_| is_holder(&content))
}

fn is_zero(content: &str) -> bool {
    content.bytes().all(|byte| byte == 0)
}

/// What everyone is told until the log was moved again as a whole.
pub(crate) fn unsettled() -> StoreError {
    StoreError::Broken(
        "a checkpoint failed, so what it moved may be in memory only; whatever was answered is safe in the log. \
         Check the disk, close the ledger wherever it is open, and open it again"
            .to_owned(),
    )
}

/// Somewhere from 0 to 1, so that processes that wait do not all come back at once.
fn jitter() -> f64 {
    use std::hash::{BuildHasher, RandomState};
    let [random, ..] = RandomState::new().hash_one(Instant::now()).to_le_bytes();
    f64::from(random) / 255.0
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    /// What was there is kept elsewhere: else the next file could have its number.
    fn replace(path: &Path) {
        fs::rename(path, path.with_extension("kept")).unwrap();
        fs::write(path, "").unwrap();
    }

    fn assert_lost<T>(result: StoreResult<T>) {
        let error = result.err().unwrap();
        assert!(matches!(error, StoreError::Broken(_)), "{error}");
        assert!(error.to_string().contains("nothing was written"), "{error}");
    }

    #[test]
    fn a_lock_file_is_the_one_that_was_opened_and_not_the_one_at_its_path_by_now() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("test.ledger-lock");
        let file = options().open(&path).unwrap();
        replace(&path);
        let turns = Turns::on(file, path, Duration::ZERO).unwrap();
        assert_lost(turns.take(&|| false));
    }

    #[test]
    fn what_a_power_cut_left_of_two_notes_in_the_lock_file_is_the_ledgers_own() {
        let folder = TempDir::new().unwrap();
        let place = Place::find_or_make(&folder.path().join("test.ledger"), |_| Ok(())).unwrap();
        fs::write(place.beside("-lock"), format!("{UNSETTLED}clusive mode")).unwrap();
        let turns = Turns::open(&place, Duration::ZERO).unwrap();
        drop(turns.take(&|| false).unwrap());
        assert_eq!(fs::read(place.beside("-lock")).unwrap(), b"");
    }

    #[test]
    fn whoever_would_keep_the_turn_on_a_file_that_is_gone_is_refused() {
        let folder = TempDir::new().unwrap();
        let place = Place::find_or_make(&folder.path().join("test.ledger"), |_| Ok(())).unwrap();
        let mut turns = Turns::open(&place, Duration::ZERO).unwrap();
        replace(&place.beside("-lock"));
        assert_lost(turns.keep(&|| false));
    }
}
