//! Prices: what one whole unit of an asset costs in another.

use std::fmt;

use crate::base::bounds::ASSET_SCALE_MAX;
use crate::base::invalid::{Field, Invalid};
use crate::money::amount::Amount;
use crate::money::asset::Asset;
use crate::money::rounding::Rounding;
use crate::money::value::Money;

/// What one whole unit (a gram, a share, a coin) costs, exact, with as many digits as are given.
///
/// ```
/// use ledger_core::{Asset, Price, Rounding};
/// let (usd, gold) = (Asset::iso("USD")?, Asset::new("GOLD-18K", 3)?);
/// let price = Price::new("65.2551", usd)?;
/// let cost = price.cost(gold.money("2.500")?, Rounding::HalfUp)?;
/// assert_eq!(cost, usd.money("163.14")?);
/// # Ok::<(), ledger_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Price {
    digits: Amount,
    scale: u8,
    asset: Asset,
}

impl Price {
    /// So much of `asset` for each whole unit, with any number of digits after the point up to 38.
    pub fn new(text: &str, asset: Asset) -> Result<Self, Invalid> {
        let fraction = text.split_once('.').map_or("", |(_, fraction)| fraction);
        let scale = u8::try_from(fraction.len()).unwrap_or(u8::MAX).min(ASSET_SCALE_MAX);
        let digits = Amount::parse(text, scale)?;
        if digits.is_positive() {
            return Ok(Self { digits, scale, asset });
        }
        let problem = format!("a price must be above zero; this one is {text}");
        Err(Invalid::new(Field::Amount, problem))
    }

    /// What so much costs.
    pub fn cost(&self, quantity: Money, rounding: Rounding) -> Result<Money, Invalid> {
        let product = quantity.amount().minor().checked_mul(self.digits.minor());
        let wanted = self.asset.scale();
        let given = u32::from(quantity.asset().scale()) + u32::from(self.scale);
        let minor = product.and_then(|product| rescale(product, given, wanted.into(), rounding));
        let minor = minor.ok_or_else(|| {
            let problem = format!("{quantity} at {self} is more than 128 bits can say exactly");
            Invalid::new(Field::Amount, problem)
        })?;
        Ok(self.asset.of(Amount::from_minor(minor)))
    }
}

/// The same number with other digits after the point.
fn rescale(number: i128, given: u32, wanted: u32, rounding: Rounding) -> Option<i128> {
    match wanted.checked_sub(given) {
        Some(more) => number.checked_mul(10_i128.checked_pow(more)?),
        // A divisor past 128 bits is more than twice any number.
        None => Some(match 10_i128.checked_pow(given - wanted) {
            Some(by) => rounding.divide(number, by),
            None => i128::from(rounding == Rounding::Up) * number.signum(),
        }),
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.digits.display(self.scale), self.asset.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_exact_until_they_are_rounded_once() {
        let asset = |code, scale| Asset::new(code, scale).unwrap();
        let cost = |quantity: &str, scale, price: &str, rounding| {
            let price = Price::new(price, asset("CASH", 2)).unwrap();
            let quantity = asset("GOODS", scale).money(quantity).unwrap();
            price.cost(quantity, rounding).unwrap().to_string()
        };
        assert_eq!(cost("1.001", 3, "10.00", Rounding::Down), "10.01 CASH");
        assert_eq!(cost("0.333", 3, "0.05", Rounding::Down), "0.01 CASH");
        assert_eq!(cost("0.333", 3, "0.05", Rounding::HalfUp), "0.02 CASH");
        assert_eq!(cost("3", 0, "33", Rounding::HalfUp), "99.00 CASH");
        let tiny = "0.00000000000000000000000000000000000001";
        assert_eq!(cost(tiny, 38, tiny, Rounding::HalfEven), "0.00 CASH");
        assert_eq!(cost(tiny, 38, tiny, Rounding::Up), "0.01 CASH");
        assert_eq!(cost("1000000.5", 18, "2.5", Rounding::Down), "2500001.25 CASH");
    }

    #[test]
    fn bad_prices_are_refused() {
        let usd = Asset::iso("USD").unwrap();
        for bad in ["", "0", "-1", "1e5", "NaN", "1.", "0.000000000000000000000000000000000000001"]
        {
            assert!(Price::new(bad, usd).is_err(), "{bad}");
        }
        let much = Price::new("2", usd).unwrap().cost(usd.minor(i128::MAX), Rounding::Up);
        assert!(much.unwrap_err().to_string().contains("128 bits"));
    }
}
