//! The index of keys as memory holds it, and the work that keeps it small.

use std::sync::Arc;

use hashbrown::HashTable;
use ledger_core::Key;
use ledger_core::store::StoreResult;
use rusqlite::Connection;

use crate::base::failure::damaged;
use crate::keys::entry::{Entry, KeyHash, KeyHasher};
use crate::keys::merge::Merge;
use crate::keys::run::{CHUNK_ENTRIES, Run, RunRow, RunState, RunWriter, remove_chunks};
use crate::schema::progress::Progress;

/// Keys in memory before they become a run.
pub(crate) const RECENT_MAX: usize = 131_072;
/// Room for recent keys that is taken at once.
const ROOM: usize = 2 * RECENT_MAX;
/// Runs of a level before they become one of the next. Four rewrite a key once for each fourfold
/// growth, and leave at most about ten filters to ask.
const FANOUT: usize = 4;
/// Entries merged for each new key: each is rewritten once a level.
const MERGED_PER_KEY: usize = 6;
/// Chunks of removed runs that are given back with each chunk's worth of entries merged.
const REMOVED_PER_CHUNK: usize = 2;

/// Where keys may stand. What is found must be confirmed on the line.
#[derive(Debug)]
pub(crate) struct KeyIndex {
    hasher: KeyHasher,
    recent: HashTable<Entry>,
    /// The oldest first.
    runs: Vec<Arc<Run>>,
    /// Every key up to this line is in a run.
    upto: u64,
    /// Which list of runs this is.
    generation: u64,
}

/// The list of runs is not the one on the disk any more.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stale;

impl KeyIndex {
    /// Loads the runs. The keys behind them are to be added.
    pub(crate) fn load(connection: &Connection) -> StoreResult<Self> {
        let recent = HashTable::with_capacity(ROOM);
        let mut index = Self {
            hasher: KeyHasher::load(connection)?,
            recent,
            runs: Vec::new(),
            upto: 0,
            generation: 0,
        };
        index.reload(connection)?;
        Ok(index)
    }

    /// Takes the list of runs from the tables again; runs that are known stay as they are.
    pub(crate) fn reload(&mut self, connection: &Connection) -> StoreResult<()> {
        let mut runs = Vec::new();
        for row in RunRow::list(connection)?.into_iter().filter(|row| row.state == RunState::InUse)
        {
            let known = self.runs.iter().find(|run| run.row.run == row.run);
            runs.push(match known {
                Some(run) => run.clone(),
                None => Arc::new(Run::load(row, connection)?),
            });
        }
        let upto = Progress::Keys.get(connection)?;
        check_cover(&runs, upto)?;
        if upto < self.upto {
            return Err(damaged("the key index has gone back"));
        }
        self.runs = runs;
        self.generation = Progress::Runs.get(connection)?;
        self.set_upto(upto);
        Ok(())
    }

    fn set_upto(&mut self, upto: u64) {
        self.upto = upto;
        self.recent.retain(|entry| entry.row() > upto);
    }

    /// Every key up to this line is in a run.
    pub(crate) fn upto(&self) -> u64 {
        self.upto
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    pub(crate) fn hash(&self, key: &Key) -> KeyHash {
        self.hasher.hash(key)
    }

    /// Adds a key that stands in the line `row`.
    pub(crate) fn add(&mut self, entry: Entry) {
        if entry.row() > self.upto {
            let hash = |entry: &Entry| entry.hash().spread();
            self.recent.insert_unique(hash(&entry), entry, hash);
        }
    }

    /// The lines in which the key may stand, the youngest first.
    pub(crate) fn find(
        &self,
        key: &Key,
        connection: &Connection,
    ) -> StoreResult<Result<Vec<u64>, Stale>> {
        let hash = self.hash(key);
        let recent = self.recent.iter_hash(hash.spread());
        let mut rows: Vec<u64> =
            recent.filter(|entry| entry.hash() == hash).map(|entry| entry.row()).collect();
        for run in self.runs.iter().filter(|run| run.filter.may_have(hash)) {
            if run.find(hash, &mut rows, connection)?.is_none() {
                return Ok(Err(Stale));
            }
        }
        rows.sort_unstable_by(|a, b| b.cmp(a));
        rows.dedup();
        Ok(Ok(rows))
    }

    /// Bytes of memory that grow with the number of keys.
    pub(crate) fn bytes(&self) -> usize {
        self.runs.iter().map(|run| run.filter.bytes() + 8 * run.chunks()).sum()
    }

    pub(crate) fn recent(&self) -> usize {
        self.recent.len()
    }

    /// Takes over what work has changed, once that is durable.
    pub(crate) fn apply(&mut self, change: Change) {
        self.runs = change.runs;
        self.generation = change.generation;
        self.set_upto(change.upto);
    }
}

/// What a piece of work changed.
#[derive(Debug)]
pub(crate) struct Change {
    runs: Vec<Arc<Run>>,
    upto: u64,
    generation: u64,
}

/// The work that keeps the index small, a bounded piece with each commit.
#[derive(Debug)]
pub(crate) struct KeyWork {
    /// Who we are, among all that write to the file.
    owner: i64,
    merge: Option<Merge>,
    /// The list of runs that the merge belongs to.
    generation: u64,
    /// Keys in memory before they become a run.
    recent_max: usize,
    /// How many entries may be merged.
    credit: usize,
}

impl KeyWork {
    pub(crate) fn new(owner: i64, recent_max: usize) -> Self {
        Self { owner, merge: None, generation: 0, recent_max, credit: 0 }
    }

    /// Forgets what was begun, because it was taken back.
    pub(crate) fn forget(&mut self) {
        self.merge = None;
    }

    /// Does what `keys` new keys pay for, as a part of the open transaction. `last` is the last line
    /// of which the index knows.
    pub(crate) fn step(
        &mut self,
        index: &KeyIndex,
        keys: usize,
        last: u64,
        connection: &Connection,
        forgotten: impl FnOnce() -> StoreResult<u64>,
    ) -> StoreResult<Option<Change>> {
        self.credit += keys * MERGED_PER_KEY;
        if index.recent() >= self.recent_max {
            let is_ours = Progress::Runs.get(connection)? == self.generation;
            let change = flush(index, last, connection)?;
            if is_ours {
                // The merge under way has nothing to do with another run.
                self.generation = change.generation;
            }
            return Ok(Some(change));
        }
        if self.credit < 4 * CHUNK_ENTRIES {
            return Ok(None);
        }
        let budget = std::mem::take(&mut self.credit);
        if Progress::Runs.get(connection)? != self.generation {
            // Someone else has changed the list since, and may go on with the merge.
            self.merge = None;
        }
        remove_old(REMOVED_PER_CHUNK * budget / CHUNK_ENTRIES, connection)?;
        if self.merge.is_none() {
            let forgotten = forgotten()?;
            self.merge = self.begin(index, forgotten, connection)?;
            self.generation = Progress::Runs.get(connection)?;
            if self.merge.is_none() {
                return forget(index, forgotten, connection);
            }
        }
        let Some(merge) = &mut self.merge else { return Ok(None) };
        if !merge.step(budget, connection)? {
            return Ok(None);
        }
        let merge = self.merge.take();
        merge.map(|merge| finish(merge, index, connection)).transpose()
    }

    /// The merge that is due, if any.
    fn begin(
        &self,
        index: &KeyIndex,
        forgotten: u64,
        connection: &Connection,
    ) -> StoreResult<Option<Merge>> {
        let rows = RunRow::list(connection)?;
        let output = match rows.iter().find(|row| row.state == RunState::BeingWritten) {
            Some(row) if row.owner == Some(self.owner) => *row,
            Some(row) if waiting(&rows, row.level.saturating_sub(1)).len() < 2 * FANOUT => {
                return Ok(None);
            }
            // Whoever began it does not go on.
            Some(row) => self.take_over(row, connection)?,
            None => match self.plan(&rows, forgotten, connection)? {
                Some(row) => row,
                None => return Ok(None),
            },
        };
        let rows = RunRow::list(connection)?;
        let inputs = rows.iter().filter(|row| row.merged_into == Some(output.run)).map(|input| {
            let known = index.runs.iter().find(|run| run.row.run == input.run);
            known.ok_or_else(|| damaged(format!("run {} of the key index is lost", input.run)))
        });
        let inputs: Vec<&Arc<Run>> = inputs.collect::<StoreResult<_>>()?;
        let writer = RunWriter::load(output, connection)?;
        Merge::of(inputs.into_iter().map(AsRef::as_ref), writer, output.forgotten, connection)
            .map(Some)
    }

    fn take_over(&self, row: &RunRow, connection: &Connection) -> StoreResult<RunRow> {
        let row = RunRow { owner: Some(self.owner), ..*row };
        row.save(connection)?;
        // So that whoever began it finds out.
        next_generation(connection)?;
        Ok(row)
    }

    /// Notes in the tables which runs are to become one.
    fn plan(
        &self,
        rows: &[RunRow],
        forgotten: u64,
        connection: &Connection,
    ) -> StoreResult<Option<RunRow>> {
        let levels = rows.iter().map(|row| row.level).max().unwrap_or(0);
        let due = (0..=levels).map(|level| waiting(rows, level)).find(|runs| runs.len() >= FANOUT);
        let Some(inputs) = due else { return Ok(None) };
        let inputs = inputs.get(..FANOUT).unwrap_or_default();
        let run = next_generation(connection)?;
        let last_row = inputs.iter().map(|row| row.last_row).max().unwrap_or(0);
        let left_out = inputs.iter().map(|row| row.forgotten).fold(forgotten, u64::max);
        let output = RunRow {
            run,
            level: inputs.iter().map(|row| row.level).max().unwrap_or(0) + 1,
            keys: inputs.iter().map(|row| row.keys).sum(),
            first_row: inputs.iter().map(|row| row.first_row).min().unwrap_or(0),
            last_row,
            forgotten: left_out.min(last_row),
            state: RunState::BeingWritten,
            merged_into: None,
            owner: Some(self.owner),
        };
        output.save(connection)?;
        for input in inputs {
            RunRow { merged_into: Some(run), ..**input }.save(connection)?;
        }
        Ok(Some(output))
    }
}

/// Every line up to `upto` must be covered by one run.
fn check_cover(runs: &[Arc<Run>], upto: u64) -> StoreResult<()> {
    let mut covers: Vec<(u64, u64)> =
        runs.iter().map(|run| (run.row.first_row, run.row.last_row)).collect();
    covers.sort_unstable();
    let end =
        covers.into_iter().try_fold(0, |end, (first, last)| (first == end + 1).then_some(last));
    if end == Some(upto) {
        return Ok(());
    }
    Err(damaged("the key index does not cover the lines that it says; rebuild makes it again"))
}

/// The runs of a level that no merge has taken, the oldest first: merged in this order, the lines that
/// a run covers have no gaps.
fn waiting(rows: &[RunRow], level: u32) -> Vec<&RunRow> {
    let is_free = |row: &&RunRow| {
        row.level == level && row.state == RunState::InUse && row.merged_into.is_none()
    };
    let mut waiting: Vec<&RunRow> = rows.iter().filter(is_free).collect();
    waiting.sort_unstable_by_key(|row| row.first_row);
    waiting
}

/// Writes all recent keys, which stand in lines up to `last`, as a run.
pub(crate) fn flush(index: &KeyIndex, last: u64, connection: &Connection) -> StoreResult<Change> {
    let mut entries: Vec<Entry> = index.recent.iter().copied().collect();
    entries.sort_unstable();
    let generation = next_generation(connection)?;
    let row = RunRow {
        run: generation,
        level: 0,
        keys: entries.len() as u64,
        first_row: index.upto + 1,
        last_row: last,
        forgotten: 0,
        state: RunState::InUse,
        merged_into: None,
        owner: None,
    };
    let run = Arc::new(Run::write(row, &entries, connection)?);
    Progress::Keys.set(last, connection)?;
    let runs = index.runs.iter().cloned().chain([run]).collect();
    Ok(Change { runs, upto: last, generation })
}

fn finish(merge: Merge, index: &KeyIndex, connection: &Connection) -> StoreResult<Change> {
    let generation = next_generation(connection)?;
    let (run, inputs) = merge.finish(connection)?;
    for input in &inputs {
        RunRow { state: RunState::ToBeRemoved, ..*input }.save(connection)?;
    }
    let is_input = |run: &Arc<Run>| inputs.iter().any(|input| input.run == run.row.run);
    let rest = index.runs.iter().filter(|run| !is_input(run)).cloned();
    let runs = rest.chain([Arc::new(run)]).collect();
    Ok(Change { runs, upto: index.upto, generation })
}

/// Puts an empty run in the place of one in which all keys are forgotten.
fn forget(
    index: &KeyIndex,
    forgotten: u64,
    connection: &Connection,
) -> StoreResult<Option<Change>> {
    let rows = RunRow::list(connection)?;
    let is_old = |row: &&RunRow| {
        let free = row.state == RunState::InUse && row.merged_into.is_none();
        free && row.keys > 0 && row.last_row <= forgotten
    };
    let Some(old) = rows.iter().find(is_old) else { return Ok(None) };
    RunRow { state: RunState::ToBeRemoved, ..*old }.save(connection)?;
    let generation = next_generation(connection)?;
    let row = RunRow { run: generation, keys: 0, forgotten: old.last_row, ..*old };
    let run = Arc::new(Run::write(row, &[], connection)?);
    let rest = index.runs.iter().filter(|run| run.row.run != old.run).cloned();
    let runs = rest.chain([run]).collect();
    Ok(Some(Change { runs, upto: index.upto, generation }))
}

/// Gives back the room of runs that were merged, a piece at a time.
fn remove_old(chunks: usize, connection: &Connection) -> StoreResult<()> {
    let rows = RunRow::list(connection)?;
    if let Some(old) = rows.iter().find(|row| row.state == RunState::ToBeRemoved)
        && remove_chunks(old.run, chunks, connection)?
    {
        old.remove(connection)?;
    }
    Ok(())
}

fn next_generation(connection: &Connection) -> StoreResult<u64> {
    let generation = Progress::Runs.get(connection)? + 1;
    Progress::Runs.set(generation, connection)?;
    Ok(generation)
}
