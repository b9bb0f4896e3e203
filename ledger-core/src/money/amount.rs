//! The number inside money: 128-bit, exact, checked.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::base::bounds::AMOUNT_TEXT_BYTES_MAX;
use crate::base::invalid::{Field, Invalid};

/// A number of the smallest units of an asset: cents, grams of a thousandth, wei.
///
/// All arithmetic is checked; overflow is `None`, never a wrong number.
///
/// ```
/// use ledger_core::Amount;
/// let price = Amount::parse("12.50", 2)?;
/// assert_eq!(price.minor(), 1250);
/// assert_eq!(price.checked_add(Amount::from_minor(5)), Some(Amount::from_minor(1255)));
/// assert_eq!(Amount::MAX.checked_add(price), None);
/// assert_eq!(price.display(2).to_string(), "12.50");
/// # Ok::<(), ledger_core::Error>(())
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Amount(i128);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The largest amount.
    pub const MAX: Self = Self(i128::MAX);
    /// The smallest amount, far below zero.
    pub const MIN: Self = Self(i128::MIN);

    /// That many smallest units.
    pub const fn from_minor(minor: i128) -> Self {
        Self(minor)
    }

    /// How many smallest units.
    pub const fn minor(self) -> i128 {
        self.0
    }

    /// Whether it is above zero.
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// Whether it is below zero.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// The sum, unless it overflows.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// The difference, unless it overflows.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(difference) => Some(Self(difference)),
            None => None,
        }
    }

    /// The same amount with the other sign, unless it overflows.
    pub const fn checked_neg(self) -> Option<Self> {
        Self::ZERO.checked_sub(self)
    }

    /// The difference, or the nearest amount there is. For what is available and what is missing,
    /// never for what is kept: where the difference is beyond all amounts, the nearest one still
    /// compares with every amount as the difference would.
    pub(crate) const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The sum, or the nearest amount there is. For what is known to fit, and in comparisons.
    pub(crate) const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// Reads a decimal number with at most `scale` digits after the point. More digits are
    /// accepted only where they are zeros, because then nothing is rounded away.
    pub fn parse(text: &str, scale: u8) -> Result<Self, Invalid> {
        parse(text, scale).map_err(|problem| Invalid::new(Field::Amount, problem))
    }

    /// Shows the amount with exactly `scale` digits after the point.
    pub fn display(self, scale: u8) -> impl fmt::Display {
        Decimal { amount: self, scale }
    }
}

fn parse(text: &str, scale: u8) -> Result<Amount, String> {
    if text.len() > AMOUNT_TEXT_BYTES_MAX {
        return Err(format!(
            "an amount must be at most {AMOUNT_TEXT_BYTES_MAX} bytes of text; this one has {}",
            text.len()
        ));
    }
    let form = || format!("{text:?} is not an amount; write digits, as in 12.50");
    let (negative, number) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, fraction) = match number.split_once('.') {
        Some((_, "")) => return Err(form()),
        Some(parts) => parts,
        None => (number, ""),
    };
    let digits_only = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits_only(whole) || !digits_only(fraction) {
        return Err(form());
    }
    let significant = fraction.trim_end_matches('0');
    if significant.len() > usize::from(scale) {
        return Err(format!(
            "{text} has {} digits after the point; this asset has {scale}. Round it first",
            significant.len()
        ));
    }
    let zeros = std::iter::repeat_n(b'0', usize::from(scale) - significant.len());
    let mut minor: i128 = 0;
    for digit in whole.bytes().chain(significant.bytes()).chain(zeros) {
        let digit = i128::from(digit - b'0');
        let step = if negative { -digit } else { digit };
        minor = minor
            .checked_mul(10)
            .and_then(|tens| tens.checked_add(step))
            .ok_or_else(|| format!("{text} is too large; an amount has 128 bits"))?;
    }
    Ok(Amount(minor))
}

struct Decimal {
    amount: Amount,
    scale: u8,
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.amount.0.unsigned_abs().to_string();
        let scale = usize::from(self.scale);
        let padded = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) = padded.split_at(padded.len() - scale);
        let point = if scale == 0 { "" } else { "." };
        f.pad_integral(!self.amount.is_negative(), "", &format!("{whole}{point}{fraction}"))
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Amount({})", self.0)
    }
}

impl FromStr for Amount {
    type Err = Invalid;

    /// Reads a whole number of smallest units.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::parse(text, 0)
    }
}

// Text for people and JSON: a number past 2^53 does not survive every JSON reader.
impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(&self.0)
        } else {
            serializer.serialize_i128(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
        } else {
            i128::deserialize(deserializer).map(Self)
        }
    }
}

/// A sum that is exact in the end, whatever it comes to on the way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sum {
    sum: i128,
    /// How often it went around, up or down.
    turns: i64,
}

impl Sum {
    pub(crate) fn of(Amount(sum): Amount) -> Self {
        Self { sum, turns: 0 }
    }

    pub(crate) fn add(&mut self, Amount(amount): Amount) {
        let (sum, overflowed) = self.sum.overflowing_add(amount);
        self.sum = sum;
        self.turns += i64::from(overflowed) * if amount < 0 { -1 } else { 1 };
    }

    /// The sum, unless it overflows.
    pub(crate) fn amount(self) -> Option<Amount> {
        (self.turns == 0).then_some(Amount(self.sum))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_texts_parse_and_print() {
        for (text, scale, minor, printed) in [
            ("0", 2, 0, "0.00"),
            ("-0", 2, 0, "0.00"),
            ("12.5", 2, 1250, "12.50"),
            ("12.50", 2, 1250, "12.50"),
            ("12.5000", 2, 1250, "12.50"),
            ("-0.01", 2, -1, "-0.01"),
            ("007", 0, 7, "7"),
            ("7.000", 0, 7, "7"),
            ("0.5", 18, 500_000_000_000_000_000, "0.500000000000000000"),
            ("1", 38, 10_i128.pow(38), "1.00000000000000000000000000000000000000"),
            ("170141183460469231731687303715884105727", 0, i128::MAX, ""),
            ("-170141183460469231731687303715884105728", 0, i128::MIN, ""),
            ("1.70141183460469231731687303715884105727", 38, i128::MAX, ""),
        ] {
            let amount = Amount::parse(text, scale).unwrap();
            assert_eq!(amount.minor(), minor, "{text}");
            let shown = amount.display(scale).to_string();
            assert_eq!(shown, if printed.is_empty() { text } else { printed });
        }
    }

    #[test]
    fn texts_that_are_no_exact_amount_are_refused() {
        for (text, scale, reason) in [
            ("", 2, "not an amount"),
            (".", 2, "not an amount"),
            (".5", 2, "not an amount"),
            ("5.", 2, "not an amount"),
            ("-", 2, "not an amount"),
            ("--1", 2, "not an amount"),
            ("+1", 2, "not an amount"),
            ("1e3", 2, "not an amount"),
            ("1,000", 2, "not an amount"),
            ("1.0.0", 2, "not an amount"),
            (" 1", 2, "not an amount"),
            ("NaN", 2, "not an amount"),
            ("0x10", 2, "not an amount"),
            ("１", 2, "not an amount"),
            ("1.005", 2, "3 digits after the point; this asset has 2"),
            ("0.1", 0, "1 digits after the point; this asset has 0"),
            ("170141183460469231731687303715884105728", 0, "too large"),
            ("-170141183460469231731687303715884105729", 0, "too large"),
            ("2", 38, "too large"),
            (&"9".repeat(97), 0, "at most 96 bytes"),
        ] {
            let refused = Amount::parse(text, scale).unwrap_err();
            assert!(refused.to_string().contains(reason), "{text}: {refused}");
        }
    }

    #[test]
    fn arithmetic_stops_at_both_ends() {
        let one = Amount::from_minor(1);
        let sum = |first: Amount, rest: &[Amount]| {
            let mut sum = Sum::of(first);
            for amount in rest {
                sum.add(*amount);
            }
            sum.amount()
        };
        assert_eq!(sum(Amount::MAX, &[one, Amount::MIN, one]), Some(one));
        assert_eq!(sum(Amount::MIN, &[Amount::MIN, Amount::MAX, one]), Some(Amount::MIN));
        assert_eq!(sum(Amount::MAX, &[one]), None);
        assert_eq!(sum(Amount::MAX, &[Amount::MAX, one, one]), None);
        assert_eq!(Amount::MAX.checked_add(one), None);
        assert_eq!(Amount::MIN.checked_sub(one), None);
        assert_eq!(Amount::MIN.checked_neg(), None);
        assert_eq!(Amount::MAX.checked_neg(), Some(Amount::from_minor(-i128::MAX)));
    }

    #[test]
    fn amounts_are_text_in_json() {
        let amount = Amount::from_minor(i128::MIN);
        let json = serde_json::to_string(&amount).unwrap();
        assert_eq!(json, "\"-170141183460469231731687303715884105728\"");
        assert_eq!(serde_json::from_str::<Amount>(&json).unwrap(), amount);
        assert!(serde_json::from_str::<Amount>("12").is_err());
    }
}
