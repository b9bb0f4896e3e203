//! The ledger's values as Python sees them.

use crate::out::wallet;
use ledger_core::{Balance, Entry, Hold, Posting, Refusal, Reversal, Total};
use pyo3::prelude::*;

use crate::base::plain::{Object, actor, meta, money, time};
use crate::base::python;
use crate::out::directory::Directory;
use crate::out::fault::Fault;

pub(crate) fn balance<'py>(
    py: Python<'py>,
    balance: &Balance,
    wallets: &Directory,
) -> PyResult<Object<'py>> {
    let available = balance.available.map(|available| money(py, available)).transpose()?;
    python::BALANCE.call(
        py,
        (
            wallet::with_id(py, balance.wallet, wallets)?,
            money(py, balance.posted)?,
            money(py, balance.held)?,
            available,
            balance.version,
        ),
    )
}

/// A hold; one that was looked up is not replayed.
pub(crate) fn hold<'py>(
    py: Python<'py>,
    hold: &Hold,
    wallets: &Directory,
    replayed: bool,
) -> PyResult<Object<'py>> {
    python::HOLD.call(
        py,
        (
            hold.id.raw(),
            wallet::with_id(py, hold.wallet, wallets)?,
            wallet::with_id(py, hold.target, wallets)?,
            money(py, hold.amount)?,
            money(py, hold.tolerance)?,
            money(py, hold.captured)?,
            money(py, hold.remaining)?,
            time(py, hold.expires_at)?,
            hold.state.code(),
            replayed,
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
            wallet::with_id(py, posting.from, wallets)?,
            wallet::with_id(py, posting.to, wallets)?,
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
            wallet::with_id(py, entry.counterparty, wallets)?,
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
