//! The engine: queues calls, runs groups, and decides what a failed group means.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use crate::base::interrupt::{Interrupt, in_a_hook};
use crate::base::invalid::{Field, Invalid};
use crate::base::time::{Clock, Timestamp};
use crate::error::kind::ErrorKind;
use crate::error::report::{Cause, Error, Result};
use crate::stats::meter::{Meter, Stats};
use crate::stats::trace;
use crate::store::backend::Store;
use crate::store::failure::StoreError;
use crate::write::group::{self, Failure, Setting};
use crate::write::pauses::Retry;
use crate::write::queue::{Limits, Missed, Patience, Queue};
use crate::write::unit::{Asked, Outcome, Unit};

/// A call's units, and when it came.
#[derive(Debug)]
struct Job {
    units: Vec<Unit>,
    since: Timestamp,
}

impl Job {
    fn asked(&self) -> impl Iterator<Item = Asked<'_>> {
        self.units.iter().map(|unit| Asked { unit, since: self.since })
    }
}

/// What came of each unit.
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

/// What is known of earlier tries of the same units.
#[derive(Clone, Copy, Debug, Default)]
struct Tried {
    /// The time under which the first was to be recorded.
    first: Option<Timestamp>,
    /// Whether one may have been written: then no failure can be believed to have written nothing.
    in_doubt: bool,
}

pub(crate) struct Engine {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    interrupt: Interrupt,
    /// The largest time ever answered with, so that time never runs back.
    latest_ms: AtomicI64,
    queue: Queue<Job, Answers>,
    config: Config,
    pub(crate) meter: Meter,
}

impl Engine {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        interrupt: Interrupt,
        config: Config,
    ) -> Self {
        // Without locks there is nothing to keep groups apart.
        let lanes = if store.locks().is_some() { store.lanes().max(1) } else { 1 };
        let limits = Limits { leaders: lanes, waiting: config.queue_max, group: config.group_max };
        Self {
            store,
            clock,
            interrupt,
            latest_ms: AtomicI64::new(i64::MIN),
            queue: Queue::new(limits),
            config,
            meter: Meter::default(),
        }
    }

    /// Carries out a checked call and waits for its answers, one for each unit.
    pub(crate) fn submit(&self, units: Vec<Unit>) -> Result<Answers> {
        let _span = trace::call(units.len());
        let since = self.begin().inspect_err(|error| self.meter.error(error))?;
        let begun = Instant::now();
        let deadline = self.config.call_wait.map(|wait| begun + wait);
        let weight = units.iter().map(Unit::weight).sum();
        let patience = Patience { deadline, interrupt: &self.interrupt };
        let answers =
            self.queue.submit(Job { units, since }, weight, patience, |jobs| self.serve(jobs));
        let took = begun.elapsed();
        self.meter.call(took);
        let answers = answers
            .map_err(|missed| self.missed(&missed, took))
            .inspect_err(|error| self.meter.error(error))?;
        self.count(&answers);
        Ok(answers)
    }

    /// When a call comes, if it may.
    fn begin(&self) -> Result<Timestamp> {
        if in_a_hook() {
            let problem = "an interrupt's hook can't write, in the middle of the call that asks it; \
                           nothing was written";
            return Err(Invalid::new(Field::Config, problem.to_owned()).into());
        }
        self.now()
    }

    /// What has been counted, and what is waiting now.
    pub(crate) fn stats(&self) -> Stats {
        Stats { waiting: self.queue.waiting() as u64, ..self.meter.snapshot() }
    }

    fn count(&self, answers: &Answers) {
        for answer in answers {
            match answer {
                Ok(outcome) => self.meter.replays.add(outcome.replays() as u64),
                Err(error) => self.meter.error(error),
            }
        }
    }

    fn missed(&self, missed: &Missed, waited: Duration) -> Error {
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
        let units: Vec<Asked<'_>> = jobs.iter().flat_map(Job::asked).collect();
        // Who serves others as well finishes that first.
        let interrupt = if jobs.len() == 1 { &self.interrupt } else { &Interrupt::NONE };
        let stop = interrupt.paced();
        let mut answers = self.answer(&units, &stop).into_iter();
        jobs.iter().map(|job| answers.by_ref().take(job.units.len()).collect()).collect()
    }

    /// An answer for each unit, whatever happens.
    fn answer(&self, units: &[Asked<'_>], stop: &dyn Fn() -> bool) -> Answers {
        let mut tried = Tried::default();
        match self.run_with_retries(units, &mut tried, stop) {
            Ok(answers) => answers,
            // One bad unit must not fail its neighbours: each for itself, once.
            Err(Failure::Group(_)) if units.len() > 1 => self.answer_each(units, tried, stop),
            Err(failure) => all_failed(units, failure, tried),
        }
    }

    /// Each unit as a group of its own, until something is wrong that is not the unit's fault.
    fn answer_each(&self, units: &[Asked<'_>], tried: Tried, stop: &dyn Fn() -> bool) -> Answers {
        let mut answers = Answers::with_capacity(units.len());
        let mut rest = units.iter();
        while let Some(unit) = rest.next() {
            let one = std::slice::from_ref(unit);
            let mut one_tried = tried;
            match self.run_with_retries(one, &mut one_tried, stop) {
                Ok(answer) => answers.extend(answer),
                Err(failure @ Failure::Group(_)) => {
                    answers.extend(all_failed(one, failure, one_tried));
                }
                Err(failure) => {
                    answers.extend(all_failed(one, failure.clone(), one_tried));
                    answers.extend(all_failed(rest.as_slice(), failure, tried));
                    break;
                }
            }
        }
        answers
    }

    fn run_with_retries(
        &self,
        units: &[Asked<'_>],
        tried: &mut Tried,
        stop: &dyn Fn() -> bool,
    ) -> Result<Answers, Failure> {
        let mut pauses = self.config.retry.pauses(self.clock.as_ref());
        loop {
            let failure = match self.run_once(units, tried, stop) {
                Ok(answers) => return Ok(answers),
                Err(failure @ (Failure::Passing(_) | Failure::InDoubt(_))) => failure,
                Err(failure) => return Err(failure),
            };
            if matches!(failure, Failure::InDoubt(_)) {
                tried.in_doubt = true;
                // Also after the last try: whoever comes back with the same key is to be answered.
                if let Err(error) = self.store.recover() {
                    trace::failed(&error);
                }
            }
            let Some(pause) = pauses.next().filter(|_| !stop()) else { return Err(failure) };
            self.meter.retries.add(1);
            trace::retry(&failure.clone().into_error(), pause);
            self.clock.sleep(pause);
            if stop() {
                return Err(failure);
            }
        }
    }

    /// Asks the store something; if it is in doubt about a commit, has it find out first.
    pub(crate) fn read<T>(&self, look: impl Fn(&dyn Store) -> Result<T>) -> Result<T> {
        match look(self.store.as_ref()) {
            Err(error) if error.kind() == ErrorKind::Indeterminate => {
                self.store.recover().map_err(|_| error)?;
                look(self.store.as_ref())
            }
            result => result,
        }
    }

    fn run_once(
        &self,
        units: &[Asked<'_>],
        tried: &mut Tried,
        stop: &dyn Fn() -> bool,
    ) -> Result<Answers, Failure> {
        let first = Cell::new(tried.first);
        let setting = Setting {
            store: self.store.as_ref(),
            stop,
            lock_wait: self.config.lock_wait,
            meter: &self.meter,
            now: &|| self.now(),
            first: &first,
            in_doubt: tried.in_doubt,
            node: self.config.node,
        };
        let answers = group::run(units, &setting);
        tried.first = first.get();
        answers
    }
}

fn all_failed(units: &[Asked<'_>], failure: Failure, tried: Tried) -> Answers {
    let error = failure.into_error();
    trace::failed(&error);
    let error = if tried.in_doubt { unknown(error) } else { error };
    units.iter().map(|_| Err(error.clone())).collect()
}

/// What a failure means once an earlier try may have been written.
fn unknown(error: Error) -> Error {
    if error.kind() == ErrorKind::Indeterminate {
        return error;
    }
    StoreError::InDoubt(format!("a commit failed, and the next try with {}", error.kind())).into()
}
