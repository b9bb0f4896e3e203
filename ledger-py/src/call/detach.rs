//! Leaving Python for the ledger and coming back: the interpreter is released, panics are caught, and
//! signals are looked for while a call waits.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ledger_core::{Class, Error, Interrupt};
use pyo3::prelude::*;

use crate::out::fault::{Fault, Trouble};

thread_local! {
    /// What a signal's handler raised while this thread was in a call.
    static RAISED: RefCell<Option<PyErr>> = const { RefCell::new(None) };
}

/// The hook that a ledger asks while it waits.
pub(crate) fn interrupt() -> Interrupt {
    Interrupt::new(was_interrupted)
}

/// Whether the call is to end: a signal's handler has raised something, now or before.
pub(crate) fn was_interrupted() -> bool {
    if RAISED.with_borrow(Option::is_some) {
        return true;
    }
    // Only the main thread has handlers to run; in others this does nothing. An interpreter that is
    // shutting down can't be asked.
    #[allow(clippy::redundant_closure_for_method_calls, reason = "the method has one lifetime")]
    match Python::try_attach(|py| py.check_signals()) {
        Some(Err(raised)) => {
            stop_with(raised);
            true
        }
        _ => false,
    }
}

/// Has this thread's call end with that exception.
pub(crate) fn stop_with(raised: PyErr) {
    RAISED.set(Some(raised));
}

/// Runs `work` without the interpreter. What a handler raised meanwhile goes before its answer.
pub(crate) fn detached<T: Send, E: Into<Fault>>(
    py: Python<'_>,
    work: impl FnOnce() -> Result<T, E> + Send,
) -> Result<T, Trouble> {
    // What an earlier call has left was raised by it.
    RAISED.set(None);
    let answer = py.detach(|| guarded(|| work().map_err(E::into)));
    match RAISED.take() {
        None => Ok(answer?),
        Some(raised) => Err(interrupted(py, raised, answer.err())),
    }
}

/// A panic must not cross into Python: there it would not be an `Exception`.
fn guarded<T>(work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(Fault::panic(said(&*panic))))
}

fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

/// The exception of a signal's handler, with a note that says what became of the call.
fn interrupted(py: Python<'_>, raised: PyErr, fault: Option<Fault>) -> Trouble {
    let note = match &fault {
        None => "the ledger's call had come to its end: what it was to write is written",
        Some(Fault::Ledger(error)) => outcome(error),
        Some(_) => "nothing is known of what the ledger's call did",
    };
    // Without its note it is still the right exception.
    let _ = raised.value(py).call_method1("add_note", (note,));
    Trouble::Interrupted { raised, fault }
}

fn outcome(error: &Error) -> &'static str {
    match error.class() {
        Class::Rejected => "the ledger's call was refused or stopped, and nothing was written",
        Class::Transient => "the ledger's call was withdrawn, and nothing was written",
        _ => {
            "it is not known whether the ledger's call was written: send it again with the same key \
             to find out"
        }
    }
}
