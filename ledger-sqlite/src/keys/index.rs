//! The index of keys as memory holds it, and the work that keeps it small.

use std::sync::Arc;

use hashbrown::HashTable;
use ledger_core::Key;
use ledger_core::store::StoreResult;
use rusqlite::Connection;

use crate::base::failure::damaged;
use crate::keys::entry::{Entry, KeyHash, KeyHasher};
use crate::keys::filter::Probe;
use crate::keys::run::{Run, RunRow, RunState};
use crate::schema::progress::Progress;

/// Keys in memory before they become a run.
pub(crate) const RECENT_MAX: usize = 131_072;
/// Room for recent keys that is taken at once.
const ROOM: usize = 2 * RECENT_MAX;

/// Where keys may stand. What is found must be confirmed on the line.
#[derive(Debug)]
pub(crate) struct KeyIndex {
    hasher: KeyHasher,
    pub(super) recent: HashTable<Entry>,
    /// The oldest first.
    pub(super) runs: Vec<Arc<Run>>,
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

    /// Those of the keys that may stand in some line. One filter is asked for all of them before the
    /// next is, so that the processor waits for many places in memory at once.
    pub(crate) fn suspects<'k>(&self, keys: &[&'k Key]) -> Vec<&'k Key> {
        let hashes: Vec<KeyHash> = keys.iter().map(|key| self.hash(key)).collect();
        let probes: Vec<Probe> = hashes.iter().map(|&hash| Probe::of(hash)).collect();
        let mut suspected: Vec<bool> = hashes.iter().map(|&hash| self.is_recent(hash)).collect();
        for run in &self.runs {
            run.filter.mark(&probes, &mut suspected);
        }
        keys.iter()
            .zip(suspected)
            .filter(|(_, suspected)| *suspected)
            .map(|(key, _)| *key)
            .collect()
    }

    fn is_recent(&self, hash: KeyHash) -> bool {
        self.recent.iter_hash(hash.spread()).any(|entry| entry.hash() == hash)
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
        let probe = Probe::of(hash);
        for run in self.runs.iter().filter(|run| run.filter.may_have(probe)) {
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

    /// How many runs there are.
    pub(crate) fn runs(&self) -> usize {
        self.runs.len()
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
    pub(super) runs: Vec<Arc<Run>>,
    pub(super) upto: u64,
    pub(super) generation: u64,
}

impl Change {
    /// Nothing changed yet.
    pub(super) fn of(index: &KeyIndex) -> Self {
        Self { runs: index.runs.clone(), upto: index.upto, generation: index.generation }
    }

    /// Puts a run in the place of others.
    pub(super) fn put(&mut self, run: Run, replaced: &[RunRow], generation: u64) {
        self.runs.retain(|old| !replaced.iter().any(|row| row.run == old.row.run));
        self.runs.push(Arc::new(run));
        self.generation = generation;
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
