//! What the Python side of the package provides: classes of values, and what builds exceptions.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;

/// Something of a Python module, looked up once.
pub(crate) struct Imported {
    module: &'static str,
    name: &'static str,
    found: PyOnceLock<Py<PyAny>>,
}

impl Imported {
    const fn new(module: &'static str, name: &'static str) -> Self {
        Self { module, name, found: PyOnceLock::new() }
    }

    pub(crate) fn get<'py>(&self, py: Python<'py>) -> PyResult<&Bound<'py, PyAny>> {
        self.found.import(py, self.module, self.name)
    }

    pub(crate) fn call<'py>(
        &self,
        py: Python<'py>,
        args: impl IntoPyObject<'py, Target = PyTuple, Output = Bound<'py, PyTuple>, Error = PyErr>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.get(py)?.call1(args.into_pyobject(py)?)
    }
}

pub(crate) static DECIMAL: Imported = Imported::new("decimal", "Decimal");
pub(crate) static LOADS: Imported = Imported::new("json", "loads");
pub(crate) static ERROR: Imported = Imported::new("ledger._errors", "build");
pub(crate) static MONEY: Imported = Imported::new("ledger._money", "Money");
pub(crate) static MONEY_OF: Imported = Imported::new("ledger._money", "of_text");
pub(crate) static FROM_MS: Imported = Imported::new("ledger._time", "from_ms");
pub(crate) static ACTOR: Imported = Imported::new("ledger._values", "Actor");
pub(crate) static ASSET: Imported = Imported::new("ledger._values", "Asset");
pub(crate) static BALANCE: Imported = Imported::new("ledger._values", "Balance");
pub(crate) static ENTRY: Imported = Imported::new("ledger._values", "Entry");
pub(crate) static HOLD: Imported = Imported::new("ledger._values", "Hold");
pub(crate) static LIMITS: Imported = Imported::new("ledger._values", "Limits");
pub(crate) static POSTING: Imported = Imported::new("ledger._values", "Posting");
pub(crate) static REFUSAL: Imported = Imported::new("ledger._values", "Refusal");
pub(crate) static REVERSAL: Imported = Imported::new("ledger._values", "Reversal");
pub(crate) static WINDOW: Imported = Imported::new("ledger._values", "window_of");
pub(crate) static WINDOW_USE: Imported = Imported::new("ledger._values", "WindowUse");
pub(crate) static TOTAL: Imported = Imported::new("ledger._values", "Total");
