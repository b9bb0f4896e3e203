//! Whole numbers from Python, which have no end there.

use std::ops::RangeInclusive;

use ledger_core::bounds::ASSET_SCALE_MAX;
use ledger_core::{Field, Invalid};
use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyInt};

/// The largest that anything is counted with here.
pub(crate) const LARGEST: i128 = u64::MAX as i128;

/// A whole number, or the nearest one that 128 bits can hold, which is out of every bound.
#[derive(Clone, Copy)]
pub(crate) struct Whole(i128);

impl Whole {
    /// The number, unless it is out of bounds; `what` says what is counted with it.
    pub(crate) fn within<T: TryFrom<i128>>(
        self,
        bounds: RangeInclusive<i128>,
        field: Field,
        what: &str,
    ) -> Result<T, Invalid> {
        let fits = Some(self.0).filter(|number| bounds.contains(number));
        fits.and_then(|number| T::try_from(number).ok()).ok_or_else(|| {
            let (least, most) = bounds.into_inner();
            Invalid::new(field, format!("{what} must be {least} to {most}; it is {}", self.told()))
        })
    }

    fn told(self) -> String {
        match self.0 {
            i128::MIN => "far below that".to_owned(),
            i128::MAX => "far above that".to_owned(),
            number => number.to_string(),
        }
    }
}

impl<'py> FromPyObject<'_, 'py> for Whole {
    type Error = PyErr;

    fn extract(given: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let py = given.py();
        if !given.is_instance_of::<PyInt>() || given.is_instance_of::<PyBool>() {
            let given = given.get_type().name()?;
            return Err(PyTypeError::new_err(format!(
                "a whole number must be an int, not {given}"
            )));
        }
        given.extract().map(Self).or_else(|error| {
            if !error.is_instance_of::<PyOverflowError>(py) {
                return Err(error);
            }
            Ok(Self(if given.lt(0)? { i128::MIN } else { i128::MAX }))
        })
    }
}

/// The scale of an asset.
pub(crate) fn digits_after_the_point(scale: Whole) -> Result<u8, Invalid> {
    scale.within(0..=ASSET_SCALE_MAX.into(), Field::Asset, "asset scale")
}
