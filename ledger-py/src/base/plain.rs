//! Small values on their way in and out, and lists of them.

use std::time::Duration;

use ledger_core::{Actor, Field, Invalid, Metadata, Money, Timestamp};
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::base::python;

pub(crate) type Object<'py> = Bound<'py, PyAny>;

pub(crate) fn money(py: Python<'_>, money: Money) -> PyResult<Object<'_>> {
    let text = money.amount().display(money.asset().scale()).to_string();
    python::MONEY_OF.call(py, (text, money.asset().code().as_str()))
}

pub(crate) fn time(py: Python<'_>, at: Timestamp) -> PyResult<Object<'_>> {
    python::FROM_MS.call(py, (at.unix_ms(),))
}

pub(crate) fn meta<'py>(py: Python<'py>, meta: Option<&Metadata>) -> PyResult<Option<Object<'py>>> {
    meta.map(|meta| python::LOADS.call(py, (meta.as_json(),))).transpose()
}

pub(crate) fn actor<'py>(py: Python<'py>, actor: Option<&Actor>) -> PyResult<Option<Object<'py>>> {
    let Some(actor) = actor else { return Ok(None) };
    let part = |part: &Option<ledger_core::ActorText>| part.as_ref().map(ToString::to_string);
    let parts = (actor.who.as_str(), part(&actor.origin), part(&actor.reason));
    python::ACTOR.call(py, parts).map(Some)
}

/// A list of objects, one for each item.
pub(crate) fn list<'py, T>(
    py: Python<'py>,
    items: &[T],
    object: impl Fn(&T) -> PyResult<Object<'py>>,
) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for item in items {
        list.append(object(item)?)?;
    }
    Ok(list)
}

/// A duration in microseconds.
pub(crate) fn duration(microseconds: i128, field: Field) -> Result<Duration, Invalid> {
    u64::try_from(microseconds).map(Duration::from_micros).map_err(|_| {
        Invalid::new(field, "a duration must be zero or above, and less than 500,000 years")
    })
}

/// A time in milliseconds since 1970.
pub(crate) fn time_of(ms: i64) -> Timestamp {
    Timestamp::from_unix_ms(ms)
}
