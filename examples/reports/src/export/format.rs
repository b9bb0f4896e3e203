//! The forms in which a journal can be written.

use std::fmt;
use std::str::FromStr;

/// A form in which a journal can be written.
///
/// ```
/// use ledger_reports::Format;
/// assert_eq!("jsonl".parse(), Ok(Format::JsonLines));
/// assert_eq!(Format::Hledger.to_string(), "hledger");
/// assert!("xml".parse::<Format>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// A table, a line for each posting.
    Csv,
    /// A JSON object on a line for each transaction.
    JsonLines,
    /// A journal for hledger.
    Hledger,
    /// A ledger for beancount.
    Beancount,
}

impl Format {
    /// Every format there is.
    pub const VALUES: &[Self] = &[Self::Csv, Self::JsonLines, Self::Hledger, Self::Beancount];

    /// Its name, which is also how such files usually end.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
            Self::Hledger => "hledger",
            Self::Beancount => "beancount",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A text that names no format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no format {0:?}; take csv, jsonl, hledger or beancount")]
pub struct UnknownFormat(String);

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        let found = Self::VALUES.iter().find(|format| format.name() == name);
        found.copied().ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_is_found_by_its_name_and_the_error_lists_them() {
        let error = "XML".parse::<Format>().unwrap_err().to_string();
        for &format in Format::VALUES {
            assert_eq!(format.to_string().parse(), Ok(format));
            assert!(error.contains(format.name()), "{error}");
        }
    }
}
