//! What a command has to say: named values in order. One description, shown as a table or as JSON.

use std::borrow::Cow;
use std::fmt;

use ledger_core::{HoldId, Money, Timestamp, TransactionId, WalletId};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// Named values, in the order in which they are shown. The names are stable.
#[derive(Clone, Debug, Default)]
pub struct Record(Vec<(Cow<'static, str>, Value)>);

/// A value of a record.
#[derive(Clone, Debug)]
pub enum Value {
    /// There is none.
    Nothing,
    /// Yes or no.
    Flag(bool),
    /// A count.
    Number(u64),
    /// A measured figure.
    Figure(f64),
    /// Anything that is a text in JSON too: names, keys, ids, times.
    Text(String),
    /// An amount with its asset.
    Money(Money),
    /// The caller's own JSON.
    Json(serde_json::Value),
    /// A record inside of this one.
    Part(Record),
    /// Records of one kind.
    List(Vec<Record>),
}

impl Record {
    /// Adds a value.
    #[must_use]
    pub fn with(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Value>) -> Self {
        self.0.push((name.into(), value.into()));
        self
    }

    /// Adds a value only where there is one.
    #[must_use]
    pub fn with_some<T: Into<Value>>(self, name: &'static str, value: Option<T>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Each value behind its name, for people.
    fn parts(&self) -> Vec<String> {
        self.0.iter().map(|(name, value)| format!("{} {value}", spoken(name))).collect()
    }

    /// The names and values.
    pub fn fields(&self) -> &[(Cow<'static, str>, Value)] {
        &self.0
    }
}

impl Value {
    /// Whether it is shown to the right of its column.
    pub fn is_number(&self) -> bool {
        match self {
            Self::Number(_) | Self::Figure(_) | Self::Money(_) => true,
            Self::Json(json) => json.is_number(),
            _ => false,
        }
    }
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nothing => serializer.serialize_none(),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Number(number) => serializer.serialize_u64(*number),
            Self::Figure(figure) => serializer.serialize_f64((figure * 100.0).round() / 100.0),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Money(money) => amount_and_asset(*money).serialize(serializer),
            Self::Json(json) => json.serialize(serializer),
            Self::Part(part) => part.serialize(serializer),
            Self::List(list) => list.serialize(serializer),
        }
    }
}

/// Exact in JSON: the amount is a text, beside its asset's code.
fn amount_and_asset(money: Money) -> Record {
    let asset = money.asset();
    let amount = money.amount().display(asset.scale()).to_string();
    Record::default().with("amount", amount).with("asset", asset.code().to_string())
}

/// For people.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("-"),
            Self::Flag(true) => f.write_str("yes"),
            Self::Flag(false) => f.write_str("no"),
            Self::Number(number) => number.fmt(f),
            Self::Figure(figure) => write!(f, "{figure:.2}"),
            Self::Text(text) => escaped(text).fmt(f),
            Self::Money(money) => money.fmt(f),
            Self::Json(json) => escaped(&json.to_string()).fmt(f),
            Self::Part(part) => f.write_str(&part.parts().join("\n")),
            Self::List(list) => {
                let lines: Vec<String> = list.iter().map(|it| it.parts().join(", ")).collect();
                f.write_str(&lines.join("\n"))
            }
        }
    }
}

/// A name as people read it.
pub fn spoken(name: &str) -> String {
    escaped(&name.replace('_', " "))
}

/// A text that a terminal does not take for an order, and a table not for two lines, and that turns nothing
/// around it.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for sign in text.chars() {
        let is_order = sign.is_control() || turns_text(sign);
        if is_order { safe.extend(sign.escape_default()) } else { safe.push(sign) }
    }
    safe
}

/// Whether a sign changes in which direction the text around it is written.
fn turns_text(sign: char) -> bool {
    matches!(sign, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

macro_rules! text_values {
    ($($type:ty),*) => {
        $(impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::Text(value.to_string())
            }
        })*
    };
}

text_values!(&str, &String, Timestamp, TransactionId, WalletId, HoldId);

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Money> for Value {
    fn from(money: Money) -> Self {
        Self::Money(money)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<f64> for Value {
    fn from(figure: f64) -> Self {
        Self::Figure(figure)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<serde_json::Value> for Value {
    fn from(json: serde_json::Value) -> Self {
        Self::Json(json)
    }
}

impl From<Record> for Value {
    fn from(part: Record) -> Self {
        Self::Part(part)
    }
}

impl From<Vec<Record>> for Value {
    fn from(list: Vec<Record>) -> Self {
        Self::List(list)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Nothing, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use ledger_core::Asset;

    use super::*;

    #[test]
    fn one_record_is_json_and_words() {
        let usd = Asset::iso("USD").unwrap();
        let part = Record::default().with("to", "shop").with("amount", usd.money("-0.5").unwrap());
        let record = Record::default()
            .with("id", TransactionId::from_raw(1 << 60).unwrap())
            .with("owner", None::<&str>)
            .with_some("hold", None::<&str>)
            .with("postings", vec![part.clone(), part]);
        let json = serde_json::to_string(&record).unwrap();
        let amount = r#"{"amount":"-0.50","asset":"USD"}"#;
        let posting = format!(r#"{{"to":"shop","amount":{amount}}}"#);
        let expected = format!(
            r#"{{"id":"1152921504606846976","owner":null,"postings":[{posting},{posting}]}}"#
        );
        assert_eq!(json, expected);
        let (_, postings) = record.fields().last().unwrap();
        assert_eq!(postings.to_string(), "to shop, amount -0.50 USD\nto shop, amount -0.50 USD");
    }
}
