//! Checks the index of keys: that it has each key's line, and nothing else, and no key twice.

use std::hash::Hasher;

use ledger_core::store::StoreResult;
use rusqlite::Connection;
use siphasher::sip128::{Hasher128, SipHasher13};

use crate::base::failure::{damaged, reading};
use crate::journal::read::{self, ReadLine};
use crate::keys::entry::{Entry, KeyHasher};
use crate::keys::run::{RunRow, RunState, read_chunk};

/// Adds up what lines and runs have of each run. Two sums agree only if they are of the same entries:
/// nobody knows the secret that each entry is mixed with.
pub(crate) struct KeyCheck {
    hasher: KeyHasher,
    secret: [u8; 16],
    runs: Vec<Checked>,
}

/// A run, what is in it, and what should be.
struct Checked {
    run: RunRow,
    found: Sum,
    expected: Sum,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    entries: u64,
    mixed: u128,
}

impl KeyCheck {
    /// Reads all runs.
    pub(crate) fn new(connection: &Connection) -> StoreResult<Self> {
        let secret = connection.query_row("SELECT randomblob(16)", [], |row| row.get(0));
        let mut check = Self {
            hasher: KeyHasher::load(connection)?,
            secret: secret.map_err(reading)?,
            runs: Vec::new(),
        };
        for run in RunRow::list(connection)?.into_iter().filter(|run| run.state == RunState::InUse)
        {
            let found = check.sum(&run, connection)?;
            check.runs.push(Checked { run, found, expected: Sum::default() });
        }
        Ok(check)
    }

    /// Takes in a line's key.
    pub(crate) fn line(&mut self, line: &ReadLine) -> Option<Entry> {
        let entry = Entry::new(self.hasher.hash(line.key.as_ref()?), line.row);
        let mixed = self.mix(entry);
        let covers = |checked: &&mut Checked| {
            (checked.run.first_row..=checked.run.last_row).contains(&line.row)
        };
        if let Some(checked) = self.runs.iter_mut().find(covers)
            && line.row > checked.run.forgotten
        {
            checked.expected.add(mixed);
        }
        Some(entry)
    }

    fn mix(&self, entry: Entry) -> u128 {
        let mut hasher = SipHasher13::new_with_key(&self.secret);
        hasher.write(&entry.bytes());
        hasher.finish128().as_u128()
    }

    /// Compares. All lines up to `upto` must be covered by one run each.
    /// No keys may be left out but those of lines up to `forgotten`.
    pub(crate) fn finish(&mut self, upto: u64, forgotten: u64) -> StoreResult<()> {
        self.runs.sort_unstable_by_key(|checked| checked.run.first_row);
        let mut covered = 0;
        for Checked { run, found, expected } in &self.runs {
            if run.first_row != covered + 1 || run.last_row < run.first_row {
                return Err(damaged(format!("run {} of the key index leaves lines out", run.run)));
            }
            if found != expected || found.entries != run.keys || run.forgotten > forgotten {
                return Err(damaged(format!(
                    "run {} of the key index does not have the keys of lines {} to {}; rebuild \
                     makes it again",
                    run.run, run.first_row, run.last_row
                )));
            }
            covered = run.last_row;
        }
        if covered != upto {
            return Err(damaged("the key index does not reach as far as it says"));
        }
        Ok(())
    }

    fn sum(&self, run: &RunRow, connection: &Connection) -> StoreResult<Sum> {
        let (mut sum, mut number, mut last) = (Sum::default(), 0, None);
        while let Some(entries) = read_chunk(run.run, number, connection)? {
            if last > entries.first().copied() {
                return Err(damaged(format!("run {} of the key index is out of order", run.run)));
            }
            for entry in &entries {
                sum.add(self.mix(*entry));
            }
            last = entries.last().copied();
            number += 1;
        }
        Ok(sum)
    }
}

impl Sum {
    fn add(&mut self, mixed: u128) {
        self.entries += 1;
        self.mixed = self.mixed.wrapping_add(mixed);
    }
}

/// Finds a key that stands in two lines, by the hashes of all lines' keys.
#[derive(Default)]
pub(crate) struct Twice {
    entries: Vec<Entry>,
}

impl Twice {
    pub(crate) fn add(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// The line of a key that has another line before, which was not `forgotten` by then.
    pub(crate) fn find(
        mut self,
        connection: &Connection,
        forgotten: impl Fn(&ReadLine, &ReadLine) -> bool,
    ) -> StoreResult<Option<u64>> {
        self.entries.sort_unstable();
        for (one, two) in self.entries.iter().zip(self.entries.iter().skip(1)) {
            if one.hash() != two.hash() {
                continue;
            }
            let lines = (read::line(connection, one.row())?, read::line(connection, two.row())?);
            if let (Some(one), Some(two)) = lines
                && one.key == two.key
                && !forgotten(&one, &two)
            {
                return Ok(Some(two.row));
            }
        }
        Ok(None)
    }
}
