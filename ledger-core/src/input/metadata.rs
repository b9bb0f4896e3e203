//! The caller's own JSON on a record: bounded, and with one spelling for one value.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::Value;

use crate::base::bounds::{METADATA_BYTES_MAX, METADATA_DEPTH_MAX};
use crate::base::encode::Encoder;
use crate::base::invalid::{Field, Invalid};

/// Whole numbers past this are not exact in every JSON reader.
const EXACT_FLOAT_MAX: f64 = 9_007_199_254_740_992.0;

/// A JSON object of at most 16 KiB, kept with its keys sorted, so that the order in which a caller
/// wrote them makes no difference.
///
/// ```
/// use ledger_core::Metadata;
/// let one = Metadata::from_json(r#"{"sku": "A1", "note": "gift"}"#)?;
/// let two = Metadata::from_json(r#"{ "note":"gift","sku":"A1" }"#)?;
/// assert_eq!(one, two);
/// assert_eq!(one.as_json(), r#"{"note":"gift","sku":"A1"}"#);
/// # Ok::<(), ledger_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Metadata(Arc<Body>);

#[derive(PartialEq, Eq)]
struct Body {
    json: Box<str>,
    digest: [u8; 32],
}

impl Metadata {
    /// Parses a JSON object.
    pub fn from_json(json: &str) -> Result<Self, Invalid> {
        // Twice the limit leaves room for white space; more is not worth parsing.
        if json.len() > 2 * METADATA_BYTES_MAX {
            return Err(too_large(json.len()));
        }
        let value = serde_json::from_str(json)
            .map_err(|error| refuse(format!("metadata is not JSON: {error}")))?;
        Self::from_value(value)
    }

    /// Takes anything that serializes to a JSON object.
    pub fn new(content: &impl Serialize) -> Result<Self, Invalid> {
        let value = serde_json::to_value(content)
            .map_err(|error| refuse(format!("metadata can't be written as JSON: {error}")))?;
        Self::from_value(value)
    }

    fn from_value(mut value: Value) -> Result<Self, Invalid> {
        if !value.is_object() {
            return Err(refuse("metadata must be a JSON object, as in {\"order\": 7}".to_owned()));
        }
        check_depth(&value, METADATA_DEPTH_MAX)?;
        // Another crate in the build may have asked serde_json to keep the order of insertion.
        value.sort_all_objects();
        let mut encoder = Encoder::tagged(*b"M1");
        encode(&value, &mut encoder)?;
        let json = value.to_string();
        if json.len() > METADATA_BYTES_MAX {
            return Err(too_large(json.len()));
        }
        Ok(Self(Arc::new(Body { json: json.into(), digest: encoder.sha256() })))
    }

    /// The JSON text: sorted keys, no white space.
    pub fn as_json(&self) -> &str {
        &self.0.json
    }

    /// Reads the metadata into a type of the caller's.
    pub fn read<T: de::DeserializeOwned>(&self) -> Result<T, Invalid> {
        serde_json::from_str(&self.0.json)
            .map_err(|error| refuse(format!("metadata does not have that form: {error}")))
    }

    /// Whether there is nothing in it. Empty metadata counts as none.
    pub fn is_empty(&self) -> bool {
        self.as_json() == "{}"
    }

    /// SHA-256 over its canonical bytes.
    pub fn digest(&self) -> &[u8; 32] {
        &self.0.digest
    }
}

fn refuse(problem: String) -> Invalid {
    Invalid::new(Field::Metadata, problem)
}

fn too_large(bytes: usize) -> Invalid {
    refuse(format!(
        "metadata must be at most {METADATA_BYTES_MAX} bytes of JSON; this has {bytes}. \
         Keep the rest elsewhere and put a reference here"
    ))
}

/// Checked before anything walks the value, so that walking it can't exhaust the stack.
fn check_depth(value: &Value, left: usize) -> Result<(), Invalid> {
    let deeper = match value {
        Value::Array(items) => items.iter().collect::<Vec<_>>(),
        Value::Object(fields) => fields.values().collect(),
        _ => return Ok(()),
    };
    let Some(left) = left.checked_sub(1) else {
        return Err(refuse(format!("metadata must be at most {METADATA_DEPTH_MAX} levels deep")));
    };
    deeper.into_iter().try_for_each(|value| check_depth(value, left))
}

/// Canonical bytes of a JSON value: a tag, then fixed width or length first.
fn encode(value: &Value, encoder: &mut Encoder) -> Result<(), Invalid> {
    match value {
        Value::Null => encoder.u8(b'n'),
        Value::Bool(false) => encoder.u8(b'f'),
        Value::Bool(true) => encoder.u8(b't'),
        Value::String(text) => encoder.u8(b's').text(text),
        Value::Number(number) => return encode_number(number, encoder),
        Value::Array(items) => {
            encoder.u8(b'a').len(items.len());
            return items.iter().try_for_each(|item| encode(item, encoder));
        }
        Value::Object(fields) => {
            encoder.u8(b'o').len(fields.len());
            return fields.iter().try_for_each(|(name, value)| {
                encoder.text(name);
                encode(value, encoder)
            });
        }
    };
    Ok(())
}

fn encode_number(number: &serde_json::Number, encoder: &mut Encoder) -> Result<(), Invalid> {
    if let Some(whole) = number.as_i128() {
        encoder.u8(b'i').i128(whole);
        return Ok(());
    }
    match number.as_f64() {
        Some(float) if float.abs() < EXACT_FLOAT_MAX => {
            encoder.u8(b'd').u64(float.to_bits());
            Ok(())
        }
        _ => Err(refuse(format!(
            "metadata number {number} is too large to be kept exactly; write it as text"
        ))),
    }
}

impl fmt::Debug for Metadata {
    /// Metadata can hold personal data, so logs get its size only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Metadata({} bytes)", self.0.json.len())
    }
}

// A JSON object inside JSON, text elsewhere.
impl Serialize for Metadata {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return serializer.serialize_str(&self.0.json);
        }
        let value: Value = serde_json::from_str(&self.0.json).map_err(ser::Error::custom)?;
        value.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let parsed = if deserializer.is_human_readable() {
            Self::from_value(Value::deserialize(deserializer)?)
        } else {
            Self::from_json(&String::deserialize(deserializer)?)
        };
        parsed.map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(json: &str) -> [u8; 32] {
        *Metadata::from_json(json).unwrap().digest()
    }

    #[test]
    fn one_value_has_one_digest() {
        assert_eq!(digest(r#"{"a":1,"b":[true,null]}"#), digest(r#"{ "b":[true,null], "a":1}"#));
        assert_eq!(digest(r#"{"a":"é"}"#), digest(r#"{"a":"\u00e9"}"#));
    }

    #[test]
    fn different_values_have_different_digests() {
        let different = [
            "{}",
            r#"{"a":null}"#,
            r#"{"a":1}"#,
            r#"{"a":1.0}"#,
            r#"{"a":"1"}"#,
            r#"{"a":[1]}"#,
            r#"{"a":{"1":1}}"#,
            r#"{"ab":"c"}"#,
            r#"{"a":"bc"}"#,
            r#"{"a":true}"#,
            r#"{"a":false}"#,
            r#"{"a":[]}"#,
            r#"{"a":{}}"#,
        ];
        for (i, one) in different.iter().enumerate() {
            for two in different.iter().skip(i + 1) {
                assert_ne!(digest(one), digest(two), "{one} {two}");
            }
        }
    }

    #[test]
    fn what_is_no_bounded_object_is_refused() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(16), "]".repeat(16));
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(METADATA_BYTES_MAX));
        let huge = format!("{{\"a\":\"{}\"}}", "x".repeat(3 * METADATA_BYTES_MAX));
        for (json, reason) in [
            ("", "not JSON"),
            ("{", "not JSON"),
            ("{'a':1}", "not JSON"),
            ("null", "must be a JSON object"),
            ("[1]", "must be a JSON object"),
            ("\"text\"", "must be a JSON object"),
            (r#"{"a":18446744073709551616}"#, "too large to be kept exactly"),
            (r#"{"a":1e300}"#, "too large to be kept exactly"),
            (&deep, "levels deep"),
            (&long, "at most 16384 bytes"),
            (&huge, "at most 16384 bytes"),
        ] {
            let refused = Metadata::from_json(json).unwrap_err();
            assert_eq!(refused.field(), Field::Metadata);
            assert!(refused.to_string().contains(reason), "{json:.40}: {refused}");
        }
        let nearly_deep = format!("{{\"a\":{}1{}}}", "[".repeat(15), "]".repeat(15));
        assert!(Metadata::from_json(&nearly_deep).is_ok());
    }

    #[test]
    fn any_serializable_value_will_do_and_comes_back() {
        #[derive(Serialize, Deserialize, PartialEq, Debug)]
        struct Order {
            sku: String,
            count: u64,
        }
        let order = Order { sku: "A1".into(), count: u64::MAX };
        let metadata = Metadata::new(&order).unwrap();
        assert_eq!(metadata.read::<Order>().unwrap(), order);
        assert!(Metadata::new(&7).is_err());
        assert!(metadata.read::<Vec<u8>>().is_err());
        let json = serde_json::to_string(&metadata).unwrap();
        assert_eq!(json, r#"{"count":18446744073709551615,"sku":"A1"}"#);
        assert_eq!(serde_json::from_str::<Metadata>(&json).unwrap(), metadata);
    }

    #[test]
    fn debug_output_keeps_the_content_to_itself() {
        let metadata = Metadata::from_json(r#"{"iban":"secret"}"#).unwrap();
        assert_eq!(format!("{metadata:?}"), "Metadata(17 bytes)");
    }
}
