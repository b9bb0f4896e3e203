//! Wallets as Python sees them, and how one is taken from Python.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use ledger_core::{Money, Wallet};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString, PyTuple};

use crate::book::Open;
use crate::call::detached;
use crate::directory::Known;
use crate::fault::{Fault, Taken};
use crate::values;

/// A wallet as it was when it was looked up: its name, asset and id never change, its status and limits
/// may. Two are equal if their file and name are.
#[pyclass(frozen, name = "Wallet", module = "ledger", from_py_object)]
#[derive(Clone)]
pub(crate) struct PyWallet(pub(crate) Arc<Known>);

impl PyWallet {
    fn wallet(&self) -> &Wallet {
        &self.0.wallet
    }

    fn is(&self, other: &Self) -> bool {
        self.wallet().name == other.wallet().name && self.0.file == other.0.file
    }
}

fn optional(py: Python<'_>, money: Option<Money>) -> PyResult<Option<Bound<'_, PyAny>>> {
    money.map(|money| values::money(py, money)).transpose()
}

#[pymethods]
impl PyWallet {
    /// Its unique name.
    #[getter]
    fn name(&self) -> &str {
        self.wallet().name.as_str()
    }

    /// The code of what it holds.
    #[getter]
    fn asset(&self) -> String {
        self.wallet().asset.code().to_string()
    }

    /// The digits after the point of its amounts.
    #[getter]
    fn scale(&self) -> u8 {
        self.wallet().asset.scale()
    }

    /// Its number.
    #[getter]
    fn id(&self) -> u64 {
        self.wallet().id.raw()
    }

    /// The path of the ledger it is in.
    #[getter]
    fn file(&self) -> &str {
        &self.0.file
    }

    /// Who it belongs to.
    #[getter]
    fn owner(&self) -> Option<&str> {
        self.wallet().owner.as_ref().map(ledger_core::Owner::as_str)
    }

    /// "open", "frozen" or "closed" when it was looked up.
    #[getter]
    fn status(&self) -> String {
        self.wallet().status.to_string()
    }

    /// The least it may hold; None for no limit.
    #[getter]
    fn floor<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        optional(py, self.wallet().floor)
    }

    /// The most it may hold; None for no limit.
    #[getter]
    fn ceiling<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        optional(py, self.wallet().ceiling)
    }

    /// The most that may leave it at once; None for no limit.
    #[getter]
    fn largest<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        optional(py, self.wallet().largest)
    }

    /// How much may move within a time.
    #[getter]
    fn windows<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        crate::limits::windows(py, &self.wallet().windows)
    }

    /// The data that was given when it was opened.
    #[getter]
    fn meta<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        values::meta(py, self.wallet().meta.as_ref())
    }

    /// When it was opened.
    #[getter]
    fn opened_at<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        values::time(py, self.wallet().opened_at)
    }

    fn __repr__(&self) -> String {
        format!("<Wallet {:?} {}>", self.name(), self.asset())
    }

    fn __str__(&self) -> &str {
        self.name()
    }

    fn __eq__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> Py<PyAny> {
        match other.cast::<Self>() {
            Ok(other) => {
                pyo3::types::PyBool::new(py, self.is(other.get())).to_owned().into_any().unbind()
            }
            Err(_) => py.NotImplemented(),
        }
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.name(), self.file()).hash(&mut hasher);
        hasher.finish()
    }

    fn __reduce__<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let state = serde_json::to_string(self.wallet());
        let state = state.map_err(|error| PyValueError::new_err(error.to_string()))?;
        let restore = py.get_type::<Self>().getattr("_restore")?;
        Ok((restore, (self.file(), state).into_pyobject(py)?))
    }

    #[staticmethod]
    fn _restore(file: &str, state: &str) -> PyResult<Self> {
        let wallet = serde_json::from_str(state);
        let wallet = wallet.map_err(|error| PyValueError::new_err(error.to_string()))?;
        Ok(Self(Arc::new(Known { wallet, file: file.into() })))
    }
}

/// A wallet of this ledger, given as one or by its name.
pub(crate) fn take(value: &Bound<'_, PyAny>, open: &Open) -> Taken<Arc<Known>> {
    if let Ok(wallet) = value.cast::<PyWallet>() {
        return of_this(&wallet.get().0, open);
    }
    let Ok(name) = value.cast::<PyString>() else {
        let given = value.get_type().name()?;
        let advice = format!("a wallet must be a Wallet or the name of one, not {given}");
        return Err(PyTypeError::new_err(advice).into());
    };
    named(value.py(), name.to_str()?, open)
}

/// Ids are unique in one ledger only, so another one's must not be taken for ours.
fn of_this(wallet: &Arc<Known>, open: &Open) -> Taken<Arc<Known>> {
    if Arc::ptr_eq(&wallet.file, &open.wallets.file) || wallet.file == open.wallets.file {
        return Ok(wallet.clone());
    }
    let message = format!(
        "wallet {} belongs to another ledger, {}; look it up in this one",
        wallet.wallet.name, wallet.file
    );
    Err(Fault::own("unknown_wallet", message).into())
}

fn named(py: Python<'_>, name: &str, open: &Open) -> Taken<Arc<Known>> {
    if let Some(known) = open.wallets.named(name) {
        return Ok(known);
    }
    if let Some(wallet) = detached(py, || open.ledger.wallet(name))? {
        return Ok(open.wallets.note(wallet));
    }
    Err(no_such(name).into())
}

pub(crate) fn no_such(name: &str) -> Fault {
    let message = format!("no wallet is called {name:?}; open it first, or check the name");
    Fault::own("unknown_wallet", message)
}
