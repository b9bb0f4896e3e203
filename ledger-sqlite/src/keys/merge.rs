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

    /// Merges about `budget` entries, and takes them off it; says whether all are merged. What is left out counts as
    /// well: it takes as long to read.
    pub(crate) fn step(
        &mut self,
        budget: &mut usize,
        connection: &Connection,
    ) -> StoreResult<bool> {
        if self.inputs.iter().all(|input| input.row.last_row <= self.forgotten) {
            // Nothing of it is remembered, so nothing need be read.
            return Ok(true);
        }
        let mut chunk = Vec::with_capacity(CHUNK_ENTRIES);
        loop {
            chunk.clear();
            let is_end = self.fill(&mut chunk, *budget + CHUNK_ENTRIES, budget, connection)?;
            if !chunk.is_empty() {
                self.output.chunk(&chunk, connection)?;
            }
            if is_end {
                return Ok(true);
            }
            if *budget == 0 {
                return Ok(false);
            }
        }
    }

    /// Fills a chunk, as far as it comes by reading so many entries; says whether all are merged. A chunk may end
    /// early, so that whoever goes on with the merge after us finds its place.
    fn fill(
        &mut self,
        chunk: &mut Vec<Entry>,
        reads: usize,
        budget: &mut usize,
        connection: &Connection,
    ) -> StoreResult<bool> {
        for _ in 0..reads {
            if chunk.len() == CHUNK_ENTRIES {
                return Ok(false);
            }
            let Some(entry) = self.next(connection)? else { return Ok(true) };
            *budget = budget.saturating_sub(1);
            if entry.row() > self.forgotten {
                chunk.push(entry);
            }
        }
        Ok(false)
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

#[cfg(test)]
mod tests {
    use ledger_core::Key;

    use super::*;
    use crate::keys::entry::KeyHasher;
    use crate::keys::run::RunState;
    use crate::schema::create::create;

    /// Entries of so many lines in each of four runs, and nothing of the run that they are to become.
    fn runs(lines: u64, connection: &Connection) -> (Vec<Run>, RunRow) {
        let hasher = KeyHasher::new([7; 16]);
        let row = |run: u64| RunRow {
            run,
            level: 0,
            keys: lines,
            first_row: (run - 1) * lines + 1,
            last_row: run * lines,
            forgotten: 0,
            state: RunState::InUse,
            merged_into: Some(5),
            owner: None,
        };
        let entry =
            |line: u64| Entry::new(hasher.hash(&Key::new(format!("{line}")).unwrap()), line);
        let write = |run: u64| {
            let row = row(run);
            let mut entries: Vec<Entry> = (row.first_row..=row.last_row).map(entry).collect();
            entries.sort_unstable();
            Run::write(row, &entries, connection).unwrap()
        };
        let inputs = (1..=4).map(write).collect();
        let state = RunState::BeingWritten;
        let output = RunRow { keys: 4 * lines, first_row: 1, state, merged_into: None, ..row(5) };
        output.save(connection).unwrap();
        (inputs, RunRow { last_row: 4 * lines, ..output })
    }

    #[test]
    fn what_is_left_out_is_read_in_steps_as_well() {
        let (lines, budget) = (2_000, 1_000);
        // All, one in four, a few and none are remembered.
        for remembered in [8_000, 2_000, 10, 0] {
            let mut connection = Connection::open_in_memory().unwrap();
            create(&mut connection).unwrap();
            let (inputs, output) = runs(lines, &connection);
            let forgotten = 4 * lines - remembered;
            let begin = || {
                let writer = RunWriter::load(output, &connection).unwrap();
                Merge::of(inputs.iter(), writer, forgotten, &connection).unwrap()
            };
            let mut merge = begin();
            let mut steps = 1;
            while !merge.step(&mut budget.clone(), &connection).unwrap() {
                steps += 1;
                if steps == 3 {
                    merge = begin();
                }
            }
            let expected = if remembered == 0 { 1..=1 } else { 6..=9 };
            assert!(expected.contains(&steps), "{steps} for {remembered}");
            let (run, _) = merge.finish(&connection).unwrap();
            assert_eq!(run.row.keys, remembered);
            let written: Vec<Entry> = (0..run.chunks())
                .flat_map(|number| read_chunk(5, number, &connection).unwrap().unwrap())
                .collect();
            assert!(written.is_sorted() && written.iter().all(|entry| entry.row() > forgotten));
            assert_eq!(written.len() as u64, remembered);
        }
    }
}
