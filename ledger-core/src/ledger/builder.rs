//! A ledger's settings.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::base::bounds::{
    CALL_WAIT, GROUP_MAX, LOCK_WAIT, PAUSE_MAX, PAUSE_MIN, QUEUE_MAX, TRIES, TRIES_MAX, WAIT_MAX,
};
use crate::base::interrupt::Interrupt;
use crate::base::invalid::{Field, Invalid};
use crate::base::time::{Clock, SystemClock};
use crate::error::report::Result;
use crate::ledger::Ledger;
use crate::store::backend::Store;
use crate::write::engine::{Config, Engine};
use crate::write::pauses::Retry;

/// Settings of a ledger that is about to be opened. What is not set is as usual.
///
/// ```
/// use ledger_core::{Ledger, ManualClock, MemoryStore};
/// use std::time::Duration;
/// let ledger = Ledger::builder(MemoryStore::with_lanes(2))
///     .clock(ManualClock::new("2026-03-01T12:00:00Z".parse()?))
///     .node(3)
///     .lock_wait(Duration::from_millis(250))
///     .build()?;
/// # drop(ledger);
/// # Ok::<(), ledger_core::Error>(())
/// ```
#[must_use]
pub struct LedgerBuilder {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    interrupt: Interrupt,
    config: Config,
}

impl fmt::Debug for LedgerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LedgerBuilder").field("config", &self.config).finish_non_exhaustive()
    }
}

impl LedgerBuilder {
    /// Settings of a ledger on a store that others hold too.
    pub fn on(store: Arc<dyn Store>) -> Self {
        let config = Config {
            node: 0,
            queue_max: QUEUE_MAX,
            group_max: GROUP_MAX,
            lock_wait: LOCK_WAIT,
            call_wait: Some(CALL_WAIT),
            retry: Retry { tries: TRIES, pause_min: PAUSE_MIN, pause_max: PAUSE_MAX },
        };
        Self { store, clock: Arc::new(SystemClock), interrupt: Interrupt::NONE, config }
    }

    /// Takes the time from this clock instead of the machine's.
    pub fn clock(self, clock: impl Clock + 'static) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    /// The number in the lowest bits of every id: give each ledger its own where ids of several
    /// ledgers meet.
    pub fn node(mut self, node: u8) -> Self {
        self.config.node = node;
        self
    }

    /// How many postings may wait in the queue before calls are told to come back.
    pub fn queue_max(mut self, postings: usize) -> Self {
        self.config.queue_max = postings;
        self
    }

    /// How many postings share a commit, unless a single call has more.
    pub fn group_max(mut self, postings: usize) -> Self {
        self.config.group_max = postings;
        self
    }

    /// How long a group waits for a lock that another lane holds.
    pub fn lock_wait(mut self, wait: Duration) -> Self {
        self.config.lock_wait = wait;
        self
    }

    /// How long a call waits to be served; none for as long as it takes. A call that serves others
    /// finishes that first.
    pub fn call_wait(mut self, wait: Option<Duration>) -> Self {
        self.config.call_wait = wait;
        self
    }

    /// What may end a wait early. A call that is told to stop ends as if its time were up: withdrawn if
    /// nobody has taken it up, unknown if someone has. One that serves others finishes that first.
    pub fn interrupt(self, interrupt: Interrupt) -> Self {
        Self { interrupt, ..self }
    }

    /// How often and with what pauses a group is tried when the store is busy or in doubt.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.config.retry = retry;
        self
    }

    /// Opens the ledger.
    pub fn build(self) -> Result<Ledger> {
        self.check()?;
        Ok(self.into_ledger())
    }

    pub(super) fn into_ledger(self) -> Ledger {
        let Self { store, clock, interrupt, config } = self;
        Ledger { engine: Arc::new(Engine::new(store, clock, interrupt, config)) }
    }

    fn check(&self) -> Result<(), Invalid> {
        let Config { queue_max, group_max, lock_wait, call_wait, retry, .. } = self.config;
        let longest = lock_wait.max(call_wait.unwrap_or_default()).max(retry.pause_max);
        let refuse = |problem: String| Err(Invalid::new(Field::Config, problem));
        if queue_max == 0 || queue_max > QUEUE_MAX {
            return refuse(format!("queue_max must be 1 to {QUEUE_MAX}; it is {queue_max}"));
        }
        if group_max == 0 || group_max > GROUP_MAX {
            return refuse(format!("group_max must be 1 to {GROUP_MAX}; it is {group_max}"));
        }
        if longest > WAIT_MAX {
            return refuse(format!(
                "waits and pauses must be at most {WAIT_MAX:?}; not {longest:?}"
            ));
        }
        if !(1..=TRIES_MAX).contains(&retry.tries) || retry.pause_min > retry.pause_max {
            return refuse(format!(
                "retry must have 1 to {TRIES_MAX} tries, and pause_min must not be above pause_max"
            ));
        }
        Ok(())
    }
}
