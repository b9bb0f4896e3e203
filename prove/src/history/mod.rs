//! Many work at once; what they did is noted and judged as a whole. There must be one order of all calls, the
//! journal's, in which each is right by rules of our own, done or refused, and in which none comes before one that
//! had ended before it began. Of several payments that are sent as one, all are done or none, at one place.
//!
//! Where there are several processes, some are killed while the others go on: nobody knows of their last calls.
//!
//! The bank: money only goes round, so every look at all wallets must add up to the same. Looks must fit into
//! that order as well, by the versions that they show.

mod calls;
mod judge;
mod looks;
mod note;
mod order;
mod rules;
#[cfg(test)]
mod tests;
mod work;

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use fastrand::Rng;
use ledger_core::store::Store;
use ledger_core::{LedgerBuilder, MemoryStore};
use ledger_sqlite::SqliteLedger;

use crate::check::Loss;
use crate::history::judge::{judge, records};
use crate::history::note::{Book, Note};
use crate::history::work::Bank;
use crate::summary::{self, Budget, Row};

/// Calls of one history.
const CALLS: usize = 60_000;
/// Threads in a process.
const THREADS: u64 = 8;
/// Processes, where there are several; and how many more are killed one after the other beside them.
const PROCESSES: u64 = 3;
const KILLED: u64 = 4;

/// Where the bank is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In memory, with so many lanes.
    Memory(usize),
    /// In a file, in this process.
    File,
    /// In a file that several processes have open.
    Processes,
}

/// What is to be judged.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where the bank is.
    pub place: Place,
    /// The program to run as a child, and its first arguments.
    pub program: (PathBuf, Vec<String>),
    /// Where the random numbers begin.
    pub seed: u64,
    /// Whether looks go from wallet to wallet, while money moves.
    pub planted: bool,
}

/// Judges histories as long as the budget allows.
pub fn run(plan: &Plan, budget: &Budget) -> io::Result<Row> {
    let ending = if plan.planted { ", looks that are none" } else { "" };
    let mut row = Row::new(format!("history, {:?}{ending}", plan.place), "calls", plan.seed);
    row.expects = plan.planted.then_some("");
    let mut rng = Rng::with_seed(plan.seed);
    while budget.goes_on(&row) && row.losses == 0 {
        match one(plan, rng.u64(..))? {
            Ok(calls) => row.count += calls,
            Err(loss) => {
                row.count += 1;
                row.lose(|| format!("{loss}\n    again: prove --seed {} history", plan.seed));
            }
        }
    }
    row.took = budget.took();
    Ok(row)
}

/// One history; how many calls it has.
fn one(plan: &Plan, seed: u64) -> io::Result<Result<u64, Loss>> {
    match plan.place {
        Place::Memory(lanes) => {
            let store = Arc::new(MemoryStore::with_lanes(lanes));
            let ledger = LedgerBuilder::on(store.clone()).build().map_err(io::Error::other)?;
            let bank = Bank::open(&ledger).map_err(io::Error::other)?;
            let mut notes = work_together(&bank, 0, seed, plan.planted)?;
            notes.push(bank.look(false)?);
            Ok(records(store.as_ref()).and_then(|it| judge(&it, &bank.wallets(), &notes)))
        }
        Place::File | Place::Processes => in_a_file(plan, seed),
    }
}

fn in_a_file(plan: &Plan, seed: u64) -> io::Result<Result<u64, Loss>> {
    let folder = summary::working_folder()?;
    let path = folder.path().join("test.ledger");
    let ledger = SqliteLedger::open(&path).map_err(io::Error::other)?;
    let bank = Bank::open(&ledger).map_err(io::Error::other)?;
    let others = Others { plan, path: &path, seed };
    let several = plan.place == Place::Processes;
    let mut notes = thread::scope(|scope| {
        let children = (1..if several { PROCESSES } else { 1 }).map(|name| others.start(name));
        let children: Vec<Running> = children.collect::<io::Result<_>>()?;
        let killed = several.then(|| scope.spawn(|| others.kill_some()));
        let mut notes = work_together(&bank, 0, seed, plan.planted)?;
        for child in children {
            notes.extend(child.end()?);
        }
        if let Some(killed) = killed {
            notes.extend(killed.join().map_err(|_| io::Error::other("it panicked"))??);
        }
        Ok::<Vec<Note>, io::Error>(notes)
    })?;
    notes.push(bank.look(false)?);
    let found = ledger.verify().map_err(io::Error::other)?;
    let store: &dyn Store = ledger.store().as_ref();
    let judged = records(store).and_then(|it| judge(&it, &bank.wallets(), &notes));
    Ok(found.problem.map_or(judged, Err))
}

/// Processes that work beside this one.
struct Others<'a> {
    plan: &'a Plan,
    path: &'a Path,
    seed: u64,
}

impl Others<'_> {
    fn start(&self, name: u64) -> io::Result<Running> {
        let notes = self.path.with_file_name(format!("notes-{name}"));
        let (program, first) = &self.plan.program;
        let child = Command::new(program)
            .args(first)
            .args([self.path, &notes])
            .args([name.to_string(), self.seed.to_string()])
            .stdout(Stdio::null())
            .spawn()?;
        Ok(Running { child, notes })
    }

    /// Some are killed in the middle of their work, while the others go on.
    fn kill_some(&self) -> io::Result<Vec<Note>> {
        let mut rng = Rng::with_seed(self.seed);
        let mut notes = Vec::new();
        for name in PROCESSES..PROCESSES + KILLED {
            let running = self.start(name)?;
            thread::sleep(Duration::from_millis(rng.u64(20..200)));
            notes.extend(running.kill()?);
        }
        Ok(notes)
    }
}

/// A process that works. It never outlives this one's interest in it.
struct Running {
    child: Child,
    notes: PathBuf,
}

impl Running {
    /// Waits for its end; what it noted.
    fn end(mut self) -> io::Result<Vec<Note>> {
        if !self.child.wait()?.success() {
            return Err(io::Error::other("a process could not work"));
        }
        note::read(&self.notes)
    }

    /// Kills it; what it noted, if it had begun to.
    fn kill(mut self) -> io::Result<Vec<Note>> {
        self.child.kill()?;
        self.child.wait()?;
        if self.notes.exists() { note::read(&self.notes) } else { Ok(Vec::new()) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

/// Several threads work; their notes are brought together.
fn work_together(bank: &Bank, process: u64, seed: u64, planted: bool) -> io::Result<Vec<Note>> {
    thread::scope(|scope| {
        let each = (0..THREADS).map(|thread| {
            let name = process * THREADS + thread;
            let calls = CALLS / usize::try_from(THREADS).unwrap_or(1);
            scope.spawn(move || bank.work(name, seed, calls, planted))
        });
        let handles: Vec<_> = each.collect();
        let stopped = |_| Err(io::Error::other("a thread could not work"));
        let notes = handles.into_iter().map(|it| it.join().unwrap_or_else(stopped));
        Ok(notes.collect::<io::Result<Vec<_>>>()?.concat())
    })
}

/// What a child does.
pub fn child(path: PathBuf, notes: &Path, process: u64, seed: u64) -> io::Result<()> {
    let file = SqliteLedger::builder(path).lock_wait(Duration::from_mins(1));
    let ledger = file.open().map_err(io::Error::other)?;
    let bank = Bank::open(&ledger).map_err(io::Error::other)?;
    work_together(&bank.noting(Book::new(notes)?), process, seed, false).map(drop)
}
