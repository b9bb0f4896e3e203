//! What is done to the file as a whole: checked, copied, asked in SQL, measured.

use std::ops::ControlFlow;
use std::path::PathBuf;

use ledger_core::{Field, Invalid};
use ledger_sqlite::{Head, Progress, SqliteLedger, Value, Verification};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

use crate::base::plain::Object;
use crate::call::book::{Book, Open};
use crate::call::detach::{detached_saying, stop_with, was_interrupted};
use crate::out::fault::Fault;

fn file(open: &Open) -> Result<&SqliteLedger, Fault> {
    open.file.as_ref().ok_or_else(|| {
        let problem = "a ledger in memory has no file to be checked, copied or asked in SQL; open one in a \
                       file for that, for instance in a temporary folder";
        Invalid::new(Field::Config, problem).into()
    })
}

/// Looks for signals, and tells a callable how far the work is.
fn watch(progress: Option<&Py<PyAny>>, step: Progress) -> ControlFlow<()> {
    if was_interrupted() {
        return ControlFlow::Break(());
    }
    let Some(progress) = progress else { return ControlFlow::Continue(()) };
    match Python::try_attach(|py| progress.call1(py, (step.done, step.total))) {
        Some(Err(raised)) => {
            stop_with(raised);
            ControlFlow::Break(())
        }
        _ => ControlFlow::Continue(()),
    }
}

type Report = (Option<String>, bool, u64, u64, u64, u64, String);

fn report(found: Verification) -> Report {
    let Verification { problem, complete, lines, transactions, wallets, erased, head, .. } = found;
    (problem, complete, lines, transactions, wallets, erased, head.to_string())
}

fn heads(anchors: &[String]) -> Result<Vec<Head>, Fault> {
    let heads = anchors.iter().map(|text| text.parse());
    let heads: Result<Vec<Head>, ledger_sqlite::NotAHead> = heads.collect();
    heads.map_err(|error| Invalid::new(Field::Value, error.to_string()).into())
}

/// Checks everything, and that the journal has these heads.
#[pyfunction]
pub(crate) fn verify(
    py: Python<'_>,
    book: &Book,
    anchors: Vec<String>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Report> {
    book.with(py, |open| {
        let work = || {
            let heads = heads(&anchors)?;
            let mut watcher = |step| watch(progress.as_ref(), step);
            Ok::<_, Fault>(report(file(&open)?.verify_with(&heads, &mut watcher)?))
        };
        detached_saying(py, work, stopped)
    })
}

fn stopped<T>(_: &Result<T, Fault>) -> String {
    "the check was stopped".to_owned()
}

/// The same for a file that need not be open.
#[pyfunction]
pub(crate) fn verify_file(
    py: Python<'_>,
    path: PathBuf,
    anchors: Vec<String>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Report> {
    let work = || {
        let heads = heads(&anchors)?;
        let mut watcher = |step| watch(progress.as_ref(), step);
        Ok::<_, Fault>(report(SqliteLedger::verify_file(path, &heads, &mut watcher)?))
    };
    let nobody = crate::out::directory::Directory::of("".into());
    detached_saying(py, work, stopped).map_err(|trouble| trouble.raise(py, &nobody))
}

/// Makes everything derived in a file again.
#[pyfunction]
pub(crate) fn rebuild_file(
    py: Python<'_>,
    path: PathBuf,
    progress: Option<Py<PyAny>>,
    keep_what_is_left: bool,
) -> PyResult<()> {
    alone(py, || {
        let mut watcher = |step| watch(progress.as_ref(), step);
        let mut builder = SqliteLedger::builder(path);
        if keep_what_is_left {
            builder = builder.keep_what_is_left();
        }
        Ok(builder.rebuild(&mut watcher)?)
    })
}

/// Work on a file without a ledger.
fn alone<T: Send>(py: Python<'_>, work: impl FnOnce() -> Result<T, Fault> + Send) -> PyResult<T> {
    let nobody = crate::out::directory::Directory::of("".into());
    crate::call::detach::detached(py, work).map_err(|trouble| trouble.raise(py, &nobody))
}

/// Copies the file as it is at one moment.
#[pyfunction]
pub(crate) fn backup(py: Python<'_>, book: &Book, path: PathBuf) -> PyResult<()> {
    book.run(py, |open| Ok::<_, Fault>(file(open)?.backup(path)?))
}

/// The journal's end.
#[pyfunction]
pub(crate) fn head(py: Python<'_>, book: &Book) -> PyResult<(u64, u64, String, String)> {
    let head = book.run(py, |open| Ok::<_, Fault>(file(open)?.head()?))?;
    let text = head.to_string();
    let seal = text.rsplit(':').next().unwrap_or_default().to_owned();
    Ok((head.epoch, head.lines, seal, text))
}

/// Asks the file in SQL: the columns' names, and a tuple for each row.
#[pyfunction]
pub(crate) fn query<'py>(
    py: Python<'py>,
    book: &Book,
    sql: &str,
    params: Vec<Bound<'py, PyAny>>,
) -> PyResult<(Vec<String>, Bound<'py, PyList>)> {
    let params = params.iter().map(value).collect::<PyResult<Vec<_>>>()?;
    let table = book.run(py, |open| Ok::<_, Fault>(file(open)?.query_with(sql, &params)?))?;
    let rows = PyList::empty(py);
    for row in &table.rows {
        let values = row.iter().map(|value| object(py, value)).collect::<PyResult<Vec<_>>>()?;
        rows.append(PyTuple::new(py, values)?)?;
    }
    Ok((table.columns, rows))
}

/// A value for a parameter.
fn value(given: &Bound<'_, PyAny>) -> PyResult<Value> {
    if given.is_none() {
        return Ok(Value::Null);
    }
    if given.is_instance_of::<PyInt>() {
        return given.extract().map(Value::Integer);
    }
    if given.is_instance_of::<PyFloat>() {
        return given.extract().map(Value::Real);
    }
    if given.is_instance_of::<PyString>() {
        return given.extract().map(Value::Text);
    }
    if given.is_instance_of::<PyBytes>() {
        return given.extract().map(Value::Blob);
    }
    let given = given.get_type().name()?;
    let advice = format!("params can hold None, bool, int, float, str and bytes, not {given}");
    Err(PyTypeError::new_err(advice))
}

fn object<'py>(py: Python<'py>, value: &Value) -> PyResult<Object<'py>> {
    Ok(match value {
        Value::Null => py.None().into_bound(py),
        Value::Integer(number) => number.into_pyobject(py)?.into_any(),
        Value::Real(number) => number.into_pyobject(py)?.into_any(),
        Value::Text(text) => text.into_pyobject(py)?.into_any(),
        Value::Blob(bytes) => PyBytes::new(py, bytes).into_any(),
    })
}

/// What has been done since the ledger was opened, and figures of the file.
#[pyfunction]
pub(crate) fn stats<'py>(py: Python<'py>, book: &Book) -> PyResult<Bound<'py, PyDict>> {
    let (stats, file) = book.run(py, |open| {
        let file = open.file.as_ref().map(SqliteLedger::file_stats).transpose()?;
        Ok::<_, Fault>((open.ledger.stats(), file))
    })?;
    let dict = PyDict::new(py);
    let figures = [
        ("calls", stats.calls),
        ("waiting", stats.waiting),
        ("groups", stats.groups),
        ("requests", stats.requests),
        ("group_size_p50", stats.group_size_p50),
        ("group_size_max", stats.group_size_max),
        ("lock_waits", stats.lock_waits),
        ("lock_timeouts", stats.lock_timeouts),
        ("retries", stats.retries),
        ("replays", stats.replays),
        ("conflicts", stats.conflicts),
        ("latency_ns_p50", stats.latency_ns_p50),
        ("latency_ns_p95", stats.latency_ns_p95),
        ("latency_ns_p99", stats.latency_ns_p99),
        ("latency_ns_max", stats.latency_ns_max),
    ];
    let of_file = file.map(|file| {
        [
            ("lines", file.lines),
            ("lines_behind", file.lines_behind),
            ("file_bytes", file.file_bytes),
            ("log_bytes", file.log_bytes),
            ("wallets_in_memory", file.wallets_in_memory),
            ("recent_keys", file.recent_keys),
            ("key_runs", file.key_runs),
            ("key_filter_bytes", file.key_filter_bytes),
        ]
    });
    for (name, figure) in figures.into_iter().chain(of_file.into_iter().flatten()) {
        dict.set_item(name, figure)?;
    }
    dict.set_item("errors", stats.errors)?;
    Ok(dict)
}

/// Panics inside of a call, with the interpreter or without it, to show what becomes of it.
#[pyfunction]
pub(crate) fn panic_in_call(py: Python<'_>, book: &Book, detached: bool) -> PyResult<()> {
    #[allow(clippy::panic, reason = "it is what this is for")]
    let panic = || -> Result<(), Fault> { std::panic::panic_any("planted") };
    if detached { book.run(py, |_| panic()) } else { book.with(py, |_| Ok(panic()?)) }
}
