//! An amount together with its asset: what callers hand in and get back.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::base::invalid::Invalid;
use crate::money::amount::Amount;
use crate::money::asset::Asset;

/// An exact amount of one asset.
///
/// Money of different assets never mixes: sums of them are `None`.
///
/// ```
/// use ledger_core::Asset;
/// let (usd, eur) = (Asset::iso("USD")?, Asset::iso("EUR")?);
/// let price = usd.money("12.50")?;
/// assert_eq!(price.checked_add(usd.money("0.50")?), Some(usd.money("13")?));
/// assert_eq!(price.checked_add(eur.money("0.50")?), None);
/// # Ok::<(), ledger_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    amount: Amount,
    asset: Asset,
}

impl Asset {
    /// Reads an amount of this asset, as in `"12.50"`.
    pub fn money(self, text: &str) -> Result<Money, Invalid> {
        Amount::parse(text, self.scale()).map(|amount| self.of(amount))
    }

    /// That many smallest units of this asset.
    pub fn minor(self, minor: i128) -> Money {
        self.of(Amount::from_minor(minor))
    }

    /// That amount of this asset.
    pub fn of(self, amount: Amount) -> Money {
        Money::new(amount, self)
    }
}

impl Money {
    /// That amount of that asset.
    pub fn new(amount: Amount, asset: Asset) -> Self {
        Self { amount, asset }
    }

    /// The number of smallest units.
    pub fn amount(&self) -> Amount {
        self.amount
    }

    /// The asset.
    pub fn asset(&self) -> Asset {
        self.asset
    }

    /// Whether it is above zero.
    pub fn is_positive(&self) -> bool {
        self.amount.is_positive()
    }

    /// Whether it is below zero.
    pub fn is_negative(&self) -> bool {
        self.amount.is_negative()
    }

    /// The same amount with the other sign, unless it overflows.
    pub fn checked_neg(self) -> Option<Self> {
        self.amount.checked_neg().map(|amount| Self { amount, ..self })
    }

    /// The sum, unless the assets differ or it overflows.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let amount = self.amount.checked_add(other.amount)?;
        (self.asset == other.asset).then_some(Self { amount, ..self })
    }

    /// The difference, unless the assets differ or it overflows.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        let amount = self.amount.checked_sub(other.amount)?;
        (self.asset == other.asset).then_some(Self { amount, ..self })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount.display(self.asset.scale()), self.asset.code())
    }
}

/// `{"amount": "12.50", "asset": {"code": "USD", "scale": 2}}` for people and JSON.
#[derive(Serialize, Deserialize)]
struct MoneyText {
    amount: String,
    asset: Asset,
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return (self.amount, self.asset).serialize(serializer);
        }
        let amount = self.amount.display(self.asset.scale()).to_string();
        MoneyText { amount, asset: self.asset }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            let (amount, asset) = Deserialize::deserialize(deserializer)?;
            return Ok(Self { amount, asset });
        }
        let text = MoneyText::deserialize(deserializer)?;
        text.asset.money(&text.amount).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_a_decimal_text_in_json() {
        let price = Asset::iso("USD").unwrap().money("-12.5").unwrap();
        let json = serde_json::to_string(&price).unwrap();
        assert_eq!(json, r#"{"amount":"-12.50","asset":{"code":"USD","scale":2}}"#);
        assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), price);
        let three_digits = json.replace("12.50", "12.505");
        assert!(serde_json::from_str::<Money>(&three_digits).is_err());
    }

    #[test]
    fn sums_stop_at_overflow_and_at_another_asset() {
        let (usd, eur) = (Asset::iso("USD").unwrap(), Asset::iso("EUR").unwrap());
        assert_eq!(usd.of(Amount::MAX).checked_add(usd.minor(1)), None);
        assert_eq!(usd.of(Amount::MIN).checked_sub(usd.minor(1)), None);
        assert_eq!(usd.minor(1).checked_sub(eur.minor(1)), None);
    }
}
