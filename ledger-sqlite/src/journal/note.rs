//! Notes: the metadata and actor of a line, in a table of their own, so that they can be erased. The
//! line keeps a salted digest only, which tells an erased note from a forged one and gives nothing
//! of it away.

use std::sync::Arc;

use ledger_core::store::StoreResult;
use ledger_core::{Actor, Metadata};
use rusqlite::{Connection, OptionalExtension};

use crate::base::failure::{before_commit, damaged, reading};
use crate::journal::line::Cell;
use crate::journal::seal::{self, Sealing};

/// What a note says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) meta: Option<Metadata>,
    pub(crate) actor: Option<Arc<Actor>>,
}

/// A note as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct StoredNote {
    salt: [u8; 16],
    meta: Option<String>,
    actor: Option<String>,
}

impl StoredNote {
    /// A note with a salt of SQLite's own making; none where there is nothing to note.
    pub(crate) fn new(
        meta: Option<&Metadata>,
        actor: Option<&Actor>,
        connection: &Connection,
    ) -> StoreResult<Option<Self>> {
        if meta.is_none() && actor.is_none() {
            return Ok(None);
        }
        let salt = connection
            .prepare_cached("SELECT randomblob(16)")
            .and_then(|mut salt| salt.query_row([], |row| row.get(0)))
            .map_err(before_commit)?;
        let actor = actor.map(serde_json::to_string).transpose().map_err(damaged)?;
        Ok(Some(Self { salt, meta: meta.map(|meta| meta.as_json().to_owned()), actor }))
    }

    /// How long it is.
    pub(crate) fn bytes(&self) -> u64 {
        let length = |text: &Option<String>| text.as_ref().map_or(0, String::len) as u64;
        length(&self.meta) + length(&self.actor)
    }

    /// What the line keeps of it.
    pub(crate) fn digest(&self) -> [u8; 32] {
        let mut sealing = Sealing::after(&seal::FIRST);
        sealing.line(&[
            Cell::Bytes(&self.salt),
            self.meta.as_deref().map_or(Cell::Null, Cell::Text),
            self.actor.as_deref().map_or(Cell::Null, Cell::Text),
        ]);
        sealing.finish()
    }

    pub(crate) fn insert(&self, row: u64, connection: &Connection) -> StoreResult<()> {
        connection
            .prepare_cached("INSERT INTO note (row, salt, meta, actor) VALUES (?1, ?2, ?3, ?4)")
            .and_then(|mut insert| insert.execute((row, self.salt, &self.meta, &self.actor)))
            .map_err(before_commit)?;
        Ok(())
    }

    /// The note of the line `row`; none if it was erased.
    pub(crate) fn find(row: u64, connection: &Connection) -> StoreResult<Option<Self>> {
        connection
            .prepare_cached("SELECT salt, meta, actor FROM note WHERE row = ?1")
            .and_then(|mut find| {
                let note = |row: &rusqlite::Row<'_>| {
                    Ok(Self { salt: row.get(0)?, meta: row.get(1)?, actor: row.get(2)? })
                };
                find.query_row([row], note).optional()
            })
            .map_err(reading)
    }

    pub(crate) fn read(&self) -> StoreResult<Note> {
        let meta = self.meta.as_deref().map(Metadata::from_json).transpose().map_err(damaged)?;
        let actor: Option<Actor> =
            self.actor.as_deref().map(serde_json::from_str).transpose().map_err(damaged)?;
        Ok(Note { meta, actor: actor.map(Arc::new) })
    }
}
