//! Every call of the system fails once, in every way in which it can; and then from there on.
//!
//! Whatever was said meanwhile must be true: at once, after the disk is well again, when the file is opened
//! anew, and also if the power goes.

use std::collections::BTreeSet;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use fastrand::Rng;
use ledger_core::{Class, Error, Retry};
use ledger_sqlite::SqliteLedger;

use crate::check::{self, Loss};
use crate::disk::calls::{Call, Failure};
use crate::disk::image::{Cut, Disk, Image};
use crate::disk::watch::{self, Event, Seen, Watching};
use crate::summary::{self, Budget, Row};
use crate::workload::clerk::Clerk;
use crate::workload::told::{Said, Tell, Told};

const FILE: &str = "test.ledger";
/// States of the disk that are opened at a moment after a failure.
const STATES: usize = 4;
/// Moments after a failure at which the power goes.
const MOMENTS: usize = 6;

/// What is to fail.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Where the random numbers begin.
    pub seed: u64,
    /// Whether flushes that fail say that they were well.
    pub planted: bool,
    /// Only the fault of this number.
    pub only: Option<usize>,
}

/// Fails as long as the budget allows, each fault once, in a random order.
pub fn run(plan: Plan, budget: &Budget) -> io::Result<Row> {
    let name = if plan.planted { "faults, flushes that lie" } else { "faults" };
    let mut row = Row::new(name, "faults", plan.seed);
    row.expected_losses = plan.planted;
    let mut faults = all(plan)?;
    let whole = faults.len();
    Rng::with_seed(plan.seed).shuffle(&mut faults);
    // Flushes first: most depends on them.
    faults.sort_by_key(|(call, _)| !matches!(call, Call::Flush | Call::Folder));
    for (number, (_, fault)) in faults.into_iter().enumerate() {
        if plan.only.is_some_and(|only| only != number) {
            continue;
        }
        if !budget.goes_on(&row) || row.losses > 0 {
            break;
        }
        let (was_hit, held) = one(plan, fault)?;
        row.count += u64::from(was_hit);
        if let Err(loss) = held {
            let seed = plan.seed;
            row.lose(|| {
                format!("{fault:?}: {loss}\n    again: prove --seed {seed} --only {number} faults")
            });
        }
    }
    row.part = format!("{name} (of {whole})");
    row.took = budget.took();
    Ok(row)
}

/// Every way in which each call of a run without faults can fail.
fn all(plan: Plan) -> io::Result<Vec<(Call, watch::Plan)>> {
    let folder = summary::working_folder()?;
    let watching = Watching::begin(folder.path(), None);
    let mut tells = Vec::new();
    drop(business(&folder.path().join(FILE), plan.seed, 1, &mut |tell| tells.push(tell)));
    let calls = watching.end().calls;
    let failures: &[Failure] = if plan.planted { &[Failure::Lie] } else { &Failure::ALL };
    let each = calls.iter().enumerate().flat_map(|(at, &call)| {
        let fitting = failures.iter().filter(move |failure| failure.fits(call));
        fitting.flat_map(move |&failure| {
            [false, true].map(|for_ever| (call, watch::Plan { at, failure, for_ever }))
        })
    });
    Ok(each.collect())
}

/// Some of everything, in two sittings; gives the ledger back as long as it is open.
fn business(
    path: &Path,
    seed: u64,
    tries: u32,
    tell: &mut dyn FnMut(Tell),
) -> Result<(SqliteLedger, Clerk), Error> {
    let ledger = open(path, tries)?;
    tell(Tell::Opened);
    let mut clerk = Clerk::new("0", seed, &ledger, tell)?;
    for number in 0..10 {
        work(&mut clerk, &ledger, tell)?;
        if number == 5 {
            tell(Tell::SentCopy("copy".to_owned()));
            if ledger.backup(path.with_file_name("copy")).is_ok() {
                tell(Tell::Copied("copy".to_owned()));
            }
        }
    }
    ledger.close_file()?;
    let ledger = open(path, tries)?;
    let mut clerk = Clerk::new("1", seed, &ledger, tell)?;
    for _ in 0..6 {
        work(&mut clerk, &ledger, tell)?;
    }
    Ok((ledger, clerk))
}

/// Without pauses: whoever is tried again at once fails again at once.
fn open(path: &Path, tries: u32) -> Result<SqliteLedger, Error> {
    let retry = Retry { tries, pause_min: Duration::ZERO, pause_max: Duration::ZERO };
    let file = SqliteLedger::builder(path).recent_keys(12).lock_wait(Duration::from_millis(2));
    file.ledger(move |ledger| ledger.retry(retry)).open()
}

/// Works, and looks up what became of what nobody knew.
fn work(clerk: &mut Clerk, ledger: &SqliteLedger, tell: &mut dyn FnMut(Tell)) -> Result<(), Error> {
    let mut unknown = Vec::new();
    clerk.work(ledger, &mut |it: Tell| {
        if let Tell::Said(key, Said::Maybe | Said::Nothing) = &it {
            unknown.push(key.clone());
        }
        tell(it);
    })?;
    for key in &unknown {
        look_up(key, ledger, tell);
    }
    Ok(())
}

/// Nobody is shown what is in doubt.
fn look_up(key: &str, ledger: &SqliteLedger, tell: &mut dyn FnMut(Tell)) {
    if let Ok(found) = ledger.transaction_by_key(key) {
        tell(Tell::Shown(key.to_owned(), Said::found(found.as_ref())));
    }
}

/// One fault. Whether it came about, and whether all held.
fn one(plan: Plan, fault: watch::Plan) -> io::Result<(bool, Result<(), Loss>)> {
    let folder = summary::working_folder()?;
    let path = folder.path().join(FILE);
    let watching = Watching::begin(folder.path(), Some(fault));
    let mut tells = Vec::new();
    let mut tell = |tell: Tell| {
        watching.mark();
        tells.push(tell);
    };
    let lived = catch_unwind(AssertUnwindSafe(|| {
        let left = business(&path, plan.seed, 1 + u32::from(fault.at.is_multiple_of(2)), &mut tell);
        if fault.at.is_multiple_of(3) {
            // The program ends while the disk fails, and is started again when it is well.
            drop(left);
            watching.plan(None);
            return Ok(());
        }
        watching.plan(None);
        after(left, &mut tell)
    }));
    let lived = lived
        .unwrap_or_else(|_| Err("it panicked".to_owned()))
        .and_then(|()| anew(&path, &mut tell));
    let seen = watching.end();
    if plan.only.is_some() {
        show(&seen, &tells);
    }
    let mut told = Told::default();
    for tell in &tells {
        told.hear(tell);
    }
    let held = lived
        .and_then(|()| is_as_told(&path, &told))
        .and_then(|()| without_power(&seen, &tells, plan.seed).map_err(|it| it.to_string())?);
    Ok((seen.failed > 0, held))
}

/// Shows a run in full.
#[allow(clippy::print_stderr, reason = "asked for, to find out what went wrong")]
fn show(seen: &Seen, tells: &[Tell]) {
    let mut tells = tells.iter();
    for (number, event) in seen.events.iter().enumerate() {
        if seen.failed_at == Some(number) {
            eprintln!("-- here it fails");
        }
        match event {
            Event::Mark => eprintln!("{:.120}", format!("{:?}", tells.next())),
            event => eprintln!("{event}"),
        }
    }
}

/// The disk is well again: the ledger works, or says that it can't.
fn after(
    left: Result<(SqliteLedger, Clerk), Error>,
    tell: &mut dyn FnMut(Tell),
) -> Result<(), Loss> {
    let (ledger, mut clerk) = match left {
        Ok(left) => left,
        Err(error) if error.class() == Class::Rejected => {
            return Err(format!("a fault was answered with a no: {error}"));
        }
        Err(_) => return Ok(()),
    };
    for _ in 0..3 {
        work(&mut clerk, &ledger, tell).map_err(|error| error.to_string())?;
    }
    match ledger.verify() {
        Ok(found) => found.problem.map_or(Ok(()), |problem| Err(format!("verify says {problem}"))),
        Err(error) if error.class() == Class::Fatal => Ok(()),
        Err(error) => Err(format!("the disk is well again, and the ledger is not: {error}")),
    }
}

/// The file is opened anew, and someone looks and works.
fn anew(path: &Path, tell: &mut dyn FnMut(Tell)) -> Result<(), Loss> {
    let worked = open(path, 1).and_then(|ledger| {
        tell(Tell::Opened);
        for number in 1..8 {
            look_up(&format!("0:{number}"), &ledger, tell);
            look_up(&format!("1:{number}"), &ledger, tell);
        }
        let mut clerk = Clerk::new("2", 2, &ledger, tell)?;
        (0..3).try_for_each(|_| work(&mut clerk, &ledger, tell))
    });
    worked.map_err(|error| format!("the disk is well again, and the file is not: {error}"))
}

/// What is in the file at last.
fn is_as_told(path: &Path, told: &Told) -> Result<(), Loss> {
    let ledger = check::reopened(path, told)?;
    check::keys_are_found(&ledger, told, 1)?;
    check::goes_on(&ledger, told)?;
    drop(ledger);
    let mut copies = told.complete_copies();
    copies.try_for_each(|(name, copy)| check::copy_holds(&path.with_file_name(name), copy))
}

/// The power goes after the failure, a few things said later.
fn without_power(run: &Seen, tells: &[Tell], seed: u64) -> io::Result<Result<(), Loss>> {
    let Some(failed_at) = run.failed_at else { return Ok(Ok(())) };
    let scratch = summary::working_folder()?;
    let mut rng = Rng::with_seed(seed);
    let mut disk = Disk::with(&Image::default());
    let mut told = Told::default();
    let mut tells = tells.iter();
    let moments = moments(run, failed_at, &mut rng);
    for (number, event) in run.events.iter().enumerate() {
        disk.apply(event);
        if matches!(event, Event::Mark) {
            tells.by_ref().take(1).for_each(|tell| told.hear(tell));
        }
        if !moments.contains(&number) {
            continue;
        }
        for state in 0..STATES {
            let image = disk.cut(Cut::choose(state, &mut rng), &mut rng);
            image.write(scratch.path())?;
            let held = if told.is_open && !image.has(FILE) {
                Err("the file is gone".to_owned())
            } else {
                check::reopened(&scratch.path().join(FILE), &told).map(drop)
            };
            if let Err(loss) = held {
                return Ok(Err(format!("after a power cut: {loss}")));
            }
        }
    }
    Ok(Ok(()))
}

/// Some of the moments after the failure at which something was told, and the last.
fn moments(seen: &Seen, failed_at: usize, rng: &mut Rng) -> BTreeSet<usize> {
    let marks = seen.events.iter().enumerate().skip(failed_at);
    let marks = marks.filter(|(_, event)| matches!(event, Event::Mark)).map(|(number, _)| number);
    let all: Vec<usize> = marks.collect();
    rng.choose_multiple(all.iter().copied(), MOMENTS)
        .into_iter()
        .chain(all.last().copied())
        .collect()
}

#[cfg(test)]
mod tests {
    use ledger_core::{Asset, ErrorKind, WalletSpec};
    use tempfile::TempDir;

    use super::*;

    fn for_ever(failure: Failure) -> watch::Plan {
        watch::Plan { at: 0, failure, for_ever: true }
    }

    /// A deposit of one cent under the key, as it was answered.
    fn deposit(ledger: &SqliteLedger, key: &str) -> Result<bool, ErrorKind> {
        let usd = Asset::iso("USD").unwrap();
        let ann = ledger.open_wallet(WalletSpec::new("ann", usd).unwrap());
        let receipt = ann.and_then(|ann| ledger.deposit(&ann, usd.minor(1), key));
        receipt.map(|it| it.replayed).map_err(|error| error.kind())
    }

    /// What is under a key after a power cut.
    fn left(disk: &Disk, cut: Cut, key: &str) -> bool {
        let folder = TempDir::new().unwrap();
        disk.cut(cut, &mut Rng::with_seed(1)).write(folder.path()).unwrap();
        let ledger = check::open(&folder.path().join(FILE)).unwrap();
        assert_eq!(ledger.verify().unwrap().problem, None);
        ledger.transaction_by_key(key).unwrap().is_some()
    }

    fn disk_after(seen: &Seen) -> Disk {
        let mut disk = Disk::with(&Image::default());
        seen.events.iter().for_each(|event| disk.apply(event));
        disk
    }

    #[test]
    fn a_log_whose_name_can_not_be_made_durable_is_not_used() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join(FILE);
        drop(check::open(&path).unwrap());
        let watching = Watching::begin(folder.path(), Some(for_ever(Failure::NoFolder)));
        let error = check::open(&path).unwrap_err();
        assert!(error.to_string().contains("folder can't be flushed"), "{error}");
        drop(watching);
        check::open(&path).unwrap();
    }

    #[test]
    fn what_was_shown_not_to_be_there_does_not_come_back() {
        let folder = TempDir::new().unwrap();
        let watching = Watching::begin(folder.path(), None);
        let ledger = open(&folder.path().join(FILE), 1).unwrap();
        deposit(&ledger, "before").unwrap();
        watching.plan(Some(for_ever(Failure::NoFlush)));
        assert_eq!(deposit(&ledger, "lost"), Err(ErrorKind::Indeterminate));
        watching.plan(None);
        assert_eq!(ledger.transaction_by_key("lost").unwrap(), None);
        let disk = disk_after(&watching.end());
        for cut in [Cut::Nothing, Cut::Everything, Cut::Writes] {
            assert!(left(&disk, cut, "before"));
            assert!(!left(&disk, cut, "lost"), "{cut:?}");
        }
    }

    #[test]
    fn what_a_program_finds_when_it_is_started_again_is_on_the_disk() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join(FILE);
        let watching = Watching::begin(folder.path(), None);
        let ledger = open(&path, 1).unwrap();
        deposit(&ledger, "before").unwrap();
        watching.plan(Some(for_ever(Failure::NoFlush)));
        assert_eq!(deposit(&ledger, "found"), Err(ErrorKind::Indeterminate));
        drop(ledger);
        watching.plan(None);
        let ledger = open(&path, 1).unwrap();
        assert_eq!(deposit(&ledger, "found"), Ok(true));
        let disk = disk_after(&watching.end());
        assert!(left(&disk, Cut::Nothing, "found"));
        drop(ledger);
    }
}
