//! Rates: percentages of money, for fees and commissions.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::base::invalid::{Field, Invalid};
use crate::money::amount::Amount;
use crate::money::rounding::Rounding;
use crate::money::value::Money;

/// Digits after the point of a percentage.
const PERCENT_SCALE: u8 = 7;

/// A share of something, exact to a billionth.
///
/// ```
/// use ledger_core::{Asset, Rate, Rounding};
/// let usd = Asset::iso("USD")?;
/// let fee = Rate::percent("2.9")?;
/// // The customer pays 100.00, of which the fee is taken.
/// let taken = fee.taken_from(usd.money("100.00")?, Rounding::HalfUp)?;
/// assert_eq!((taken.fee, taken.net), (usd.money("2.90")?, usd.money("97.10")?));
/// // The shop gets 100.00, and the fee comes on top.
/// let added = fee.added_to(usd.money("100.00")?, Rounding::HalfUp)?;
/// assert_eq!((added.gross, added.fee), (usd.money("102.90")?, usd.money("2.90")?));
/// // A price of 119.00 with 19% of tax in it.
/// let tax = Rate::percent("19")?.contained_in(usd.money("119.00")?, Rounding::HalfUp)?;
/// assert_eq!((tax.net, tax.fee), (usd.money("100.00")?, usd.money("19.00")?));
/// # Ok::<(), ledger_core::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rate(u64);

/// An amount with a fee, which always add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithFee {
    /// What is paid in all: `net` and `fee`.
    pub gross: Money,
    /// What is left without the fee.
    pub net: Money,
    /// The fee.
    pub fee: Money,
}

impl Rate {
    /// All of it: 100%.
    pub const WHOLE: Self = Self(1_000_000_000);
    /// The most there can be: 1000%.
    pub const MAX: Self = Self(10 * Self::WHOLE.0);

    /// So many of a hundred, such as `2.5`, with at most seven digits after the point.
    pub fn percent(text: &str) -> Result<Self, Invalid> {
        let refuse = |problem: String| Invalid::new(Field::Split, problem);
        let parsed = Amount::parse(text, PERCENT_SCALE);
        let parsed = parsed.map_err(|_| {
            refuse(format!(
                "{text:?} is no percentage; write digits, as in 2.5, at most 7 of a fraction"
            ))
        })?;
        let billionths = u64::try_from(parsed.minor()).ok().filter(|&it| it <= Self::MAX.0);
        billionths
            .map(Self)
            .ok_or_else(|| refuse(format!("a rate must be 0% to 1000%, not {text}%")))
    }

    /// So many of ten thousand.
    pub fn basis_points(points: u32) -> Result<Self, Invalid> {
        let billionths = u64::from(points) * (Self::WHOLE.0 / 10_000);
        if billionths > Self::MAX.0 {
            let problem = format!("a rate must be 0 to 100000 basis points, not {points}");
            return Err(Invalid::new(Field::Split, problem));
        }
        Ok(Self(billionths))
    }

    /// So many of a billion.
    pub const fn billionths(self) -> u64 {
        self.0
    }

    /// This share of an amount.
    pub fn of(self, amount: Money, rounding: Rounding) -> Result<Money, Invalid> {
        self.share(amount, Self::WHOLE.0, rounding)
    }

    /// The fee is a share of what is paid: the payer pays `gross`, the payee gets the rest.
    pub fn taken_from(self, gross: Money, rounding: Rounding) -> Result<WithFee, Invalid> {
        let fee = self.of(gross, rounding)?;
        let net = gross.checked_sub(fee).ok_or_else(|| too_large(gross))?;
        Ok(WithFee { gross, net, fee })
    }

    /// The fee is a share of what is received: the payee gets `net`, the payer pays both.
    pub fn added_to(self, net: Money, rounding: Rounding) -> Result<WithFee, Invalid> {
        let fee = self.of(net, rounding)?;
        let gross = net.checked_add(fee).ok_or_else(|| too_large(net))?;
        Ok(WithFee { gross, net, fee })
    }

    /// The fee is a share of what is left without it, and is in `gross` already, as a tax often is.
    pub fn contained_in(self, gross: Money, rounding: Rounding) -> Result<WithFee, Invalid> {
        let fee = self.share(gross, Self::WHOLE.0 + self.0, rounding)?;
        let net = gross.checked_sub(fee).ok_or_else(|| too_large(gross))?;
        Ok(WithFee { gross, net, fee })
    }

    fn share(self, amount: Money, of: u64, rounding: Rounding) -> Result<Money, Invalid> {
        let product = amount.amount().minor().checked_mul(self.0.into());
        let product = product.ok_or_else(|| too_large(amount))?;
        Ok(amount.asset().of(Amount::from_minor(rounding.divide(product, of.into()))))
    }
}

fn too_large(amount: Money) -> Invalid {
    let problem = format!("{amount} is too large to take an exact share of it; divide it first");
    Invalid::new(Field::Amount, problem)
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = Amount::from_minor(self.0.into()).display(PERCENT_SCALE).to_string();
        write!(f, "{}%", text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl fmt::Debug for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rate({self})")
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let percent = text.strip_suffix('%').unwrap_or(&text);
        Self::percent(percent).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::asset::Asset;

    #[test]
    fn rates_are_read_and_shown_exactly() {
        for (text, billionths, shown) in [
            ("0", 0, "0%"),
            ("2.5", 25_000_000, "2.5%"),
            ("100", 1_000_000_000, "100%"),
            ("0.0000001", 1, "0.0000001%"),
            ("1000", 10_000_000_000, "1000%"),
        ] {
            let rate = Rate::percent(text).unwrap();
            assert_eq!((rate.billionths(), rate.to_string().as_str()), (billionths, shown));
            let json = serde_json::to_string(&rate).unwrap();
            assert_eq!(serde_json::from_str::<Rate>(&json).unwrap(), rate);
        }
        assert_eq!(Rate::basis_points(290), Rate::percent("2.9"));
        for bad in ["", "-1", "1000.1", "0.00000001", "ten", "1e3", "2,5"] {
            assert_eq!(Rate::percent(bad).unwrap_err().field(), Field::Split, "{bad}");
        }
        assert!(Rate::basis_points(100_001).is_err());
    }

    #[test]
    fn fees_and_what_they_leave_always_add_up() {
        let usd = Asset::iso("USD").unwrap();
        for rate in ["0", "0.5", "2.9", "33.3333333", "100", "250"] {
            let rate = Rate::percent(rate).unwrap();
            for minor in [0, 1, 2, 99, 100, 12_345, 1 << 80] {
                for rounding in [Rounding::Down, Rounding::Up, Rounding::HalfUp, Rounding::HalfEven]
                {
                    for fee in [Rate::taken_from, Rate::added_to, Rate::contained_in] {
                        let WithFee { gross, net, fee } =
                            fee(rate, usd.minor(minor), rounding).unwrap();
                        assert_eq!(
                            net.checked_add(fee),
                            Some(gross),
                            "{rate} {minor} {rounding:?}"
                        );
                    }
                }
            }
        }
        let refused = Rate::WHOLE.of(usd.minor(i128::MAX), Rounding::Down).unwrap_err();
        assert!(refused.to_string().contains("too large"), "{refused}");
    }
}
