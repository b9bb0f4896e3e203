//! What a wallet may hold and spend, as Python sees it.

use ledger_core::{Amount, Asset, Direction, Limits, Window, WindowUse};
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::base::plain::{self, Object};
use crate::base::python;

/// Limits of a wallet that has such an asset, as Python sees them.
pub(crate) fn object<'py>(py: Python<'py>, limits: &Limits, asset: Asset) -> PyResult<Object<'py>> {
    let of = |amount: Option<Amount>| amount.map(|it| plain::money(py, asset.of(it))).transpose();
    let windows = windows(py, &limits.windows)?;
    let (floor, ceiling, largest) = (of(limits.floor)?, of(limits.ceiling)?, of(limits.largest)?);
    python::LIMITS.call(py, (floor, ceiling, largest, windows))
}

/// Windows as Python sees them.
pub(crate) fn windows<'py>(py: Python<'py>, windows: &[Window]) -> PyResult<Bound<'py, PyList>> {
    plain::list(py, windows, |window| self::window(py, window))
}

fn window<'py>(py: Python<'py>, window: &Window) -> PyResult<Object<'py>> {
    let direction = match window.direction {
        Direction::Out => "leaving",
        Direction::In => "entering",
    };
    let amount = window.amount.map(|amount| plain::money(py, amount)).transpose()?;
    let lasting = window.lasting.as_millis();
    python::WINDOW.call(py, (direction, lasting, amount, window.count))
}

/// What is used of a window.
pub(crate) fn window_use<'py>(py: Python<'py>, used: &WindowUse) -> PyResult<Object<'py>> {
    let room = used.room.map(|room| plain::money(py, room)).transpose()?;
    let (window, sum) = (window(py, &used.window)?, plain::money(py, used.used)?);
    python::WINDOW_USE.call(py, (window, sum, used.used_count, room, used.room_count))
}
