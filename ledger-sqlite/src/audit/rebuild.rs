//! Making everything derived again from the journal alone.

use std::ops::ControlFlow;

use ledger_core::store::{StoreError, StoreResult};
use rusqlite::{Connection, OptionalExtension};

use crate::audit::watch::{Progress, STEP, Watch};
use crate::base::failure::before_commit;
use crate::journal::read;
use crate::journal::records::{RecordReader, Recorded};
use crate::journal::tags;
use crate::keys::work;
use crate::schema::create;
use crate::schema::progress;
use crate::schema::registry;
use crate::state::State;

/// Runs made at once are that many times larger than those made little by little.
const LARGER: usize = 8;

/// Wipes the derived tables and fills them again, as a part of the caller's transaction.
pub(crate) fn rebuild(
    connection: &Connection,
    recent_keys: usize,
    watch: Watch<'_>,
) -> StoreResult<()> {
    let run_keys = recent_keys.saturating_mul(LARGER);
    let total = read::last_row(connection)?;
    wipe(connection)?;
    let mut state = State::empty(connection)?;
    let mut stopped = false;
    let mut records = RecordReader::new(connection);
    let mut done = 0;
    records.each(1, total, |rows, recorded| {
        match recorded {
            Recorded::Epoch => progress::Progress::Epoch.set(*rows.start(), connection)?,
            Recorded::Record(record) => {
                registry::register(&record, *rows.start(), connection)?;
                state.add(&record, *rows.start(), connection)?;
            }
        }
        if state.keys.recent() >= run_keys {
            // A run ends with a record, never inside of one.
            let change = work::flush(&state.keys, *rows.end(), connection)?;
            state.keys.apply(change);
        }
        done += 1;
        if done % STEP == 0 {
            stopped = watch(Progress { done: *rows.end(), total }).is_break();
        }
        Ok(!stopped)
    })?;
    if stopped || watch(Progress { done: total, total }) == ControlFlow::Break(()) {
        return Err(StoreError::Refused("the rebuild was stopped; nothing was changed".to_owned()));
    }
    for account in state.accounts.iter() {
        registry::save(account, connection)?;
    }
    tags::finish(connection, &state.terms, total)?;
    progress::Progress::Balances.set(total, connection)
}

fn wipe(connection: &Connection) -> StoreResult<()> {
    // Numbers of runs are never used again; the table may be damaged, so that it may have any.
    let last = "SELECT value FROM progress WHERE what = 'runs' AND value BETWEEN 0 AND 1000000000";
    let last: Option<u64> =
        connection.query_row(last, [], |row| row.get(0)).optional().map_err(before_commit)?;
    connection
        .execute_batch(
            "DELETE FROM asset; DELETE FROM wallet; DELETE FROM wallet_state; DELETE FROM hold; \
             DELETE FROM reversal; DELETE FROM backdated; DELETE FROM tag; \
             DELETE FROM key_run; DELETE FROM key_chunk; DELETE FROM progress; DELETE FROM kind;",
        )
        .and_then(|()| progress::Progress::begin(connection))
        .map_err(before_commit)?;
    create::name_kinds(connection).map_err(before_commit)?;
    progress::Progress::Runs.set(last.unwrap_or(0) + 1, connection)
}
