//! Calls that can be cancelled from another thread.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::exceptions::asyncio::CancelledError;
use pyo3::prelude::*;

thread_local! {
    /// What can cancel this thread's call.
    static CURRENT: RefCell<Option<Arc<AtomicBool>>> = const { RefCell::new(None) };
}

/// Whether this thread's call is to end.
pub(crate) fn is_asked_for() -> bool {
    CURRENT.with_borrow(|flag| flag.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed)))
}

/// Cancels one call.
#[pyclass(frozen, module = "ledger._ledger")]
pub(crate) struct Cancel(Arc<AtomicBool>);

#[pymethods]
impl Cancel {
    #[new]
    fn new() -> Self {
        Self(Arc::new(AtomicBool::new(false)))
    }

    /// Makes the call on this thread, unless it was cancelled before.
    fn run<'py>(&self, call: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        if self.0.load(Ordering::Relaxed) {
            return Err(CancelledError::new_err("cancelled"));
        }
        let before = CURRENT.replace(Some(self.0.clone()));
        let answer = call.call0();
        CURRENT.set(before);
        answer
    }

    /// Has the call end where it waits, or is at something long.
    fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
