//! The contract between the write path and a backend.
//!
//! A backend is right when it passes the suite in [`contract`](crate::contract). In words:
//!
//! - [`Store::begin`] takes the writer's place (or one of them, where there are several lanes) and
//!   catches up with whatever other processes wrote. What [`Group::load`] then gives is the latest
//!   durable state, and stays so until the group ends.
//! - [`Group::reserve`] hands out stamps that are later than every record there is or that another
//!   lane has reserved, so that the journal's order, id order and time order are one.
//! - [`Group::commit`] makes all records durable, or none, before it returns, and only then shows
//!   them to readers: all at once, in the order of their stamps.
//! - A group that is dropped without a commit leaves nothing behind.
//! - Every read is of one durable state.

use std::sync::Arc;

use crate::base::id::{Stamps, TransactionId, WalletId};
use crate::base::time::Timestamp;
use crate::input::key::Key;
use crate::input::name::{Owner, WalletName};
use crate::model::entry::{Entry, Order, Span};
use crate::model::record::{AssetRecord, Record};
use crate::model::wallet::{Wallet, WalletRow};
use crate::money::asset::AssetCode;
use crate::rules::answers::Answer;
use crate::rules::rows::{Rows, Wants};
use crate::store::failure::StoreResult;

/// A backend.
pub trait Store: Send + Sync {
    /// How many groups may run at once; at least one.
    fn lanes(&self) -> usize {
        1
    }

    /// Begins a group.
    fn begin(&self) -> StoreResult<Box<dyn Group + '_>>;

    /// Finds out what became of a commit that failed with
    /// [`StoreError::InDoubt`](crate::StoreError::InDoubt). Once it has succeeded, keys can be
    /// looked up and believed again.
    fn recover(&self) -> StoreResult<()> {
        Ok(())
    }

    /// The time of the latest record.
    fn latest(&self) -> StoreResult<Option<Timestamp>>;

    /// An asset by its code.
    fn asset(&self, code: AssetCode) -> StoreResult<Option<Arc<AssetRecord>>>;

    /// At most `limit` assets, by code, after `after`.
    fn assets(&self, after: Option<AssetCode>, limit: usize) -> StoreResult<Vec<Arc<AssetRecord>>>;

    /// The rows of wallets, of one state, in the order asked for.
    fn rows(&self, wallets: &[WalletId]) -> StoreResult<Vec<Option<WalletRow>>>;

    /// The row of one wallet.
    fn row(&self, wallet: WalletId) -> StoreResult<Option<WalletRow>> {
        Ok(self.rows(&[wallet])?.into_iter().next().flatten())
    }

    /// A wallet by its id.
    fn wallet(&self, wallet: WalletId) -> StoreResult<Option<Wallet>>;

    /// A wallet by its name.
    fn wallet_named(&self, name: &WalletName) -> StoreResult<Option<Wallet>>;

    /// Wallets by name.
    fn wallets(&self, filter: &WalletFilter) -> StoreResult<Vec<Wallet>>;

    /// At most `limit` entries of a wallet's history within `span`, in `order`.
    fn entries(
        &self,
        wallet: WalletId,
        span: Span,
        order: Order,
        limit: usize,
    ) -> StoreResult<Vec<Entry>>;

    /// What has this id.
    fn find(&self, id: TransactionId) -> StoreResult<Option<Answer>>;

    /// What is remembered under a key.
    fn answer(&self, key: &Key) -> StoreResult<Option<Answer>>;
}

/// One group of commands on its way into a store.
pub trait Group {
    /// Loads what is wanted; what the store doesn't know stays absent.
    fn load(&mut self, wants: &Wants<'_>) -> StoreResult<Rows>;

    /// Reserves `count` stamps that are not before `now`; none if `now` or the last of them is out
    /// of the range of time that an id can carry. [`Stamps::after`] has the rule.
    fn reserve(&mut self, now: Timestamp, node: u8, count: usize) -> StoreResult<Option<Stamps>>;

    /// Makes the records durable, then shows them.
    fn commit(self: Box<Self>, records: Vec<Record>) -> StoreResult<()>;
}

/// Which wallets to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WalletFilter {
    /// Only names that begin with this.
    pub prefix: String,
    /// Only wallets of this owner.
    pub owner: Option<Owner>,
    /// Only names after this one.
    pub after: Option<WalletName>,
    /// At most so many.
    pub limit: usize,
}
