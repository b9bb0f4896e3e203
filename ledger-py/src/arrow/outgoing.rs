//! Arrow streams out: history and balances, amounts as decimal128, times in UTC.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{
    ArrayRef, Decimal128Array, Int64Array, RecordBatch, RecordBatchIterator, RecordBatchReader,
    StringArray, TimestampMillisecondArray,
};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};
use ledger_core::bounds::PAGE_MAX;
use ledger_core::{Amount, Cursor, Entry, HistoryQuery, Metadata, Timestamp, WalletId};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use crate::call::book::{Book, Open};
use crate::call::detach::stopped_by_a_signal;
use crate::out::fault::Fault;
use crate::take::ends;
use crate::take::input::Any;
use crate::verbs::read::Wanted;

/// The name that the Arrow project has given to such capsules.
pub(crate) const CAPSULE: &std::ffi::CStr = c"arrow_array_stream";
/// Digits of a decimal128.
const PRECISION: u8 = 38;

fn capsule(
    py: Python<'_>,
    reader: impl RecordBatchReader + Send + 'static,
) -> PyResult<Bound<'_, PyCapsule>> {
    PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(Box::new(reader)), CAPSULE)
}

/// A wallet's history as a stream: a page, or all of it.
#[pyfunction]
pub(crate) fn export_history<'py>(
    py: Python<'py>,
    book: &Book,
    of: Any<'_, 'py>,
    wanted: Wanted,
    limit: Option<usize>,
    cursor: Option<&str>,
) -> PyResult<Bound<'py, PyCapsule>> {
    let pages = book.with(py, |open| {
        let of = ends::take(of, &open)?;
        let cursor = cursor.map(str::parse::<Cursor>).transpose()?;
        let query = wanted.query()?.limit(limit.unwrap_or(PAGE_MAX)).cursor(cursor);
        let schema = history_schema(of.asset().scale());
        let one_page = limit.is_some();
        Ok(Pages { open, wallet: of.wallet.id, query, schema, one_page, is_done: false })
    })?;
    capsule(py, pages)
}

/// Reads a history page by page, as whoever reads the stream asks for more.
struct Pages {
    open: Arc<Open>,
    wallet: WalletId,
    query: HistoryQuery,
    schema: SchemaRef,
    one_page: bool,
    is_done: bool,
}

impl Pages {
    fn page(&mut self) -> Result<RecordBatch, ArrowError> {
        let external = |error: ledger_core::Error| ArrowError::ExternalError(Box::new(error));
        let page = self.open.ledger.history(self.wallet, &self.query).map_err(external)?;
        let others = page.entries.iter().map(|entry| entry.counterparty);
        self.open.wallets.learn(others, &self.open.ledger);
        self.is_done = self.one_page || page.next.is_none();
        self.query = self.query.clone().cursor(page.next);
        history_batch(&page.entries, &self.schema, &self.open)
    }
}

impl Iterator for Pages {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_done {
            return None;
        }
        if stopped_by_a_signal() {
            self.is_done = true;
            return Some(Err(ArrowError::ComputeError("stopped by a signal".to_owned())));
        }
        // A panic must not cross into whoever reads the stream.
        let page = catch_unwind(AssertUnwindSafe(|| self.page()));
        let page = page.unwrap_or_else(|_| {
            Err(ArrowError::ComputeError("panicked: a fault in the ledger: report it".to_owned()))
        });
        self.is_done |= page.is_err();
        Some(page)
    }
}

impl RecordBatchReader for Pages {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }
}

fn decimal(scale: u8) -> DataType {
    DataType::Decimal128(PRECISION, i8::try_from(scale).unwrap_or(i8::MAX))
}

fn history_schema(scale: u8) -> SchemaRef {
    let in_utc = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
    let known = |name: &str, kind: DataType| Field::new(name, kind, false);
    Arc::new(Schema::new(vec![
        known("id", DataType::Int64),
        known("posting", DataType::Int64),
        known("at", in_utc.clone()),
        known("effective_at", in_utc),
        known("kind", DataType::Utf8),
        known("amount", decimal(scale)),
        known("balance_after", decimal(scale)),
        known("asset", DataType::Utf8),
        known("version", DataType::Int64),
        known("counterparty", DataType::Utf8),
        known("key", DataType::Utf8),
        Field::new("meta", DataType::Utf8, true),
        Field::new("actor", DataType::Utf8, true),
    ]))
}

fn history_batch(
    entries: &[Entry],
    schema: &SchemaRef,
    open: &Open,
) -> Result<RecordBatch, ArrowError> {
    let DataType::Decimal128(_, scale) = *schema.field(5).data_type() else {
        return Err(ArrowError::SchemaError("amounts are no decimals".to_owned()));
    };
    let name = |id: WalletId| {
        open.wallets.known(id).map_or_else(|| id.to_string(), |known| known.wallet.name.to_string())
    };
    let columns: Vec<ArrayRef> = vec![
        whole(entries.iter().map(|it| it.id.raw())),
        whole(entries.iter().map(|it| u64::from(it.posting))),
        times(entries.iter().map(|it| it.at)),
        times(entries.iter().map(|it| it.effective_at)),
        text(entries.iter().map(|it| it.kind.code())),
        decimals(entries.iter().map(|it| Some(it.amount.amount())), scale)?,
        decimals(entries.iter().map(|it| Some(it.balance_after.amount())), scale)?,
        text(entries.iter().map(|it| it.amount.asset().code().to_string())),
        whole(entries.iter().map(|it| it.version)),
        text(entries.iter().map(|it| name(it.counterparty))),
        text(entries.iter().map(|it| it.key.as_str())),
        Arc::new(
            entries
                .iter()
                .map(|it| it.meta.as_ref().map(Metadata::as_json))
                .collect::<StringArray>(),
        ),
        Arc::new(
            entries
                .iter()
                .map(|it| it.actor.as_ref().map(|actor| actor.who.as_str()))
                .collect::<StringArray>(),
        ),
    ];
    RecordBatch::try_new(schema.clone(), columns)
}

fn times(times: impl Iterator<Item = Timestamp>) -> ArrayRef {
    let ms = TimestampMillisecondArray::from_iter_values(times.map(Timestamp::unix_ms));
    Arc::new(ms.with_timezone("UTC"))
}

fn whole(numbers: impl Iterator<Item = u64>) -> ArrayRef {
    let signed = numbers.map(|number| i64::try_from(number).unwrap_or(i64::MAX));
    Arc::new(Int64Array::from_iter_values(signed))
}

fn text<T: AsRef<str>>(texts: impl Iterator<Item = T>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(texts))
}

fn decimals(
    amounts: impl Iterator<Item = Option<Amount>>,
    scale: i8,
) -> Result<ArrayRef, ArrowError> {
    const LIMIT: u128 = 10_u128.pow(PRECISION as u32);
    let minor = amounts.map(|amount| match amount.map(Amount::minor) {
        Some(minor) if minor.unsigned_abs() >= LIMIT => Err(ArrowError::ComputeError(format!(
            "{minor} has more than the {PRECISION} digits of a decimal128"
        ))),
        minor => Ok(minor),
    });
    let minor: Decimal128Array = minor.collect::<Result<_, _>>()?;
    Ok(Arc::new(minor.with_precision_and_scale(PRECISION, scale)?))
}

/// A balance as Python has it: wallet, asset, digits of what is posted, held and available, version.
type Row = (String, String, String, String, Option<String>, u64);

/// Balances as a stream; their amounts have the digits of the asset that has most.
#[pyfunction]
pub(crate) fn export_balances(py: Python<'_>, rows: Vec<Row>) -> PyResult<Bound<'_, PyCapsule>> {
    let batch = balances_batch(&rows);
    let batch =
        batch.map_err(|error| pyo3::exceptions::PyOverflowError::new_err(error.to_string()))?;
    let schema = batch.schema();
    capsule(py, RecordBatchIterator::new([Ok(batch)], schema))
}

fn balances_batch(rows: &[Row]) -> Result<RecordBatch, ArrowError> {
    let digits = |text: &str| text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let scale = rows.iter().map(|row| digits(&row.2)).max().unwrap_or(0);
    let scale = u8::try_from(scale).unwrap_or(u8::MAX);
    let amounts = |of: fn(&Row) -> Option<&str>| {
        let amount = |text: &str| Amount::parse(text, scale);
        let amounts = rows.iter().map(|row| of(row).map(amount).transpose());
        let amounts = amounts.collect::<Result<Vec<_>, _>>();
        let amounts = amounts.map_err(|error| ArrowError::ComputeError(error.to_string()))?;
        decimals(amounts.into_iter(), i8::try_from(scale).unwrap_or(i8::MAX))
    };
    let known = |name: &str, kind: DataType| Field::new(name, kind, false);
    let schema = Schema::new(vec![
        known("wallet", DataType::Utf8),
        known("asset", DataType::Utf8),
        known("posted", decimal(scale)),
        known("held", decimal(scale)),
        Field::new("available", decimal(scale), true),
        known("version", DataType::Int64),
    ]);
    let columns: Vec<ArrayRef> = vec![
        text(rows.iter().map(|row| &row.0)),
        text(rows.iter().map(|row| &row.1)),
        amounts(|row| Some(&row.2))?,
        amounts(|row| Some(&row.3))?,
        amounts(|row| row.4.as_deref())?,
        whole(rows.iter().map(|row| row.5)),
    ];
    RecordBatch::try_new(Arc::new(schema), columns)
}

impl From<ArrowError> for Fault {
    fn from(error: ArrowError) -> Self {
        Self::own("invalid_batch", format!("the Arrow data can't be read: {error}"))
    }
}
