//! What changes the ledger: one command, many commands, many transfers; assets and wallets.

use std::iter;
use std::sync::Arc;

use ledger_core::bounds::{BATCH_MAX, BATCH_POSTINGS_MAX};
use ledger_core::{
    Asset, AssetSpec, Command, Error, ErrorKind, Field, KeyRetention, Ledger, Metadata, Receipt,
    Result, WalletSpec,
};
use pyo3::prelude::*;
use pyo3::types::{PyEllipsis, PyList, PyTuple};

use crate::base::plain::Object;
use crate::base::whole::{LARGEST, Whole, digits_after_the_point};
use crate::call::book::{Book, Open, retention};
use crate::call::detach::{
    detached, detached_saying, heed_signals, outcome_of_many, was_interrupted,
};
use crate::out::directory::Directory;
use crate::out::fault::{Fault, Taken, Trouble};
use crate::out::receipt::PyReceipt;
use crate::out::wallet;
use crate::take::amount;
use crate::take::command::{Asked, Weighed, leg_of};
use crate::take::input::{self, Any};

/// Carries out one command.
#[pyfunction]
pub(crate) fn submit(py: Python<'_>, book: &Book, asked: Asked<'_>) -> PyResult<PyReceipt> {
    book.write(py, |open| {
        let command = asked.command(&open)?.command;
        let receipt = detached(py, || {
            let receipt = open.ledger.submit(command)?;
            open.wallets.learn(PyReceipt::wallets_of(&receipt), &open.ledger);
            Ok::<_, Error>(receipt)
        })?;
        Ok(PyReceipt { receipt, wallets: open.wallets.clone() })
    })
}

/// Carries out many commands: all or none, or each on its own.
#[pyfunction]
pub(crate) fn submit_many<'py>(
    py: Python<'py>,
    book: &Book,
    asked: Vec<Asked<'py>>,
    atomic: bool,
) -> PyResult<Bound<'py, PyList>> {
    book.write(py, |open| {
        let commands = asked.iter().enumerate().map(|(place, asked)| {
            heed_now_and_then(py, place)?;
            item(py, place, asked.command(&open))
        });
        let commands = commands.collect::<Taken<Vec<_>>>()?;
        carry_out(py, &open, commands, atomic)
    })
}

/// Carries out many transfers, given as rows of from, to, amount and key, perhaps with metadata.
#[pyfunction]
pub(crate) fn transfer_many<'py>(
    py: Python<'py>,
    book: &Book,
    transfers: Bound<'py, PyAny>,
    atomic: bool,
) -> PyResult<Bound<'py, PyList>> {
    book.write(py, |open| {
        let transfers = transfers.try_iter()?;
        let commands = transfers.enumerate().map(|(place, given)| {
            heed_now_and_then(py, place)?;
            let row = row(place, &given?)?;
            item(py, place, transfer(&row, &open))
        });
        let commands = commands.collect::<Taken<Vec<_>>>()?;
        let atomic = atomic && !commands.is_empty();
        carry_out(py, &open, commands, atomic)
    })
}

type Given<'py> = Bound<'py, PyAny>;

/// Taking many items in takes long enough for Ctrl-C.
fn heed_now_and_then(py: Python<'_>, place: usize) -> Taken<()> {
    if place.is_multiple_of(4_096) { heed_signals(py) } else { Ok(()) }
}

fn row<'py>(place: usize, given: Any<'_, 'py>) -> Taken<Bound<'py, PyTuple>> {
    let shape = "(from, to, amount, key), with meta as a fifth if you like";
    input::row(given, 4..=5, || format!("item {place} must be {shape}"))
}

fn transfer(given: &Bound<'_, PyTuple>, open: &Open) -> Taken<Weighed> {
    if given.len() == 4 {
        let (from, to, amount, key): (Given<'_>, Given<'_>, Given<'_>, Given<'_>) =
            given.extract()?;
        return Ok(Weighed::new(plain_transfer(&from, &to, &amount, &key, open)?, 1, None));
    }
    let (from, to, amount, key, meta): (Given<'_>, Given<'_>, Given<'_>, Given<'_>, Given<'_>) =
        given.extract()?;
    let command = plain_transfer(&from, &to, &amount, &key, open)?;
    Ok(Weighed::new(command, 1, input::meta(&meta)?))
}

fn plain_transfer(
    from: Any<'_, '_>,
    to: Any<'_, '_>,
    amount: Any<'_, '_>,
    key: Any<'_, '_>,
    open: &Open,
) -> Taken<Command> {
    let key = input::key(key)?;
    let leg = leg_of(from, to, amount, open)?;
    Ok(Command::transfer(key, leg.from, leg.to, leg.amount))
}

/// One of many: what the ledger refuses is that one's answer, and what is wrong with the program is not.
pub(crate) type Item = std::result::Result<Weighed, Fault>;

fn item(py: Python<'_>, place: usize, taken: Taken<Weighed>) -> Taken<Item> {
    match taken {
        Ok(command) => Ok(Ok(command)),
        Err(Trouble::Fault(fault)) => Ok(Err(fault)),
        Err(Trouble::Python(error)) => {
            error
                .value(py)
                .call_method1("add_note", (format!("in item {place}, counted from 0"),))?;
            Err(error.into())
        }
        Err(trouble) => Err(trouble),
    }
}

/// Carries out commands; the answers come in their order.
pub(crate) fn carry_out<'py>(
    py: Python<'py>,
    open: &Arc<Open>,
    items: Vec<Item>,
    atomic: bool,
) -> Taken<Bound<'py, PyList>> {
    let work = || {
        let answers =
            if atomic { all(&open.ledger, items) } else { Ok(each(&open.ledger, items)) }?;
        let receipts = answers.iter().flatten();
        open.wallets.learn(receipts.flat_map(PyReceipt::wallets_of), &open.ledger);
        std::result::Result::<_, Fault>::Ok(answers)
    };
    let answers = detached_saying(py, work, |answers| outcome_of_many(answers, again(answers)))?;
    Ok(listed(py, answers, &open.wallets)?)
}

type Answer = std::result::Result<Receipt, Fault>;

/// How to go on after an interrupt: a key that is forgotten would be a new request.
fn again(answers: &std::result::Result<Vec<Answer>, Fault>) -> &'static str {
    let is_forgotten = |answer: &Answer| match answer {
        Err(Fault::Ledger(error)) => error.kind() == ErrorKind::KeyForgotten,
        _ => false,
    };
    if answers.as_ref().is_ok_and(|answers| answers.iter().any(is_forgotten)) {
        "look in the history for those whose keys are forgotten, and send only the others again"
    } else {
        "send the call again with the same keys"
    }
}

fn all(ledger: &Ledger, items: Vec<Item>) -> std::result::Result<Vec<Answer>, Fault> {
    // What can't even be read is refused first, as the ledger itself does it.
    let commands = items.into_iter().enumerate().map(|(place, item)| match item {
        Ok(weighed) => Ok(weighed.command),
        Err(fault) => Err(Fault::At { place, fault: Box::new(fault) }),
    });
    let commands: Vec<Command> = commands.collect::<std::result::Result<_, _>>()?;
    Ok(ledger.submit_all(commands)?.into_iter().map(Ok).collect())
}

/// In pieces that a call may have: each command stands on its own anyway. A signal ends it between two
/// of them.
fn each(ledger: &Ledger, items: Vec<Item>) -> Vec<Answer> {
    let mut answers = Vec::with_capacity(items.len());
    let mut items = items.into_iter().peekable();
    while items.peek().is_some() {
        if was_interrupted() {
            let withdrawn = || Err(Fault::own("wait_timeout", "withdrawn before it was begun"));
            answers.extend(items.map(|_| withdrawn()));
            break;
        }
        let mut call = Tally::default();
        piece(ledger, iter::from_fn(|| items.next_if(|item| call.takes(item))), &mut answers);
    }
    answers
}

/// What a call has taken so far.
#[derive(Default)]
struct Tally {
    items: usize,
    postings: usize,
}

impl Tally {
    /// Whether the item may be in the call. The first one always may.
    fn takes(&mut self, item: &Item) -> bool {
        self.items += 1;
        self.postings += item.as_ref().map_or(0, |weighed| weighed.at_most);
        self.items <= BATCH_MAX && self.postings <= BATCH_POSTINGS_MAX
    }
}

fn piece(ledger: &Ledger, items: impl Iterator<Item = Item>, answers: &mut Vec<Answer>) {
    let mut wrong = Vec::new();
    let commands: Vec<Command> = items
        .filter_map(|item| match item {
            Ok(weighed) => {
                wrong.push(None);
                Some(weighed.command)
            }
            Err(fault) => {
                wrong.push(Some(fault));
                None
            }
        })
        .collect();
    let count = commands.len();
    let given = if count == 0 { Ok(Vec::new()) } else { ledger.submit_each(commands) };
    // What fails the call as a whole is each one's answer: the others were carried out.
    let given = given.unwrap_or_else(|error| vec![Err(error); count]);
    let mut given =
        given.into_iter().map(|answer: Result<Receipt, Error>| answer.map_err(Fault::from));
    let missing = || Err(Fault::own("internal", "a command got no answer"));
    answers.extend(wrong.into_iter().map(|wrong| match wrong {
        Some(fault) => Err(fault),
        None => given.next().unwrap_or_else(missing),
    }));
}

fn listed<'py>(
    py: Python<'py>,
    answers: Vec<Answer>,
    wallets: &Arc<Directory>,
) -> PyResult<Bound<'py, PyList>> {
    let object = |(place, answer): (usize, Answer)| -> PyResult<Object<'py>> {
        match answer {
            Ok(receipt) => {
                let receipt = PyReceipt { receipt, wallets: wallets.clone() };
                Ok(Bound::new(py, receipt)?.into_any())
            }
            Err(fault) => {
                let exception = fault.exception(py, wallets)?;
                exception.setattr("index", place)?;
                Ok(exception)
            }
        }
    };
    let objects: Vec<Object<'py>> =
        answers.into_iter().enumerate().map(object).collect::<PyResult<_>>()?;
    PyList::new(py, objects)
}

/// Defines an asset; gives its code and scale.
#[pyfunction]
pub(crate) fn define_asset(
    py: Python<'_>,
    book: &Book,
    code: &str,
    scale: Whole,
    attributes: Bound<'_, PyAny>,
) -> PyResult<(String, u8)> {
    book.write(py, |open| {
        let spec = AssetSpec::new(Asset::new(code, digits_after_the_point(scale)?)?);
        let attributes: Option<Metadata> = input::meta(&attributes)?;
        let spec = attributes.map_or(spec.clone(), |attributes| spec.attributes(attributes));
        let asset = detached(py, || open.ledger.define_asset(spec))?;
        Ok((asset.code().to_string(), asset.scale()))
    })
}

/// How a wallet is to be opened: name, asset, floor, ceiling, owner, metadata.
#[derive(FromPyObject)]
pub(crate) struct Wanted<'py>(
    Given<'py>,
    Given<'py>,
    Given<'py>,
    Given<'py>,
    Given<'py>,
    Given<'py>,
);

impl Wanted<'_> {
    fn spec(&self, asset: Asset) -> Taken<WalletSpec> {
        let Self(name, _, floor, ceiling, owner, meta) = self;
        let mut spec = WalletSpec::new(input::text(name, "a wallet's name")?, asset)?;
        // `...` is what was not given: an open wallet is not asked to agree with it.
        if !floor.is_instance_of::<PyEllipsis>() {
            spec = match amount::take_optional(floor, asset)? {
                Some(floor) => spec.floor(floor)?,
                None => spec.no_floor(),
            };
        }
        if let Some(ceiling) = amount::take_optional(ceiling, asset)? {
            spec = spec.ceiling(ceiling)?;
        }
        if !owner.is_none() {
            spec = spec.owner(input::text(owner, "an owner")?)?;
        }
        Ok(match input::meta(meta)? {
            Some(meta) => spec.meta(meta),
            None => spec,
        })
    }
}

/// Opens wallets, each on its own; gives one or an error for each.
#[pyfunction]
pub(crate) fn open_wallets<'py>(
    py: Python<'py>,
    book: &Book,
    wanted: Vec<Wanted<'py>>,
) -> PyResult<Bound<'py, PyList>> {
    book.write(py, |open| {
        let specs = wanted.iter().enumerate().map(|(place, wanted)| {
            heed_now_and_then(py, place)?;
            let code = input::text(&wanted.1, "an asset")?;
            let asset = detached(py, || open.ledger.asset(code))?;
            wanted.spec(asset)
        });
        let specs = specs.collect::<Taken<Vec<_>>>()?;
        let work = || open.ledger.open_wallets(specs);
        let again = "the same call again opens the others";
        let opened = detached_saying(py, work, |opened| outcome_of_many(opened, again))?;
        let list = PyList::empty(py);
        for wallet in opened {
            list.append(match wallet {
                Ok(wallet) => wallet::object(py, &open.wallets.note(wallet))?,
                Err(error) => Fault::from(error).exception(py, &open.wallets)?,
            })?;
        }
        Ok(list)
    })
}

/// Changes how long keys are remembered.
#[pyfunction]
pub(crate) fn set_key_retention(
    py: Python<'_>,
    book: &Book,
    microseconds: Option<i128>,
) -> PyResult<()> {
    book.write(py, |open| {
        let keep = microseconds.map_or(Ok(KeyRetention::FOREVER), retention)?;
        detached(py, || open.ledger.set_key_retention(keep))
    })
}

/// Notes that holds have expired, at most so many of them; says how many.
#[pyfunction]
pub(crate) fn expire_due(py: Python<'_>, book: &Book, budget: Whole) -> PyResult<usize> {
    book.write(py, |open| {
        let budget = budget.within(0..=LARGEST, Field::Value, "a budget")?;
        detached(py, || open.ledger.expire_due(budget))
    })
}
