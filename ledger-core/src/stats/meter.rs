//! Counters, and the snapshot of them that callers get.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Serialize;

use crate::error::kind::ErrorKind;
use crate::error::report::Error;
use crate::stats::histogram::Histogram;

/// What a ledger has done since it was opened.
///
/// ```
/// use ledger_core::{Asset, Ledger, WalletSpec};
/// let ledger = Ledger::in_memory();
/// let usd = Asset::iso("USD")?;
/// let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
/// ledger.deposit(&alice, usd.money("1.00")?, "d1")?;
/// ledger.deposit(&alice, usd.money("1.00")?, "d1")?;
/// let stats = ledger.stats();
/// assert_eq!((stats.calls, stats.groups, stats.replays), (3, 3, 1));
/// # Ok::<(), ledger_core::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Stats {
    /// Calls that wanted to change something and were not refused as bad input.
    pub calls: u64,
    /// Postings that are waiting now.
    pub waiting: u64,
    /// Groups that were carried out.
    pub groups: u64,
    /// Requests in all groups; an all-or-nothing batch counts as one.
    pub requests: u64,
    /// Half of all groups had at most so many requests.
    pub group_size_p50: u64,
    /// The largest group's number of requests.
    pub group_size_max: u64,
    /// How often a group had to wait for locks.
    pub lock_waits: u64,
    /// How often it waited in vain.
    pub lock_timeouts: u64,
    /// Groups that were tried again: the store was busy or in doubt, or a lock was taken.
    pub retries: u64,
    /// Answers given again from memory.
    pub replays: u64,
    /// Commands refused because a wallet's version, or a key's request, was another one.
    pub conflicts: u64,
    /// What such calls were refused or failed with, by kind.
    pub errors: BTreeMap<&'static str, u64>,
    /// Half of all calls took at most so many nanoseconds.
    pub latency_ns_p50: u64,
    /// 95 of 100 calls took at most so many nanoseconds.
    pub latency_ns_p95: u64,
    /// 99 of 100 calls took at most so many nanoseconds.
    pub latency_ns_p99: u64,
    /// The slowest call's nanoseconds.
    pub latency_ns_max: u64,
}

/// One counter.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// All counters of a ledger.
#[derive(Debug)]
pub(crate) struct Meter {
    calls: Counter,
    groups: Counter,
    requests: Counter,
    group_sizes: Histogram,
    pub(crate) lock_waits: Counter,
    pub(crate) lock_timeouts: Counter,
    pub(crate) retries: Counter,
    pub(crate) replays: Counter,
    errors: Box<[Counter]>,
    latency_ns: Histogram,
}

impl Default for Meter {
    fn default() -> Self {
        Self {
            calls: Counter::default(),
            groups: Counter::default(),
            requests: Counter::default(),
            group_sizes: Histogram::default(),
            lock_waits: Counter::default(),
            lock_timeouts: Counter::default(),
            retries: Counter::default(),
            replays: Counter::default(),
            errors: ErrorKind::ALL.iter().map(|_| Counter::default()).collect(),
            latency_ns: Histogram::default(),
        }
    }
}

impl Meter {
    pub(crate) fn call(&self, took: Duration) {
        self.calls.add(1);
        self.latency_ns.record(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
    }

    pub(crate) fn group(&self, requests: usize) {
        let requests = u64::try_from(requests).unwrap_or(u64::MAX);
        self.groups.add(1);
        self.requests.add(requests);
        self.group_sizes.record(requests);
    }

    /// Counts an error that a call which wanted to change something was answered with.
    pub(crate) fn error(&self, error: &Error) {
        self.replays.add(u64::from(error.is_replay()));
        if let Some(counter) = self.errors.get(error.kind() as usize) {
            counter.add(1);
        }
    }

    fn errors_of(&self, kind: ErrorKind) -> u64 {
        self.errors.get(kind as usize).map_or(0, Counter::get)
    }

    pub(crate) fn snapshot(&self) -> Stats {
        let errors = ErrorKind::ALL.iter().map(|&kind| (kind.code(), self.errors_of(kind)));
        Stats {
            calls: self.calls.get(),
            waiting: 0,
            groups: self.groups.get(),
            requests: self.requests.get(),
            group_size_p50: self.group_sizes.percentile(50),
            group_size_max: self.group_sizes.largest(),
            lock_waits: self.lock_waits.get(),
            lock_timeouts: self.lock_timeouts.get(),
            retries: self.retries.get(),
            replays: self.replays.get(),
            conflicts: self.errors_of(ErrorKind::VersionMismatch)
                + self.errors_of(ErrorKind::BalanceTooLow)
                + self.errors_of(ErrorKind::StatusMismatch)
                + self.errors_of(ErrorKind::KeyConflict),
            errors: errors.filter(|&(_, count)| count > 0).collect(),
            latency_ns_p50: self.latency_ns.percentile(50),
            latency_ns_p95: self.latency_ns.percentile(95),
            latency_ns_p99: self.latency_ns.percentile(99),
            latency_ns_max: self.latency_ns.largest(),
        }
    }
}
