//! Ending a doubt. Whether a failed commit is in the file is not for the old connections to say: what
//! they show may be in memory only. Everything is opened anew, and only after all of the log has been
//! moved into the database and flushed does anyone look.

use ledger_core::store::{StoreError, StoreResult};

use crate::state::State;
use crate::store::SqliteStore;
use crate::store::checkpoint;
use crate::store::writer::Writer;

impl SqliteStore {
    pub(super) fn end_doubt(&self) -> StoreResult<()> {
        let mut writer = self.writer.lock();
        if !self.health.is_in_doubt() {
            // Someone else did it, or there is nothing that could be done.
            return self.health.check();
        }
        let _turn = self.turns.take()?;
        let mut state = self.state.write();
        drop(self.readers.drain());
        writer.identity.check().inspect_err(|lost| self.health.ail(lost.clone()))?;
        let fresh = Writer::open(&self.place, &self.settings)?;
        *writer = fresh;
        let moved = checkpoint::truncate(&writer.connection)?;
        if moved.busy {
            let problem = "the log can't be settled while others read; try again";
            return Err(StoreError::Busy(problem.to_owned()));
        }
        *state = State::load(&writer.connection)?;
        self.health.recover();
        Ok(())
    }
}
