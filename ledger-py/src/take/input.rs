//! Everything but amounts and wallets that is taken from Python.

use std::ops::RangeInclusive;

use ledger_core::bounds::METADATA_DEPTH_MAX;
use ledger_core::{
    Actor, Command, Field, HoldId, Invalid, Key, MetaValue, Metadata, Rejection, Status,
    TransactionId,
};
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyMapping, PyString, PyTuple};
use serde_json::{Map, Number, Value};

use crate::base::python;
use crate::base::whole::{LARGEST, Whole};
use crate::call::book::Open;
use crate::out::fault::{Fault, Taken};
use crate::out::receipt::PyReceipt;
use crate::out::wallet::PyWallet;
use crate::take::amount;
use crate::take::ends;

pub(crate) type Any<'a, 'py> = &'a Bound<'py, PyAny>;

/// Text, or advice.
pub(crate) fn text<'a>(value: Any<'a, '_>, what: &str) -> Taken<&'a str> {
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(text.to_str()?);
    }
    let given = value.get_type().name()?;
    Err(PyTypeError::new_err(format!("{what} must be a str, not {given}")).into())
}

/// The parts of a tuple or a list that has so many of them; `shape` says what it must be.
pub(crate) fn row<'py>(
    value: Any<'_, 'py>,
    parts: RangeInclusive<usize>,
    shape: impl FnOnce() -> String,
) -> Taken<Bound<'py, PyTuple>> {
    let row = match value.cast::<PyTuple>() {
        Ok(row) => Some(row.clone()),
        Err(_) => value.cast::<PyList>().ok().map(PyListMethods::to_tuple),
    };
    if let Some(row) = row.filter(|row| parts.contains(&row.len())) {
        return Ok(row);
    }
    let mut given = value.get_type().name()?.to_string();
    if value.is_instance_of::<PyTuple>() || value.is_instance_of::<PyList>() {
        given = format!("a {given} of {}", value.len()?);
    }
    Err(PyTypeError::new_err(format!("{}, not {given}", shape())).into())
}

pub(crate) fn key(value: Any<'_, '_>) -> Taken<Key> {
    Ok(Key::new(text(value, "key")?)?)
}

/// Metadata, if there is any.
pub(crate) fn meta(value: Any<'_, '_>) -> Taken<Option<Metadata>> {
    if value.is_none() {
        return Ok(None);
    }
    if !value.is_instance_of::<PyDict>() && value.cast::<PyMapping>().is_err() {
        let given = value.get_type().name()?;
        let advice = format!("meta must be a dict or another mapping, not {given}");
        return Err(PyTypeError::new_err(advice).into());
    }
    // One level too deep is enough to be refused.
    let value = json(value, METADATA_DEPTH_MAX + 1)?;
    Ok(Some(Metadata::new(&value)?))
}

/// A value that metadata is looked for by.
pub(crate) fn meta_value(value: Any<'_, '_>) -> Taken<MetaValue> {
    Ok(MetaValue::from_json(&json(value, METADATA_DEPTH_MAX)?.to_string())?)
}

fn json(value: Any<'_, '_>, levels: usize) -> Taken<Value> {
    let Some(below) = levels.checked_sub(1) else { return Ok(Value::Null) };
    if value.is_none() {
        return Ok(Value::Null);
    }
    if let Ok(truth) = value.cast::<PyBool>() {
        return Ok(Value::Bool(truth.is_true()));
    }
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(Value::String(text.to_str()?.to_owned()));
    }
    if value.is_instance_of::<PyInt>() || value.is_instance_of::<PyFloat>() {
        return number(value);
    }
    if let Ok(fields) = value.cast::<PyDict>() {
        return object(fields, below);
    }
    if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
        let items = value.try_iter()?.map(|item| json(&item?, below));
        return Ok(Value::Array(items.collect::<Taken<_>>()?));
    }
    if let Ok(mapping) = value.cast::<PyMapping>() {
        let fields = PyDict::new(value.py());
        fields.update(mapping)?;
        return object(&fields, below);
    }
    let given = value.get_type().name()?;
    let advice = format!(
        "meta can hold None, bool, int, float, str, list, tuple and dict, not {given}; write it as a str"
    );
    Err(PyTypeError::new_err(advice).into())
}

fn number(value: Any<'_, '_>) -> Taken<Value> {
    let whole = value.extract::<i128>().ok().filter(|_| value.is_instance_of::<PyInt>());
    let number = match whole {
        Some(whole) => Number::from_i128(whole),
        None => value.extract::<f64>().ok().and_then(Number::from_f64),
    };
    number.map(Value::Number).ok_or_else(|| {
        let problem = "metadata numbers must be finite, and whole ones of at most 64 bits; write it \
                       as a str";
        Invalid::new(Field::Metadata, problem).into()
    })
}

fn object(fields: &Bound<'_, PyDict>, levels: usize) -> Taken<Value> {
    let mut map = Map::new();
    // Of a copy: reading a mapping inside of it runs code that may change it.
    for (name, value) in fields.copy()? {
        let name = text(&name, "a name in meta")?.to_owned();
        map.insert(name, json(&value, levels)?);
    }
    Ok(Value::Object(map))
}

/// Who asked, if it is said: text, or an `Actor` with an origin and a reason.
pub(crate) fn actor(value: Any<'_, '_>) -> Taken<Option<Actor>> {
    if value.is_none() {
        return Ok(None);
    }
    let py = value.py();
    let mut actor = Actor::new(text(value, "actor")?)?;
    let part = |name| match value.getattr_opt(name)? {
        Some(part) if !part.is_none() => Ok(Some(text(&part, "a part of an actor")?.to_owned())),
        _ => Taken::Ok(None),
    };
    if let Some(origin) = part(intern!(py, "origin"))? {
        actor = actor.origin(origin)?;
    }
    if let Some(reason) = part(intern!(py, "reason"))? {
        actor = actor.reason(reason)?;
    }
    Ok(Some(actor))
}

/// Preconditions: tuples of a wallet, a version, a least balance and a status, of which each may be None.
pub(crate) fn expect(mut command: Command, value: Any<'_, '_>, open: &Open) -> Taken<Command> {
    if value.is_none() {
        return Ok(command);
    }
    for expected in value.try_iter()? {
        let (of, version, balance, status): (
            Bound<'_, PyAny>,
            Option<Whole>,
            Bound<'_, PyAny>,
            Option<String>,
        ) = expected?.extract()?;
        let of = ends::take(&of, open)?;
        if let Some(version) = version {
            let version = version.within(0..=LARGEST, Field::Expectation, "a version")?;
            command = command.expect_version(of.wallet.id, version);
        }
        if let Some(balance) = amount::take_optional(&balance, of.asset())? {
            command = command.expect_balance(of.wallet.id, balance);
        }
        if let Some(status) = status {
            command = command.expect_status(of.wallet.id, self::status(&status)?);
        }
    }
    Ok(command)
}

fn status(text: &str) -> Result<Status, Invalid> {
    match text {
        "open" => Ok(Status::Open),
        "frozen" => Ok(Status::Frozen),
        "closed" => Ok(Status::Closed),
        _ => {
            let problem =
                format!("a status must be \"open\", \"frozen\" or \"closed\", not {text:?}");
            Err(Invalid::new(Field::Value, problem))
        }
    }
}

/// A transaction's id, given as a number, as text, or by its receipt.
pub(crate) fn transaction(value: Any<'_, '_>, open: &Open) -> Taken<TransactionId> {
    if let Ok(receipt) = value.cast::<PyReceipt>() {
        return of_receipt(receipt.get(), open);
    }
    let raw = id(value, "a transaction")?;
    TransactionId::from_raw(raw).ok_or_else(|| no_id("a transaction", value))
}

fn of_receipt(receipt: &PyReceipt, open: &Open) -> Taken<TransactionId> {
    let transaction = receipt.id_of();
    if receipt.wallets.file == open.wallets.file {
        return Ok(transaction);
    }
    let (what, refused) =
        (format!("transaction {transaction}"), Rejection::UnknownTransaction { transaction });
    Err(Fault::foreign(refused, &what, &receipt.wallets.file).into())
}

/// A hold's id, given as a number, as text, by the hold, or by a receipt that has one.
pub(crate) fn hold(value: Any<'_, '_>, open: &Open) -> Taken<HoldId> {
    if let Ok(receipt) = value.cast::<PyReceipt>() {
        let receipt = receipt.get();
        let none = || {
            PyTypeError::new_err("this receipt has no hold; give the one of the hold, or its id")
        };
        let hold = receipt.receipt.hold().ok_or_else(none)?;
        return hold_of(hold.id, &receipt.wallets.file, open);
    }
    let py = value.py();
    if value.is_instance(python::HOLD.get(py)?)? {
        let id = numbered_hold(&value.getattr(intern!(py, "id"))?)?;
        let wallet = value.getattr(intern!(py, "wallet"))?;
        // It has the wallet's id in place of the wallet if that could not be looked up.
        let advice = "it is not known which ledger this hold is of; give its id";
        let wallet = wallet.cast::<PyWallet>().map_err(|_| PyTypeError::new_err(advice))?;
        return hold_of(id, &wallet.get().0.file, open);
    }
    numbered_hold(value)
}

fn numbered_hold(value: Any<'_, '_>) -> Taken<HoldId> {
    HoldId::from_raw(id(value, "a hold")?).ok_or_else(|| no_id("a hold", value))
}

fn hold_of(hold: HoldId, file: &str, open: &Open) -> Taken<HoldId> {
    if *file == *open.wallets.file {
        return Ok(hold);
    }
    let refused = Rejection::UnknownHold { hold };
    Err(Fault::foreign(refused, &format!("hold {hold}"), file).into())
}

fn id(value: Any<'_, '_>, what: &str) -> Taken<u64> {
    if let Ok(text) = value.cast::<PyString>() {
        let text = text.to_str()?;
        let plain = text.bytes().all(|byte| byte.is_ascii_digit());
        return text.parse().ok().filter(|_| plain).ok_or_else(|| no_id(what, value));
    }
    if value.is_instance_of::<PyInt>() && !value.is_instance_of::<PyBool>() {
        return value.extract().map_err(|_| no_id(what, value));
    }
    let given = value.get_type().name()?;
    Err(PyTypeError::new_err(format!("{what} must be given by its id, not {given}")).into())
}

fn no_id(what: &str, value: Any<'_, '_>) -> crate::out::fault::Trouble {
    let problem = format!("{value} is not the id of {what}");
    Fault::from(Invalid::new(Field::Value, problem)).into()
}
