//! A write-ahead log that was left is written again, as it is, and flushed, before SQLite reads it.
//!
//! After a flush that failed, memory may show what the disk does not have, and the system counts it as
//! written. Whoever opens the file next would answer from it, and a power cut would take that back. What
//! is written again must be flushed again.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

use ledger_core::store::{StoreError, StoreResult};

use crate::base::failure::full;
use crate::file::anchor::{Witness, is_used};
use crate::file::forked::Own;
use crate::file::place::Place;

/// Bytes written at a time.
#[cfg(unix)]
const PIECE: usize = 1 << 20;

/// Makes what is in the log durable, if nobody uses it. Call it with the writers' turn, and not while this
/// process has the file open. Where it can't be told who uses it, to write what is there harms nobody, as
/// long as no one else may write.
pub(crate) fn settle(place: &Place) -> StoreResult<Witness> {
    let settled = || {
        let index = match open(&place.beside("-shm"))? {
            Some(index) if is_used(&index)? => return Ok(Some(index)),
            index => index,
        };
        if let Some(log) = open(&place.beside("-wal"))? {
            write_again(&log)?;
        }
        Ok(index)
    };
    let witness: io::Result<Option<File>> = settled();
    witness.map(|file| file.map(Own::new)).map_err(|error| {
        full(&error).unwrap_or_else(|| {
            StoreError::Broken(format!("the write-ahead log can't be made durable ({error})"))
        })
    })
}

/// Whether there is a log, or a journal to be rolled back, with something in it.
pub(crate) fn is_left(place: &Place) -> bool {
    has_content(place, "-wal") || has_content(place, "-journal")
}

/// Whether beside the database is such a file with something in it.
pub(crate) fn has_content(place: &Place, ending: &str) -> bool {
    fs::metadata(place.beside(ending)).is_ok_and(|it| it.len() > 0)
}

fn open(path: &Path) -> io::Result<Option<File>> {
    match OpenOptions::new().read(true).write(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        file => file.map(Some),
    }
}

#[cfg(unix)]
fn write_again(log: &File) -> io::Result<()> {
    use std::os::unix::fs::FileExt;
    let mut piece = vec![0; PIECE];
    let mut at = 0;
    loop {
        let count = log.read_at(&mut piece, at)?;
        if count == 0 {
            break;
        }
        log.write_all_at(piece.get(..count).unwrap_or_default(), at)?;
        at += count as u64;
    }
    if at == 0 { Ok(()) } else { log.sync_all() }
}

#[cfg(not(unix))]
fn write_again(log: &File) -> io::Result<()> {
    log.sync_all()
}
