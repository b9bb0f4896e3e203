//! Room in the write-ahead log. A commit that finds no room fails when it may already be there, and is
//! in doubt. So room is made before, by making the log longer, while all can still be taken back.
//! Writing over what is there is also faster than making a file grow.
//!
//! The log may be longer than what is in it: what SQLite has not written, it does not believe.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom};

use ledger_core::store::{StoreError, StoreResult};
use rusqlite::Connection;

use crate::base::failure::full;
use crate::file::anchor::Anchor;
use crate::file::forked::Own;
use crate::file::place::Place;
use crate::store::checkpoint;

/// Bytes before the first page in the log.
const HEADER_BYTES: u64 = 32;
/// The log grows by so much at a time.
const GROWTH_BYTES: u64 = 256 * 1024;
/// Pages that any commit may write besides those of its lines: the upper ones of each table.
const PAGES_MIN: u64 = 24;

/// Bytes of a region of the log's index, how many pages it has room for, and for how many fewer the first
/// has.
const INDEX_BYTES: u64 = 32 * 1024;
const INDEX_PAGES: u64 = 4_096;
const INDEX_HEADER_PAGES: u64 = 34;

/// What is known of the log's length.
#[derive(Debug)]
pub(crate) struct Room {
    log: Own<File>,
    bytes: u64,
    /// At most so many pages are in use; none if that is not known.
    used: Option<u64>,
    /// The index has room for so many.
    indexed: u64,
}

impl Room {
    pub(crate) fn open(place: &Place) -> StoreResult<Self> {
        let log = OpenOptions::new().write(true).open(place.beside("-wal")).map_err(failed)?;
        Ok(Self { log: Own::new(log), bytes: 0, used: None, indexed: 0 })
    }

    /// Makes the log durable as it is, its length included.
    pub(crate) fn flush(&self) -> StoreResult<()> {
        self.log.sync_all().map_err(failed)
    }

    /// How much is in use is not known any more.
    pub(crate) fn forget(&mut self) {
        self.used = None;
    }

    /// Finds out how much is in use, unless it is known to be little enough. Only possible outside of
    /// a transaction.
    pub(crate) fn look(&mut self, connection: &Connection) -> StoreResult<()> {
        if self.used.is_none_or(|used| self.lacks(used + PAGES_MIN)) {
            let pages = checkpoint::noop(connection)?.log;
            self.used = Some(u64::try_from(pages).unwrap_or(0));
            self.bytes = self.length().map_err(failed)?;
        }
        Ok(())
    }

    /// The log's length, and nothing else: asking for the file's times makes the next flush slower.
    fn length(&self) -> io::Result<u64> {
        (&*self.log).seek(SeekFrom::End(0))
    }

    /// Makes room for a commit of so many bytes, also in the log's index, and counts them as used.
    pub(crate) fn make(&mut self, bytes: u64, anchor: Option<&Anchor>) -> StoreResult<()> {
        let pages = PAGES_MIN + bytes.div_ceil(4_096);
        let used = self.used.unwrap_or(0) + pages;
        if self.lacks(used) {
            let wanted = HEADER_BYTES + used * checkpoint::FRAME_BYTES;
            let wanted = wanted.next_multiple_of(GROWTH_BYTES);
            self.grow(wanted).map_err(failed)?;
        }
        if used > self.indexed
            && let Some(anchor) = anchor
        {
            let regions = (used + INDEX_HEADER_PAGES).div_ceil(INDEX_PAGES);
            anchor.make_room(regions * INDEX_BYTES).map_err(failed)?;
            self.indexed = regions * INDEX_PAGES - INDEX_HEADER_PAGES;
        }
        self.used = Some(used);
        Ok(())
    }

    fn lacks(&self, pages: u64) -> bool {
        HEADER_BYTES + pages * checkpoint::FRAME_BYTES > self.bytes
    }

    /// Writes zeros: a length alone would take no room.
    #[cfg(unix)]
    fn grow(&mut self, wanted: u64) -> io::Result<()> {
        use std::os::unix::fs::FileExt;
        let zeros = vec![0; usize::try_from(GROWTH_BYTES).unwrap_or_default()];
        let mut end = self.length()?;
        if end == 0 {
            // Someone may have emptied it just now. If a power cut took that back and not what is written next,
            // the old log would be there in part, and hide what was moved out of it.
            self.log.sync_all()?;
        }
        while end < wanted {
            let piece = usize::try_from((wanted - end).min(GROWTH_BYTES)).unwrap_or_default();
            self.log.write_all_at(zeros.get(..piece).unwrap_or_default(), end)?;
            end += piece as u64;
        }
        self.bytes = end;
        Ok(())
    }

    #[cfg(not(unix))]
    fn grow(&mut self, wanted: u64) -> io::Result<()> {
        // Whoever can't write beside SQLite learns of a full disk from the commit.
        self.bytes = wanted;
        Ok(())
    }
}

#[allow(clippy::needless_pass_by_value, reason = "so that it can be given to map_err by name")]
fn failed(error: io::Error) -> StoreError {
    full(&error).unwrap_or_else(|| {
        StoreError::Broken(format!("the write-ahead log can't be written ({error})"))
    })
}
