//! A request in plain words, and its canonical bytes as `docs/canonical-encoding.md` has them.

use sha2::{Digest, Sha256};

use crate::json::{Json, encode_text};

/// A part of a request's body.
#[derive(Clone, Debug)]
pub enum Part {
    /// A choice between forms, or yes and no.
    Choice(u8),
    /// How many come now.
    Count(u32),
    /// An id, or a duration.
    Number(u64),
    /// A time.
    Time(i64),
    /// An amount of an asset's, without the asset.
    Amount(i128),
    /// Money: smallest units, digits, code.
    Money(i128, u8, String),
    /// Text.
    Text(String),
}

/// A request: its kind, what belongs to it, and when it takes effect.
#[derive(Clone, Debug)]
pub struct Request {
    pub kind: u8,
    pub meta: Option<Json>,
    pub body: Vec<Part>,
    pub effective: Option<i64>,
}

impl Request {
    /// In words that no other request has.
    pub fn words(&self) -> String {
        let empty = |meta: &&Json| matches!(meta, Json::Object(fields) if fields.is_empty());
        let meta = self.meta.as_ref().filter(|meta| !empty(meta));
        format!("{} {meta:?} {:?} {:?}", self.kind, self.body, self.effective)
    }

    /// Its canonical bytes. Planted: without when it takes effect.
    pub fn encode(&self, planted: bool) -> Vec<u8> {
        let mut out = b"C1".to_vec();
        out.push(self.kind);
        match &self.meta {
            Some(Json::Object(fields)) if !fields.is_empty() => {
                let mut meta = b"M1".to_vec();
                Json::Object(fields.clone()).encode(&mut meta);
                out.push(1);
                out.extend(Sha256::digest(meta));
            }
            _ => out.push(0),
        }
        self.body.iter().for_each(|part| part.encode(&mut out));
        if let Some(effective) = self.effective.filter(|_| !planted) {
            out.extend(i128::from(effective).to_be_bytes());
        }
        out
    }
}

impl Part {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Choice(choice) => out.push(*choice),
            Self::Count(count) => out.extend(count.to_be_bytes()),
            Self::Number(number) => out.extend(number.to_be_bytes()),
            Self::Time(ms) => out.extend(i128::from(*ms).to_be_bytes()),
            Self::Amount(minor) => out.extend(minor.to_be_bytes()),
            Self::Money(minor, scale, code) => {
                out.extend(minor.to_be_bytes());
                out.push(*scale);
                encode_text(code, out);
            }
            Self::Text(text) => encode_text(text, out),
        }
    }
}
