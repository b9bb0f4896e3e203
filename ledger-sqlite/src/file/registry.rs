//! Which files this process has open: each has one anchor, and none that an ancestor had open when it
//! was forked may be opened.
//!
//! The anchor holds locks that SQLite's own can't lose. SQLite's are POSIX locks, and a process loses
//! all of those on a file when any part of it closes any descriptor of that file; the next process
//! that opens and closes it then believes to be alone and removes the log, with everything committed
//! that is only there. Locks of an open file description (Linux has them) are lost by nobody else's
//! closing. While the anchor is held, no other process can believe to be alone.

use std::process;
use std::sync::Arc;
use std::sync::Weak;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use hashbrown::HashMap;
use ledger_core::store::{StoreError, StoreResult};
use parking_lot::{Mutex, MutexGuard};

use crate::file::anchor::{Anchor, Witness};
use crate::file::identity::{self, Number};
use crate::file::place::Place;

struct Open {
    by: u32,
    anchor: Weak<Anchor>,
}

/// Files by their numbers. Also held while a file is opened or closed: a descriptor that one of them
/// closes may be of the file that another has just locked.
static OPEN: Mutex<Option<HashMap<Number, Open>>> = Mutex::new(None);
/// The process that first opened a file; 0 before.
static PROCESS: AtomicU32 = AtomicU32::new(0);
/// A child may have inherited the registry locked, by a thread it does not have.
const CHILD_WAIT: Duration = Duration::from_secs(1);

/// The turn to open or close files.
pub(crate) struct Opening(MutexGuard<'static, Option<HashMap<Number, Open>>>);

pub(crate) fn begin() -> StoreResult<Opening> {
    let first = PROCESS.compare_exchange(0, process::id(), Ordering::SeqCst, Ordering::SeqCst);
    let is_first = first.map_or_else(|first| first == process::id(), |_| true);
    if is_first {
        return Ok(Opening(OPEN.lock()));
    }
    OPEN.try_lock_for(CHILD_WAIT).map(Opening).ok_or_else(forked)
}

/// The answer to a child that uses what its parent opened.
pub(crate) fn forked() -> StoreError {
    StoreError::Forked(
        "the ledger was open in a process that was forked, and this is its child: SQLite's locks do \
         not survive that. Open the ledger after the fork, or start the process anew"
            .to_owned(),
    )
}

impl Opening {
    /// Refuses a file that an ancestor had open.
    pub(crate) fn check(&self, place: &Place) -> StoreResult<()> {
        match self.find(place)? {
            Some(open) if open.by != process::id() => Err(forked()),
            _ => Ok(()),
        }
    }

    /// Whether a ledger of this process has the file open.
    pub(crate) fn has(&self, place: &Place) -> StoreResult<bool> {
        Ok(self.find(place)?.is_some_and(|open| open.anchor.strong_count() > 0))
    }

    fn find(&self, place: &Place) -> StoreResult<Option<&Open>> {
        let number = identity::number(place.path())?;
        Ok(number.and_then(|number| self.0.as_ref()?.get(&number)))
    }

    /// Forgets a file that this process has closed for good, so that its children may open it.
    pub(crate) fn forget(&mut self, anchor: &Arc<Anchor>) {
        if let Some(files) = self.0.as_mut() {
            files.retain(|_, open| !std::ptr::eq(open.anchor.as_ptr(), Arc::as_ptr(anchor)));
        }
    }

    /// The anchor of a file whose first connection is open. It keeps the witness.
    pub(crate) fn anchor(&mut self, place: &Place, witness: Witness) -> StoreResult<Arc<Anchor>> {
        let number = identity::number(place.path())?
            .ok_or_else(|| StoreError::Broken(format!("{} is gone", place.path().display())))?;
        let files = self.0.get_or_insert_default();
        files.retain(|_, open| open.by != process::id() || open.anchor.strong_count() > 0);
        if let Some(anchor) = files.get(&number).and_then(|open| open.anchor.upgrade()) {
            return Ok(anchor);
        }
        let anchor = Arc::new(Anchor::hold(place, witness)?);
        files.insert(number, Open { by: process::id(), anchor: Arc::downgrade(&anchor) });
        Ok(anchor)
    }
}
