//! Wallets that Python names.

use std::sync::Arc;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::call::book::Open;
use crate::call::detach::detached;
use crate::out::directory::Known;
use crate::out::fault::{Asked, Fault, Taken};
use crate::out::wallet::PyWallet;

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
    Err(Fault::NoWallet { message, asked: Asked::Foreign(wallet.clone()) }.into())
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
    Fault::NoWallet { message, asked: Asked::Name(name.to_owned()) }
}
