//! One spelling for each number in JSON.

use serde_json::{Number, Value};

use crate::base::invalid::{Field, Invalid};

/// From here on a double has no digits after the point, so one may have been rounded away: 2^52.
const EXACT_FLOAT_MAX: f64 = 4_503_599_627_370_496.0;

/// Gives each number its one spelling, which depends on its value alone: not on how it was written,
/// nor on which features of the JSON parser another crate in the build has asked for.
pub(super) fn normalize(value: &mut Value) -> Result<(), Invalid> {
    match value {
        Value::Number(number) => *number = normal_number(number)?,
        Value::Array(items) => items.iter_mut().try_for_each(normalize)?,
        Value::Object(fields) => fields.values_mut().try_for_each(normalize)?,
        _ => {}
    }
    Ok(())
}

fn normal_number(number: &Number) -> Result<Number, Invalid> {
    if let Some(whole) = whole(number) {
        return Number::from_i128(whole).ok_or_else(|| inexact(number));
    }
    let float = number.as_f64().filter(|float| float.abs() < EXACT_FLOAT_MAX);
    float.and_then(Number::from_f64).ok_or_else(|| inexact(number))
}

/// The whole number that this one is, if it is one and known exactly.
pub(super) fn whole(number: &Number) -> Option<i128> {
    let integer = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    integer.or_else(|| {
        let float = number.as_f64()?;
        let is_whole = float.fract() == 0.0 && float.abs() < EXACT_FLOAT_MAX;
        #[allow(clippy::cast_possible_truncation, reason = "whole and below 2^52")]
        is_whole.then_some(float as i128)
    })
}

fn inexact(number: &Number) -> Invalid {
    let problem = format!(
        "metadata number {number} is too large to be kept exactly; write it as text, or as a whole \
         number of at most 64 bits"
    );
    Invalid::new(Field::Metadata, problem)
}
