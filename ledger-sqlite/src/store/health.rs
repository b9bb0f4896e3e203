//! Whether the store can be believed: not while a commit is in doubt, not after its file was lost,
//! and not in a child of the process that opened it.

use std::process;
use std::sync::atomic::{AtomicBool, Ordering};

use ledger_core::store::{StoreError, StoreResult};
use parking_lot::Mutex;

use crate::file::forked::generation;
use crate::file::registry::forked;

#[derive(Debug)]
pub(crate) struct Health {
    opened_by: u32,
    generation: u32,
    /// Whether there is a reason, so that the usual case takes no lock.
    ailing: AtomicBool,
    reason: Mutex<Option<StoreError>>,
}

impl Health {
    pub(crate) fn sound() -> Self {
        Self {
            opened_by: process::id(),
            generation: generation(),
            ailing: AtomicBool::new(false),
            reason: Mutex::new(None),
        }
    }

    /// Whether this is another process than the one that opened the file.
    pub(crate) fn is_forked(&self) -> bool {
        process::id() != self.opened_by
    }

    /// Refuses what must not be done or told now.
    pub(crate) fn check(&self) -> StoreResult<()> {
        // Before any lock is taken: a child may have inherited it locked.
        if self.generation != generation() {
            return Err(forked());
        }
        if !self.ailing.load(Ordering::SeqCst) {
            return Ok(());
        }
        self.reason.lock().clone().map_or(Ok(()), Err)
    }

    /// The same before something is written, by asking the system which process this is.
    pub(crate) fn check_to_write(&self) -> StoreResult<()> {
        if self.is_forked() {
            return Err(forked());
        }
        self.check()
    }

    /// From now on, nothing is done or told.
    pub(crate) fn ail(&self, reason: StoreError) {
        let mut current = self.reason.lock();
        // What is lost stays lost.
        if !matches!(*current, Some(StoreError::Broken(_))) {
            *current = Some(reason);
        }
        self.ailing.store(true, Ordering::SeqCst);
    }

    /// A file that is lost stays lost; that one could not be looked at passes.
    pub(crate) fn note(&self, checked: StoreResult<()>) -> StoreResult<()> {
        checked.inspect_err(|error| {
            if matches!(error, StoreError::Broken(_)) {
                self.ail(error.clone());
            }
        })
    }

    /// Whether a commit is in doubt.
    pub(crate) fn is_in_doubt(&self) -> bool {
        matches!(*self.reason.lock(), Some(StoreError::InDoubt(_)))
    }

    /// The doubt is over.
    pub(crate) fn recover(&self) {
        let mut current = self.reason.lock();
        if matches!(*current, Some(StoreError::InDoubt(_))) {
            *current = None;
            self.ailing.store(false, Ordering::SeqCst);
        }
    }
}
