//! A run: entries in order, in chunks of one database page each, never changed once written. In
//! memory are its filter and each chunk's first hash.

use ledger_core::store::{StoreError, StoreResult};
use rusqlite::{Connection, OptionalExtension};

use crate::base::failure::{before_commit, damaged, reading};
use crate::keys::entry::{ENTRY_BYTES, Entry, KeyHash};
use crate::keys::filter::Filter;

/// Entries in a chunk: as many as fit into a page of 4,096 bytes beside SQLite's own.
pub(crate) const CHUNK_ENTRIES: usize = 336;

/// More than there can be of each: an entry has 40 bits for its line.
const RUNS_MAX: u64 = 1 << 31;
const LEVELS_MAX: u32 = 32;
const LINES_MAX: u64 = 1 << 40;

/// How a run stands in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RunRow {
    pub(crate) run: u64,
    pub(crate) level: u32,
    pub(crate) keys: u64,
    pub(crate) first_row: u64,
    pub(crate) last_row: u64,
    /// The keys of lines up to this are left out, because they are forgotten.
    pub(crate) forgotten: u64,
    pub(crate) state: RunState,
    pub(crate) merged_into: Option<u64>,
    /// The handle that writes it, while it is being written.
    pub(crate) owner: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RunState {
    InUse,
    BeingWritten,
    ToBeRemoved,
}

impl RunState {
    fn number(self) -> i64 {
        match self {
            Self::InUse => 0,
            Self::BeingWritten => 1,
            Self::ToBeRemoved => 2,
        }
    }

    fn from_number(number: i64) -> Option<Self> {
        [Self::InUse, Self::BeingWritten, Self::ToBeRemoved]
            .into_iter()
            .find(|state| state.number() == number)
    }
}

impl RunRow {
    /// All runs there are, in the order of their numbers.
    pub(crate) fn list(connection: &Connection) -> StoreResult<Vec<Self>> {
        let mut find = connection
            .prepare_cached(
                "SELECT run, level, keys, first_row, last_row, forgotten, state, merged_into, owner \
                 FROM key_run \
                 ORDER BY run",
            )
            .map_err(reading)?;
        let rows = find.query_map([], |row| {
            let state: i64 = row.get(6)?;
            Ok(Self {
                run: row.get(0)?,
                level: row.get(1)?,
                keys: row.get(2)?,
                first_row: row.get(3)?,
                last_row: row.get(4)?,
                forgotten: row.get(5)?,
                state: RunState::from_number(state)
                    .ok_or(rusqlite::Error::IntegralValueOutOfRange(6, state))?,
                merged_into: row.get(7)?,
                owner: row.get(8)?,
            })
        });
        let rows: Vec<Self> = rows.and_then(Iterator::collect).map_err(reading)?;
        match rows.iter().find(|row| !row.is_possible()) {
            None => Ok(rows),
            Some(row) => Err(damaged(format!("run {} of the key index can't be", row.run))),
        }
    }

    /// Whether it could have been written; then its numbers can be counted with.
    fn is_possible(&self) -> bool {
        let lines = (self.last_row + 1).saturating_sub(self.first_row);
        self.run < RUNS_MAX
            && self.level < LEVELS_MAX
            && self.last_row < LINES_MAX
            && (1..=self.last_row).contains(&self.first_row)
            && self.keys <= lines
            && self.forgotten <= self.last_row
    }

    /// Whether that handle is writing it.
    pub(crate) fn is_of(&self, owner: i64) -> bool {
        self.state == RunState::BeingWritten && self.owner == Some(owner)
    }

    /// Writes it over what stands there of it.
    pub(crate) fn save(&self, connection: &Connection) -> StoreResult<()> {
        connection
            .prepare_cached("REPLACE INTO key_run VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")
            .and_then(|mut replace| {
                replace.execute((
                    self.run,
                    self.level,
                    self.keys,
                    self.first_row,
                    self.last_row,
                    self.forgotten,
                    self.state.number(),
                    self.merged_into,
                    self.owner,
                ))
            })
            .map_err(before_commit)?;
        Ok(())
    }

    pub(crate) fn remove(&self, connection: &Connection) -> StoreResult<()> {
        connection
            .prepare_cached("DELETE FROM key_run WHERE run = ?1")
            .and_then(|mut delete| delete.execute([self.run]))
            .map_err(before_commit)?;
        Ok(())
    }
}

/// What of a run is in memory.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) row: RunRow,
    pub(crate) filter: Filter,
    /// The first hash of each chunk.
    fences: Vec<KeyHash>,
}

/// A run in the making.
#[derive(Debug)]
pub(crate) struct RunWriter {
    run: Run,
    written: u64,
    last: Option<Entry>,
}

impl Run {
    /// Writes sorted entries as a run.
    pub(crate) fn write(
        row: RunRow,
        entries: &[Entry],
        connection: &Connection,
    ) -> StoreResult<Self> {
        let mut writer = RunWriter::new(row);
        for chunk in entries.chunks(CHUNK_ENTRIES) {
            writer.chunk(chunk, connection)?;
        }
        let run = writer.run;
        run.row.save(connection)?;
        Ok(run)
    }

    /// Reads all of a run, to make what is in memory of it.
    pub(crate) fn load(row: RunRow, connection: &Connection) -> StoreResult<Self> {
        // Counted before memory is taken for as many as the table says.
        let chunks = "SELECT count(*) FROM key_chunk WHERE place BETWEEN ?1 AND ?2";
        let chunks: u64 = connection
            .query_row(chunks, (place(row.run, 0), place(row.run + 1, 0) - 1), |row| row.get(0))
            .map_err(reading)?;
        if row.keys > chunks * CHUNK_ENTRIES as u64 {
            return Err(damaged(format!("run {} of the key index is incomplete", row.run)));
        }
        let writer = RunWriter::load(row, connection)?;
        if writer.written != row.keys {
            return Err(damaged(format!("run {} of the key index is incomplete", row.run)));
        }
        Ok(writer.run)
    }

    pub(crate) fn chunks(&self) -> usize {
        self.fences.len()
    }

    /// The number of the chunk in which the entries of `hash` begin.
    pub(crate) fn chunk_of(&self, hash: KeyHash) -> usize {
        self.fences.partition_point(|&fence| fence < hash).saturating_sub(1)
    }

    /// Adds the lines in which a key of this hash may stand. None if the run is not on the disk any
    /// more, because another process has merged it.
    pub(crate) fn find(
        &self,
        hash: KeyHash,
        found: &mut Vec<u64>,
        connection: &Connection,
    ) -> StoreResult<Option<()>> {
        for number in self.chunk_of(hash)..self.chunks() {
            let Some(entries) = read_chunk(self.row.run, number, connection)? else {
                return Ok(None);
            };
            let start = entries.partition_point(|entry| *entry < Entry::first_of(hash));
            let hits = entries.iter().skip(start).take_while(|entry| entry.hash() == hash);
            found.extend(hits.map(|entry| entry.row()));
            if entries.last().is_none_or(|last| last.hash() > hash) {
                break;
            }
        }
        Ok(Some(()))
    }
}

impl RunWriter {
    pub(crate) fn new(row: RunRow) -> Self {
        let keys = usize::try_from(row.keys).unwrap_or_default();
        let fences = Vec::with_capacity(keys / CHUNK_ENTRIES + 1);
        let run = Run { row, filter: Filter::for_keys(keys), fences };
        Self { run, written: 0, last: None }
    }

    /// What was written of a run so far.
    pub(crate) fn load(row: RunRow, connection: &Connection) -> StoreResult<Self> {
        let mut writer = Self::new(row);
        while let Some(entries) = read_chunk(row.run, writer.run.chunks(), connection)? {
            writer.note(&entries);
        }
        Ok(writer)
    }

    /// Appends a chunk of entries, which are behind all before.
    pub(crate) fn chunk(&mut self, entries: &[Entry], connection: &Connection) -> StoreResult<()> {
        let bytes: Vec<u8> = entries.iter().flat_map(|entry| entry.bytes()).collect();
        connection
            .prepare_cached("INSERT INTO key_chunk (place, entries) VALUES (?1, ?2)")
            .and_then(|mut insert| {
                insert.execute((place(self.run.row.run, self.run.chunks()), bytes))
            })
            .map_err(before_commit)?;
        self.note(entries);
        Ok(())
    }

    fn note(&mut self, entries: &[Entry]) {
        self.run.fences.extend(entries.first().map(|entry| entry.hash()));
        for entry in entries {
            self.run.filter.add(entry.hash());
        }
        self.written += entries.len() as u64;
        self.last = entries.last().copied();
    }

    pub(crate) fn row(&self) -> &RunRow {
        &self.run.row
    }

    pub(crate) fn last(&self) -> Option<Entry> {
        self.last
    }

    /// The run, complete with what was written.
    pub(crate) fn finish(mut self, connection: &Connection) -> StoreResult<Run> {
        self.run.row.keys = self.written;
        self.run.row.state = RunState::InUse;
        self.run.row.owner = None;
        self.run.row.save(connection)?;
        Ok(self.run)
    }
}

/// A chunk's entries; none if there is no such chunk.
pub(crate) fn read_chunk(
    run: u64,
    number: usize,
    connection: &Connection,
) -> StoreResult<Option<Vec<Entry>>> {
    let bytes: Option<Vec<u8>> = connection
        .prepare_cached("SELECT entries FROM key_chunk WHERE place = ?1")
        .and_then(|mut find| find.query_row([place(run, number)], |row| row.get(0)).optional())
        .map_err(reading)?;
    bytes.map(|bytes| decode(run, number, &bytes)).transpose()
}

fn decode(run: u64, number: usize, bytes: &[u8]) -> StoreResult<Vec<Entry>> {
    let (whole, rest) = bytes.as_chunks::<ENTRY_BYTES>();
    let entries: Vec<Entry> = whole.iter().map(|bytes| Entry::from_bytes(*bytes)).collect();
    if !rest.is_empty() || entries.is_empty() || !entries.is_sorted() {
        return Err(chunk_damaged(run, number));
    }
    Ok(entries)
}

fn chunk_damaged(run: u64, number: usize) -> StoreError {
    damaged(format!("chunk {number} of run {run} of the key index; rebuild makes it again"))
}

/// Where a run's chunks stand in the table.
fn place(run: u64, number: usize) -> u64 {
    (run << 32) + number as u64
}

/// Removes at most `limit` chunks of a run, the last ones first; says how many.
pub(crate) fn remove_chunks(run: u64, limit: usize, connection: &Connection) -> StoreResult<usize> {
    connection
        .prepare_cached(
            "DELETE FROM key_chunk WHERE place IN (SELECT place FROM key_chunk \
             WHERE place BETWEEN ?1 AND ?2 ORDER BY place DESC LIMIT ?3)",
        )
        .and_then(|mut delete| delete.execute((place(run, 0), place(run + 1, 0) - 1, limit)))
        .map_err(before_commit)
}
