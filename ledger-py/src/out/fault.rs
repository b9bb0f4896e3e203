//! What goes wrong, on its way to becoming a Python exception.

use ledger_core::{Error, Invalid, Rejection};
use pyo3::prelude::*;
use serde_json::Value;

use crate::base::python;
use crate::out::directory::Directory;
use crate::out::wallet;

/// Why the ledger did not do what it was asked.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The ledger says so.
    Ledger(Error),
    /// The module says so.
    Own { code: &'static str, message: String },
    /// No wallet of this ledger is called that, or it is another ledger's.
    NoWallet { message: String, asked: Asked },
    /// What the ledger would say no with, in words of the module's.
    Told { rejection: Box<Rejection>, message: String },
    /// One of many, counted from 0.
    At { place: usize, fault: Box<Fault> },
}

/// A wallet that was asked for.
#[derive(Debug)]
pub(crate) enum Asked {
    Name(String),
    Foreign(Known),
}

impl Fault {
    pub(crate) fn own(code: &'static str, message: impl Into<String>) -> Self {
        Self::Own { code, message: message.into() }
    }

    /// Ids are unique in one ledger only, so another one's must not be taken for ours.
    pub(crate) fn foreign(rejection: Rejection, what: &str, file: &str) -> Self {
        let message = format!("{what} belongs to another ledger, {file}; look it up in this one");
        Self::told(rejection, message)
    }

    pub(crate) fn told(rejection: Rejection, message: String) -> Self {
        Self::Told { rejection: Box::new(rejection), message }
    }

    pub(crate) fn panic(said: &str) -> Self {
        let message =
            format!("panicked: {said}: a fault in the ledger: report it, and look up the key");
        Self::own("internal", message)
    }

    /// The exception, which is built by the Python side.
    pub(crate) fn raise(&self, py: Python<'_>, wallets: &Directory) -> PyErr {
        match self.exception(py, wallets) {
            Ok(exception) => PyErr::from_value(exception),
            Err(problem) => problem,
        }
    }

    /// The same as an object that is not raised.
    pub(crate) fn exception<'py>(
        &self,
        py: Python<'py>,
        wallets: &Directory,
    ) -> PyResult<Bound<'py, PyAny>> {
        let build = python::ERROR.get(py)?;
        match self {
            Self::Own { code, message } => build.call1((*code, message)),
            Self::NoWallet { message, asked } => {
                let asked = match asked {
                    Asked::Name(name) => name.into_pyobject(py)?.into_any(),
                    Asked::Foreign(known) => wallet::object(py, known)?,
                };
                build.call1(("unknown_wallet", message, py.None(), false, py.None(), asked))
            }
            Self::Told { rejection, message } => {
                let error = Error::from((**rejection).clone());
                let (data, _) = data(&error, wallets);
                build.call1((error.kind().code(), message, py.None(), false, data))
            }
            Self::At { place, fault } => {
                let exception = fault.exception(py, wallets)?;
                exception.setattr("index", place)?;
                Ok(exception)
            }
            Self::Ledger(error) => {
                let (data, wallet) = data(error, wallets);
                let message = wallet.as_ref().map_or_else(
                    || error.to_string(),
                    |wallet| {
                        let by_id = format!("wallet {}", wallet.wallet.id);
                        error.to_string().replace(&by_id, &format!("wallet {}", wallet.wallet.name))
                    },
                );
                let wallet = wallet.map(|wallet| wallet::object(py, &wallet)).transpose()?;
                let (item, replayed) = (error.item(), error.is_replay());
                build.call1((error.kind().code(), message, item, replayed, data, wallet))
            }
        }
    }
}

type Known = std::sync::Arc<crate::out::directory::Known>;

/// A rejection's data as JSON, and the wallet it is about if there is one.
fn data(error: &Error, wallets: &Directory) -> (Option<String>, Option<Known>) {
    let Some(rejection) = error.rejection() else { return (None, None) };
    let Ok(Value::Object(tagged)) = serde_json::to_value(rejection) else { return (None, None) };
    let Some(data) = tagged.into_iter().next().map(|(_, data)| data) else { return (None, None) };
    let id = data.get("wallet").and_then(Value::as_str).and_then(|text| text.parse().ok());
    (Some(data.to_string()), id.and_then(|id| wallets.known(id)))
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Ledger(error)
    }
}

impl From<Invalid> for Fault {
    fn from(invalid: Invalid) -> Self {
        Self::Ledger(invalid.into())
    }
}

impl From<Rejection> for Fault {
    fn from(rejection: Rejection) -> Self {
        Self::Ledger(rejection.into())
    }
}

/// A fault, or an exception that Python raised by itself.
#[derive(Debug)]
pub(crate) enum Trouble {
    Fault(Fault),
    Python(PyErr),
    /// A signal's handler raised while the ledger was at it.
    Interrupted {
        raised: PyErr,
        fault: Option<Fault>,
    },
}

/// What taking something from Python gives.
pub(crate) type Taken<T> = Result<T, Trouble>;

impl Trouble {
    pub(crate) fn raise(self, py: Python<'_>, wallets: &Directory) -> PyErr {
        match self {
            Self::Fault(fault) => fault.raise(py, wallets),
            Self::Python(error) => error,
            Self::Interrupted { raised, fault } => {
                raised.set_cause(py, fault.map(|fault| fault.raise(py, wallets)));
                raised
            }
        }
    }
}

impl<F: Into<Fault>> From<F> for Trouble {
    fn from(fault: F) -> Self {
        Self::Fault(fault.into())
    }
}

impl From<PyErr> for Trouble {
    fn from(error: PyErr) -> Self {
        Self::Python(error)
    }
}
