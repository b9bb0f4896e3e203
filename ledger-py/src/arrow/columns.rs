//! Columns of text and of whole numbers, whichever of Arrow's forms they have.

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, UInt64Type};
use arrow_array::{Array, Int64Array, LargeStringArray, StringArray, StringViewArray, UInt64Array};
use arrow_schema::DataType;

/// A column of text.
pub(crate) enum Text<'a> {
    Small(&'a StringArray),
    Large(&'a LargeStringArray),
    View(&'a StringViewArray),
    /// Few texts, and for each row which of them.
    Dictionary {
        keys: Vec<usize>,
        nulls: &'a dyn Array,
        values: Box<Text<'a>>,
    },
}

impl<'a> Text<'a> {
    /// Whether a column of that type is one of text.
    pub(crate) fn is(kind: &DataType) -> bool {
        match kind {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
            DataType::Dictionary(_, value) => Self::is(value),
            _ => false,
        }
    }

    pub(crate) fn of(column: &'a dyn Array) -> Option<Self> {
        match column.data_type() {
            DataType::Utf8 => column.as_string_opt().map(Self::Small),
            DataType::LargeUtf8 => column.as_string_opt().map(Self::Large),
            DataType::Utf8View => column.as_string_view_opt().map(Self::View),
            DataType::Dictionary(..) => {
                let dictionary = column.as_any_dictionary_opt()?;
                let values = Box::new(Self::of(dictionary.values().as_ref())?);
                let keys = dictionary.normalized_keys();
                Some(Self::Dictionary { keys, nulls: dictionary.keys(), values })
            }
            _ => None,
        }
    }

    pub(crate) fn at(&self, row: usize) -> Option<&'a str> {
        match self {
            Self::Small(texts) => texts.is_valid(row).then(|| texts.value(row)),
            Self::Large(texts) => texts.is_valid(row).then(|| texts.value(row)),
            Self::View(texts) => texts.is_valid(row).then(|| texts.value(row)),
            Self::Dictionary { keys, nulls, values } => {
                keys.get(row).filter(|_| nulls.is_valid(row)).and_then(|&key| values.at(key))
            }
        }
    }
}

/// A column of whole numbers of 64 bits.
pub(crate) enum Numbers<'a> {
    Signed(&'a Int64Array),
    Unsigned(&'a UInt64Array),
}

impl<'a> Numbers<'a> {
    pub(crate) fn of(column: &'a dyn Array) -> Option<Self> {
        let signed = column.as_primitive_opt::<Int64Type>().map(Self::Signed);
        signed.or_else(|| column.as_primitive_opt::<UInt64Type>().map(Self::Unsigned))
    }

    /// The number; what is below zero is none that is used.
    pub(crate) fn at(&self, row: usize) -> Option<u64> {
        match self {
            Self::Signed(numbers) => {
                numbers.is_valid(row).then(|| u64::try_from(numbers.value(row)).unwrap_or(0))
            }
            Self::Unsigned(numbers) => numbers.is_valid(row).then(|| numbers.value(row)),
        }
    }
}
