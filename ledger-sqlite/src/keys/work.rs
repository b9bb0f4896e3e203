//! The work that keeps the index of keys small: recent keys become a run, runs become fewer and
//! larger ones, and those in which every key is forgotten become empty.

use std::sync::Arc;

use ledger_core::store::StoreResult;
use rusqlite::Connection;

use crate::base::failure::damaged;
use crate::keys::entry::Entry;
use crate::keys::index::{Change, KeyIndex};
use crate::keys::merge::Merge;
use crate::keys::run::{CHUNK_ENTRIES, Run, RunRow, RunState, RunWriter, remove_chunks};
use crate::schema::progress::Progress;

/// Runs of a level before they become one of the next. Four rewrite a key once for each fourfold
/// growth, and leave at most about ten filters to ask.
const FANOUT: usize = 4;
/// Entries merged for each new key: each is rewritten once a level.
const MERGED_PER_KEY: usize = 6;
/// Entries to be merged before it is worth beginning.
const CREDIT_MIN: usize = 4 * CHUNK_ENTRIES;
/// Chunks of removed runs that are given back with each chunk's worth of entries merged.
const REMOVED_PER_CHUNK: usize = 2;

/// Runs of a level that wait for a merge that another handle began, before it is taken over: that
/// handle may be closed for long.
const PATIENCE: usize = 2 * FANOUT;

/// What is under way, a bounded piece with each commit.
#[derive(Debug)]
pub(crate) struct KeyWork {
    /// Who we are, among all that write to the file.
    owner: i64,
    /// How many runs may wait for the merge of someone else.
    patience: usize,
    /// At most one into each level, the lowest first: a large merge must not keep small ones waiting.
    merges: Vec<Merge>,
    /// Keys in memory before they become a run.
    recent_max: usize,
    /// How many entries may be merged.
    credit: usize,
}

impl KeyWork {
    /// Work for a handle that writes beside others, or alone.
    pub(crate) fn new(owner: i64, alone: bool, recent_max: usize) -> Self {
        let patience = if alone { 0 } else { PATIENCE };
        Self { owner, patience, merges: Vec::new(), recent_max, credit: 0 }
    }

    /// Forgets what was begun, because it was taken back.
    pub(crate) fn forget(&mut self) {
        self.merges.clear();
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
        let is_full = index.recent() >= self.recent_max;
        self.credit += keys * MERGED_PER_KEY;
        if !is_full && self.credit < CREDIT_MIN {
            return Ok(None);
        }
        let mut change = Change::of(index);
        if is_full {
            flush_into(&mut change, index, last, connection)?;
        }
        if self.credit >= CREDIT_MIN {
            let budget = std::mem::take(&mut self.credit);
            remove_old(REMOVED_PER_CHUNK * budget / CHUNK_ENTRIES, connection)?;
            let forgotten = forgotten()?;
            self.take_up(&change, forgotten, connection)?;
            if self.merges.is_empty() {
                forget(&mut change, forgotten, connection)?;
            } else {
                self.merge(budget, forgotten, &mut change, connection)?;
            }
        }
        Ok(Some(change).filter(|change| change.generation != index.generation()))
    }

    /// Goes on with the merges, the lowest first, until so many entries are merged.
    fn merge(
        &mut self,
        mut budget: usize,
        forgotten: u64,
        change: &mut Change,
        connection: &Connection,
    ) -> StoreResult<()> {
        while let Some(merge) = self.merges.first_mut().filter(|_| budget > 0) {
            if !merge.step(&mut budget, connection)? {
                break;
            }
            let merge = self.merges.remove(0);
            finish(merge, change, connection)?;
            // Others may be due by now.
            self.take_up(change, forgotten, connection)?;
        }
        Ok(())
    }

    /// Sees to it that every merge that is ours to do is under way.
    fn take_up(
        &mut self,
        change: &Change,
        forgotten: u64,
        connection: &Connection,
    ) -> StoreResult<()> {
        let rows = RunRow::list(connection)?;
        // Someone else may have taken one over.
        let owner = self.owner;
        self.merges.retain(|merge| rows.iter().any(|row| merge.is_into(row) && row.is_of(owner)));
        for level in 1..=rows.iter().map(|row| row.level).max().unwrap_or(0) + 1 {
            let is_here = |row: &&RunRow| row.state == RunState::BeingWritten && row.level == level;
            let output = match rows.iter().find(is_here) {
                Some(row) if self.merges.iter().any(|merge| merge.is_into(row)) => None,
                Some(row) if row.is_of(owner) => Some(*row),
                Some(_) if waiting(&rows, level - 1).len() < self.patience => None,
                Some(row) => Some(self.take_over(row, connection)?),
                None => self.plan(&waiting(&rows, level - 1), forgotten, connection)?,
            };
            if let Some(output) = output {
                self.merges.push(begin(output, &change.runs, connection)?);
            }
        }
        self.merges.sort_by_key(Merge::level);
        Ok(())
    }

    fn take_over(&self, row: &RunRow, connection: &Connection) -> StoreResult<RunRow> {
        let row = RunRow { owner: Some(self.owner), ..*row };
        row.save(connection)?;
        Ok(row)
    }

    /// Notes in the tables that the oldest of the runs that wait are to become one, if they are enough.
    fn plan(
        &self,
        waiting: &[&RunRow],
        forgotten: u64,
        connection: &Connection,
    ) -> StoreResult<Option<RunRow>> {
        let Some(inputs) = waiting.get(..FANOUT) else { return Ok(None) };
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

/// Begins the merge into `output`, or goes on where it ended.
fn begin(output: RunRow, runs: &[Arc<Run>], connection: &Connection) -> StoreResult<Merge> {
    let rows = RunRow::list(connection)?;
    let inputs = rows.iter().filter(|row| row.merged_into == Some(output.run)).map(|input| {
        let known = runs.iter().find(|run| run.row.run == input.run);
        known.ok_or_else(|| damaged(format!("run {} of the key index is lost", input.run)))
    });
    let inputs: Vec<&Arc<Run>> = inputs.collect::<StoreResult<_>>()?;
    let writer = RunWriter::load(output, connection)?;
    Merge::of(inputs.into_iter().map(AsRef::as_ref), writer, output.forgotten, connection)
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
    let mut change = Change::of(index);
    flush_into(&mut change, index, last, connection)?;
    Ok(change)
}

fn flush_into(
    change: &mut Change,
    index: &KeyIndex,
    last: u64,
    connection: &Connection,
) -> StoreResult<()> {
    let mut entries: Vec<Entry> = index.recent.iter().copied().collect();
    entries.sort_unstable();
    let generation = next_generation(connection)?;
    let row = RunRow {
        run: generation,
        level: 0,
        keys: entries.len() as u64,
        first_row: index.upto() + 1,
        last_row: last,
        forgotten: 0,
        state: RunState::InUse,
        merged_into: None,
        owner: None,
    };
    let run = Run::write(row, &entries, connection)?;
    Progress::Keys.set(last, connection)?;
    change.upto = last;
    change.put(run, &[], generation);
    Ok(())
}

fn finish(merge: Merge, change: &mut Change, connection: &Connection) -> StoreResult<()> {
    let generation = next_generation(connection)?;
    let (run, inputs) = merge.finish(connection)?;
    for input in &inputs {
        RunRow { state: RunState::ToBeRemoved, ..*input }.save(connection)?;
    }
    change.put(run, &inputs, generation);
    Ok(())
}

/// Puts an empty run in the place of one in which all keys are forgotten.
fn forget(change: &mut Change, forgotten: u64, connection: &Connection) -> StoreResult<()> {
    let rows = RunRow::list(connection)?;
    let is_old = |row: &&RunRow| {
        let free = row.state == RunState::InUse && row.merged_into.is_none();
        free && row.keys > 0 && row.last_row <= forgotten
    };
    let Some(old) = rows.iter().find(is_old) else { return Ok(()) };
    RunRow { state: RunState::ToBeRemoved, ..*old }.save(connection)?;
    let generation = next_generation(connection)?;
    let row = RunRow { run: generation, keys: 0, forgotten: old.last_row, ..*old };
    let run = Run::write(row, &[], connection)?;
    change.put(run, &[*old], generation);
    Ok(())
}

/// Gives back the room of runs that were merged, a piece at a time.
fn remove_old(mut chunks: usize, connection: &Connection) -> StoreResult<()> {
    let rows = RunRow::list(connection)?;
    for old in rows.iter().filter(|row| row.state == RunState::ToBeRemoved) {
        let removed = remove_chunks(old.run, chunks, connection)?;
        if removed == chunks {
            break;
        }
        old.remove(connection)?;
        chunks -= removed;
    }
    Ok(())
}

fn next_generation(connection: &Connection) -> StoreResult<u64> {
    let generation = Progress::Runs.get(connection)? + 1;
    Progress::Runs.set(generation, connection)?;
    Ok(generation)
}
