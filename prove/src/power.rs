//! The power goes at any moment; what the disk may then hold is opened again, and what was told must be
//! there.
//!
//! One run of business is noted call by call. At every flush, and at random writes, many states are made
//! that a disk could be in, and each is opened and checked. Some are cut again while they are being opened.

use std::collections::HashSet;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;

use fastrand::Rng;
use ledger_core::Error;
use ledger_sqlite::{Durability, SqliteLedger};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::check::{self, Loss};
use crate::disk::image::{Cut, Disk, Image};
use crate::disk::watch::{Event, Seen, Watching};
use crate::summary::{self, Budget, Row};
use crate::workload::clerk::Clerk;
use crate::workload::told::{Tell, Told};

const FILE: &str = "test.ledger";
/// States at each moment.
const STATES: usize = 12;
/// Of so many writes, one is a moment to cut at.
const WRITES: u32 = 24;
/// Of so many states, one is cut again while it is opened.
const AGAIN: usize = 64;
/// States at each moment of such a second cut, and the ways to cut among which they are chosen.
const STATES_AGAIN: usize = 3;
const WAYS_AGAIN: usize = 6;

/// What is to be cut.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Where the random numbers begin.
    pub seed: u64,
    /// What a commit is to survive.
    pub durability: Durability,
    /// Of so many moments, one is cut at: a short try that takes all would see the beginning only.
    pub every: u32,
}

/// What was noted of a run: what was done to the disk, and what was told when.
struct Run {
    seen: Seen,
    tells: Vec<Tell>,
}

/// Cuts as long as the budget allows.
pub fn run(plan: Plan, budget: &Budget) -> io::Result<Row> {
    let name = match plan.durability {
        Durability::Full => "power".to_owned(),
        lowered => format!("power, durability {lowered:?}"),
    };
    let mut row = Row::new(name, "states", plan.seed);
    row.expected_losses = plan.durability != Durability::Full;
    let mut rng = Rng::with_seed(plan.seed);
    while budget.goes_on(&row) && row.losses == 0 {
        one_run(plan, rng.u64(..), budget, &mut row)?;
    }
    row.took = budget.took();
    Ok(row)
}

fn one_run(plan: Plan, seed: u64, budget: &Budget, row: &mut Row) -> io::Result<()> {
    let folder = summary::working_folder()?;
    let run = note(plan, seed, folder.path()).map_err(io::Error::other)?;
    let mut cutter = Cutter {
        scratch: summary::working_folder()?,
        known: HashSet::new(),
        whole: HashSet::new(),
        rng: Rng::with_seed(seed),
        row,
        budget,
        plan,
    };
    cutter.cut_everywhere(&run.seen.events, &run.tells, &Image::default())
}

/// Does business for some time, in several sittings, and notes it all.
fn note(plan: Plan, seed: u64, folder: &Path) -> Result<Run, Error> {
    let watching = Watching::begin(folder, None);
    let mut rng = Rng::with_seed(seed);
    let mut tells = Vec::new();
    let path = folder.join(FILE);
    let mut tell = |tell: Tell| {
        watching.mark();
        tells.push(tell);
    };
    for sitting in 0..rng.u64(2..5) {
        one_sitting(plan, sitting, &path, &mut rng, &mut tell)?;
        if rng.u8(0..4) == 0 {
            SqliteLedger::rebuild(&path, &mut |_| ControlFlow::Continue(()))?;
        }
    }
    Ok(Run { seen: watching.end(), tells })
}

fn one_sitting(
    plan: Plan,
    sitting: u64,
    path: &Path,
    rng: &mut Rng,
    tell: &mut dyn FnMut(Tell),
) -> Result<(), Error> {
    let file = check::builder(path).durability(plan.durability);
    let ledger = file.exclusive(rng.bool()).open()?;
    tell(Tell::Opened);
    let mut clerk = Clerk::new(&sitting.to_string(), rng.u64(..), &ledger, tell)?;
    for _ in 0..rng.usize(5..80) {
        clerk.work(&ledger, tell)?;
        match rng.u8(0..40) {
            0 => checkpoint(path, "PASSIVE"),
            1 => checkpoint(path, "RESTART"),
            2 => checkpoint(path, "TRUNCATE"),
            3 => {
                let name = format!("copy-{sitting}-{}", rng.u32(..));
                tell(Tell::SentCopy(name.clone()));
                ledger.backup(path.with_file_name(&name))?;
                tell(Tell::Copied(name));
            }
            _ => {}
        }
    }
    // Else the file is left as by a process that ends without closing it.
    if rng.bool() { ledger.close_file() } else { Ok(()) }
}

/// What another program may do at any time.
fn checkpoint(path: &Path, mode: &str) {
    let done = Connection::open(path).and_then(|other| {
        other.pragma_update(None, "synchronous", "FULL")?;
        other.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(()))
    });
    // In exclusive mode too it may be refused; then there is none.
    drop(done);
}

/// Makes states, and checks each.
struct Cutter<'a> {
    scratch: TempDir,
    /// States that were checked before, with how much had been told.
    known: HashSet<(u64, usize)>,
    /// Copies that were checked before, by what is in them.
    whole: HashSet<u64>,
    rng: Rng,
    row: &'a mut Row,
    budget: &'a Budget,
    plan: Plan,
}

impl Cutter<'_> {
    /// Follows what was done from `before` on, and cuts at each flush and some writes.
    fn cut_everywhere(
        &mut self,
        events: &[Event],
        tells: &[Tell],
        before: &Image,
    ) -> io::Result<()> {
        let mut disk = Disk::with(before);
        let mut told = Told::default();
        let (mut tells, mut heard) = (tells.iter(), 0);
        for event in events {
            let is_flush = matches!(event, Event::Flushed { .. } | Event::FolderFlushed { .. });
            let is_write = matches!(event, Event::Wrote { .. });
            let is_moment = is_flush || is_write && self.rng.u32(0..WRITES) == 0;
            let is_chosen = is_moment && self.rng.u32(0..self.plan.every) == 0;
            if is_chosen {
                self.cut(&disk, &told, heard, STATES)?;
            }
            if matches!(event, Event::Mark) {
                tells.by_ref().take(1).for_each(|tell| told.hear(tell));
                heard += 1;
            }
            disk.apply(event);
            if is_flush && is_chosen {
                self.cut(&disk, &told, heard, 2)?;
            }
            if !self.budget.goes_on(self.row) || self.row.losses > 0 {
                return Ok(());
            }
        }
        self.cut(&disk, &told, heard, STATES)
    }

    fn cut(&mut self, disk: &Disk, told: &Told, heard: usize, states: usize) -> io::Result<()> {
        let states = if disk.is_certain() { 1 } else { states };
        for number in 0..states {
            let image = disk.cut(Cut::choose(number, &mut self.rng), &mut self.rng);
            if !self.known.insert((image.digest(), heard)) {
                continue;
            }
            self.row.count += 1;
            if self.rng.usize(0..AGAIN) == 0 {
                self.cut_again(&image, told)?;
            } else if let Err(loss) = self.look(&image, told)? {
                self.lose(&image, &loss)?;
                return Ok(());
            }
        }
        Ok(())
    }

    /// Opens a state and checks it.
    fn look(&mut self, image: &Image, told: &Told) -> io::Result<Result<(), Loss>> {
        image.write(self.scratch.path())?;
        if self.rng.u8(0..8) == 0 {
            // The log's index is worth nothing after a power cut, and may be there.
            let junk: Vec<u8> = (0..32_768).map(|_| self.rng.u8(..)).collect();
            std::fs::write(self.scratch.path().join(format!("{FILE}-shm")), junk)?;
        }
        let retry = self.rng.u8(0..16) == 0;
        let held = holds(self.scratch.path(), told, image, retry);
        Ok(held.and_then(|()| self.copies_are_whole(image, told)))
    }

    fn copies_are_whole(&mut self, image: &Image, told: &Told) -> Result<(), Loss> {
        for (name, copy) in told.complete_copies() {
            let digest = image.digest_of(name);
            if !self.whole.contains(&digest) {
                check::copy_holds(&self.scratch.path().join(name), copy)?;
                self.whole.insert(digest);
            }
        }
        Ok(())
    }

    /// Opens a state while everything that is done to the disk is noted, and cuts that as well.
    fn cut_again(&mut self, image: &Image, told: &Told) -> io::Result<()> {
        image.write(self.scratch.path())?;
        // Files are numbered anew.
        let image = &Image::read(self.scratch.path())?;
        let watching = Watching::begin(self.scratch.path(), None);
        let held = holds(self.scratch.path(), told, image, false);
        let seen = watching.end();
        if let Err(loss) = held {
            return self.lose(image, &loss);
        }
        let mut disk = Disk::with(image);
        for event in &seen.events {
            if matches!(event, Event::Flushed { .. } | Event::Wrote { .. })
                && self.rng.u8(0..4) == 0
            {
                for _ in 0..STATES_AGAIN {
                    let way = self.rng.usize(0..WAYS_AGAIN);
                    let again = disk.cut(Cut::choose(way, &mut self.rng), &mut self.rng);
                    self.row.count += 1;
                    if let Err(loss) = self.look(&again, told)? {
                        return self.lose(&again, &format!("after a second cut: {loss}"));
                    }
                }
            }
            disk.apply(event);
        }
        Ok(())
    }

    fn lose(&mut self, image: &Image, loss: &Loss) -> io::Result<()> {
        let (seed, is_expected) = (self.plan.seed, self.row.expected_losses);
        let kept = summary::folder().join(format!("power-{seed}"));
        if !is_expected {
            std::fs::create_dir_all(&kept)?;
            image.write(&kept)?;
        }
        self.row.lose(|| {
            format!(
                "{loss}\n    again: prove --seed {seed} power; the file is at {}",
                kept.display()
            )
        });
        Ok(())
    }
}

/// Whether a state is what was told.
fn holds(folder: &Path, told: &Told, image: &Image, retry: bool) -> Result<(), Loss> {
    if told.is_open && !image.has(FILE) {
        return Err("the file is gone".to_owned());
    }
    let path = folder.join(FILE);
    let ledger = check::reopened(&path, told)?;
    if retry {
        check::keys_are_found(&ledger, told, 5)?;
        check::goes_on(&ledger, told)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ledger_core::{Asset, Wallet, WalletSpec};

    use super::*;
    use crate::disk::calls::Failure;
    use crate::disk::watch;

    fn open(path: &Path) -> Result<SqliteLedger, Error> {
        SqliteLedger::builder(path).in_small_steps().open()
    }

    fn ann(ledger: &SqliteLedger) -> Result<Wallet, Error> {
        ledger.open_wallet(WalletSpec::new("ann", Asset::iso("USD")?)?)
    }

    /// Deposits a cent under each of these keys; gives those that were answered.
    fn deposit(ledger: &SqliteLedger, keys: std::ops::Range<u32>) -> Vec<String> {
        let Ok(ann) = ann(ledger) else { return Vec::new() };
        let cent = ann.asset.minor(1);
        keys.map(|key| key.to_string())
            .filter(|key| ledger.deposit(&ann, cent, key.as_str()).is_ok())
            .collect()
    }

    /// A checkpoint moves a part beside a reader, and a flush fails in the next one, or not. What was answered
    /// by then, and after the file was opened again; and whether the flush failed.
    fn move_in_two_parts(folder: &Path, at: usize) -> (Vec<String>, Vec<String>, Seen) {
        let path = folder.join(FILE);
        let watching = Watching::begin(folder, None);
        let ledger = open(&path).unwrap();
        let mut before = deposit(&ledger, 0..2);
        let reader = Connection::open(&path).unwrap();
        reader.execute_batch("BEGIN; SELECT count(*) FROM journal").unwrap();
        before.extend(deposit(&ledger, 2..20));
        drop(reader);
        let fault = watch::Plan { at, call: None, failure: Failure::NoFlush, for_ever: false };
        watching.plan(Some(fault));
        before.extend(deposit(&ledger, 20..50));
        watching.plan(None);
        before.extend(deposit(&ledger, 50..90));
        watching.mark();
        drop(ledger);
        let after = open(&path).map(|ledger| deposit(&ledger, 100..120));
        (before, after.unwrap(), watching.end())
    }

    fn are_there(disk: &Disk, keys: &[String]) {
        let folder = summary::working_folder().unwrap();
        disk.cut(Cut::Nothing, &mut Rng::with_seed(1)).write(folder.path()).unwrap();
        let ledger = open(&folder.path().join(FILE)).unwrap();
        assert_eq!(ledger.verify().unwrap().problem, None);
        for key in keys {
            assert!(ledger.transaction_by_key(key.as_str()).unwrap().is_some(), "{key}");
        }
    }

    #[test]
    fn what_was_moved_beside_a_reader_is_not_lost_by_a_flush_that_fails_later() {
        let mut failed = 0;
        // It is the first flush from that call on, and there are more calls than that between two of them.
        for at in (0..250).step_by(3) {
            let folder = summary::working_folder().unwrap();
            let (before, after, seen) = move_in_two_parts(folder.path(), at);
            if seen.failed == 0 {
                continue;
            }
            failed += 1;
            let mut disk = Disk::with(&Image::default());
            for event in &seen.events {
                disk.apply(event);
                if matches!(event, Event::Mark) {
                    are_there(&disk, &before);
                }
            }
            are_there(&disk, &before);
            are_there(&disk, &after);
        }
        assert!(failed > 20, "{failed}");
    }

    #[test]
    fn a_log_that_another_program_empties_is_flushed_before_it_is_used_again() {
        let folder = summary::working_folder().unwrap();
        let path = folder.path().join(FILE);
        let watching = Watching::begin(folder.path(), None);
        let ledger = SqliteLedger::open(&path).unwrap();
        let usd = Asset::iso("USD").unwrap();
        ledger.open_wallet(WalletSpec::new("before", usd).unwrap()).unwrap();
        checkpoint(&path, "TRUNCATE");
        ledger.open_wallet(WalletSpec::new("after", usd).unwrap()).unwrap();
        let events = watching.end().events;
        let emptied = events.iter().rposition(|it| matches!(it, Event::Cut { length: 0, .. }));
        let mut after = events.get(emptied.unwrap()..).unwrap().iter();
        let Some(Event::Cut { file: log, .. }) = after.next() else { panic!("it was emptied") };
        let next = after.find(|event| match event {
            Event::Wrote { file, .. } | Event::Flushed { file, .. } => file == log,
            _ => false,
        });
        let said = next.map(ToString::to_string);
        assert!(matches!(next, Some(Event::Flushed { well: true, .. })), "{said:?}");
    }
}
