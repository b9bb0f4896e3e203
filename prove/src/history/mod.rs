//! Many work at once; what they did is noted and judged as a whole. There must be one order of all calls, the
//! journal's, in which each is right by rules of our own, done or refused, and in which none comes before one that
//! had ended before it began. Of several payments that are sent as one, all are done or none, at one place.
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
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;

use fastrand::Rng;
use ledger_core::store::Store;
use ledger_core::{LedgerBuilder, MemoryStore};
use ledger_sqlite::SqliteLedger;

use crate::check::Loss;
use crate::history::judge::{judge, records};
use crate::history::note::Note;
use crate::history::work::Bank;
use crate::summary::{self, Budget, Row};

/// Calls of one history.
const CALLS: usize = 60_000;
/// Threads in a process.
const THREADS: u64 = 8;
/// Processes, where there are several.
const PROCESSES: u64 = 3;

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
    let others = if plan.place == Place::Processes { 1..PROCESSES } else { 1..1 };
    let start = |name: u64| -> io::Result<(Child, PathBuf)> {
        let notes = folder.path().join(format!("notes-{name}"));
        let mut child = Command::new(&plan.program.0);
        child.args(&plan.program.1).arg(&path).arg(&notes).stdout(Stdio::null());
        Ok((child.args([name.to_string(), seed.to_string()]).spawn()?, notes))
    };
    let children: Vec<(Child, PathBuf)> = others.map(start).collect::<io::Result<_>>()?;
    let mut notes = work_together(&bank, 0, seed, plan.planted)?;
    for (mut child, path) in children {
        if !child.wait()?.success() {
            return Ok(Err("a process could not work".to_owned()));
        }
        notes.extend(note::read(&path)?);
    }
    notes.push(bank.look(false)?);
    let found = ledger.verify().map_err(io::Error::other)?;
    let store: &dyn Store = ledger.store().as_ref();
    let judged = records(store).and_then(|it| judge(&it, &bank.wallets(), &notes));
    Ok(found.problem.map_or(judged, Err))
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
pub fn child(path: PathBuf, notes: &std::path::Path, process: u64, seed: u64) -> io::Result<()> {
    let file = SqliteLedger::builder(path).lock_wait(std::time::Duration::from_mins(1));
    let ledger = file.open().map_err(io::Error::other)?;
    let bank = Bank::open(&ledger).map_err(io::Error::other)?;
    note::write(notes, &work_together(&bank, process, seed, false)?)
}
