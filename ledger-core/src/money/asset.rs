//! What money is made of: a code and a number of digits.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::base::bounds::{ASSET_CODE_BYTES_MAX, ASSET_SCALE_MAX};
use crate::base::invalid::{Field, Invalid};
use crate::money::iso;

/// An asset's code: 1 to 22 letters, digits, `.`, `_` and `-`, beginning with a letter or digit.
/// Upper and lower case differ, but a code that differs from one of ISO 4217 by its case alone, such
/// as `usd`, is refused.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AssetCode {
    len: u8,
    bytes: [u8; ASSET_CODE_BYTES_MAX],
}

impl AssetCode {
    /// Parses a code.
    pub fn new(code: &str) -> Result<Self, Invalid> {
        let refuse = |problem: String| Err(Invalid::new(Field::Asset, problem));
        let mut bytes = [0; ASSET_CODE_BYTES_MAX];
        let (Some(room), false) = (bytes.get_mut(..code.len()), code.is_empty()) else {
            return refuse(format!(
                "asset code must be 1 to {ASSET_CODE_BYTES_MAX} bytes; this one has {}",
                code.len()
            ));
        };
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if !code.bytes().all(fits) || !code.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return refuse(format!(
                "asset code {code:?} must be ASCII letters, digits, '.', '_' and '-', \
                 beginning with a letter or digit"
            ));
        }
        if let Some(iso) = iso::looks_like(code) {
            return refuse(format!("asset code {code} is easily mistaken for {iso}; write {iso}"));
        }
        room.copy_from_slice(code.as_bytes());
        let len = u8::try_from(code.len()).unwrap_or(0);
        Ok(Self { len, bytes })
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..usize::from(self.len)).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }
}

impl fmt::Display for AssetCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for AssetCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl PartialOrd for AssetCode {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for AssetCode {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Serialize for AssetCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for AssetCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// An asset as amounts of it need it: its code and its scale, the digits after the point.
///
/// ```
/// use ledger_core::Asset;
/// let usd = Asset::iso("USD")?;
/// let gold = Asset::new("GOLD-18K", 3)?;
/// assert_eq!(usd.money("12.50")?.to_string(), "12.50 USD");
/// assert_eq!(gold.money("0.005")?.to_string(), "0.005 GOLD-18K");
/// assert!(Asset::new("USD", 4).is_err(), "ISO 4217 gives the dollar two digits");
/// # Ok::<(), ledger_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "AssetText")]
pub struct Asset {
    code: AssetCode,
    scale: u8,
}

/// What is read from outside, before it is checked.
#[derive(Deserialize)]
struct AssetText {
    code: AssetCode,
    scale: u8,
}

impl TryFrom<AssetText> for Asset {
    type Error = Invalid;

    fn try_from(text: AssetText) -> Result<Self, Invalid> {
        Self::with_code(text.code, text.scale)
    }
}

impl Asset {
    /// An asset of your own, with 0 to 38 digits after the point.
    pub fn new(code: &str, scale: u8) -> Result<Self, Invalid> {
        Self::with_code(AssetCode::new(code)?, scale)
    }

    /// An ISO 4217 currency, with the digits the standard gives it.
    pub fn iso(code: &str) -> Result<Self, Invalid> {
        let code = AssetCode::new(code)?;
        Self::known(code).ok_or_else(|| {
            let problem = format!(
                "{code} is no ISO 4217 currency with a number of digits; give the asset's scale"
            );
            Invalid::new(Field::Asset, problem)
        })
    }

    /// The ISO 4217 currency of that code, if there is one.
    pub fn known(code: AssetCode) -> Option<Self> {
        iso::scale_of(code.as_str()).map(|scale| Self { code, scale })
    }

    fn with_code(code: AssetCode, scale: u8) -> Result<Self, Invalid> {
        if scale > ASSET_SCALE_MAX {
            let problem =
                format!("asset scale must be 0 to {ASSET_SCALE_MAX}; this one is {scale}");
            return Err(Invalid::new(Field::Asset, problem));
        }
        match iso::scale_of(code.as_str()) {
            Some(known) if known != scale => {
                let problem = format!(
                    "{code} has {known} digits in ISO 4217, not {scale}; \
                     use another code for another precision, such as {code}.{scale}"
                );
                Err(Invalid::new(Field::Asset, problem))
            }
            _ => Ok(Self { code, scale }),
        }
    }

    /// The code.
    pub fn code(&self) -> AssetCode {
        self.code
    }

    /// The digits after the point.
    pub fn scale(&self) -> u8 {
        self.scale
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso_currencies_have_the_standards_digits() {
        for (code, scale) in [("USD", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("EUR", 2)] {
            assert_eq!(Asset::iso(code).unwrap().scale(), scale, "{code}");
        }
        for code in ["XAU", "XXX", "ZZZ", "GOLD"] {
            assert!(Asset::iso(code).is_err(), "{code}");
        }
    }

    #[test]
    fn own_assets_have_bounded_codes_and_scales() {
        for (code, scale) in [("points", 0), ("GOLD-18K", 3), ("ETH", 18), ("a", 38), ("XAU", 4)] {
            let asset = Asset::new(code, scale).unwrap();
            assert_eq!((asset.code().as_str(), asset.scale()), (code, scale));
        }
        for (code, scale, reason) in [
            ("", 2, "1 to 22 bytes"),
            ("ABCDEFGHIJKLMNOPQRSTUVW", 2, "has 23"),
            ("A B", 2, "ASCII letters"),
            ("-A", 2, "beginning with"),
            ("Ä", 2, "ASCII letters"),
            ("ETH", 39, "0 to 38"),
            ("USD", 3, "has 2 digits in ISO 4217"),
            ("usd", 2, "write USD"),
            ("Eur", 2, "write EUR"),
        ] {
            let refused = Asset::new(code, scale).unwrap_err();
            assert!(refused.to_string().contains(reason), "{code}: {refused}");
        }
    }

    #[test]
    fn assets_from_outside_are_checked() {
        let gold = Asset::new("GOLD-18K", 3).unwrap();
        let json = serde_json::to_string(&gold).unwrap();
        assert_eq!(json, r#"{"code":"GOLD-18K","scale":3}"#);
        assert_eq!(serde_json::from_str::<Asset>(&json).unwrap(), gold);
        assert!(serde_json::from_str::<Asset>(r#"{"code":"GOLD","scale":39}"#).is_err());
    }
}
