//! Merging runs, a bounded piece at a time, so that no commit waits long. What is done is in the
//! tables: any process can go on with it.

use ledger_core::store::StoreResult;
use rusqlite::Connection;

use crate::base::failure::damaged;
use crate::keys::entry::Entry;
use crate::keys::run::{CHUNK_ENTRIES, Run, RunRow, RunWriter, read_chunk};

/// Several runs on their way to be one.
#[derive(Debug)]
pub(crate) struct Merge {
    inputs: Vec<Input>,
    output: RunWriter,
    /// The keys of lines up to this are left out.
    forgotten: u64,
}

#[derive(Debug)]
struct Input {
    row: RunRow,
    chunks: usize,
    /// The chunk being read.
    entries: Vec<Entry>,
    next: usize,
    next_chunk: usize,
}

impl Merge {
    /// Begins to merge runs, or goes on where `output` ends.
    pub(crate) fn of<'a>(
        inputs: impl Iterator<Item = &'a Run>,
        output: RunWriter,
        forgotten: u64,
        connection: &Connection,
    ) -> StoreResult<Self> {
        let after = output.last();
        let inputs =
            inputs.map(|run| Input::at(run, after, connection)).collect::<StoreResult<_>>()?;
        Ok(Self { inputs, output, forgotten })
    }

    /// Whether this is the run that comes of it.
    pub(crate) fn is_into(&self, row: &RunRow) -> bool {
        self.output.row().run == row.run
    }

    /// The level of the run that comes of it.
    pub(crate) fn level(&self) -> u32 {
        self.output.row().level
    }

    /// Merges about `budget` entries, and takes them off it; says whether all are merged.
    pub(crate) fn step(
        &mut self,
        budget: &mut usize,
        connection: &Connection,
    ) -> StoreResult<bool> {
        let mut chunk = Vec::with_capacity(CHUNK_ENTRIES);
        loop {
            chunk.clear();
            while chunk.len() < CHUNK_ENTRIES {
                let Some(entry) = self.next(connection)? else { break };
                *budget = budget.saturating_sub(1);
                if entry.row() > self.forgotten {
                    chunk.push(entry);
                }
            }
            if chunk.is_empty() {
                return Ok(true);
            }
            self.output.chunk(&chunk, connection)?;
            if *budget == 0 {
                return Ok(false);
            }
        }
    }

    /// The run that came of it, and those it was made from.
    pub(crate) fn finish(self, connection: &Connection) -> StoreResult<(Run, Vec<RunRow>)> {
        let inputs = self.inputs.into_iter().map(|input| input.row).collect();
        Ok((self.output.finish(connection)?, inputs))
    }

    /// The least entry of all inputs.
    fn next(&mut self, connection: &Connection) -> StoreResult<Option<Entry>> {
        let heads = self.inputs.iter().enumerate();
        let least = heads.filter_map(|(place, input)| Some((input.head()?, place))).min();
        let Some((entry, place)) = least else { return Ok(None) };
        if let Some(input) = self.inputs.get_mut(place) {
            input.advance(connection)?;
        }
        Ok(Some(entry))
    }
}

impl Input {
    /// The first entry behind `after`.
    fn at(run: &Run, after: Option<Entry>, connection: &Connection) -> StoreResult<Self> {
        let next_chunk = after.map_or(0, |after| run.chunk_of(after.hash()));
        let chunks = run.chunks();
        let mut input = Self { row: run.row, chunks, entries: Vec::new(), next: 0, next_chunk };
        input.read(connection)?;
        while input.head().is_some_and(|head| Some(head) <= after) {
            input.advance(connection)?;
        }
        Ok(input)
    }

    fn head(&self) -> Option<Entry> {
        self.entries.get(self.next).copied()
    }

    fn advance(&mut self, connection: &Connection) -> StoreResult<()> {
        self.next += 1;
        if self.next >= self.entries.len() { self.read(connection) } else { Ok(()) }
    }

    /// Reads the next chunk; there is none behind the last.
    fn read(&mut self, connection: &Connection) -> StoreResult<()> {
        let run = self.row.run;
        let read = read_chunk(run, self.next_chunk, connection)?;
        if read.is_none() && self.next_chunk < self.chunks {
            return Err(damaged(format!("run {run} of the key index is incomplete")));
        }
        self.entries = read.unwrap_or_default();
        self.next = 0;
        self.next_chunk += 1;
        Ok(())
    }
}
