//! What becomes of the part of a smallest unit.

use serde::{Deserialize, Serialize};

/// Which whole number of smallest units stands for one with a fraction. There is no usual one: whoever
/// divides money says which.
///
/// ```
/// use ledger_core::{Asset, Rate, Rounding};
/// let usd = Asset::iso("USD")?;
/// let half = |rounding| Rate::percent("50")?.of(usd.money("0.05")?, rounding);
/// assert_eq!(half(Rounding::Down)?, usd.money("0.02")?);
/// assert_eq!(half(Rounding::HalfUp)?, usd.money("0.03")?);
/// assert_eq!(half(Rounding::HalfEven)?, usd.money("0.02")?);
/// # Ok::<(), ledger_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// The one nearer to zero.
    Down,
    /// The one further from zero.
    Up,
    /// The nearer one; of two that are as near, the one further from zero.
    HalfUp,
    /// The nearer one; of two that are as near, the even one, so that many roundings cancel out.
    HalfEven,
}

impl Rounding {
    /// `number / by`, rounded. `by` is above zero.
    pub(crate) fn divide(self, number: i128, by: i128) -> i128 {
        let (whole, rest) = (number / by, (number % by).unsigned_abs());
        let half = by.unsigned_abs() - rest;
        let away = match self {
            Self::Down => false,
            Self::Up => rest > 0,
            Self::HalfUp => rest >= half,
            Self::HalfEven => rest > half || (rest == half && whole % 2 != 0),
        };
        // At most as far from zero as `number` is, for there is a rest only where `by` is 2 or more.
        whole + i128::from(away) * number.signum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_on_both_sides_of_zero() {
        let tenths = [-26, -25, -24, -15, -5, -1, 0, 1, 4, 5, 6, 14, 15, 16, 24, 25, 26, 30];
        let rows = [
            (Rounding::Down, [-2, -2, -2, -1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3]),
            (Rounding::Up, [-3, -3, -3, -2, -1, -1, 0, 1, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3]),
            (Rounding::HalfUp, [-3, -3, -2, -2, -1, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]),
            (Rounding::HalfEven, [-3, -2, -2, -2, 0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 2, 2, 3, 3]),
        ];
        for (rounding, expected) in rows {
            assert_eq!(tenths.map(|number| rounding.divide(number, 10)), expected, "{rounding:?}");
        }
    }

    #[test]
    fn the_largest_numbers_are_rounded_as_well() {
        for rounding in [Rounding::Down, Rounding::Up, Rounding::HalfUp, Rounding::HalfEven] {
            assert_eq!(rounding.divide(i128::MAX, 1), i128::MAX);
            assert_eq!(rounding.divide(i128::MIN, 1), i128::MIN);
            let nearly_one = rounding.divide(i128::MAX - 1, i128::MAX);
            assert_eq!(nearly_one, i128::from(rounding != Rounding::Down));
        }
    }
}
