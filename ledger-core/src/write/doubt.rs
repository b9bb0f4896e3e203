//! After a commit in doubt nothing is believed until the store knows what became of it.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::base::sync::Mutex;
use crate::store::contract::Store;
use crate::store::failure::{StoreError, StoreResult};

/// Whether a commit ended in doubt and the store has not recovered since.
#[derive(Debug, Default)]
pub(super) struct Doubt {
    raised: AtomicBool,
    recovering: Mutex<()>,
}

impl Doubt {
    /// Called while the group's locks are still held, so that whoever gets them next can see it.
    pub(super) fn raise(&self) {
        self.raised.store(true, Ordering::SeqCst);
    }

    /// Fails while there is a doubt. Asked after a group has its locks: before that, another lane
    /// could still raise one about the rows that this group waits for.
    pub(super) fn check(&self) -> StoreResult<()> {
        if self.raised.load(Ordering::SeqCst) {
            return Err(StoreError::InDoubt("another group's commit is in doubt".to_owned()));
        }
        Ok(())
    }

    /// Has the store find out, if there is a doubt.
    pub(super) fn settle(&self, store: &dyn Store) -> StoreResult<()> {
        if !self.raised.load(Ordering::SeqCst) {
            return Ok(());
        }
        let _one_at_a_time = self.recovering.lock();
        if self.raised.load(Ordering::SeqCst) {
            store.recover().map_err(|error| StoreError::InDoubt(error.to_string()))?;
            self.raised.store(false, Ordering::SeqCst);
        }
        Ok(())
    }
}
