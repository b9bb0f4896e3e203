//! Wallets as Python sees them, and how one is taken from Python.

use crate::base::plain;
use crate::base::plain::Object;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use ledger_core::{Money, Wallet, WalletId};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

use crate::out::directory::{Directory, Known};

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
    money.map(|money| plain::money(py, money)).transpose()
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
        crate::out::limits::windows(py, &self.wallet().windows)
    }

    /// The data that was given when it was opened.
    #[getter]
    fn meta<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        plain::meta(py, self.wallet().meta.as_ref())
    }

    /// When it was opened.
    #[getter]
    fn opened_at<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        plain::time(py, self.wallet().opened_at)
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

/// The wallet as Python sees it.
pub(crate) fn object<'py>(py: Python<'py>, known: &Arc<Known>) -> PyResult<Object<'py>> {
    Ok(Bound::new(py, PyWallet(known.clone()))?.into_any())
}

/// The wallet with that id, or the id itself if no such wallet was seen.
pub(crate) fn with_id<'py>(
    py: Python<'py>,
    id: WalletId,
    wallets: &Directory,
) -> PyResult<Object<'py>> {
    match wallets.known(id) {
        Some(known) => object(py, &known),
        None => Ok(id.raw().into_pyobject(py)?.into_any()),
    }
}
