//! A key of metadata by which transactions can be found, and the value that is looked for.

use serde_json::Value;

use crate::base::bounds::META_KEY_BYTES_MAX;
use crate::base::invalid::{Field, Invalid};
use crate::base::text::check_plain;
use crate::input::numbers;
use crate::input::text_type;

text_type! {
    /// A key of metadata by which transactions can be found: 1 to 64 bytes without control characters.
    MetaKey, check_plain, Field::Metadata, "a key of metadata that is indexed", META_KEY_BYTES_MAX
}

/// The key by which transactions can always be found.
pub(crate) const REFERENCE: &str = "reference";

impl MetaKey {
    /// The key by which transactions can always be found.
    pub fn reference() -> Self {
        Self(REFERENCE.into())
    }
}

/// A value of metadata that can be looked for: text, a number, true or false.
///
/// ```
/// use ledger_core::MetaValue;
/// assert_eq!(MetaValue::from("A1").as_json(), r#""A1""#);
/// assert_eq!(MetaValue::from_json("7.0")?, MetaValue::from(7));
/// assert!(MetaValue::from_json("[7]").is_err());
/// # Ok::<(), ledger_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct MetaValue(Box<str>);

impl MetaValue {
    /// Reads a value from JSON.
    pub fn from_json(json: &str) -> Result<Self, Invalid> {
        let mut value: Value = serde_json::from_str(json).map_err(|_| nothing_to_find())?;
        numbers::normalize(&mut value)?;
        Self::of(&value).ok_or_else(nothing_to_find)
    }

    /// What a JSON object has under some keys, as far as it can be looked for.
    pub(crate) fn found_in<'a>(
        json: &str,
        keys: impl Iterator<Item = &'a str>,
    ) -> Result<Vec<(&'a str, Self)>, Invalid> {
        // What is not even in the text need not be read.
        let is_in_text = |key: &&str| json.contains(Value::from(*key).to_string().as_str());
        let mut keys = keys.filter(is_in_text).peekable();
        if keys.peek().is_none() {
            return Ok(Vec::new());
        }
        let fields: Value = serde_json::from_str(json).map_err(|_| nothing_to_find())?;
        Ok(keys.filter_map(|key| Some((key, Self::of(fields.get(key)?)?))).collect())
    }

    /// The value, if it is one that can be looked for.
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::String(_) | Value::Number(_) | Value::Bool(_) => {
                Some(Self(value.to_string().into()))
            }
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// Its one spelling as JSON.
    pub fn as_json(&self) -> &str {
        &self.0
    }
}

fn nothing_to_find() -> Invalid {
    let problem =
        "a value of metadata that is looked for must be JSON text, a number, true or false";
    Invalid::new(Field::Metadata, problem)
}

impl From<&str> for MetaValue {
    fn from(text: &str) -> Self {
        Self(Value::from(text).to_string().into())
    }
}

impl From<String> for MetaValue {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<i64> for MetaValue {
    fn from(number: i64) -> Self {
        Self(Value::from(number).to_string().into())
    }
}

impl From<u64> for MetaValue {
    fn from(number: u64) -> Self {
        Self(Value::from(number).to_string().into())
    }
}

impl From<i32> for MetaValue {
    fn from(number: i32) -> Self {
        Self::from(i64::from(number))
    }
}

impl From<bool> for MetaValue {
    fn from(truth: bool) -> Self {
        Self(Value::from(truth).to_string().into())
    }
}

impl std::fmt::Debug for MetaValue {
    /// Metadata can hold personal data, so logs get its size only.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MetaValue({} bytes)", self.0.len())
    }
}
