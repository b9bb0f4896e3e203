//! Transfers from an Arrow stream: columns `from`, `to`, `amount` and `key`, and perhaps `meta`.

use std::sync::Arc;

use arrow_array::ffi_stream::{FFI_ArrowArrayStream, RecordBatchStreamReader};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, Schema};
use hashbrown::HashMap;
use ledger_core::{Amount, Asset, Command, Field, Invalid, Key, Ledger, Metadata, Money, WalletId};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyList};

use crate::arrow::columns::{Numbers, Text};
use crate::arrow::outgoing::CAPSULE;
use crate::call::book::{Book, Open};
use crate::call::detach::{NOTHING, detached_saying, was_interrupted};
use crate::out::directory::Known;
use crate::out::fault::{Fault, Taken};
use crate::take::command::Weighed;
use crate::verbs::write::{Item, carry_out};

/// Carries out the transfers of an Arrow stream.
#[pyfunction]
pub(crate) fn transfer_arrow<'py>(
    py: Python<'py>,
    book: &Book,
    stream: &Bound<'py, PyCapsule>,
    atomic: bool,
) -> PyResult<Bound<'py, PyList>> {
    book.write(py, |open| {
        let reader = read(stream)?;
        let places = Places::find(&arrow_array::RecordBatchReader::schema(&reader))?;
        let items =
            detached_saying(py, || commands(reader, places, &open), |_| NOTHING.to_owned())?;
        let atomic = atomic && !items.is_empty();
        carry_out(py, &open, items, atomic)
    })
}

#[allow(unsafe_code, reason = "the interface of Arrow streams is one in C")]
fn read(stream: &Bound<'_, PyCapsule>) -> Taken<RecordBatchStreamReader> {
    let pointer = stream.pointer_checked(Some(CAPSULE))?.cast::<FFI_ArrowArrayStream>();
    // SAFETY: a capsule of that name holds such a stream, which is moved out of it here, once: what is
    // left in it says that it was.
    let reader = unsafe { RecordBatchStreamReader::from_raw(pointer.as_ptr()) };
    Ok(reader.map_err(Fault::from)?)
}

/// Where the columns are.
#[derive(Clone, Copy)]
struct Places {
    from: usize,
    to: usize,
    amount: usize,
    key: usize,
    meta: Option<usize>,
}

const COLUMNS: [&str; 5] = ["from", "to", "amount", "key", "meta"];

impl Places {
    /// Finds the columns by their names. Money that goes the wrong way because of a column's place would be
    /// worse than an error.
    fn find(schema: &Schema) -> Taken<Self> {
        let wrong = || {
            let names: Vec<&str> = schema.fields().iter().map(|it| it.name().as_str()).collect();
            PyValueError::new_err(format!(
                "transfers need the columns from, to, amount and key, once each, with meta as a fifth if \
                 you like, and no others; these are {}",
                names.join(", ")
            ))
        };
        if schema.fields().iter().any(|it| !COLUMNS.contains(&it.name().as_str())) {
            return Err(wrong().into());
        }
        let count = |name: &str| schema.fields().iter().filter(|it| it.name() == name).count();
        let place = |name: &str| {
            let found = schema.index_of(name).ok().filter(|_| count(name) == 1);
            found.ok_or_else(wrong)
        };
        let places = Self {
            from: place("from")?,
            to: place("to")?,
            amount: place("amount")?,
            key: place("key")?,
            meta: if count("meta") == 0 { None } else { Some(place("meta")?) },
        };
        places.check_amount(schema)?;
        Ok(places)
    }

    /// Amounts must be exact, as everywhere.
    fn check_amount(self, schema: &Schema) -> PyResult<()> {
        let kind = schema.field(self.amount).data_type();
        match kind {
            DataType::Decimal128(..) => Ok(()),
            kind if Text::is(kind) => Ok(()),
            _ => Err(PyTypeError::new_err(format!(
                "the column amount must be of decimal128 or text, because others are not exact or could be \
                 cents; not {kind}"
            ))),
        }
    }
}

fn commands(
    reader: RecordBatchStreamReader,
    places: Places,
    open: &Open,
) -> Result<Vec<Item>, Fault> {
    let mut items = Vec::new();
    let mut wallets = Wallets { open, by_name: HashMap::new() };
    for batch in reader {
        if was_interrupted() {
            return Err(Fault::own("wait_timeout", "withdrawn before anything was written"));
        }
        take_batch(&batch?, places, &mut wallets, &mut items)?;
    }
    Ok(items)
}

fn take_batch(
    batch: &RecordBatch,
    places: Places,
    wallets: &mut Wallets<'_>,
    items: &mut Vec<Item>,
) -> Result<(), Fault> {
    let from = Ends::of(batch.column(places.from), "from")?;
    let to = Ends::of(batch.column(places.to), "to")?;
    let keys = Text::of(batch.column(places.key)).ok_or_else(|| bad_column("key", "text"))?;
    let amounts = Amounts::of(batch.column(places.amount))?;
    let metas = places.meta.map(|place| {
        Text::of(batch.column(place)).ok_or_else(|| bad_column("meta", "text, of JSON"))
    });
    let metas = metas.transpose()?;
    items.reserve(batch.num_rows());
    for row in 0..batch.num_rows() {
        items.push((|| {
            let (from, to) = (from.wallet(row, wallets)?, to.wallet(row, wallets)?);
            let key = keys.at(row).ok_or_else(|| missing(row, "key", Field::Key))?;
            let amount = amounts.at(row, from.asset())?;
            let key = Key::new(key)?;
            let command = Command::transfer(key, from.wallet.id, to.wallet.id, amount);
            let meta = metas.as_ref().and_then(|metas| metas.at(row));
            Ok(Weighed::new(command, 1, meta.map(Metadata::from_json).transpose()?))
        })());
    }
    Ok(())
}

fn bad_column(name: &str, what: &str) -> Fault {
    Invalid::new(Field::Batch, format!("the column {name} must be of {what}")).into()
}

fn missing(row: usize, name: &str, field: Field) -> Fault {
    Invalid::new(field, format!("row {row} has no {name}")).into()
}

/// A column of wallets, by their names or by their ids.
enum Ends<'a> {
    Names(Text<'a>),
    Ids(Numbers<'a>),
}

impl<'a> Ends<'a> {
    fn of(column: &'a dyn Array, name: &str) -> Result<Self, Fault> {
        let text = Text::of(column).map(Self::Names);
        text.or_else(|| Numbers::of(column).map(Self::Ids))
            .ok_or_else(|| bad_column(name, "text (names) or of 64-bit whole numbers (ids)"))
    }

    fn wallet(&self, row: usize, wallets: &mut Wallets<'_>) -> Result<Arc<Known>, Fault> {
        let found = match self {
            Self::Names(names) => names.at(row).map(|name| wallets.named(name)),
            Self::Ids(ids) => ids.at(row).map(|id| wallets.with_id(id)),
        };
        found.unwrap_or_else(|| Err(missing(row, "wallet", Field::Wallet)))
    }
}

/// Wallets that were looked up for this stream.
struct Wallets<'a> {
    open: &'a Open,
    by_name: HashMap<Box<str>, Arc<Known>>,
}

impl Wallets<'_> {
    fn named(&mut self, name: &str) -> Result<Arc<Known>, Fault> {
        if let Some(known) = self.by_name.get(name) {
            return Ok(known.clone());
        }
        let known = match self.open.wallets.named(name) {
            Some(known) => known,
            None => match self.open.ledger.wallet(name)? {
                Some(wallet) => self.open.wallets.note(wallet),
                None => return Err(crate::take::ends::no_such(name)),
            },
        };
        self.by_name.insert(name.into(), known.clone());
        Ok(known)
    }

    fn with_id(&self, raw: u64) -> Result<Arc<Known>, Fault> {
        let Some(id) = WalletId::from_raw(raw) else {
            return Err(
                Invalid::new(Field::Value, format!("{raw} is not the id of a wallet")).into()
            );
        };
        if let Some(known) = self.open.wallets.known(id) {
            return Ok(known);
        }
        let ledger: &Ledger = &self.open.ledger;
        let found = ledger.wallet_by_id(id)?;
        let found = found.ok_or(ledger_core::Rejection::UnknownWallet { wallet: id })?;
        Ok(self.open.wallets.note(found))
    }
}

/// A column of amounts.
enum Amounts<'a> {
    Decimals(&'a arrow_array::Decimal128Array),
    Text(Text<'a>),
}

impl<'a> Amounts<'a> {
    fn of(column: &'a dyn Array) -> Result<Self, Fault> {
        let decimals = column.as_any().downcast_ref().map(Self::Decimals);
        decimals
            .or_else(|| Text::of(column).map(Self::Text))
            .ok_or_else(|| bad_column("amount", "decimal128 or text"))
    }

    fn at(&self, row: usize, asset: Asset) -> Result<Money, Fault> {
        let none = || missing(row, "amount", Field::Amount);
        match self {
            Self::Text(text) => Ok(asset.money(text.at(row).ok_or_else(none)?)?),
            Self::Decimals(decimals) if decimals.is_null(row) => Err(none()),
            Self::Decimals(decimals) => exact(decimals.value(row), decimals.scale(), asset),
        }
    }
}

/// A decimal in the asset's digits, without rounding.
fn exact(minor: i128, scale: i8, asset: Asset) -> Result<Money, Fault> {
    match u8::try_from(scale) {
        Ok(scale) if scale == asset.scale() => Ok(asset.minor(minor)),
        Ok(scale) => {
            let text = Amount::from_minor(minor).display(scale).to_string();
            Ok(asset.money(&text)?)
        }
        Err(_) => Err(bad_column("amount", "decimals with a scale of zero or above")),
    }
}
