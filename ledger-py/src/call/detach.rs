//! Leaving Python for the ledger and coming back: the interpreter is released, panics are caught, and
//! signals are looked for while a call waits.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::ffi::c_long;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ledger_core::{Class, Error, ErrorKind, Interrupt};
use pyo3::exceptions::asyncio::CancelledError;
use pyo3::ffi;
use pyo3::prelude::*;

use crate::call::cancel;
use crate::out::fault::{Fault, Trouble};

thread_local! {
    /// What a signal's handler raised while this thread was in a call.
    static RAISED: RefCell<Option<PyErr>> = const { RefCell::new(None) };
    /// Whether signals' handlers may be running on this thread, in the middle of a call of its.
    static IN_A_CALL: Cell<bool> = const { Cell::new(false) };
}

/// The hook that a ledger asks while it waits.
pub(crate) fn interrupt() -> Interrupt {
    Interrupt::new(was_interrupted)
}

/// Whether the call is to end: it was cancelled, or a signal's handler has raised something, now or before.
pub(crate) fn was_interrupted() -> bool {
    if RAISED.with_borrow(Option::is_some) {
        return true;
    }
    if cancel::is_asked_for() {
        stop_with(CancelledError::new_err("cancelled"));
        return true;
    }
    // Only the main thread has handlers to run; in others this does nothing. An interpreter that is
    // shutting down can't be asked.
    let looked = Python::try_attach(|py| {
        let before = IN_A_CALL.replace(true);
        let looked = py.check_signals();
        IN_A_CALL.set(before);
        looked
    });
    match looked {
        Some(Err(raised)) => {
            stop_with(raised);
            true
        }
        _ => false,
    }
}

/// A signal's handler that runs in the middle of a call can't write: its write would wait for the call, which
/// waits for the handler. Trying again there would never end, so it is no error that asks for that.
pub(crate) fn check_outside_of_calls() -> Result<(), Fault> {
    if !IN_A_CALL.get() {
        return Ok(());
    }
    let message = "a signal's handler can't write while the thread it interrupts is in a call of the ledger, and \
                   nothing was written; have it leave a note, and write afterwards";
    Err(Fault::own("reentered", message))
}

/// Whether a signal's handler has raised something while another library is at work on this thread. That one has
/// no way to pass it on, so it is raised, without its text, as soon as the thread is back in Python.
pub(crate) fn stopped_by_a_signal() -> bool {
    was_interrupted()
        && RAISED
            .take()
            .is_some_and(|raised| Python::try_attach(|py| raise_later(py, &raised)).is_some())
}

#[allow(unsafe_code, reason = "only the interface in C raises something later")]
fn raise_later(py: Python<'_>, raised: &PyErr) {
    // A thread's number is the same bits in either type.
    #[allow(clippy::cast_possible_wrap, reason = "C's two types for one number")]
    // SAFETY: the thread is attached, as `py` shows; the class is alive, and a reference to it is taken.
    unsafe {
        let this_thread = ffi::PyThread_get_thread_ident() as c_long;
        ffi::PyThreadState_SetAsyncExc(this_thread, raised.get_type(py).as_ptr());
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
    detached_saying(py, work, outcome)
}

/// The same, where a call that a signal ended is told of in words of its own.
pub(crate) fn detached_saying<T: Send, E: Into<Fault>>(
    py: Python<'_>,
    work: impl FnOnce() -> Result<T, E> + Send,
    became: impl FnOnce(&Result<T, Fault>) -> String,
) -> Result<T, Trouble> {
    // What an earlier call has left was raised by it.
    RAISED.set(None);
    let answer = py.detach(|| guarded(|| work().map_err(E::into)));
    match RAISED.take() {
        None => Ok(answer?),
        Some(raised) => {
            note(py, &raised, &became(&answer));
            Err(Trouble::Interrupted { raised, fault: answer.err() })
        }
    }
}

/// A panic must not cross into Python: there it would not be an `Exception`.
pub(crate) fn guarded<T, E: From<Fault>>(work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|panic| Err(Fault::panic(said(&*panic)).into()))
}

fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

/// Looks for signals where nothing is written yet: what a handler raises ends the call.
pub(crate) fn heed_signals(py: Python<'_>) -> Result<(), Trouble> {
    py.check_signals().map_err(|raised| {
        note(py, &raised, NOTHING);
        Trouble::Python(raised)
    })
}

/// Without its note it is still the right exception.
fn note(py: Python<'_>, raised: &PyErr, text: &str) {
    let _ = raised.value(py).call_method1("add_note", (text,));
}

/// What is said of a call that was stopped before it wrote.
pub(crate) const NOTHING: &str = "the ledger's call was stopped, and nothing was written";

/// What became of a call.
pub(crate) fn outcome<T>(answer: &Result<T, Fault>) -> String {
    let text = match answer {
        Ok(_) => "the ledger's call had come to its end: what it was to write is written",
        Err(Fault::Ledger(error)) => failed(error),
        Err(_) => "nothing is known of what the ledger's call did",
    };
    text.to_owned()
}

/// What became of a call with many items, of which each stands on its own.
pub(crate) fn outcome_of_many<T, E>(
    answer: &Result<Vec<Result<T, E>>, Fault>,
    again: &str,
) -> String {
    match answer {
        Ok(items) if items.iter().any(Result::is_err) => {
            let written = items.iter().filter(|item| item.is_ok()).count();
            format!("at least {written} of {} items were written; {again}", items.len())
        }
        other => outcome(other),
    }
}

fn failed(error: &Error) -> &'static str {
    match (error.kind(), error.class()) {
        (ErrorKind::KeyForgotten, _) => {
            "it is not known whether the ledger's call was written, and its key is forgotten: look for it \
             in the history of its wallets, and don't send it again"
        }
        _ if error.is_unknown() => {
            "it is not known whether the ledger's call was written: send it again with the same key \
             to find out"
        }
        (_, Class::Transient) => "the ledger's call was withdrawn, and nothing was written",
        _ => "the ledger's call was refused or stopped, and nothing was written",
    }
}
