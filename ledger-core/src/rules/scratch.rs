//! What one command does to wallets while it is being decided, so that a refusal halfway leaves
//! nothing to undo.

use smallvec::SmallVec;

use crate::base::id::WalletId;
use crate::base::time::Timestamp;
use crate::model::expectation::Present;
use crate::model::prepared::Prepared;
use crate::model::rejection::Rejection;
use crate::model::row::WalletRow;
use crate::money::amount::Amount;
use crate::rules::Decided;
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
    pub(super) now: Timestamp,
}

impl<'a> Scratch<'a> {
    /// Drafts for the wallets of `command` as they are at `now`, each once; refuses the first that is not
    /// known.
    pub(super) fn new(command: &Prepared, rows: &'a Rows, now: Timestamp) -> Decided<Self> {
        let mut drafts = SmallVec::<[Draft<'a>; 2]>::new();
        let mut unknown = None;
        command.each_wallet(|wallet| match rows.wallet(wallet) {
            Some(row) => drafts.push(Draft::of(row, now)),
            None => unknown = unknown.or(Some(wallet)),
        });
        if let Some(wallet) = unknown {
            return Err(Rejection::UnknownWallet { wallet }.into());
        }
        drafts.sort_unstable_by_key(|draft| draft.row.id);
        drafts.dedup_by_key(|draft| draft.row.id);
        Ok(Self { drafts, now })
    }

    #[inline]
    pub(super) fn draft(&mut self, wallet: WalletId) -> Result<&mut Draft<'a>, Box<Rejection>> {
        self.find(wallet).ok_or_else(|| Box::new(Rejection::UnknownWallet { wallet }))
    }

    #[inline]
    fn find(&mut self, wallet: WalletId) -> Option<&mut Draft<'a>> {
        // Nearly all commands have two wallets, which are found one by one in a few instructions.
        if self.drafts.len() <= 2 {
            return self.drafts.iter_mut().find(|draft| draft.row.id == wallet);
        }
        let place = self.drafts.binary_search_by_key(&wallet, |draft| draft.row.id).ok()?;
        self.drafts.get_mut(place)
    }
}

impl<'a> Draft<'a> {
    fn of(row: &'a WalletRow, now: Timestamp) -> Self {
        Self { row, posted: row.posted, held: row.held(now), version: row.version }
    }

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
