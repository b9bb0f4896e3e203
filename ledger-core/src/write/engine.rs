//! The engine: queues calls, runs groups, and decides what a failed group means.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use hashbrown::DefaultHashBuilder;

use crate::base::time::{Clock, Timestamp};
use crate::error::report::{Cause, Error, Result};
use crate::stats::meter::Meter;
use crate::stats::trace;
use crate::store::contract::Store;
use crate::write::doubt::Doubt;
use crate::write::group::{self, Failure, Locks, Setting};
use crate::write::lock_table::LockTable;
use crate::write::pauses::Retry;
use crate::write::queue::{Limits, Missed, Queue};
use crate::write::unit::{Outcome, Unit};

/// A call's units, and what came of each.
type Job = Vec<Unit>;
type Answers = Vec<Result<Outcome>>;

/// How an engine behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Config {
    pub(crate) node: u8,
    pub(crate) queue_max: usize,
    pub(crate) group_max: usize,
    pub(crate) lock_wait: Duration,
    pub(crate) call_wait: Option<Duration>,
    pub(crate) retry: Retry,
}

pub(crate) struct Engine {
    pub(crate) store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    /// The largest time ever answered with, so that time never runs back.
    latest_ms: AtomicI64,
    queue: Queue<Job, Answers>,
    locks: Option<Locks>,
    config: Config,
    doubt: Doubt,
    pub(crate) meter: Meter,
}

impl Engine {
    pub(crate) fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, config: Config) -> Self {
        let lanes = store.lanes();
        let limits = Limits { leaders: lanes, waiting: config.queue_max, group: config.group_max };
        let locks = (lanes > 1).then(|| Locks {
            table: LockTable::new(),
            hasher: DefaultHashBuilder::default(),
            wait: config.lock_wait,
        });
        Self {
            store,
            clock,
            latest_ms: AtomicI64::new(i64::MIN),
            queue: Queue::new(limits),
            locks,
            config,
            doubt: Doubt::default(),
            meter: Meter::default(),
        }
    }

    /// Carries out a checked call and waits for its answers, one for each unit.
    pub(crate) fn submit(&self, units: Job) -> Result<Answers> {
        let _span = trace::call(units.len());
        let begun = Instant::now();
        let deadline = self.config.call_wait.map(|wait| begun + wait);
        let weight = units.iter().map(Unit::weight).sum();
        let answers = self.queue.submit(units, weight, deadline, |jobs| self.serve(jobs));
        self.meter.call(begun.elapsed());
        match answers {
            Ok(answers) => {
                self.meter.answers(&answers);
                Ok(answers)
            }
            Err(missed) => {
                let error = self.missed(&missed);
                self.meter.error(&error);
                Err(error)
            }
        }
    }

    fn missed(&self, missed: &Missed) -> Error {
        let waited = self.config.call_wait.unwrap_or_default();
        match missed {
            Missed::Full => Cause::QueueFull { limit: self.config.queue_max }.into(),
            Missed::Withdrawn => Cause::WaitTimeout { waited }.into(),
            Missed::Unknown => Cause::Abandoned.into(),
        }
    }

    /// The time now, never before a time given earlier. A clock that shows a time no id can carry
    /// is not believed, so that one bad reading can't push time ahead for ever.
    pub(crate) fn now(&self) -> Result<Timestamp> {
        let now = self.clock.now();
        if !now.is_recordable() {
            return Err(Cause::ClockOutOfRange { now }.into());
        }
        let before = self.latest_ms.fetch_max(now.unix_ms(), Ordering::SeqCst);
        Ok(now.max(Timestamp::from_unix_ms(before)))
    }

    fn serve(&self, jobs: &[Job]) -> Vec<Answers> {
        let units: Vec<&Unit> = jobs.iter().flatten().collect();
        let mut answers = self.answer(&units).into_iter();
        jobs.iter().map(|job| answers.by_ref().take(job.len()).collect()).collect()
    }

    /// An answer for each unit, whatever happens.
    fn answer(&self, units: &[&Unit]) -> Answers {
        match self.run_with_retries(units) {
            Ok(answers) => answers,
            // One bad unit must not fail its neighbours: each for itself, once.
            Err(Failure::Group(_)) if units.len() > 1 => {
                units.iter().flat_map(|unit| self.answer(std::slice::from_ref(unit))).collect()
            }
            Err(failure) => {
                let error = failure.into_error();
                trace::failed(&error);
                units.iter().map(|_| Err(error.clone())).collect()
            }
        }
    }

    fn run_with_retries(&self, units: &[&Unit]) -> Result<Answers, Failure> {
        let mut pauses = self.config.retry.pauses();
        loop {
            let failure = match self.run_once(units) {
                Ok(answers) => return Ok(answers),
                Err(failure @ (Failure::Passing(_) | Failure::InDoubt(_))) => failure,
                Err(failure) => return Err(failure),
            };
            // In doubt, the next try recovers first and then finds by its key what was written.
            let Some(pause) = pauses.next() else { return Err(failure) };
            self.meter.retries.add(1);
            trace::retry(&failure.into_error(), pause);
            self.clock.sleep(pause);
        }
    }

    fn run_once(&self, units: &[&Unit]) -> Result<Answers, Failure> {
        self.doubt.settle(self.store.as_ref())?;
        let now = self.now().map_err(Failure::Lasting)?;
        let setting = Setting {
            store: self.store.as_ref(),
            locks: self.locks.as_ref(),
            doubt: &self.doubt,
            meter: &self.meter,
            now,
            node: self.config.node,
        };
        group::run(units, &setting)
    }
}
