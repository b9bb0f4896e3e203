//! A wallet as the writer needs it: its row, and its chain's roots.

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use ledger_core::WalletId;
use ledger_core::store::{WalletRecord, WalletRow};

use crate::chain::roots::Roots;

/// What postings change of a wallet, and where its lines are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) row: WalletRow,
    pub(crate) roots: Roots,
}

impl Account {
    pub(crate) fn opened(record: &WalletRecord) -> Self {
        Self { row: WalletRow::opened(record), roots: Roots::default() }
    }

    /// The youngest line that touched it; 0 if none did.
    pub(crate) fn head(&self) -> u64 {
        self.roots.head().unwrap_or(0)
    }
}

/// Accounts by wallet. A map of accounts would be mostly empty, large memory, so the map has their
/// places in a list.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    places: HashMap<WalletId, usize>,
    list: Vec<Account>,
}

impl Accounts {
    pub(crate) fn with_capacity(accounts: usize) -> Self {
        Self { places: HashMap::with_capacity(accounts), list: Vec::with_capacity(accounts) }
    }

    pub(crate) fn get(&self, wallet: WalletId) -> Option<&Account> {
        self.list.get(*self.places.get(&wallet)?)
    }

    pub(crate) fn get_mut(&mut self, wallet: WalletId) -> Option<&mut Account> {
        self.list.get_mut(*self.places.get(&wallet)?)
    }

    /// Puts an account in, instead of the one that is there of the same wallet.
    pub(crate) fn insert(&mut self, account: Account) {
        match self.places.entry(account.row.id) {
            Entry::Occupied(place) => {
                if let Some(known) = self.list.get_mut(*place.get()) {
                    *known = account;
                }
            }
            Entry::Vacant(place) => {
                place.insert(self.list.len());
                self.list.push(account);
            }
        }
    }

    /// Takes all of another's in.
    pub(crate) fn absorb(&mut self, others: Self) {
        others.list.into_iter().for_each(|account| self.insert(account));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Account> {
        self.list.iter()
    }
}
