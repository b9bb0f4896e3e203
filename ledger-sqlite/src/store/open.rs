//! Opening and closing a file.

use std::path::Path;
use std::sync::Arc;

use ledger_core::Interrupt;
use ledger_core::store::{StoreError, StoreResult};
use parking_lot::{Mutex, RwLock};
use rusqlite::Connection;

use crate::base::failure::{before_commit, in_commit, reading};
use crate::file::identity::Identity;
use crate::file::place::Place;
use crate::file::turn::Turns;
use crate::file::{log, registry, system};
use crate::journal::epoch::begin_epoch;
use crate::journal::read;
use crate::schema::connect;
use crate::schema::create::{self, Content};
use crate::schema::glance;
use crate::state::State;
use crate::store::SqliteStore;
use crate::store::health::Health;
use crate::store::look::Readers;
use crate::store::settings::Settings;
use crate::store::unopened::{bring_forward, make_own, move_log_alone};
use crate::store::writer::Writer;

impl SqliteStore {
    /// Opens the file, or makes it.
    pub(crate) fn open(path: &Path, settings: Settings, interrupt: Interrupt) -> StoreResult<Self> {
        let stop = interrupt.paced();
        connect::check_sqlite()?;
        let opening = registry::begin()?;
        let check_system = |path: &Path| system::check(path, settings.exclusive);
        let place = Place::find_or_make(path, check_system)?;
        opening.check(&place)?;
        // Others may open and close files while this one waits for its turn.
        drop(opening);
        place.check_writable()?;
        glance::schema(&place)?;
        let mut turns = Turns::open(&place, settings.wait)?;
        turns.settle(&stop, || move_log_alone(&place, settings.wait))?;
        if settings.exclusive {
            turns.keep(&stop)?;
        }
        let turn = turns.take(&stop)?;
        glance::log_is_its_own(&place)?;
        let mut opening = registry::begin()?;
        let witness = if opening.has(&place)? { None } else { log::settle(&place)? };
        let connect = || connect::writer(place.path(), settings.durability, settings.wait);
        let mut connection = connect()?;
        check_writable(&connection)?;
        let content = create::recognize(&connection)?;
        if content == Content::Earlier {
            drop(connection);
            bring_forward(&place, &settings)?;
            connection = connect()?;
        }
        if content != Content::Nothing && create::is_copy(&connection)? {
            drop(connection);
            make_own(&place, &settings)?;
            connection = connect()?;
        }
        prepare(&mut connection)?;
        let anchor = opening.anchor(&place, witness)?;
        let writer = Writer::on(connection, &place, &settings)?;
        let identity = Identity::of(&place)?;
        let state = State::load(&writer.connection)?;
        drop((turn, opening));
        Ok(Self {
            place,
            settings,
            interrupt,
            health: Health::sound(),
            writer: Mutex::new(writer),
            readers: Readers::default(),
            identity,
            state: RwLock::new(state),
            turns,
            anchor: Some(anchor),
        })
    }

    /// Writes down what is behind, so that the next opening is quick.
    pub(crate) fn settle(&self) -> StoreResult<()> {
        let group = self.begin_group(&|| false)?;
        if group.is_settled() { Ok(()) } else { group.settle() }
    }
}

fn check_writable(connection: &Connection) -> StoreResult<()> {
    if connection.is_readonly("main").map_err(reading)? {
        return Err(StoreError::Refused(
            "the file can't be written; check its permissions and those of its folder".to_owned(),
        ));
    }
    Ok(())
}

/// Makes the tables in an empty file and begins its journal.
fn prepare(connection: &mut Connection) -> StoreResult<()> {
    if create::recognize(connection)? == Content::Nothing {
        create::create(connection)?;
    }
    if read::last_row(connection)? == 0 {
        connection.execute_batch("BEGIN IMMEDIATE").map_err(before_commit)?;
        begin_epoch(connection)?;
        connection.execute_batch("COMMIT").map_err(in_commit)?;
    }
    Ok(())
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        if self.health.is_forked() {
            // Nothing of it is ours: see `file/forked.rs`.
            return;
        }
        // Whatever fails here, the journal has everything; opening only takes longer, and moves the log anew.
        if self.settle().is_err() {
            self.writer.get_mut().leave_log();
        }
        let Ok(mut opening) = registry::begin() else { return };
        let anchor = self.anchor.take();
        if let Some(anchor) = anchor.as_ref().filter(|anchor| Arc::strong_count(anchor) == 1) {
            anchor.release();
            opening.forget(anchor);
        }
        drop(self.readers.drain());
        self.writer.get_mut().close();
        drop((anchor, opening));
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn of_a_commit_that_fails_while_a_file_is_made_nobody_knows() {
        let folder = TempDir::new().unwrap();
        let open = || Connection::open(folder.path().join("test.ledger")).unwrap();
        for tables in [false, true] {
            let mut connection = open();
            if tables {
                create::create(&mut connection).unwrap();
            }
            connection.commit_hook(Some(|| true)).unwrap();
            let error = prepare(&mut connection).unwrap_err();
            assert!(matches!(error, StoreError::InDoubt(_)), "{tables}: {error}");
        }
        prepare(&mut open()).unwrap();
    }
}
