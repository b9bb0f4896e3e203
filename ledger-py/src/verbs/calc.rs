//! Arithmetic that belongs to the core: dividing, rates, prices. Amounts go in and out as digits.

use crate::base::plain;
use ledger_core::{Asset, Field, Invalid, Money, Price, Rate, Rounding};
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::base::plain::Object;
use crate::base::whole::{LARGEST, Whole, digits_after_the_point};
use crate::out::directory::Directory;
use crate::out::fault::Taken;
use crate::take::amount::{digits, of_code};
use crate::take::input::Any;

fn answered<T>(py: Python<'_>, taken: Taken<T>) -> PyResult<T> {
    taken.map_err(|trouble| trouble.raise(py, &Directory::of("".into())))
}

fn taken(amount: Any<'_, '_>, code: &str) -> Taken<Money> {
    Ok(of_code(&digits(amount)?, code)?)
}

fn listed<'py>(py: Python<'py>, parts: &[Money]) -> PyResult<Vec<Object<'py>>> {
    parts.iter().map(|part| plain::money(py, *part)).collect()
}

/// The digits after the point that ISO 4217 gives a currency; None for other codes.
#[pyfunction]
pub(crate) fn iso_scale(code: &str) -> Option<u8> {
    let code = ledger_core::AssetCode::new(code).ok()?;
    ledger_core::Asset::known(code).map(|asset| asset.scale())
}

/// Checks an amount of an asset, and gives its digits.
#[pyfunction]
pub(crate) fn exact(py: Python<'_>, amount: Any<'_, '_>, code: &str) -> PyResult<String> {
    let money = answered(py, taken(amount, code))?;
    Ok(money.amount().display(money.asset().scale()).to_string())
}

/// The same for an amount that is written as text.
#[pyfunction]
pub(crate) fn exact_text(py: Python<'_>, amount: &str, code: &str) -> PyResult<String> {
    let money = answered(py, of_code(amount, code).map_err(Into::into))?;
    Ok(money.amount().display(money.asset().scale()).to_string())
}

/// Divides an amount by weights.
#[pyfunction]
pub(crate) fn split<'py>(
    py: Python<'py>,
    amount: Any<'_, 'py>,
    code: &str,
    weights: Vec<Whole>,
) -> PyResult<Vec<Object<'py>>> {
    let parts = (|| {
        let weights = weights.iter().map(|it| it.within(0..=LARGEST, Field::Split, "a weight"));
        Ok(taken(amount, code)?.split(&weights.collect::<Result<Vec<u64>, _>>()?)?)
    })();
    let parts = answered(py, parts)?;
    listed(py, &parts)
}

fn rate(percent: &str) -> Result<Rate, Invalid> {
    Rate::percent(percent)
}

/// Divides an amount by rates; the last part is what is left.
#[pyfunction]
pub(crate) fn split_rates<'py>(
    py: Python<'py>,
    amount: Any<'_, 'py>,
    code: &str,
    percents: Vec<String>,
) -> PyResult<Vec<Object<'py>>> {
    let parts = (|| {
        let rates: Vec<Rate> = percents.iter().map(|it| rate(it)).collect::<Result<_, _>>()?;
        Ok(taken(amount, code)?.split_rates(&rates)?)
    })();
    listed(py, &answered(py, parts)?)
}

fn rounding(name: &str) -> Result<Rounding, Invalid> {
    Ok(match name {
        "down" => Rounding::Down,
        "up" => Rounding::Up,
        "half_up" => Rounding::HalfUp,
        "half_even" => Rounding::HalfEven,
        _ => {
            let problem = format!(
                "rounding must be \"down\", \"up\", \"half_up\" or \"half_even\", not {name:?}"
            );
            return Err(Invalid::new(Field::Value, problem));
        }
    })
}

/// Checks a percentage, and gives its one spelling.
#[pyfunction]
pub(crate) fn check_percent(py: Python<'_>, percent: &str) -> PyResult<String> {
    answered(py, rate(percent).map(spelled).map_err(Into::into))
}

/// The percentage that so many of ten thousand are.
#[pyfunction]
pub(crate) fn check_basis_points(py: Python<'_>, points: Whole) -> PyResult<String> {
    let most = 10_000 * i128::from(Rate::MAX.billionths() / Rate::WHOLE.billionths());
    let points = points.within(0..=most, Field::Split, "basis points");
    answered(py, points.and_then(Rate::basis_points).map(spelled).map_err(Into::into))
}

fn spelled(rate: Rate) -> String {
    rate.to_string().trim_end_matches('%').to_owned()
}

/// A fee by that rate, in one of three ways: gross, net, fee.
#[pyfunction]
pub(crate) fn fee<'py>(
    py: Python<'py>,
    percent: &str,
    way: &str,
    amount: Any<'_, 'py>,
    code: &str,
    rounded: &str,
) -> PyResult<Vec<Object<'py>>> {
    let with_fee = (|| {
        let (rate, amount) = (rate(percent)?, taken(amount, code)?);
        let by = rounding(rounded)?;
        Ok(match way {
            "taken_from" => rate.taken_from(amount, by)?,
            "added_to" => rate.added_to(amount, by)?,
            _ => rate.contained_in(amount, by)?,
        })
    })();
    let with_fee = answered(py, with_fee)?;
    listed(py, &[with_fee.gross, with_fee.net, with_fee.fee])
}

/// A price's asset: known by its code, or with the scale that is given.
fn priced_in(code: &str, scale: Option<Whole>) -> Result<Asset, Invalid> {
    match scale {
        None => Asset::iso(code),
        Some(scale) => Asset::new(code, digits_after_the_point(scale)?),
    }
}

/// A price's asset and its scale, if that is given.
type PricedIn = (String, Option<Whole>);

/// Checks a price, and gives its digits as they were given.
#[pyfunction]
pub(crate) fn check_price(
    py: Python<'_>,
    price: Any<'_, '_>,
    price_asset: PricedIn,
) -> PyResult<String> {
    let checked = (|| {
        let digits = match price.cast::<PyString>() {
            Ok(text) => text.to_str()?.to_owned(),
            Err(_) => digits(price)?,
        };
        Price::new(&digits, priced_in(&price_asset.0, price_asset.1)?)?;
        Ok(digits)
    })();
    answered(py, checked)
}

/// What so much costs at a price of so many digits for each whole unit.
#[pyfunction]
pub(crate) fn cost<'py>(
    py: Python<'py>,
    price: Any<'_, 'py>,
    price_asset: PricedIn,
    amount: Any<'_, 'py>,
    code: &str,
    rounded: &str,
) -> PyResult<Object<'py>> {
    let cost = (|| {
        let asset = priced_in(&price_asset.0, price_asset.1)?;
        let price = Price::new(&digits(price)?, asset)?;
        Ok(price.cost(taken(amount, code)?, rounding(rounded)?)?)
    })();
    plain::money(py, answered(py, cost)?)
}
