//! The caller's own JSON on a record: bounded, and with one spelling for one value.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::{Number, Value};

use crate::base::bounds::{METADATA_BYTES_MAX, METADATA_DEPTH_MAX};
use crate::base::encode::Encoder;
use crate::base::invalid::{Field, Invalid};
use crate::input::meta_key::MetaValue;
use crate::input::numbers;

/// Text that is longer than this many times the limit can't be within it: of what JSON needs at most,
/// six bytes stand for one.
const JSON_EXPANSION: usize = 6;

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
        if json.len() > JSON_EXPANSION * METADATA_BYTES_MAX {
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
        numbers::normalize(&mut value)?;
        let mut encoder = Encoder::tagged(*b"M1");
        encode(&value, &mut encoder);
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

    /// Whether it has this value under this key.
    pub fn has(&self, key: &str, value: &MetaValue) -> bool {
        self.get(key).is_some_and(|found| found == *value)
    }

    /// The value under a key, if it can be looked for.
    pub fn get(&self, key: &str) -> Option<MetaValue> {
        let found = MetaValue::found_in(self.as_json(), std::iter::once(key)).ok()?;
        found.into_iter().next().map(|(_, value)| value)
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
    let too_deep = || refuse(format!("metadata must be at most {METADATA_DEPTH_MAX} levels deep"));
    let below = left.checked_sub(1).ok_or_else(too_deep);
    match value {
        Value::Array(items) => {
            let left = below?;
            items.iter().try_for_each(|item| check_depth(item, left))
        }
        Value::Object(fields) => {
            let left = below?;
            fields.values().try_for_each(|field| check_depth(field, left))
        }
        _ => Ok(()),
    }
}

/// Canonical bytes of a JSON value: a tag, then fixed width or length first.
fn encode(value: &Value, encoder: &mut Encoder) {
    match value {
        Value::Null => {
            encoder.u8(b'n');
        }
        Value::Bool(truth) => {
            encoder.u8(if *truth { b't' } else { b'f' });
        }
        Value::String(text) => {
            encoder.u8(b's').text(text);
        }
        Value::Number(number) => encode_number(number, encoder),
        Value::Array(items) => {
            encoder.u8(b'a').len(items.len());
            for item in items {
                encode(item, encoder);
            }
        }
        Value::Object(fields) => {
            encoder.u8(b'o').len(fields.len());
            for (name, value) in fields {
                encode(value, encoder.text(name));
            }
        }
    }
}

fn encode_number(number: &Number, encoder: &mut Encoder) {
    match numbers::whole(number) {
        Some(whole) => encoder.u8(b'i').i128(whole),
        None => encoder.u8(b'd').u64(number.as_f64().unwrap_or_default().to_bits()),
    };
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
        for one in ["1", "1.0", "1.00", "1e0", "0.1e1", "10e-1"] {
            assert_eq!(digest(&format!("{{\"a\":{one}}}")), digest(r#"{"a":1}"#), "{one}");
            let metadata = Metadata::from_json(&format!("{{\"a\":{one}}}")).unwrap();
            assert_eq!(metadata.as_json(), r#"{"a":1}"#);
        }
        for zero in ["0", "-0", "0.0", "-0.0", "0e9"] {
            assert_eq!(digest(&format!("{{\"a\":{zero}}}")), digest(r#"{"a":0}"#), "{zero}");
        }
    }

    #[test]
    fn numbers_come_back_as_they_were() {
        for number in [481.837_925_201_105_24, 203.586_252_566_155_82, 0.1, 1e-300, -2.5] {
            let metadata = Metadata::new(&serde_json::json!({ "n": number })).unwrap();
            let read: Value = metadata.read().unwrap();
            assert_eq!(read["n"].as_f64(), Some(number));
            let again = Metadata::from_json(metadata.as_json()).unwrap();
            assert_eq!((again.digest(), &again), (metadata.digest(), &metadata));
        }
        for whole in [i64::MIN.to_string(), u64::MAX.to_string(), "9007199254740993".to_owned()] {
            let metadata = Metadata::from_json(&format!("{{\"n\":{whole}}}")).unwrap();
            assert_eq!(metadata.as_json(), format!("{{\"n\":{whole}}}"));
        }
    }

    #[test]
    fn different_values_have_different_digests() {
        let different = [
            "{}",
            r#"{"a":null}"#,
            r#"{"a":1}"#,
            r#"{"a":1.5}"#,
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
        let huge = format!("{{\"a\":\"{}\"}}", "x".repeat(7 * METADATA_BYTES_MAX));
        for (json, reason) in [
            ("", "not JSON"),
            ("{", "not JSON"),
            ("{'a':1}", "not JSON"),
            ("null", "must be a JSON object"),
            ("[1]", "must be a JSON object"),
            ("\"text\"", "must be a JSON object"),
            (r#"{"a":18446744073709551616}"#, "too large to be kept exactly"),
            (r#"{"a":-9223372036854775809}"#, "too large to be kept exactly"),
            (r#"{"a":1e300}"#, "too large to be kept exactly"),
            (r#"{"a":1e20}"#, "too large to be kept exactly"),
            (r#"{"a":4503599627370497.5}"#, "too large to be kept exactly"),
            (r#"{"a":9007199254740991.4}"#, "too large to be kept exactly"),
            (&deep, "levels deep"),
            (&long, "at most 16384 bytes"),
            (&huge, "at most 16384 bytes"),
        ] {
            let refused = Metadata::from_json(json).unwrap_err();
            assert_eq!(refused.field(), Field::Metadata);
            assert!(refused.to_string().contains(reason), "{json:.40}: {refused}");
        }
        let escaped = format!("{{\"a\":\"{}\"}}", r"\u00e9".repeat(METADATA_BYTES_MAX / 2 - 8));
        assert!(Metadata::from_json(&escaped).is_ok(), "what counts is the canonical text");
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
