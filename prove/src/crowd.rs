//! A crowd of callers who do not wait long, and of whom some are told to stop. Whoever gave up before its turn
//! has done nothing; of the others every key is there or not, whole, and once.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use fastrand::Rng;
use ledger_core::store::Store;
use ledger_core::{Error, Interrupt, Ledger, LedgerBuilder, MemoryStore, Retry};

use crate::check::{self, Loss};
use crate::summary::{self, Budget, Row};
use crate::workload::clerk::Clerk;
use crate::workload::told::{Said, Tell, Told};

/// Threads.
const CALLERS: u64 = 64;
/// Calls of each.
const CALLS: usize = 40;

/// Where the crowd is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In memory, with so many lanes.
    Memory(usize),
    /// In a file.
    File,
}

/// How much was said of what.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    answered: u64,
    withdrawn: u64,
    unknown: u64,
}

/// Lets crowds in as long as the budget allows. Where planted, who does not know believes in a no.
pub fn run(place: Place, seed: u64, planted: bool, budget: &Budget) -> io::Result<Row> {
    let ending = if planted { ", unknown taken for no" } else { "" };
    let mut row = Row::new(format!("crowd, {place:?}{ending}"), "answers", seed);
    row.expects = planted.then_some("nothing was written, and is there");
    let mut rng = Rng::with_seed(seed);
    let mut count = Count::default();
    while budget.goes_on(&row) && row.losses == 0 {
        let held = match place {
            Place::Memory(lanes) => {
                let store: Arc<dyn Store> = Arc::new(MemoryStore::with_lanes(lanes));
                one_crowd(&store, rng.u64(..), planted, &mut count)
            }
            Place::File => in_a_file(rng.u64(..), planted, &mut count)?,
        };
        if let Err(loss) = held {
            // Which caller runs when is up to the system, not to the seed.
            row.lose(|| format!("{loss}\n    again, with luck: prove --seed {seed} crowd"));
        }
        row.count = count.answered + count.withdrawn + count.unknown;
    }
    row.took = budget.took();
    let Count { answered, withdrawn, unknown } = count;
    row.more = vec![format!("{answered} answered, {withdrawn} not carried out, {unknown} unknown")];
    Ok(row)
}

fn in_a_file(seed: u64, planted: bool, count: &mut Count) -> io::Result<Result<(), Loss>> {
    let folder = summary::working_folder()?;
    let path = folder.path().join("test.ledger");
    let ledger = check::open(&path).map_err(io::Error::other)?;
    let store: Arc<dyn Store> = ledger.store().clone();
    let held = one_crowd(&store, seed, planted, count);
    drop((ledger, store));
    let held = held.and_then(|()| check::is_whole(&path));
    Ok(held.map_err(|loss| format!("{loss}\n    the file is kept at {}", folder.keep().display())))
}

fn one_crowd(
    store: &Arc<dyn Store>,
    seed: u64,
    planted: bool,
    count: &mut Count,
) -> Result<(), Loss> {
    let patient = LedgerBuilder::on(store.clone()).build().map_err(|error| error.to_string())?;
    let hasty = hasty(store.clone(), seed).map_err(|error| error.to_string())?;
    let told = all_at_once(&patient, &hasty, seed)?;
    let mut known = Told::default();
    for mut tell in told {
        if let Tell::Said(_, said) = &mut tell {
            count.add(said);
            if planted && *said == Said::Maybe {
                *said = Said::Nothing;
            }
        }
        known.hear(&tell);
    }
    check::same_store(store.as_ref(), &patient, &known)?;
    check::keys_are_found(&patient, &known, 7)
}

impl Count {
    fn add(&mut self, said: &Said) {
        match said {
            Said::Done(_) | Said::Refused(_) | Said::No | Said::There => self.answered += 1,
            Said::Maybe => self.unknown += 1,
            Said::Sent | Said::Nothing => self.withdrawn += 1,
        }
    }
}

/// A ledger whose callers wait for a moment only, always the same for this seed, and may be told to stop.
fn hasty(store: Arc<dyn Store>, seed: u64) -> Result<Ledger, Error> {
    let mut rng = Rng::with_seed(seed);
    let wait = Duration::from_micros(20 << rng.u32(0..14));
    let retry = Retry { tries: 2, pause_min: Duration::ZERO, pause_max: Duration::ZERO };
    LedgerBuilder::on(store)
        .call_wait(Some(wait))
        .lock_wait(Duration::from_micros(20 << rng.u32(0..10)))
        .interrupt(Interrupt::new(|| fastrand::u8(0..3) == 0))
        .retry(retry)
        .build()
}

fn all_at_once(patient: &Ledger, hasty: &Ledger, seed: u64) -> Result<Vec<Tell>, Loss> {
    thread::scope(|scope| {
        let callers: Vec<_> =
            (0..CALLERS).map(|name| scope.spawn(move || one(patient, hasty, name, seed))).collect();
        let told: Result<Vec<Vec<Tell>>, Loss> = callers
            .into_iter()
            .map(|it| it.join().map_err(|_| "it panicked")?.map_err(|error| error.to_string()))
            .collect();
        told.map(|told| told.into_iter().flatten().collect())
    })
}

/// What one caller is told.
fn one(patient: &Ledger, hasty: &Ledger, name: u64, seed: u64) -> Result<Vec<Tell>, Error> {
    let mut told = Vec::new();
    let tell = &mut |it: Tell| told.push(it);
    let mut clerk = Clerk::new(&name.to_string(), seed ^ name, patient, tell)?;
    for _ in 0..CALLS {
        clerk.work(hasty, tell)?;
    }
    Ok(told)
}
