//! The wallets that this process has seen of a ledger, by id and by name, so that what comes back with ids
//! can be shown with names. A wallet's name and asset never change.

use std::sync::Arc;

use hashbrown::HashMap;
use ledger_core::{Asset, Ledger, Wallet, WalletId};
use parking_lot::RwLock;

/// A wallet as it was when it was seen, and which file it is of.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) wallet: Wallet,
    pub(crate) file: Arc<str>,
}

impl Known {
    pub(crate) fn asset(&self) -> Asset {
        self.wallet.asset
    }
}

#[derive(Debug)]
pub(crate) struct Directory {
    pub(crate) file: Arc<str>,
    seen: RwLock<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    by_id: HashMap<WalletId, Arc<Known>>,
    by_name: HashMap<Box<str>, WalletId>,
}

impl Directory {
    pub(crate) fn of(file: Arc<str>) -> Self {
        Self { file, seen: RwLock::default() }
    }

    /// Takes a wallet in, in place of what was known of it.
    pub(crate) fn note(&self, wallet: Wallet) -> Arc<Known> {
        let (id, name) = (wallet.id, wallet.name.as_str().into());
        let known = Arc::new(Known { wallet, file: self.file.clone() });
        let mut seen = self.seen.write();
        seen.by_id.insert(id, known.clone());
        seen.by_name.insert(name, id);
        known
    }

    pub(crate) fn known(&self, id: WalletId) -> Option<Arc<Known>> {
        self.seen.read().by_id.get(&id).cloned()
    }

    pub(crate) fn named(&self, name: &str) -> Option<Arc<Known>> {
        let seen = self.seen.read();
        seen.by_name.get(name).and_then(|id| seen.by_id.get(id)).cloned()
    }

    /// Looks up those of the wallets that were not seen yet. What can't be found now is left out: it is
    /// shown by its id then.
    pub(crate) fn learn(&self, wallets: impl Iterator<Item = WalletId>, ledger: &Ledger) {
        let mut missing: Vec<WalletId> = {
            let seen = self.seen.read();
            wallets.filter(|id| !seen.by_id.contains_key(id)).collect()
        };
        missing.sort_unstable();
        missing.dedup();
        for id in missing {
            if let Ok(Some(wallet)) = ledger.wallet_by_id(id) {
                self.note(wallet);
            }
        }
    }
}
