//! A request's fingerprint: how a retry is told from another request under the same key.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::base::encode::Encoder;
use crate::base::invalid::{Field, Invalid};
use crate::input::key::Key;

/// SHA-256 over a request's canonical bytes (`docs/canonical-encoding.md`).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint with these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The digest of an all-or-nothing batch: its requests' keys and fingerprints in order.
    pub(crate) fn of_batch<'a>(
        items: impl ExactSizeIterator<Item = (&'a Key, &'a Fingerprint)>,
    ) -> Self {
        let mut encoder = Encoder::tagged(*b"B1");
        encoder.len(items.len());
        for (key, fingerprint) in items {
            encoder.text(key.as_str()).fixed(&fingerprint.0);
        }
        Self(encoder.sha256())
    }

    /// This request as a part of a batch. A retry must bring the whole batch.
    pub(crate) fn within(&self, batch: &Self) -> Self {
        Self(Encoder::tagged(*b"P1").fixed(&batch.0).fixed(&self.0).sha256())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl FromStr for Fingerprint {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let plain = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let mut bytes = [0; 32];
        for (index, byte) in bytes.iter_mut().enumerate() {
            let digits = text.get(index * 2..index * 2 + 2).filter(|_| plain);
            let parsed = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
            *byte = parsed.ok_or_else(|| {
                Invalid::new(Field::Value, "a fingerprint must be 64 hexadecimal digits")
            })?;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
        } else {
            <[u8; 32]>::deserialize(deserializer).map(Self)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_64_hexadecimal_digits() {
        let fingerprint =
            Fingerprint::from_bytes(std::array::from_fn(|i| u8::try_from(i).unwrap() * 7));
        let text = fingerprint.to_string();
        assert!(text.starts_with("00070e15"));
        assert_eq!(text.parse(), Ok(fingerprint));
        assert_eq!(
            serde_json::from_str::<Fingerprint>(&format!("\"{text}\"")).unwrap(),
            fingerprint
        );
        for bad in ["", "00", &text[1..], &format!("{}zz", &text[2..]), &format!("é{}", &text[2..])]
        {
            assert!(bad.parse::<Fingerprint>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_batch_binds_its_keys_its_items_and_their_order() {
        let [one, two] = [[1; 32], [2; 32]].map(Fingerprint::from_bytes);
        let [a, b] = ["a", "b"].map(|key| Key::new(key).unwrap());
        let forward = Fingerprint::of_batch([(&a, &one), (&b, &two)].into_iter());
        let backward = Fingerprint::of_batch([(&b, &two), (&a, &one)].into_iter());
        let swapped = Fingerprint::of_batch([(&b, &one), (&a, &two)].into_iter());
        assert_ne!(forward, backward);
        assert_ne!(forward, swapped);
        assert_ne!(one.within(&forward), one.within(&backward));
        assert_ne!(one.within(&forward), one);
    }
}
