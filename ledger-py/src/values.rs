//! The ledger's values as Python sees them.

use ledger_core::{
    Actor, Balance, Entry, Hold, Metadata, Money, Posting, Refusal, Reversal, Timestamp, Total,
};
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::directory::Directory;
use crate::fault::Fault;
use crate::python;

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

pub(crate) fn balance<'py>(
    py: Python<'py>,
    balance: &Balance,
    wallets: &Directory,
) -> PyResult<Object<'py>> {
    let available = balance.available.map(|available| money(py, available)).transpose()?;
    python::BALANCE.call(
        py,
        (
            wallets.object(py, balance.wallet)?,
            money(py, balance.posted)?,
            money(py, balance.held)?,
            available,
            balance.version,
        ),
    )
}

pub(crate) fn hold<'py>(
    py: Python<'py>,
    hold: &Hold,
    wallets: &Directory,
) -> PyResult<Object<'py>> {
    python::HOLD.call(
        py,
        (
            hold.id.raw(),
            wallets.object(py, hold.wallet)?,
            wallets.object(py, hold.target)?,
            money(py, hold.amount)?,
            money(py, hold.tolerance)?,
            money(py, hold.captured)?,
            money(py, hold.remaining)?,
            time(py, hold.expires_at)?,
            hold.state.code(),
        ),
    )
}

pub(crate) fn posting<'py>(
    py: Python<'py>,
    posting: &Posting,
    wallets: &Directory,
) -> PyResult<Object<'py>> {
    let of = |amount| money(py, posting.amount.asset().of(amount));
    python::POSTING.call(
        py,
        (
            wallets.object(py, posting.from)?,
            wallets.object(py, posting.to)?,
            money(py, posting.amount)?,
            of(posting.from_balance)?,
            of(posting.to_balance)?,
            posting.from_version,
            posting.to_version,
        ),
    )
}

pub(crate) fn entry<'py>(
    py: Python<'py>,
    entry: &Entry,
    wallets: &Directory,
) -> PyResult<Object<'py>> {
    python::ENTRY.call(
        py,
        (
            entry.id.raw(),
            entry.posting,
            time(py, entry.at)?,
            time(py, entry.effective_at)?,
            entry.kind.code(),
            money(py, entry.amount)?,
            money(py, entry.balance_after)?,
            entry.version,
            wallets.object(py, entry.counterparty)?,
            entry.key.as_str(),
            meta(py, entry.meta.as_ref())?,
            actor(py, entry.actor.as_deref())?,
        ),
    )
}

pub(crate) fn reversal<'py>(py: Python<'py>, reversal: &Reversal) -> PyResult<Object<'py>> {
    python::REVERSAL.call(py, (reversal.by.raw(), reversal.posting, money(py, reversal.amount)?))
}

pub(crate) fn total<'py>(py: Python<'py>, total: &Total) -> PyResult<Object<'py>> {
    python::TOTAL.call(py, (total.wallets, money(py, total.posted)?, money(py, total.held)?))
}

/// One request of a remembered refusal.
pub(crate) fn refusal<'py>(
    py: Python<'py>,
    refusal: &Refusal,
    position: usize,
    wallets: &Directory,
) -> PyResult<Object<'py>> {
    let error = Fault::from(refusal.rejection.clone()).exception(py, wallets)?;
    error.setattr("index", refusal.batch_item)?;
    error.setattr("replayed", true)?;
    let item = refusal.items.get(position);
    python::REFUSAL.call(
        py,
        (
            refusal.id.raw(),
            time(py, refusal.at)?,
            item.map(|item| item.key.as_str()),
            item.map(|item| item.kind.code()),
            item.map(|item| meta(py, item.meta.as_ref())).transpose()?.flatten(),
            item.map(|item| actor(py, item.actor.as_deref())).transpose()?.flatten(),
            error,
        ),
    )
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
