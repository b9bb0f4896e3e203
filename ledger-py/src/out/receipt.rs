//! Receipts: what a call that was carried out gives. Most are never looked at closely, so nothing of them
//! becomes Python objects before it is asked for.

use crate::base::plain;
use crate::out::wallet;
use std::sync::Arc;

use ledger_core::{Answer, Receipt, Rejection, TransactionId, WalletId};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyList, PyTuple};

use crate::base::plain::Object;
use crate::out::directory::Directory;
use crate::out::fault::Fault;
use crate::out::limits;
use crate::out::values;

/// The answer to a request that was carried out: the transaction, and whether an earlier call with the
/// same key made it. Two are equal if they are of the same transaction.
#[pyclass(frozen, name = "Receipt", module = "ledger")]
pub(crate) struct PyReceipt {
    pub(crate) receipt: Receipt,
    pub(crate) wallets: Arc<Directory>,
}

impl PyReceipt {
    pub(crate) fn id_of(&self) -> TransactionId {
        self.receipt.id
    }

    /// What a receipt names: the wallets of its postings and of what it changed.
    pub(crate) fn wallets_of(receipt: &Receipt) -> impl Iterator<Item = WalletId> + '_ {
        let of_postings = receipt.postings.iter().flat_map(|posting| [posting.from, posting.to]);
        let of_hold = receipt.hold().map(|hold| [hold.wallet, hold.target]);
        let changed = receipt.change.as_ref().and_then(|change| change.wallet());
        of_postings.chain(of_hold.into_iter().flatten()).chain(changed.map(|(wallet, _)| wallet))
    }
}

#[pymethods]
impl PyReceipt {
    /// The transaction's number: also its place in the journal and in time.
    #[getter]
    fn id(&self) -> u64 {
        self.receipt.id.raw()
    }

    /// When it was recorded, in UTC.
    #[getter]
    fn at<'py>(&self, py: Python<'py>) -> PyResult<Object<'py>> {
        plain::time(py, self.receipt.at)
    }

    /// When its money moved, in UTC: as it was recorded, or earlier.
    #[getter]
    fn effective_at<'py>(&self, py: Python<'py>) -> PyResult<Object<'py>> {
        plain::time(py, self.receipt.effective_at)
    }

    /// The caller's key.
    #[getter]
    fn key(&self) -> &str {
        self.receipt.key.as_str()
    }

    /// What was asked for: "transfer", "hold" and so on.
    #[getter]
    fn kind(&self) -> &'static str {
        self.receipt.kind.code()
    }

    /// Whether it was found under its key, and not carried out now: an earlier call made it, or an earlier try
    /// of this one of which nobody knew whether it was written. Don't skip on it what a payment is to bring about.
    #[getter]
    fn replayed(&self) -> bool {
        self.receipt.replayed
    }

    /// "done"; a remembered refusal has "rejected".
    #[getter]
    fn status(&self) -> &'static str {
        "done"
    }

    /// None; a remembered refusal has its error.
    #[getter]
    fn error(&self) -> Option<&str> {
        None
    }

    /// The money that moved.
    #[getter]
    fn postings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        plain::list(py, &self.receipt.postings, |posting| {
            values::posting(py, posting, &self.wallets)
        })
    }

    /// The caller's own data.
    #[getter]
    fn meta<'py>(&self, py: Python<'py>) -> PyResult<Option<Object<'py>>> {
        plain::meta(py, self.receipt.meta.as_ref())
    }

    /// Who asked for it.
    #[getter]
    fn actor<'py>(&self, py: Python<'py>) -> PyResult<Option<Object<'py>>> {
        plain::actor(py, self.receipt.actor.as_deref())
    }

    /// The hold that it made or changed, as it was after it.
    #[getter]
    fn hold<'py>(&self, py: Python<'py>) -> PyResult<Option<Object<'py>>> {
        let replayed = self.replayed();
        let hold = self.receipt.hold();
        hold.map(|hold| values::hold(py, hold, &self.wallets, replayed)).transpose()
    }

    /// The limits that it set, with all that the wallet then had.
    #[getter]
    fn limits<'py>(&self, py: Python<'py>) -> PyResult<Option<Object<'py>>> {
        let Some(change) = self.receipt.limits() else { return Ok(None) };
        let wallet = change.wallet;
        // Amounts without an asset can't be shown, and None would be no limit.
        let known = self.wallets.known(wallet).ok_or_else(|| {
            let message = format!(
                "wallet {wallet} could not be looked up, so the asset of its limits is not known"
            );
            Fault::told(Rejection::UnknownWallet { wallet }, message).raise(py, &self.wallets)
        })?;
        limits::object(py, &change.to, known.asset()).map(Some)
    }

    /// The transaction that it moved back.
    #[getter]
    fn reverses(&self) -> Option<u64> {
        self.receipt.reverses().map(|reverses| reverses.transaction.raw())
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let amounts: Vec<String> = self
            .receipt
            .postings
            .iter()
            .map(|posting| {
                let name =
                    |id| wallet::with_id(py, id, &self.wallets)?.str().map(|name| name.to_string());
                PyResult::Ok(format!(
                    ", {} from {} to {}",
                    posting.amount,
                    name(posting.from)?,
                    name(posting.to)?
                ))
            })
            .take(3)
            .collect::<PyResult<_>>()?;
        let more = if self.receipt.postings.len() > 3 { ", ..." } else { "" };
        let replayed = if self.replayed() { ", replayed" } else { "" };
        let (kind, id, key) = (self.kind(), self.id(), self.key());
        Ok(format!("<Receipt {kind} {id} {key:?}{}{more}{replayed}>", amounts.concat()))
    }

    fn __eq__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> Py<PyAny> {
        let Ok(other) = other.cast::<Self>() else { return py.NotImplemented() };
        let other = other.get();
        let is_same = self.id() == other.id() && self.wallets.file == other.wallets.file;
        PyBool::new(py, is_same).to_owned().into_any().unbind()
    }

    fn __hash__(&self) -> u64 {
        self.id()
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Object<'py>, Bound<'py, PyTuple>)> {
        let state = serde_json::to_string(&self.receipt);
        let state = state.map_err(|error| PyValueError::new_err(error.to_string()))?;
        let named = PyDict::new(py);
        for wallet in Self::wallets_of(&self.receipt).filter_map(|id| self.wallets.known(id)) {
            named.set_item(wallet.wallet.id.raw(), wallet::object(py, &wallet)?)?;
        }
        let restore = py.get_type::<Self>().getattr("_restore")?;
        Ok((restore, (&*self.wallets.file, state, named).into_pyobject(py)?))
    }

    #[staticmethod]
    fn _restore(file: &str, state: &str, wallets: &Bound<'_, PyDict>) -> PyResult<Self> {
        let receipt = serde_json::from_str(state);
        let receipt = receipt.map_err(|error| PyValueError::new_err(error.to_string()))?;
        let directory = Directory::of(file.into());
        for wallet in wallets.values() {
            let wallet = wallet.cast::<crate::out::wallet::PyWallet>()?;
            directory.note(wallet.get().0.wallet.clone());
        }
        Ok(Self { receipt, wallets: Arc::new(directory) })
    }
}

/// What an id or a key stands for: a receipt, a refusal, or nothing.
pub(crate) fn answer<'py>(
    py: Python<'py>,
    answer: Option<Answer>,
    wallets: &Arc<Directory>,
) -> PyResult<Option<Object<'py>>> {
    match answer {
        None => Ok(None),
        Some(Answer::Refused { refusal, position }) => {
            values::refusal(py, &refusal, position, wallets).map(Some)
        }
        Some(done @ Answer::Done(_)) => match done.receipt() {
            None => Ok(None),
            Some(receipt) => {
                let receipt = PyReceipt { receipt, wallets: wallets.clone() };
                Ok(Some(Bound::new(py, receipt)?.into_any()))
            }
        },
    }
}
