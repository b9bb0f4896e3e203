//! What a wallet may hold and spend: changes of it from Python, and what it is.

use ledger_core::{Amount, Direction, Field, Invalid, Limits, LimitsSpec, Money, WalletId, Window};
use pyo3::prelude::*;
use pyo3::types::{PyEllipsis, PyList, PyTuple};

use crate::amount;
use crate::book::Open;
use crate::directory::{Directory, Known};
use crate::fault::Taken;
use crate::input::{Any, duration, text};
use crate::values::{self, Object};
use crate::{python, wallet};

type Given<'py> = Bound<'py, PyAny>;

/// A change of limits: `...` is to stay as it is, and None is no limit.
pub(crate) fn change(given: &Bound<'_, PyTuple>, open: &Open) -> Taken<LimitsSpec> {
    let (of, floor, ceiling, largest, windows): (
        Given<'_>,
        Given<'_>,
        Given<'_>,
        Given<'_>,
        Given<'_>,
    ) = given.extract()?;
    let of = wallet::take(&of, open)?;
    let mut spec = LimitsSpec::of(of.wallet.id);
    spec = match limit(&floor, &of)? {
        None => spec,
        Some(None) => spec.no_floor(),
        Some(Some(floor)) => spec.floor(floor),
    };
    spec = match limit(&ceiling, &of)? {
        None => spec,
        Some(None) => spec.no_ceiling(),
        Some(Some(ceiling)) => spec.ceiling(ceiling),
    };
    spec = match limit(&largest, &of)? {
        None => spec,
        Some(None) => spec.no_largest(),
        Some(Some(largest)) => spec.largest(largest),
    };
    if windows.is_instance_of::<PyEllipsis>() {
        return Ok(spec);
    }
    let windows = windows.try_iter()?.map(|given| window(&given?, &of));
    Ok(spec.windows(windows.collect::<Taken<Vec<_>>>()?))
}

#[allow(clippy::option_option, reason = "not given, no limit, a limit")]
fn limit(given: Any<'_, '_>, of: &Known) -> Taken<Option<Option<Money>>> {
    if given.is_instance_of::<PyEllipsis>() {
        return Ok(None);
    }
    amount::take_optional(given, of.asset()).map(Some)
}

/// A window: direction, duration in microseconds, amount, count.
fn window(given: Any<'_, '_>, of: &Known) -> Taken<Window> {
    let (direction, lasting, amount, count): (Given<'_>, i128, Given<'_>, Option<u32>) =
        given.extract()?;
    let lasting = duration(lasting, Field::Limit)?;
    let mut window = match text(&direction, "a window's direction")? {
        "out" => Window::leaving(lasting),
        "in" => Window::entering(lasting),
        other => {
            let problem = format!("a window's direction must be \"out\" or \"in\", not {other:?}");
            return Err(Invalid::new(Field::Limit, problem).into());
        }
    };
    if let Some(amount) = amount::take_optional(&amount, of.asset())? {
        window = window.amount(amount);
    }
    Ok(count.map_or(window, |count| window.count(count)))
}

/// Limits as Python sees them.
pub(crate) fn object<'py>(
    py: Python<'py>,
    limits: &Limits,
    wallet: WalletId,
    wallets: &Directory,
) -> PyResult<Object<'py>> {
    let asset = wallets.known(wallet).map(|known| known.asset());
    let of = |amount: Option<Amount>| {
        amount.zip(asset).map(|(amount, asset)| values::money(py, asset.of(amount))).transpose()
    };
    let windows = windows(py, &limits.windows)?;
    let (floor, ceiling, largest) = (of(limits.floor)?, of(limits.ceiling)?, of(limits.largest)?);
    python::LIMITS.call(py, (floor, ceiling, largest, windows))
}

/// Windows as Python sees them.
pub(crate) fn windows<'py>(py: Python<'py>, windows: &[Window]) -> PyResult<Bound<'py, PyList>> {
    values::list(py, windows, |window| {
        let direction = match window.direction {
            Direction::Out => "out",
            Direction::In => "in",
        };
        let amount = window.amount.map(|amount| values::money(py, amount)).transpose()?;
        let lasting = window.lasting.as_millis();
        python::WINDOW.call(py, (direction, lasting, amount, window.count))
    })
}
