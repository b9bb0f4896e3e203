//! A clock that is set by hand, and knows what it has told.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use ledger_core::{Clock, ManualClock, Timestamp};

/// The clock.
#[derive(Debug)]
pub struct Told {
    clock: ManualClock,
    latest_ms: AtomicI64,
}

impl Told {
    /// A clock that shows this and has told nothing.
    pub fn new(ms: i64) -> Self {
        let clock = ManualClock::new(Timestamp::from_unix_ms(ms));
        Self { clock, latest_ms: AtomicI64::new(i64::MIN) }
    }

    /// What it shows, without telling anyone.
    pub fn shows(&self) -> i64 {
        self.clock.now().unix_ms()
    }

    /// Sets it.
    pub fn set(&self, ms: i64) {
        self.clock.set(Timestamp::from_unix_ms(ms));
    }

    /// The latest time that it has told.
    pub fn latest(&self) -> i64 {
        self.latest_ms.load(Ordering::SeqCst)
    }

    /// What it has told is forgotten.
    pub fn forget(&self) {
        self.latest_ms.store(i64::MIN, Ordering::SeqCst);
    }
}

impl Clock for Told {
    fn now(&self) -> Timestamp {
        let now = self.clock.now();
        self.latest_ms.fetch_max(now.unix_ms(), Ordering::SeqCst);
        now
    }

    fn sleep(&self, duration: Duration) {
        self.clock.sleep(duration);
    }

    fn random(&self) -> u64 {
        self.clock.random()
    }
}
