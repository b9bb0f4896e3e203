//! The power goes at any moment; what the disk may then hold is opened again, and what was told must be
//! there.
//!
//! One run of business is noted call by call. At every flush, and at random writes, many states are made
//! that a disk could be in, and each is opened and checked. Some are cut again while they are being opened, and
//! while business goes on in them.

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
use crate::workload::spelled;
use crate::workload::told::{Tell, Told};

const FILE: &str = "test.ledger";
/// States at each moment.
const STATES: usize = 12;
/// Of so many writes, one is a moment to cut at.
const WRITES: u32 = 24;
/// Of so many states, one is cut again while it is opened and worked with.
const AGAIN: usize = 64;
/// Calls that are made then, states at each moment of such a second cut, and the ways to cut among which they
/// are chosen.
const CALLS_AGAIN: usize = 6;
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

/// How often the power went before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Depth {
    Never,
    Once,
}

/// What was noted of some business: what was done to the disk, and what was told when.
struct Course {
    seen: Seen,
    tells: Vec<Tell>,
    depth: Depth,
}

impl Course {
    /// Notes what is done in a folder. Nothing is made to fail there, so nothing may be told to have failed.
    fn note(
        folder: &Path,
        depth: Depth,
        business: impl FnOnce(&mut dyn FnMut(Tell)) -> Result<(), Loss>,
    ) -> Result<Self, Loss> {
        let watching = Watching::begin(folder, None);
        let (mut tells, mut failed) = (Vec::new(), None);
        business(&mut |tell: Tell| {
            watching.mark();
            if let Tell::Failed(error) = &tell {
                failed.get_or_insert_with(|| error.to_string());
            }
            tells.push(tell);
        })?;
        let course = Self { seen: watching.end(), tells, depth };
        failed.map_or(Ok(course), |failed| Err(format!("a call failed: {failed}")))
    }
}

/// Cuts as long as the budget allows.
pub fn run(plan: Plan, budget: &Budget) -> io::Result<Row> {
    let name = match plan.durability {
        Durability::Full => "power".to_owned(),
        lowered => format!("power, durability {lowered:?}"),
    };
    let mut row = Row::new(name, "states", plan.seed);
    row.expects = match plan.durability {
        Durability::Full => None,
        // The end may be lost, and no more.
        Durability::Normal => Some(check::GONE),
        _ => Some(""),
    };
    let mut rng = Rng::with_seed(plan.seed);
    while budget.goes_on(&row) && row.losses == 0 {
        one_run(plan, rng.u64(..), budget, &mut row)?;
    }
    row.took = budget.took();
    Ok(row)
}

fn one_run(plan: Plan, seed: u64, budget: &Budget, row: &mut Row) -> io::Result<()> {
    let folder = summary::working_folder()?;
    let course = match first(plan, seed, folder.path()) {
        Ok(course) => course,
        Err(loss) => {
            let again = plan.seed;
            row.lose(|| format!("{loss}\n    again: prove --seed {again} power"));
            return Ok(());
        }
    };
    let mut cutter = Cutter {
        scratch: summary::working_folder()?,
        known: HashSet::new(),
        whole: HashSet::new(),
        courses: 0,
        rng: Rng::with_seed(seed),
        row,
        budget,
        plan,
    };
    cutter.cut_everywhere(&course, &Image::default(), Told::default())
}

/// Does business for some time, in several sittings, and notes it all.
fn first(plan: Plan, seed: u64, folder: &Path) -> Result<Course, Loss> {
    let mut rng = Rng::with_seed(seed);
    let path = folder.join(FILE);
    Course::note(folder, Depth::Never, |tell| {
        for sitting in 0..rng.u64(2..5) {
            one_sitting(plan, sitting, &path, &mut rng, tell).map_err(|error| error.to_string())?;
            if rng.u8(0..4) == 0 {
                let rebuilt = SqliteLedger::rebuild(&path, &mut |_| ControlFlow::Continue(()));
                rebuilt.map_err(|error| error.to_string())?;
            }
        }
        Ok(())
    })
}

/// Opens what a cut left, has what was not answered sent again, and goes on. The file is not closed.
fn second(folder: &Path, told: &Told, name: &str) -> Result<Course, Loss> {
    Course::note(folder, Depth::Once, |tell| {
        let ledger = check::reopened(&folder.join(FILE), told)?;
        tell(Tell::Opened);
        spelled::send_again(&ledger, &spelled::keys(told), tell)?;
        let worked = Clerk::new(name, 1, &ledger, tell)
            .and_then(|mut clerk| (0..CALLS_AGAIN).try_for_each(|_| clerk.work(&ledger, tell)));
        worked.map_err(|error| error.to_string())
    })
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
    /// States that were checked before, with the course and how much had been told.
    known: HashSet<(u64, usize, usize)>,
    /// Copies that were checked before, by what is in them.
    whole: HashSet<u64>,
    /// How many courses were followed.
    courses: usize,
    rng: Rng,
    row: &'a mut Row,
    budget: &'a Budget,
    plan: Plan,
}

/// Where a course is: its number, how often the power went before, how much was told, and what.
#[derive(Clone, Copy)]
struct Moment<'a> {
    course: usize,
    depth: Depth,
    heard: usize,
    told: &'a Told,
}

impl Cutter<'_> {
    /// Follows what was done from `before` on, and cuts at each flush and some writes.
    fn cut_everywhere(
        &mut self,
        course: &Course,
        before: &Image,
        mut told: Told,
    ) -> io::Result<()> {
        self.courses += 1;
        let (number, depth) = (self.courses, course.depth);
        let mut disk = Disk::with(before);
        let (mut tells, mut heard) = (course.tells.iter(), 0);
        for event in &course.seen.events {
            let is_flush = matches!(event, Event::Flushed { .. } | Event::FolderFlushed { .. });
            let is_chosen = self.is_chosen(event, is_flush, depth);
            if is_chosen {
                let states = if depth == Depth::Never { STATES } else { STATES_AGAIN };
                self.cut(&disk, Moment { course: number, depth, heard, told: &told }, states)?;
            }
            if matches!(event, Event::Mark) {
                tells.by_ref().take(1).for_each(|tell| told.hear(tell));
                heard += 1;
            }
            disk.apply(event);
            if is_flush && is_chosen {
                self.cut(&disk, Moment { course: number, depth, heard, told: &told }, 2)?;
            }
            if !self.budget.goes_on(self.row) || self.row.losses > 0 {
                return Ok(());
            }
        }
        self.cut(&disk, Moment { course: number, depth, heard, told: &told }, STATES)
    }

    fn is_chosen(&mut self, event: &Event, is_flush: bool, depth: Depth) -> bool {
        let is_write = matches!(event, Event::Wrote { .. });
        if depth == Depth::Once {
            return (is_flush || is_write) && self.rng.u8(0..4) == 0;
        }
        let is_moment = is_flush || is_write && self.rng.u32(0..WRITES) == 0;
        is_moment && self.rng.u32(0..self.plan.every) == 0
    }

    fn cut(&mut self, disk: &Disk, at: Moment<'_>, states: usize) -> io::Result<()> {
        let states = if disk.is_certain() { 1 } else { states };
        for number in 0..states {
            let way = if at.depth == Depth::Once { self.rng.usize(0..WAYS_AGAIN) } else { number };
            let image = disk.cut(Cut::choose(way, &mut self.rng), &mut self.rng);
            if !self.known.insert((image.digest(), at.course, at.heard)) {
                continue;
            }
            self.row.count += 1;
            if at.depth == Depth::Never && self.rng.usize(0..AGAIN) == 0 {
                self.cut_again(&image, at.told)?;
            } else if let Err(loss) = self.look(&image, at.told)? {
                return self.lose(&image, at, &loss);
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
        let goes_on = self.rng.u8(0..16) == 0;
        let held = holds(self.scratch.path(), told, goes_on);
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

    /// Goes on with a state while everything that is done to the disk is noted, and cuts that as well.
    fn cut_again(&mut self, image: &Image, told: &Told) -> io::Result<()> {
        image.write(self.scratch.path())?;
        // Files are numbered anew.
        let image = &Image::read(self.scratch.path())?;
        match second(self.scratch.path(), told, &format!("again {}", self.courses)) {
            Ok(course) => self.cut_everywhere(&course, image, told.clone()),
            Err(loss) => {
                let at = Moment { course: self.courses, depth: Depth::Never, heard: 0, told };
                self.lose(image, at, &loss)
            }
        }
    }

    /// Keeps the state and what was told, unless it was expected.
    fn lose(&mut self, image: &Image, at: Moment<'_>, loss: &Loss) -> io::Result<()> {
        let seed = self.plan.seed;
        let kept = summary::folder().join(format!("power-{seed}"));
        if self.row.expects.is_none() {
            std::fs::create_dir_all(&kept)?;
            image.write(&kept)?;
            std::fs::write(kept.join("told.txt"), format!("{:#?}", at.told))?;
        }
        let again = if at.depth == Depth::Once { "after a second cut: " } else { "" };
        self.row.lose(|| {
            format!(
                "{again}{loss}\n    again: prove --seed {seed} power; the file, and what was told, are in {}",
                kept.display()
            )
        });
        Ok(())
    }
}

/// Whether a state is what was told.
fn holds(folder: &Path, told: &Told, goes_on: bool) -> Result<(), Loss> {
    let ledger = check::reopened(&folder.join(FILE), told)?;
    if goes_on {
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
