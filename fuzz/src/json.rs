//! JSON values, how they can be spelled, and their canonical bytes, written without the ledger's code or
//! parser.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::bytes::Bytes;

/// Levels below an object.
const DEPTH_MAX: usize = 6;
/// Whole numbers below it can be written with a point.
const EXACT_BELOW: i128 = 1 << 52;

/// A value. Names are sorted by their bytes, as they are in memory.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// Nothing.
    Null,
    /// True or false.
    Flag(bool),
    /// A whole number of 64 bits, with or without a sign.
    Whole(i128),
    /// So many quarters, and not a whole number.
    Quarters(i32),
    /// Text.
    Text(String),
    /// Values in their order.
    List(Vec<Json>),
    /// Values by name.
    Object(BTreeMap<String, Json>),
}

impl Json {
    /// An object.
    pub fn object(bytes: &mut Bytes<'_>) -> Self {
        Self::object_of(bytes, DEPTH_MAX)
    }

    fn object_of(bytes: &mut Bytes<'_>, depth: usize) -> Self {
        let count = bytes.below(5);
        Self::Object((0..count).map(|_| (bytes.text(12), Self::any(bytes, depth))).collect())
    }

    fn any(bytes: &mut Bytes<'_>, depth: usize) -> Self {
        let kind = bytes.below(if depth == 0 { 7 } else { 9 });
        match kind {
            0 => Self::Null,
            1 => Self::Flag(bytes.one_in(2)),
            2 => Self::Whole(i128::from(bytes.u8())),
            3 => Self::Whole(i128::from(bytes.i64())),
            4 => Self::Whole(i128::from(bytes.i64().cast_unsigned())),
            5 => match bytes.u32().cast_signed() {
                whole if whole % 4 == 0 => Self::Whole(i128::from(whole / 4)),
                quarters => Self::Quarters(quarters),
            },
            6 => Self::Text(bytes.text(20)),
            7 => Self::List((0..bytes.below(4)).map(|_| Self::any(bytes, depth - 1)).collect()),
            _ => Self::object_of(bytes, depth - 1),
        }
    }

    /// One of the ways in which it can be written.
    pub fn spell(&self, how: &mut Bytes<'_>) -> String {
        let mut text = String::new();
        self.write(&mut text, how);
        text
    }

    fn write(&self, text: &mut String, how: &mut Bytes<'_>) {
        let space = [" ", "", "", "\n\t"][how.below(4)];
        text.push_str(space);
        match self {
            Self::Null => text.push_str("null"),
            Self::Flag(flag) => text.push_str(if *flag { "true" } else { "false" }),
            Self::Whole(number) => {
                let spelling = if number.abs() < EXACT_BELOW { how.below(4) } else { 0 };
                let sign = if *number == 0 && spelling == 3 { "-" } else { "" };
                let ending = ["", ".0", "e0", ".00E+0"][spelling];
                write!(text, "{sign}{number}{ending}").unwrap();
            }
            Self::Quarters(number) => {
                let sign = if *number < 0 { "-" } else { "" };
                let number = number.unsigned_abs();
                let fraction = ["", "25", "5", "75"][(number % 4) as usize];
                write!(text, "{sign}{}.{fraction}{}", number / 4, ["", "0"][how.below(2)]).unwrap();
            }
            Self::Text(it) => write_text(it, text, how),
            Self::List(items) => {
                text.push('[');
                for (place, item) in items.iter().enumerate() {
                    text.push_str(if place == 0 { "" } else { "," });
                    item.write(text, how);
                }
                text.push(']');
            }
            Self::Object(fields) => {
                let mut fields: Vec<_> = fields.iter().collect();
                let first = how.below(8).min(fields.len());
                fields.rotate_left(first);
                text.push('{');
                for (place, (name, value)) in fields.into_iter().enumerate() {
                    text.push_str(if place == 0 { "" } else { "," });
                    write_text(name, text, how);
                    text.push(':');
                    value.write(text, how);
                }
                text.push('}');
            }
        }
        text.push_str(space);
    }

    /// Its canonical bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.push(b'n'),
            Self::Flag(flag) => out.push(if *flag { b't' } else { b'f' }),
            Self::Whole(number) => {
                out.push(b'i');
                out.extend(number.to_be_bytes());
            }
            Self::Quarters(number) => {
                out.push(b'd');
                out.extend((f64::from(*number) / 4.0).to_be_bytes());
            }
            Self::Text(it) => {
                out.push(b's');
                encode_text(it, out);
            }
            Self::List(items) => {
                out.push(b'a');
                out.extend(u32::try_from(items.len()).unwrap().to_be_bytes());
                for item in items {
                    item.encode(out);
                }
            }
            Self::Object(fields) => {
                out.push(b'o');
                out.extend(u32::try_from(fields.len()).unwrap().to_be_bytes());
                for (name, value) in fields {
                    encode_text(name, out);
                    value.encode(out);
                }
            }
        }
    }
}

/// Text with its length before it.
pub fn encode_text(text: &str, out: &mut Vec<u8>) {
    out.extend(u32::try_from(text.len()).unwrap().to_be_bytes());
    out.extend(text.bytes());
}

fn write_text(it: &str, text: &mut String, how: &mut Bytes<'_>) {
    let escapes_all = how.one_in(3);
    text.push('"');
    for c in it.chars() {
        if escapes_all || c.is_control() || matches!(c, '"' | '\\') {
            c.encode_utf16(&mut [0; 2])
                .iter()
                .for_each(|unit| write!(text, "\\u{unit:04X}").unwrap());
        } else {
            text.push(c);
        }
    }
    text.push('"');
}
