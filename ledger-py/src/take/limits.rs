//! Changes of what a wallet may hold and spend.

use ledger_core::{Field, Invalid, LimitsSpec, Money, Window};
use pyo3::prelude::*;
use pyo3::types::{PyEllipsis, PyTuple};

use crate::base::plain::duration;
use crate::base::whole::Whole;
use crate::call::book::Open;
use crate::out::directory::Known;
use crate::out::fault::Taken;
use crate::take::amount;
use crate::take::ends;
use crate::take::input::{Any, text};

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
    let of = ends::take(&of, open)?;
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
    let (direction, lasting, amount, count): (Given<'_>, i128, Given<'_>, Option<Whole>) =
        given.extract()?;
    let lasting = duration(lasting, Field::Limit)?;
    let mut window = match text(&direction, "a window's direction")? {
        "leaving" => Window::leaving(lasting),
        "entering" => Window::entering(lasting),
        other => {
            let problem =
                format!("a window's direction must be \"leaving\" or \"entering\", not {other:?}");
            return Err(Invalid::new(Field::Limit, problem).into());
        }
    };
    if let Some(amount) = amount::take_optional(&amount, of.asset())? {
        window = window.amount(amount);
    }
    let Some(count) = count else { return Ok(window) };
    let counts = 0..=i128::from(u32::MAX);
    Ok(window.count(count.within(counts, Field::Limit, "a window's count")?))
}
