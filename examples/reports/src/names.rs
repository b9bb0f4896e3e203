//! The names of wallets, which the journal knows by their ids only.

use std::collections::HashMap;

use ledger_core::{Error, Ledger, Rejection, WalletId, WalletName};

use crate::error::ReportError;

/// How many names are kept at hand.
const KEPT_MAX: usize = 65_536;

/// Finds the names of wallets, and keeps those it found last.
pub(crate) struct Names<'l> {
    ledger: &'l Ledger,
    kept: HashMap<WalletId, WalletName>,
}

impl<'l> Names<'l> {
    pub(crate) fn new(ledger: &'l Ledger) -> Self {
        Self { ledger, kept: HashMap::new() }
    }

    pub(crate) fn of(&mut self, wallet: WalletId) -> Result<WalletName, ReportError> {
        if let Some(name) = self.kept.get(&wallet) {
            return Ok(name.clone());
        }
        let found = self.ledger.wallet_by_id(wallet)?;
        let found = found.ok_or_else(|| Error::from(Rejection::UnknownWallet { wallet }))?;
        self.keep(wallet, found.name.clone());
        Ok(found.name)
    }

    /// All are dropped when there are too many: the ones in use are soon back.
    pub(crate) fn keep(&mut self, wallet: WalletId, name: WalletName) {
        if self.kept.len() >= KEPT_MAX {
            self.kept.clear();
        }
        self.kept.insert(wallet, name);
    }
}
