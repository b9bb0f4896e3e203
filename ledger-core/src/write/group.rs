//! One group: begin, lock, load, decide, commit. Either all of it is durable and answered, or
//! nothing happened.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::base::time::Timestamp;
use crate::error::report::{Cause, Error, Result};
use crate::model::record::Record;
use crate::rules::rows::Wants;
use crate::stats::meter::Meter;
use crate::stats::trace;
use crate::store::backend::{Group, Store};
use crate::store::failure::StoreError;
use crate::store::lock_set::Protected;
use crate::store::lock_table::{Held, LockTable, TimedOut};
use crate::write::round::Round;
use crate::write::unit::{Asked, Outcome};

/// What a group needs besides its units.
pub(super) struct Setting<'a> {
    pub(super) store: &'a dyn Store,
    pub(super) stop: &'a dyn Fn() -> bool,
    pub(super) lock_wait: Duration,
    pub(super) meter: &'a Meter,
    pub(super) now: &'a dyn Fn() -> Result<Timestamp>,
    /// The time under which the first try of the units was to be recorded.
    pub(super) first: &'a Cell<Option<Timestamp>>,
    /// Whether an earlier try of the units may have been written.
    pub(super) in_doubt: bool,
    pub(super) node: u8,
}

/// Why a group came to nothing.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    /// Trying again soon may work.
    Passing(Error),
    /// The group as it is can't be written; its units alone may be.
    Group(Error),
    /// Nobody knows whether it was written.
    InDoubt(Error),
    /// Trying again won't help.
    Lasting(Error),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Busy(_) => Self::Passing(error.into()),
            StoreError::Refused(_) => Self::Group(error.into()),
            StoreError::InDoubt(_) => Self::InDoubt(error.into()),
            StoreError::Full(_) | StoreError::Broken(_) | StoreError::Forked(_) => {
                Self::Lasting(error.into())
            }
        }
    }
}

impl Failure {
    pub(super) fn into_error(self) -> Error {
        match self {
            Self::Passing(error)
            | Self::Group(error)
            | Self::InDoubt(error)
            | Self::Lasting(error) => error,
        }
    }
}

/// Runs `units` as one group.
pub(super) fn run(
    units: &[Asked<'_>],
    setting: &Setting<'_>,
) -> Result<Vec<Result<Outcome>>, Failure> {
    let _span = trace::group(units.len());
    let mut wants = Wants::with_capacity(units.len());
    for asked in units {
        asked.unit.want(&mut wants);
    }
    wants.normalize();
    let begun = guarded(|| setting.store.begin_unless(setting.stop))?;
    let mut group = begun?;
    // A store with one lane has no locks: its one writer's place, which `begin` took, is the lock.
    let _held = setting.store.locks().map(|locks| lock(&wants, locks, setting)).transpose()?;
    let (outcomes, records) = guarded(|| decide(units, &wants, group.as_mut(), setting))??;
    commit(group, records)?;
    setting.meter.group(units.len());
    Ok(outcomes)
}

type Decided = (Vec<Result<Outcome>>, Vec<Record>);

fn decide(
    units: &[Asked<'_>],
    wants: &Wants<'_>,
    group: &mut dyn Group,
    setting: &Setting<'_>,
) -> Result<Decided, Failure> {
    let rows = group.load(wants)?;
    let count = units.iter().map(|asked| asked.unit.stamps()).sum();
    // Only now: while the group waited for its turn, someone may have been shown a later state.
    let now = (setting.now)().map_err(Failure::Lasting)?;
    let stamps = group.reserve(now, setting.node, count)?.ok_or_else(at_the_end_of_time)?;
    if stamps.left() < count {
        let problem = "the store reserved fewer ids than were asked for".to_owned();
        return Err(StoreError::Broken(problem).into());
    }
    let first = setting.first.replace(setting.first.get().or(stamps.time()));
    let mut round = Round::new(rows, stamps, now, first.filter(|_| setting.in_doubt));
    let outcomes = units.iter().map(|asked| round.run(asked)).collect();
    Ok((outcomes, round.into_records()))
}

fn at_the_end_of_time() -> Failure {
    let problem = format!(
        "the journal's last record is as late as a record can be, {}: the clock was far ahead when it was written. \
         Nothing was written, and nothing more can be; begin a new ledger with the balances of this one",
        Timestamp::END
    );
    StoreError::Broken(problem).into()
}

fn lock<'a>(
    wants: &Wants<'_>,
    locks: &'a LockTable,
    setting: &Setting<'_>,
) -> Result<Held<'a>, Failure> {
    let assets = wants.assets.iter().copied().map(Protected::Asset);
    let names = wants.names.iter().copied().map(Protected::Name);
    let keys = wants.keys.iter().copied().map(Protected::Key);
    let wallets = wants.wallets.iter().copied().map(Protected::Wallet);
    let terms = wants.terms.then_some(Protected::Terms);
    let all = assets.chain(names).chain(keys).chain(wallets).chain(terms);
    let set = locks.set(all).ok_or_else(|| {
        Failure::Group(Error::internal("a group wants more locks than there are"))
    })?;
    let deadline = Instant::now() + setting.lock_wait;
    locks.lock(set, deadline, || setting.meter.lock_waits.add(1)).map_err(|TimedOut| {
        setting.meter.lock_timeouts.add(1);
        Failure::Passing(Cause::LockTimeout { waited: setting.lock_wait }.into())
    })
}

/// A group in which nothing is to be recorded is dropped: there is nothing to make durable.
fn commit(group: Box<dyn Group + '_>, records: Vec<Record>) -> Result<(), Failure> {
    if records.is_empty() {
        return Ok(());
    }
    let committed = catch_unwind(AssertUnwindSafe(|| group.commit(records)));
    Ok(committed.unwrap_or_else(|panic| Err(StoreError::InDoubt(said(panic.as_ref()))))?)
}

/// Turns a panic before the commit into a failure of the group: nothing was written by then.
fn guarded<T>(step: impl FnOnce() -> T) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(step))
        .map_err(|panic| Failure::Group(Error::internal(said(panic.as_ref()))))
}

fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    format!("panicked: {}", text.unwrap_or_else(|| "without a message".to_owned()))
}
