//! A clock for tests.

use std::sync::Arc;

use ledger_core::{Clock, ManualClock, Timestamp};
use pyo3::prelude::*;

/// A clock that stands still until it is set. Times are milliseconds since 1970.
#[pyclass(frozen, name = "Clock", module = "ledger._ledger")]
pub(crate) struct PyClock(pub(crate) Arc<ManualClock>);

#[pymethods]
impl PyClock {
    #[new]
    fn new(now_ms: i64) -> Self {
        Self(Arc::new(ManualClock::new(Timestamp::from_unix_ms(now_ms))))
    }

    /// What it shows.
    fn now_ms(&self) -> i64 {
        self.0.now().unix_ms()
    }

    /// Sets it, forward or back.
    fn set_ms(&self, now_ms: i64) {
        self.0.set(Timestamp::from_unix_ms(now_ms));
    }
}
