//! Amounts from Python: text, `Decimal` or `Money`, read exactly and by hand. A float is inexact, and a
//! bare int could be dollars or cents, so both are refused.

use ledger_core::bounds::AMOUNT_TEXT_BYTES_MAX;
use ledger_core::{Asset, AssetCode, Field, Invalid, Money};
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat, PyInt, PyString};

use crate::base::python;
use crate::out::fault::Taken;

/// An amount in `asset`, or in the asset that a `Money` names.
pub(crate) fn take(value: &Bound<'_, PyAny>, asset: Asset) -> Taken<Money> {
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(asset.money(text.to_str()?)?);
    }
    let py = value.py();
    if value.is_instance(python::MONEY.get(py)?)? {
        return of_money(value, asset);
    }
    if value.is_instance(python::DECIMAL.get(py)?)? {
        return Ok(asset.money(&digits(value)?)?);
    }
    Err(refuse(value)?.into())
}

/// An amount that may be left out.
pub(crate) fn take_optional(value: &Bound<'_, PyAny>, asset: Asset) -> Taken<Option<Money>> {
    if value.is_none() { Ok(None) } else { take(value, asset).map(Some) }
}

fn of_money(value: &Bound<'_, PyAny>, asset: Asset) -> Taken<Money> {
    let py = value.py();
    let code = value.getattr(intern!(py, "asset"))?;
    let digits = digits(&value.getattr(intern!(py, "amount"))?)?;
    let code = code.cast::<PyString>().map_err(PyErr::from)?.to_str()?;
    if code == asset.code().as_str() {
        return Ok(asset.money(&digits)?);
    }
    Ok(of_code(&digits, code)?)
}

/// An amount of an asset of which only the code is known, with the digits that it has. Only good to be
/// refused, or to be calculated with.
pub(crate) fn of_code(digits: &str, code: &str) -> Result<Money, Invalid> {
    let code = AssetCode::new(code)?;
    if let Some(known) = Asset::known(code) {
        return known.money(digits);
    }
    let scale = digits.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    Asset::new(code.as_str(), u8::try_from(scale).unwrap_or(u8::MAX))?.money(digits)
}

/// The plain digits of a `Decimal`, whatever a subclass makes of its text.
pub(crate) fn digits(decimal: &Bound<'_, PyAny>) -> Taken<String> {
    let py = decimal.py();
    let text = python::DECIMAL.get(py)?.call_method1(intern!(py, "__str__"), (decimal,))?;
    Ok(plain(text.cast::<PyString>().map_err(PyErr::from)?.to_str()?)?)
}

/// Writes out an exponent: `1.5E+3`, or `1.5e+3` as some contexts of `Decimal` have it, is `1500`.
fn plain(text: &str) -> Result<String, Invalid> {
    let (number, exponent) = text.split_once(['E', 'e']).unwrap_or((text, "0"));
    let refuse = |problem: String| Err(Invalid::new(Field::Amount, problem));
    if number.bytes().any(|byte| byte.is_ascii_alphabetic()) {
        return refuse(format!("{text} is not an amount; write digits, as in 12.50"));
    }
    if exponent == "0" {
        return Ok(number.to_owned());
    }
    let exponent: i64 = exponent.parse().unwrap_or(i64::MAX);
    if exponent.unsigned_abs() > AMOUNT_TEXT_BYTES_MAX as u64 {
        return refuse(format!("{text} is out of all range; an amount has 128 bits"));
    }
    let (sign, number) = number.strip_prefix('-').map_or(("", number), |number| ("-", number));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let all: String = whole.chars().chain(fraction.chars()).collect();
    let point = i64::try_from(whole.len()).unwrap_or(i64::MAX).saturating_add(exponent);
    Ok(format!("{sign}{}", with_point(&all, point)))
}

/// The digits with the point behind so many of them, which may be more than there are, or none.
fn with_point(digits: &str, point: i64) -> String {
    let zeros = |count: i64| "0".repeat(usize::try_from(count).unwrap_or(0));
    let length = i64::try_from(digits.len()).unwrap_or(i64::MAX);
    if point <= 0 {
        return format!("0.{}{digits}", zeros(-point));
    }
    if point >= length {
        return format!("{digits}{}", zeros(point - length));
    }
    let (whole, fraction) = digits.split_at(usize::try_from(point).unwrap_or(0));
    format!("{whole}.{fraction}")
}

/// What to write instead.
fn refuse(value: &Bound<'_, PyAny>) -> PyResult<PyErr> {
    let advice = "write \"12.50\", Decimal(\"12.50\") or Money(\"12.50\", \"USD\")";
    let what = if value.is_instance_of::<PyBool>() {
        "a bool is no amount".to_owned()
    } else if value.is_instance_of::<PyFloat>() {
        "an amount must be exact, and a float is not".to_owned()
    } else if value.is_instance_of::<PyInt>() {
        "an int could be whole units or cents, so it is refused".to_owned()
    } else {
        format!("an amount can't be of type {}", value.get_type().name()?)
    };
    Ok(PyTypeError::new_err(format!("{what}; {advice}")))
}
