//! The interpreter that the module was loaded in. What it keeps of Python (classes, what a handler has raised)
//! is that one's, so no other may use it.

use std::sync::OnceLock;

use pyo3::exceptions::PyImportError;
use pyo3::ffi;
use pyo3::prelude::*;

static HOME: OnceLock<i64> = OnceLock::new();

/// Refuses every interpreter of the process but the first that asks.
pub(crate) fn claim(py: Python<'_>) -> PyResult<()> {
    let here = interpreter(py);
    if *HOME.get_or_init(|| here) == here {
        return Ok(());
    }
    Err(PyImportError::new_err("ledger can be used in one interpreter of a process only"))
}

#[allow(unsafe_code, reason = "only the interface in C tells interpreters apart")]
fn interpreter(_: Python<'_>) -> i64 {
    // SAFETY: the thread is attached to an interpreter, as `Python` shows, so there is a current one.
    unsafe { ffi::PyInterpreterState_GetID(ffi::PyInterpreterState_Get()) }
}
