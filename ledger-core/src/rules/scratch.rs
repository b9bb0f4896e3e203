//! What one command does to wallets while it is being decided, so that a refusal halfway leaves
//! nothing to undo.

use smallvec::SmallVec;

use crate::base::id::WalletId;
use crate::base::time::Timestamp;
use crate::model::expectation::Present;
use crate::model::rejection::Rejection;
use crate::model::wallet::WalletRow;
use crate::money::amount::Amount;
use crate::rules::rows::Rows;

/// A wallet's row, and what has become of it so far.
#[derive(Clone, Copy)]
pub(super) struct Draft<'a> {
    pub(super) row: &'a WalletRow,
    pub(super) posted: Amount,
    pub(super) held: Amount,
    pub(super) version: u64,
}

pub(super) struct Scratch<'a> {
    /// Sorted by id.
    drafts: SmallVec<[Draft<'a>; 2]>,
}

impl<'a> Scratch<'a> {
    /// Drafts for `wallets` as they are at `now`, each once; refuses the first that is not known.
    pub(super) fn new(
        wallets: impl Iterator<Item = WalletId>,
        rows: &'a Rows,
        now: Timestamp,
    ) -> Result<Self, Box<Rejection>> {
        let mut drafts = SmallVec::<[Draft<'a>; 2]>::new();
        for wallet in wallets {
            let row = rows.wallet(wallet).ok_or(Rejection::UnknownWallet { wallet })?;
            let held = row.reserved.at(now);
            drafts.push(Draft { row, posted: row.posted, held, version: row.version });
        }
        drafts.sort_unstable_by_key(|draft| draft.row.id);
        drafts.dedup_by_key(|draft| draft.row.id);
        Ok(Self { drafts })
    }

    #[inline]
    pub(super) fn draft(&mut self, wallet: WalletId) -> Result<&mut Draft<'a>, Box<Rejection>> {
        let found = self.drafts.binary_search_by_key(&wallet, |draft| draft.row.id).ok();
        found
            .and_then(|index| self.drafts.get_mut(index))
            .ok_or_else(|| Box::new(Rejection::UnknownWallet { wallet }))
    }
}

impl Draft<'_> {
    /// What can be spent; none where there is no floor.
    pub(super) fn available(&self) -> Option<Amount> {
        self.row.available_of(self.posted, self.held)
    }

    /// What it is now.
    pub(super) fn present(&self) -> Present {
        let asset = self.row.asset;
        Present {
            version: self.version,
            status: self.row.status,
            posted: asset.of(self.posted),
            held: asset.of(self.held),
            available: self.available().map(|available| asset.of(available)),
        }
    }

    /// The version after another change.
    pub(super) fn next_version(&mut self) -> u64 {
        self.version += 1;
        self.version
    }

    /// Another balance, which is another version.
    pub(super) fn set(&mut self, posted: Amount) {
        self.posted = posted;
        self.version += 1;
    }
}
