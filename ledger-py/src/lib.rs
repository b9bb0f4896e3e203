//! The native part of the Python module: values in, values out, the interpreter released, errors mapped.
//! No rule about money lives here.
//!
//! The folders are layers; each may use those before it, never those behind:
//! `base`, `out`, `call`, `take`, `verbs`, `arrow`.

#![allow(clippy::needless_pass_by_value, reason = "what is taken from Python is owned")]
#![allow(clippy::unused_self, reason = "Python asks objects, not types")]

mod arrow;
mod base;
mod call;
mod out;
mod take;
mod verbs;

use ledger_core::ErrorKind;
use pyo3::prelude::*;

/// Every kind of error: its code, its class, and whether it leaves open what was done.
#[pyfunction]
fn error_kinds() -> Vec<(&'static str, &'static str, bool)> {
    let row = |kind: &ErrorKind| (kind.code(), kind.class().code(), kind.is_unknown());
    ErrorKind::ALL.iter().map(row).collect()
}

/// The native part of `ledger`.
#[pymodule(gil_used = false)]
mod _ledger {
    use super::{Bound, PyModule, PyResult};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        super::call::home::claim(module.py())
    }

    /// The package's version.
    #[pymodule_export]
    #[allow(non_upper_case_globals, reason = "the name that Python has for it")]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    #[pymodule_export]
    use super::arrow::incoming::transfer_arrow;
    #[pymodule_export]
    use super::arrow::outgoing::{export_balances, export_history};
    #[pymodule_export]
    use super::call::book::{Book, open_file, open_memory};
    #[pymodule_export]
    use super::call::cancel::Cancel;
    #[pymodule_export]
    use super::call::clock::PyClock;
    #[pymodule_export]
    use super::error_kinds;
    #[pymodule_export]
    use super::out::receipt::PyReceipt;
    #[pymodule_export]
    use super::out::wallet::PyWallet;
    #[pymodule_export]
    use super::verbs::calc::{
        check_basis_points, check_percent, check_price, cost, exact, exact_text, fee, iso_scale,
        split, split_rates,
    };
    #[pymodule_export]
    use super::verbs::read::{
        balance, balance_at, balance_effective_at, balances, find, get_hold, get_wallet, history,
        indexed_metadata, key_retention, list_assets, list_holds, list_wallets,
        periods_locked_until, reversals, totals, transaction, transaction_by_key, window_use,
        world,
    };
    #[pymodule_export]
    use super::verbs::whole::{
        backup, head, panic_in_call, query, rebuild_file, stats, verify, verify_file,
    };
    #[pymodule_export]
    use super::verbs::write::{
        define_asset, expire_due, open_wallets, set_key_retention, submit, submit_many,
        transfer_many,
    };
}
