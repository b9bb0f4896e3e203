//! The rows one command touches, copied, so that a refusal halfway leaves nothing to undo.

use smallvec::SmallVec;

use crate::base::id::WalletId;
use crate::model::rejection::Rejection;
use crate::model::wallet::WalletRow;
use crate::rules::rows::Rows;

pub(super) struct Scratch {
    /// Sorted by id.
    rows: SmallVec<[WalletRow; 2]>,
}

impl Scratch {
    /// Copies the rows of `wallets`, each once; refuses the first that is not known.
    pub(super) fn new(
        wallets: impl Iterator<Item = WalletId>,
        rows: &Rows,
    ) -> Result<Self, Box<Rejection>> {
        let mut copies = SmallVec::<[WalletRow; 2]>::new();
        for wallet in wallets {
            let row = rows.wallet(wallet).ok_or(Rejection::UnknownWallet { wallet })?;
            copies.push(*row);
        }
        copies.sort_unstable_by_key(|row| row.id);
        copies.dedup_by_key(|row| row.id);
        Ok(Self { rows: copies })
    }

    pub(super) fn row(&mut self, wallet: WalletId) -> Result<&mut WalletRow, Box<Rejection>> {
        let found = self.rows.binary_search_by_key(&wallet, |row| row.id).ok();
        found
            .and_then(|index| self.rows.get_mut(index))
            .ok_or_else(|| Box::new(Rejection::UnknownWallet { wallet }))
    }
}
