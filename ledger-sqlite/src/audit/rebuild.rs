//! Making everything derived again from the journal alone.

use std::ops::ControlFlow;

use ledger_core::store::{StoreError, StoreResult};
use rusqlite::Connection;

use crate::audit::watch::{Progress, STEP, Watch};
use crate::base::failure::before_commit;
use crate::journal::read;
use crate::journal::records::{RecordReader, Recorded};
use crate::keys::index;
use crate::schema::progress;
use crate::schema::registry;
use crate::state::State;

/// Keys in one run.
const RUN_KEYS: usize = 1 << 20;

/// Wipes the derived tables and fills them again, as a part of the caller's transaction.
pub(crate) fn rebuild(connection: &Connection, watch: Watch<'_>) -> StoreResult<()> {
    wipe(connection)?;
    let total = read::last_row(connection)?;
    let mut state = State::empty(connection)?;
    let mut stopped = false;
    let mut records = RecordReader::new(connection);
    let mut done = 0;
    records.each(1, total, |row, recorded| {
        match recorded {
            Recorded::Epoch => progress::Progress::Epoch.set(row, connection)?,
            Recorded::Record(record) => {
                registry::register(&record, row, connection)?;
                state.add(&record, row, connection)?;
            }
        }
        if state.keys.recent() >= RUN_KEYS {
            let change = index::flush(&state.keys, row, connection)?;
            state.keys.apply(change);
        }
        done += 1;
        if done % STEP == 0 {
            stopped = watch(Progress { done: row, total }).is_break();
        }
        Ok(!stopped)
    })?;
    if stopped || watch(Progress { done: total, total }) == ControlFlow::Break(()) {
        return Err(StoreError::Refused("the rebuild was stopped; nothing was changed".to_owned()));
    }
    for account in state.accounts.iter() {
        registry::save(account, connection)?;
    }
    progress::Progress::Balances.set(total, connection)
}

fn wipe(connection: &Connection) -> StoreResult<()> {
    connection
        .execute_batch(
            "DELETE FROM asset; DELETE FROM wallet; DELETE FROM wallet_state; DELETE FROM key_run; \
             DELETE FROM key_chunk; DELETE FROM progress; \
             INSERT INTO progress (what, value) \
             VALUES ('balances', 0), ('keys', 0), ('runs', 0), ('epoch', 0), ('retention', 0);",
        )
        .map_err(before_commit)
}
