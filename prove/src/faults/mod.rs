//! Every call of the system fails once, in every way in which it can; and then from there on.
//!
//! Whatever was said meanwhile must be true: at once, after the disk is well again, when the file is opened
//! anew, and also if the power goes.

mod begin;
mod list;

use std::collections::BTreeSet;
use std::io;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use fastrand::Rng;
use ledger_core::{Asset, Class, Error, WalletSpec};
use ledger_sqlite::SqliteLedger;

use crate::check::{self, Loss};
use crate::disk::calls::Failure;
use crate::disk::image::{Cut, Disk};
use crate::disk::watch::{Event, Seen, Watching};
use crate::faults::begin::{Beginning, FILE, Site};
use crate::faults::list::Fault;
use crate::panics;
use crate::summary::{self, Budget, Row};
use crate::workload::clerk::Clerk;
use crate::workload::told::{Said, Tell, Told};

/// States of the disk that are opened at a moment after a failure.
const STATES: usize = 4;
/// Moments after a failure at which the power goes.
const MOMENTS: usize = 4;
/// How often a ledger is asked once the disk is well again.
const ATTEMPTS: usize = 3;

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

/// Fails as long as the budget allows, each fault once, in a random order in which kinds take turns.
pub fn run(plan: Plan, budget: &Budget) -> io::Result<Row> {
    let name = if plan.planted { "faults, flushes that lie" } else { "faults" };
    let mut row = Row::new(name, "faults", plan.seed);
    row.expects = plan.planted.then_some("");
    let beginnings = Beginning::all(plan.seed)?;
    let faults = list::in_turns(all(plan, &beginnings)?, &mut Rng::with_seed(plan.seed));
    row.part = format!("{name} (of {})", faults.len());
    let mut missed = 0;
    for (number, fault) in faults.iter().enumerate() {
        if plan.only.is_some_and(|only| only != number) {
            continue;
        }
        if !budget.goes_on(&row) || row.losses > 0 {
            break;
        }
        let Some(beginning) = beginnings.get(fault.beginning) else { continue };
        let (was_hit, held) = one(plan, fault, beginning)?;
        row.count += u64::from(was_hit);
        missed += u64::from(!was_hit);
        if let Err(loss) = held {
            row.lose(|| describe(plan, number, fault, beginning, &loss));
        }
    }
    if missed > 0 {
        row.more.push(format!("{missed} more did not come about"));
    }
    row.took = budget.took();
    Ok(row)
}

fn describe(plan: Plan, number: usize, fault: &Fault, from: &Beginning, loss: &Loss) -> String {
    let (seed, fault, from) = (plan.seed, fault.plan, from.name);
    format!("from {from}: {fault:?}: {loss}\n    again: prove --seed {seed} --only {number} faults")
}

/// Every way in which each call of a run without faults can fail, from each beginning.
fn all(plan: Plan, beginnings: &[Beginning]) -> io::Result<Vec<Fault>> {
    let failures: &[Failure] = if plan.planted { &[Failure::Lie] } else { &Failure::ALL };
    let mut faults = Vec::new();
    for (number, beginning) in beginnings.iter().enumerate() {
        let folder = summary::working_folder()?;
        beginning.image.write(folder.path())?;
        let watching = Watching::begin(folder.path(), None);
        let done = business(&Site::new(folder.path(), 1), plan.seed, &mut |_| {});
        drop(done.map_err(io::Error::other)?);
        faults.extend(list::ways(number, &watching.end().calls, failures));
    }
    Ok(faults)
}

/// Some of everything, in two sittings; gives the ledger back as long as it is open.
fn business(
    site: &Site,
    seed: u64,
    tell: &mut dyn FnMut(Tell),
) -> Result<(SqliteLedger, Clerk), Error> {
    let ledger = site.open()?;
    tell(Tell::Opened);
    let mut clerk = Clerk::new("0", seed, &ledger, tell)?;
    for number in 0..10 {
        work(&mut clerk, &ledger, tell)?;
        if number == 5 {
            tell(Tell::SentCopy("copy".to_owned()));
            if ledger.backup(site.path.with_file_name("copy")).is_ok() {
                tell(Tell::Copied("copy".to_owned()));
            }
        }
    }
    ledger.close_file()?;
    site.file().rebuild(&mut |_| ControlFlow::Continue(()))?;
    let ledger = site.open()?;
    let mut clerk = Clerk::new("1", seed, &ledger, tell)?;
    for _ in 0..6 {
        work(&mut clerk, &ledger, tell)?;
    }
    Ok((ledger, clerk))
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
fn one(plan: Plan, fault: &Fault, from: &Beginning) -> io::Result<(bool, Result<(), Loss>)> {
    let folder = summary::working_folder()?;
    from.image.write(folder.path())?;
    let at = fault.plan.at;
    let site = Site::new(folder.path(), 1 + u32::from(at.is_multiple_of(2)));
    let panics = panics::count();
    let watching = Watching::begin(folder.path(), Some(fault.plan));
    let mut tells = Vec::new();
    let mut tell = |tell: Tell| {
        watching.mark();
        tells.push(tell);
    };
    let lived = catch_unwind(AssertUnwindSafe(|| {
        let mut failures = Vec::new();
        let left = business(&site, plan.seed, &mut |it: Tell| {
            if let Tell::Failed(error) = &it {
                failures.push((**error).clone());
            }
            tell(it);
        });
        let mut failures = failures.iter().chain(left.as_ref().err());
        let answered = failures.try_for_each(|error| is_fitting(error, fault));
        // The program may also end while the disk fails, and be started again when it is well. If nothing has
        // failed by now, it is to do so while the program ends.
        let left = left.ok().filter(|_| !at.is_multiple_of(3) && watching.has_failed());
        watching.plan(None);
        answered?;
        left.map_or(Ok(()), |left| after(left, fault, &mut tell))?;
        anew(&site, &mut tell)
    }));
    let lived = lived.ok().filter(|_| panics::count() == panics);
    let lived = lived.unwrap_or_else(|| Err("it panicked".to_owned()));
    let seen = watching.end();
    if plan.only.is_some() {
        show(&seen, &tells);
    }
    let mut told = from.told.clone();
    for tell in &tells {
        told.hear(tell);
    }
    let held = lived.and_then(|()| is_as_told(&site.path, &told)).and_then(|()| {
        without_power(&seen, &tells, from, plan.seed).map_err(|it| it.to_string())?
    });
    Ok((seen.failed > 0, held))
}

/// A failure is no answer of the rules; and one that passes is not to be answered as if it stayed.
fn is_fitting(error: &Error, fault: &Fault) -> Result<(), Loss> {
    match error.class() {
        Class::Rejected => Err(format!("a fault was answered with a no: {error}")),
        Class::Fatal if fault.passes() => {
            Err(format!("a fault that passes was answered as if it stayed: {error}"))
        }
        _ => Ok(()),
    }
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

/// The disk is well again: the ledger works, or says that it can't, if the fault was such.
fn after(
    (ledger, mut clerk): (SqliteLedger, Clerk),
    fault: &Fault,
    tell: &mut dyn FnMut(Tell),
) -> Result<(), Loss> {
    for _ in 0..3 {
        work(&mut clerk, &ledger, tell).map_err(|error| error.to_string())?;
    }
    let is_down = |error: Error| match error.class() {
        Class::Fatal if !fault.passes() => Ok(()),
        _ => Err(format!("the disk is well again, and the ledger is not: {error}")),
    };
    if let Err(error) = write_something(&ledger, tell) {
        return is_down(error);
    }
    let found = ledger.verify();
    found.map_or_else(is_down, |found| match found.problem {
        Some(problem) => Err(format!("verify says {problem}")),
        None => Ok(()),
    })
}

/// The first attempts may be what ends a doubt.
fn write_something(ledger: &SqliteLedger, tell: &mut dyn FnMut(Tell)) -> Result<(), Error> {
    let name = "when it was well again";
    let spec = WalletSpec::new(name, Asset::iso("USD")?)?;
    tell(Tell::SentWallet(name.to_owned()));
    let mut opened = ledger.open_wallet(spec.clone());
    for _ in 1..ATTEMPTS {
        opened = opened.or_else(|_| ledger.open_wallet(spec.clone()));
    }
    tell(Tell::Wallet(name.to_owned(), opened?.id));
    Ok(())
}

/// The file is opened anew, and someone looks and works.
fn anew(site: &Site, tell: &mut dyn FnMut(Tell)) -> Result<(), Loss> {
    let worked = site.open().and_then(|ledger| {
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
    copies_hold(path, told)
}

fn copies_hold(path: &Path, told: &Told) -> Result<(), Loss> {
    let mut copies = told.complete_copies();
    copies.try_for_each(|(name, copy)| check::copy_holds(&path.with_file_name(name), copy))
}

/// The power goes after the failure, a few things said later.
fn without_power(
    run: &Seen,
    tells: &[Tell],
    from: &Beginning,
    seed: u64,
) -> io::Result<Result<(), Loss>> {
    let Some(failed_at) = run.failed_at else { return Ok(Ok(())) };
    let scratch = summary::working_folder()?;
    let mut rng = Rng::with_seed(seed);
    let mut disk = Disk::with(&from.image);
    let mut told = from.told.clone();
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
            let path = scratch.path().join(FILE);
            let held = check::reopened(&path, &told).and_then(|_| copies_hold(&path, &told));
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
    use ledger_core::ErrorKind;
    use tempfile::TempDir;

    use super::*;
    use crate::disk::calls::Call;
    use crate::disk::image::Image;
    use crate::disk::watch;

    fn open(path: &Path) -> Result<SqliteLedger, Error> {
        Site::new(path.parent().unwrap(), 1).open()
    }

    fn for_ever(failure: Failure) -> watch::Plan {
        watch::Plan { at: 0, call: None, failure, for_ever: true }
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
    fn a_writer_whose_turn_does_not_come_is_busy_and_goes_on_afterwards() {
        let folder = TempDir::new().unwrap();
        let watching = Watching::begin(folder.path(), None);
        let ledger = open(&folder.path().join(FILE)).unwrap();
        deposit(&ledger, "before").unwrap();
        watching.plan(Some(for_ever(Failure::Busy)));
        let error = ledger.define_asset(Asset::new("WEI", 18).unwrap()).unwrap_err();
        assert!(error.to_string().contains("other processes kept writing"), "{error}");
        watching.plan(None);
        assert_eq!(deposit(&ledger, "after"), Ok(false));
        drop(ledger);
    }

    #[test]
    fn a_file_whose_locks_are_taken_is_busy_whichever_lock_it_is() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join(FILE);
        drop(open(&path).unwrap());
        let watching = Watching::begin(folder.path(), None);
        let mut said = String::new();
        for at in 0..200 {
            let call = Some(Call::Lock);
            watching.plan(Some(watch::Plan { at, call, failure: Failure::Busy, for_ever: false }));
            if let Err(error) = open(&path) {
                assert_eq!(error.class(), Class::Transient, "{error}");
                said += &error.to_string();
            }
        }
        assert!(said.contains("another program has"), "{said}");
        drop(watching);
    }

    #[test]
    fn what_was_shown_not_to_be_there_does_not_come_back() {
        let folder = TempDir::new().unwrap();
        let watching = Watching::begin(folder.path(), None);
        let ledger = open(&folder.path().join(FILE)).unwrap();
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
        let ledger = open(&path).unwrap();
        deposit(&ledger, "before").unwrap();
        watching.plan(Some(for_ever(Failure::NoFlush)));
        assert_eq!(deposit(&ledger, "found"), Err(ErrorKind::Indeterminate));
        drop(ledger);
        watching.plan(None);
        let ledger = open(&path).unwrap();
        assert_eq!(deposit(&ledger, "found"), Ok(true));
        let disk = disk_after(&watching.end());
        assert!(left(&disk, Cut::Nothing, "found"));
        drop(ledger);
    }
}
