//! What only looks at the ledger.

use std::sync::Arc;

use ledger_core::{
    Answer, Cursor, Error, Field, FindQuery, HistoryQuery, HoldQuery, HoldState, Invalid, Kind,
    Owner, WalletName, WalletQuery,
};
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::base::plain::{self, Object, time_of};
use crate::base::python;
use crate::call::book::{Book, Open};
use crate::call::detach::detached;
use crate::out::fault::{Fault, Taken, Trouble};
use crate::out::receipt::{self, PyReceipt};
use crate::out::{limits, values, wallet};
use crate::take::ends;
use crate::take::input::{self, Any};

/// A wallet by its name, as it is now.
#[pyfunction]
pub(crate) fn get_wallet<'py>(
    py: Python<'py>,
    book: &Book,
    name: &str,
) -> PyResult<Option<Object<'py>>> {
    book.with(py, |open| {
        if WalletName::new(name).is_err() {
            return Ok(None);
        }
        let found = detached(py, || open.ledger.wallet(name))?;
        Ok(found.map(|wallet| wallet::object(py, &open.wallets.note(wallet))).transpose()?)
    })
}

/// The wallet that stands for everything outside, in an asset.
#[pyfunction]
pub(crate) fn world<'py>(py: Python<'py>, book: &Book, asset: &str) -> PyResult<Object<'py>> {
    book.with(py, |open| {
        let found = detached(py, || open.ledger.world(open.ledger.asset(asset)?))?;
        Ok(wallet::object(py, &open.wallets.note(found))?)
    })
}

fn wallet_query(prefix: &str, owner: Option<&str>) -> Result<WalletQuery, Fault> {
    let query = WalletQuery::all().prefix(prefix);
    Ok(match owner {
        Some(owner) => query.owner(Owner::new(owner)?),
        None => query,
    })
}

/// A page of wallets, and the name to go on after.
#[pyfunction]
pub(crate) fn list_wallets<'py>(
    py: Python<'py>,
    book: &Book,
    prefix: &str,
    owner: Option<&str>,
    after: Option<&str>,
    limit: usize,
) -> PyResult<(Bound<'py, PyList>, Option<String>)> {
    book.with(py, |open| {
        let after = after.map(WalletName::new).transpose()?;
        let query = wallet_query(prefix, owner)?.after(after).limit(limit);
        let page = detached(py, || open.ledger.wallets(&query))?;
        let wallets = plain::list(py, &page.wallets, |wallet| {
            wallet::object(py, &open.wallets.note(wallet.clone()))
        })?;
        Ok((wallets, page.next.map(|name| name.to_string())))
    })
}

/// What a family of wallets holds together.
#[pyfunction]
pub(crate) fn totals<'py>(
    py: Python<'py>,
    book: &Book,
    prefix: &str,
    owner: Option<&str>,
) -> PyResult<Bound<'py, PyList>> {
    book.with(py, |open| {
        let query = wallet_query(prefix, owner)?;
        let totals = detached(py, || open.ledger.totals(&query))?;
        Ok(plain::list(py, &totals, |total| values::total(py, total))?)
    })
}

/// What a wallet holds.
#[pyfunction]
pub(crate) fn balance<'py>(
    py: Python<'py>,
    book: &Book,
    of: Any<'_, 'py>,
) -> PyResult<Object<'py>> {
    book.with(py, |open| {
        let of = ends::take(of, &open)?;
        let balance = detached(py, || open.ledger.balance(&of.wallet))?;
        Ok(values::balance(py, &balance, &open.wallets)?)
    })
}

/// What several wallets hold, all at one moment.
#[pyfunction]
pub(crate) fn balances<'py>(
    py: Python<'py>,
    book: &Book,
    of: Vec<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyList>> {
    book.with(py, |open| {
        let ids = of.iter().map(|of| Ok(ends::take(of, &open)?.wallet.id));
        let ids = ids.collect::<Taken<Vec<_>>>()?;
        let balances = detached(py, || open.ledger.balances(&ids))?;
        Ok(plain::list(py, &balances, |balance| values::balance(py, balance, &open.wallets))?)
    })
}

/// What a wallet had posted at a time.
#[pyfunction]
pub(crate) fn balance_at<'py>(
    py: Python<'py>,
    book: &Book,
    of: Any<'_, 'py>,
    at_ms: i64,
) -> PyResult<Object<'py>> {
    book.with(py, |open| {
        let of = ends::take(of, &open)?;
        let money = detached(py, || open.ledger.balance_at(&of.wallet, time_of(at_ms)))?;
        Ok(plain::money(py, money)?)
    })
}

/// What a wallet had posted at a time, with what was recorded later and took effect by then; as far as it was
/// recorded by another time, if that is given.
#[pyfunction]
pub(crate) fn balance_effective_at<'py>(
    py: Python<'py>,
    book: &Book,
    of: Any<'_, 'py>,
    at_ms: i64,
    recorded_ms: Option<i64>,
) -> PyResult<Object<'py>> {
    book.with(py, |open| {
        let of = ends::take(of, &open)?;
        let money = detached(py, || match recorded_ms {
            None => open.ledger.balance_effective_at(&of.wallet, time_of(at_ms)),
            Some(ms) => open.ledger.balance_known_at(&of.wallet, time_of(at_ms), time_of(ms)),
        })?;
        Ok(plain::money(py, money)?)
    })
}

/// What is used of a wallet's windows now, and what is left.
#[pyfunction]
pub(crate) fn window_use<'py>(
    py: Python<'py>,
    book: &Book,
    of: Any<'_, 'py>,
) -> PyResult<Bound<'py, PyList>> {
    book.with(py, |open| {
        let of = ends::take(of, &open)?;
        let uses = detached(py, || open.ledger.window_use(&of.wallet))?;
        Ok(plain::list(py, &uses, |used| limits::window_use(py, used))?)
    })
}

/// Until when periods are locked.
#[pyfunction]
pub(crate) fn periods_locked_until<'py>(
    py: Python<'py>,
    book: &Book,
) -> PyResult<Option<Object<'py>>> {
    let until = book.run(py, |open| open.ledger.periods_locked_until())?;
    until.map(|until| plain::time(py, until)).transpose()
}

/// Which entries: newest first, from and until a time, kinds.
#[derive(FromPyObject)]
pub(crate) struct Wanted(bool, Option<i64>, Option<i64>, Vec<String>);

impl Wanted {
    pub(crate) fn query(&self) -> Result<HistoryQuery, Fault> {
        let Self(newest_first, since, until, kinds) = self;
        let mut query = match newest_first {
            true => HistoryQuery::newest_first(),
            false => HistoryQuery::oldest_first(),
        };
        if let Some(since) = since {
            query = query.since(time_of(*since));
        }
        if let Some(until) = until {
            query = query.until(time_of(*until));
        }
        let kinds = kinds.iter().map(|kind| self::kind(kind));
        Ok(query.kinds(kinds.collect::<Result<Vec<_>, _>>()?))
    }
}

fn kind(code: &str) -> Result<Kind, Invalid> {
    let found = Kind::ALL.iter().copied().find(|kind| kind.code() == code);
    found.ok_or_else(|| {
        let codes: Vec<&str> = Kind::ALL.iter().map(|kind| kind.code()).collect();
        Invalid::new(
            Field::Value,
            format!("a kind must be one of {}, not {code:?}", codes.join(", ")),
        )
    })
}

type Page<'py> = (Bound<'py, PyList>, Option<String>, Option<String>);

/// A page of history, and where the ones behind and before it begin.
#[pyfunction]
pub(crate) fn history<'py>(
    py: Python<'py>,
    book: &Book,
    of: Any<'_, 'py>,
    wanted: Wanted,
    limit: usize,
    cursor: Option<&str>,
) -> PyResult<Page<'py>> {
    book.with(py, |open| {
        let of = ends::take(of, &open)?;
        let cursor = cursor.map(str::parse::<Cursor>).transpose()?;
        let query = wanted.query()?.limit(limit).cursor(cursor);
        let page = detached(py, || {
            let page = open.ledger.history(&of.wallet, &query)?;
            let others = page.entries.iter().map(|entry| entry.counterparty);
            open.wallets.learn(others, &open.ledger);
            Ok::<_, Error>(page)
        })?;
        let entries =
            plain::list(py, &page.entries, |entry| values::entry(py, entry, &open.wallets))?;
        let text = |cursor: Option<Cursor>| cursor.map(|cursor| cursor.to_string());
        Ok((entries, text(page.next), text(page.previous)))
    })
}

/// What can't exist is not there, as what happens not to exist.
fn possible<T>(taken: Taken<T>) -> Taken<Option<T>> {
    match taken {
        Err(Trouble::Fault(Fault::Ledger(_))) => Ok(None),
        other => other.map(Some),
    }
}

/// What has this id.
#[pyfunction]
pub(crate) fn transaction<'py>(
    py: Python<'py>,
    book: &Book,
    id: Any<'_, 'py>,
) -> PyResult<Option<Object<'py>>> {
    book.with(py, |open| {
        let Some(id) = possible(input::transaction(id, &open))? else { return Ok(None) };
        found(py, &open, || open.ledger.transaction(id))
    })
}

/// What became of a key.
#[pyfunction]
pub(crate) fn transaction_by_key<'py>(
    py: Python<'py>,
    book: &Book,
    key: Any<'_, 'py>,
) -> PyResult<Option<Object<'py>>> {
    book.with(py, |open| {
        let Some(key) = possible(input::key(key))? else { return Ok(None) };
        found(py, &open, || open.ledger.transaction_by_key(&key))
    })
}

fn found<'py>(
    py: Python<'py>,
    open: &Arc<Open>,
    look: impl FnOnce() -> ledger_core::Result<Option<Answer>> + Send,
) -> Taken<Option<Object<'py>>> {
    let answer = detached(py, || {
        let answer = look()?;
        if let Some(receipt) = answer.as_ref().and_then(Answer::receipt) {
            open.wallets.learn(PyReceipt::wallets_of(&receipt), &open.ledger);
        }
        Ok::<_, Error>(answer)
    })?;
    Ok(receipt::answer(py, answer, &open.wallets)?)
}

/// A page of the transactions that have this value under this key of their metadata, and the one to go on
/// after.
#[pyfunction]
pub(crate) fn find<'py>(
    py: Python<'py>,
    book: &Book,
    name: &str,
    value: Any<'_, 'py>,
    after: Option<Bound<'py, PyAny>>,
    limit: usize,
) -> PyResult<(Bound<'py, PyList>, Option<u64>)> {
    book.with(py, |open| {
        let value = input::meta_value(value)?;
        let after = after.map(|after| input::transaction(&after, &open)).transpose()?;
        let query = FindQuery::new(name, value)?.after(after).limit(limit);
        let page = detached(py, || open.ledger.find(&query))?;
        let found: Vec<_> = page.transactions.into_iter().map(Answer::Done).collect();
        let receipts = found.iter().filter_map(Answer::receipt);
        let wallets: Vec<_> =
            receipts.flat_map(|it| PyReceipt::wallets_of(&it).collect::<Vec<_>>()).collect();
        detached(py, || {
            open.wallets.learn(wallets.into_iter(), &open.ledger);
            Ok::<_, Error>(())
        })?;
        let list = PyList::empty(py);
        for answer in found {
            list.append(receipt::answer(py, Some(answer), &open.wallets)?)?;
        }
        Ok((list, page.next.map(ledger_core::TransactionId::raw)))
    })
}

/// The keys of metadata by which transactions can be found, besides their reference.
#[pyfunction]
pub(crate) fn indexed_metadata(py: Python<'_>, book: &Book) -> PyResult<Vec<String>> {
    let keys = book.run(py, |open| open.ledger.indexed_metadata())?;
    Ok(keys.iter().map(ToString::to_string).collect())
}

/// What was moved back of a transaction.
#[pyfunction]
pub(crate) fn reversals<'py>(
    py: Python<'py>,
    book: &Book,
    id: Any<'_, 'py>,
) -> PyResult<Bound<'py, PyList>> {
    book.with(py, |open| {
        let id = input::transaction(id, &open)?;
        let found = detached(py, || open.ledger.reversals(id))?;
        Ok(plain::list(py, &found, |reversal| values::reversal(py, reversal))?)
    })
}

/// A hold as it is now.
#[pyfunction]
pub(crate) fn get_hold<'py>(
    py: Python<'py>,
    book: &Book,
    id: Any<'_, 'py>,
) -> PyResult<Option<Object<'py>>> {
    book.with(py, |open| {
        let Some(id) = possible(input::hold(id, &open))? else { return Ok(None) };
        let found = detached(py, || {
            let hold = open.ledger.get_hold(id)?;
            let wallets = hold.iter().flat_map(|hold| [hold.wallet, hold.target]);
            open.wallets.learn(wallets, &open.ledger);
            Ok::<_, Error>(hold)
        })?;
        Ok(found.map(|hold| values::hold(py, &hold, &open.wallets, false)).transpose()?)
    })
}

/// Which holds: on a wallet, in a state, expiring before a time.
#[derive(FromPyObject)]
pub(crate) struct Holds<'py>(Option<Bound<'py, PyAny>>, Option<String>, Option<i64>);

impl Holds<'_> {
    fn query(&self, open: &Open) -> Taken<HoldQuery> {
        let Self(of, state, before) = self;
        let mut query = HoldQuery::all();
        if let Some(of) = of {
            query = query.wallet(ends::take(of, open)?.wallet.id);
        }
        if let Some(state) = state {
            query = query.state(hold_state(state)?);
        }
        if let Some(before) = before {
            query = query.expires_before(time_of(*before));
        }
        Ok(query)
    }
}

fn hold_state(code: &str) -> Result<HoldState, Invalid> {
    let found = HoldState::ALL.iter().copied().find(|state| state.code() == code);
    found.ok_or_else(|| {
        let codes: Vec<&str> = HoldState::ALL.iter().map(|state| state.code()).collect();
        let problem = format!("a hold's state must be one of {}, not {code:?}", codes.join(", "));
        Invalid::new(Field::Value, problem)
    })
}

/// A page of holds, and the one to go on after.
#[pyfunction]
pub(crate) fn list_holds<'py>(
    py: Python<'py>,
    book: &Book,
    wanted: Holds<'py>,
    after: Option<Bound<'py, PyAny>>,
    limit: usize,
) -> PyResult<(Bound<'py, PyList>, Option<u64>)> {
    book.with(py, |open| {
        let after = after.map(|after| input::hold(&after, &open)).transpose()?;
        let query = wanted.query(&open)?.after(after).limit(limit);
        let page = detached(py, || {
            let page = open.ledger.holds(&query)?;
            let wallets = page.holds.iter().flat_map(|hold| [hold.wallet, hold.target]);
            open.wallets.learn(wallets, &open.ledger);
            Ok::<_, Error>(page)
        })?;
        let holds =
            plain::list(py, &page.holds, |hold| values::hold(py, hold, &open.wallets, false))?;
        Ok((holds, page.next.map(ledger_core::HoldId::raw)))
    })
}

/// An asset's code, scale and attributes.
#[pyfunction]
pub(crate) fn list_assets<'py>(py: Python<'py>, book: &Book) -> PyResult<Bound<'py, PyList>> {
    book.with(py, |open| {
        let mut assets = Vec::new();
        loop {
            let after = assets.last().map(|it: &Arc<ledger_core::AssetRecord>| it.code());
            let page = detached(py, || open.ledger.assets(after))?;
            if page.is_empty() {
                break;
            }
            assets.extend(page);
        }
        Ok(plain::list(py, &assets, |asset| {
            let attributes = plain::meta(py, asset.attributes.as_ref())?;
            let code = asset.code();
            python::ASSET.call(py, (code.as_str(), asset.asset.scale(), attributes))
        })?)
    })
}

/// How long keys are remembered, in microseconds; None for ever.
#[pyfunction]
pub(crate) fn key_retention(py: Python<'_>, book: &Book) -> PyResult<Option<u128>> {
    let keep = book.run(py, |open| open.ledger.key_retention())?;
    Ok(Option::<std::time::Duration>::from(keep).map(|keep| keep.as_micros()))
}
