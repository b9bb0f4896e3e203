//! Amounts on disk: an INTEGER where 64 bits suffice, else the 16 bytes of the number, so that plain
//! SQL can read what people usually hold and nothing is ever rounded.

use ledger_core::Amount;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use rusqlite::{Result, ToSql};

/// An amount as a column holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StoredAmount {
    Narrow(i64),
    /// Big-endian, two's complement; never a number that is narrow.
    Wide([u8; 16]),
}

impl From<Amount> for StoredAmount {
    fn from(amount: Amount) -> Self {
        let minor = amount.minor();
        i64::try_from(minor).map_or(Self::Wide(minor.to_be_bytes()), Self::Narrow)
    }
}

impl ToSql for StoredAmount {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Narrow(minor) => ToSqlOutput::from(*minor),
            Self::Wide(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}

/// An amount read from a column. What is not exactly as it would have been written is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReadAmount(pub(crate) Amount);

impl FromSql for ReadAmount {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value {
            ValueRef::Integer(minor) => Ok(Self(Amount::from_minor(minor.into()))),
            ValueRef::Blob(bytes) => {
                let bytes = bytes.try_into().map_err(|_| FromSqlError::InvalidType)?;
                let minor = i128::from_be_bytes(bytes);
                match i64::try_from(minor) {
                    Ok(narrow) => Err(FromSqlError::OutOfRange(narrow)),
                    Err(_) => Ok(Self(Amount::from_minor(minor))),
                }
            }
            _ => Err(FromSqlError::InvalidType),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: ValueRef<'_>) -> Option<i128> {
        ReadAmount::column_result(value).ok().map(|ReadAmount(amount)| amount.minor())
    }

    #[test]
    fn every_amount_comes_back_and_has_one_form() {
        let edge = i128::from(i64::MAX);
        for minor in [0, 1, -1, edge, edge + 1, -edge - 1, -edge - 2, i128::MAX, i128::MIN, 1 << 64]
        {
            let stored = StoredAmount::from(Amount::from_minor(minor));
            let narrow = i64::try_from(minor).is_ok();
            assert_eq!(matches!(stored, StoredAmount::Narrow(_)), narrow, "{minor}");
            let back = match &stored {
                StoredAmount::Narrow(minor) => read(ValueRef::Integer(*minor)),
                StoredAmount::Wide(bytes) => read(ValueRef::Blob(bytes)),
            };
            assert_eq!(back, Some(minor));
        }
    }

    #[test]
    fn what_would_not_have_been_written_is_refused() {
        let narrow_as_wide = 7_i128.to_be_bytes();
        for value in [
            ValueRef::Null,
            ValueRef::Real(1.0),
            ValueRef::Text(b"1"),
            ValueRef::Blob(&[]),
            ValueRef::Blob(&[0xff; 15]),
            ValueRef::Blob(&narrow_as_wide),
        ] {
            assert_eq!(read(value), None, "{value:?}");
        }
    }
}
