//! What only the writer needs.

use std::time::Duration;

use ledger_core::store::{StoreError, StoreResult};
use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::base::failure::reading;
use crate::file::forked::Own;
use crate::file::place::Place;
use crate::journal::tags::TagWork;
use crate::keys::work::KeyWork;
use crate::schema::connect;
use crate::store::checkpoint::{self, LOG_BYTES_MAX, LOG_BYTES_PATIENT};
use crate::store::room::Room;
use crate::store::settings::Settings;
use crate::store::sweep::Sweep;

pub(crate) struct Writer {
    pub(crate) connection: Own<Connection>,
    pub(crate) room: Room,
    pub(crate) keys: KeyWork,
    pub(crate) sweep: Sweep,
    pub(crate) tags: TagWork,
    /// Bytes appended since the last checkpoint, about.
    pub(crate) since_checkpoint: u64,
    /// Bytes of the log at the last checkpoint.
    pub(crate) log_bytes: u64,
    /// How many there may be.
    pub(crate) log_bytes_max: u64,
    wait: Duration,
}

impl Writer {
    pub(crate) fn open(place: &Place, settings: &Settings) -> StoreResult<Self> {
        let connection = connect::writer(place.path(), settings.durability, settings.wait)?;
        Self::on(connection, place, settings)
    }

    pub(crate) fn on(
        connection: Connection,
        place: &Place,
        settings: &Settings,
    ) -> StoreResult<Self> {
        let owner =
            connection.query_row("SELECT random()", [], |row| row.get(0)).map_err(reading)?;
        // A log without a durable name is no log. SQLite flushes the folder too, and keeps silent if it
        // can't.
        place.flush_folder()?;
        Ok(Self {
            connection: Own::new(connection),
            room: Room::open(place)?,
            keys: KeyWork::new(owner, settings.exclusive, settings.recent_keys),
            sweep: Sweep::default(),
            tags: TagWork::default(),
            since_checkpoint: 0,
            log_bytes: 0,
            log_bytes_max: LOG_BYTES_MAX,
            wait: settings.wait,
        })
    }

    /// Leaves the log as it is when the connection is closed.
    pub(crate) fn leave_log(&self) {
        // Of a connection that is open it can't fail.
        let _ = self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
    }

    /// Closes the connection now; what comes after it is not the file any more.
    pub(crate) fn close(&mut self) {
        if let Ok(nothing) = Connection::open_in_memory() {
            self.connection = Own::new(nothing);
        }
    }

    /// Moves what was committed into the database, and notes how long the log is. It may be used again
    /// from its beginning only if nobody reads from it, which the next look will tell.
    pub(crate) fn checkpoint(&mut self) -> StoreResult<()> {
        let written = std::mem::take(&mut self.since_checkpoint);
        self.room.forget();
        let done = checkpoint::passive(&self.connection);
        self.log_bytes = match &done {
            Ok(done) => done.log_bytes(),
            Err(_) => self.log_bytes + written,
        };
        done?;
        if self.log_bytes > LOG_BYTES_PATIENT.min(self.log_bytes_max)
            && checkpoint::restart(&self.connection, self.log_bytes, self.wait)?
        {
            self.log_bytes = 0;
        }
        Ok(())
    }

    /// Finds out how much of the log is in use, as far as it must be known.
    pub(crate) fn look_for_room(&mut self) -> StoreResult<()> {
        self.room.look(&self.connection)
    }

    /// Refuses to write while a reader makes the log grow without bound.
    pub(crate) fn check_log(&mut self) -> StoreResult<()> {
        if self.log_bytes > self.log_bytes_max {
            self.checkpoint()?;
        }
        if self.log_bytes <= self.log_bytes_max {
            return Ok(());
        }
        Err(StoreError::Busy(format!(
            "the write-ahead log has {} MiB, and readers keep it from being used again; let those that \
             read the file now come to their end, then try again",
            self.log_bytes >> 20
        )))
    }

    /// Forgets what was begun and taken back.
    pub(crate) fn forget_work(&mut self) {
        self.keys.forget();
        self.sweep = Sweep::default();
        self.tags = TagWork::default();
    }
}
