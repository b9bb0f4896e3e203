//! The contract between the write path and a backend.
//!
//! A backend must pass the suite in `contract`. What the suite can't bring about from outside, such as
//! a commit in doubt, the backend must test itself. In words:
//!
//! - Where there is one lane, [`Store::begin`] takes the writer's place, over all ledgers and
//!   processes, and catches up with what was written meanwhile; one group is open at a time. Where
//!   there are several lanes, groups hold the locks of [`Store::locks`] from before they load until
//!   after they commit.
//! - [`Group::load`] gives the latest durable state as of its call, not of an earlier one: another
//!   lane may have committed between `begin` and `load`.
//! - [`Group::reserve`] hands out stamps that are later than every record there is and than all that
//!   another lane has reserved, so that the journal's order, id order and time order are one.
//! - [`Group::commit`] makes all records durable, or none, before it returns, and only then shows
//!   them to readers: all at once, in the order of their stamps.
//! - A group that is dropped without a commit leaves nothing behind.
//! - Every read is of one durable state.
//! - From the moment a commit's outcome is in doubt (also if it panics) until [`Store::recover`] has
//!   succeeded, `begin`, `load`, `commit` and every read fail with
//!   [`StoreError::InDoubt`](crate::store::StoreError::InDoubt), in every lane and for every ledger
//!   on the store. What a lane had loaded before is then as doubtful as the rest.
//! - `recover` may be called by several threads at once and while groups are open.

use std::sync::Arc;

use crate::base::id::{HoldId, Stamp, Stamps, TransactionId, WalletId};
use crate::base::time::Timestamp;
use crate::input::key::Key;
use crate::input::meta_key::MetaValue;
use crate::input::name::{Owner, WalletName};
use crate::model::entry::{Entry, Order, Span};
use crate::model::hold::{Hold, HoldState};
use crate::model::record::{AssetRecord, Record};
use crate::model::reversal::Reversal;
use crate::model::row::WalletRow;
use crate::model::terms::Terms;
use crate::model::transaction::Transaction;
use crate::model::wallet::Wallet;
use crate::money::amount::Amount;
use crate::money::asset::AssetCode;
use crate::rules::answers::Answer;
use crate::rules::rows::{Rows, Wants};
use crate::store::failure::StoreResult;
use crate::store::lock_table::LockTable;

/// A backend.
pub trait Store: Send + Sync {
    /// How many groups may run at once; at least one.
    fn lanes(&self) -> usize {
        1
    }

    /// The locks that keep groups apart. They are the store's, because several ledgers may be open
    /// on it. Without them a ledger uses one lane only.
    fn locks(&self) -> Option<&LockTable> {
        None
    }

    /// Begins a group. Where there is one lane, it waits until no other group is open.
    fn begin(&self) -> StoreResult<Box<dyn Group + '_>>;

    /// The same, but where it waits for others it gives up, as busy, once `stop` says so.
    /// A store that never waits long need not ask.
    fn begin_unless(&self, _stop: &dyn Fn() -> bool) -> StoreResult<Box<dyn Group + '_>> {
        self.begin()
    }

    /// Finds out what became of a commit in doubt. Nothing is to be done where there is none.
    fn recover(&self) -> StoreResult<()>;

    /// At most `limit` records of the journal in order, after `after`.
    fn records(&self, after: Option<Stamp>, limit: usize) -> StoreResult<Vec<Record>>;

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

    /// What has this id. Of a refused batch, the position is that of the refused request.
    fn find(&self, id: TransactionId) -> StoreResult<Option<Answer>>;

    /// A hold as the journal has it, expired or not.
    fn hold(&self, hold: HoldId) -> StoreResult<Option<Hold>>;

    /// Holds in the order in which they were made.
    fn holds(&self, filter: &HoldFilter) -> StoreResult<Vec<Hold>>;

    /// What was reversed of a transaction, in the order in which it was.
    fn reversals(&self, transaction: TransactionId) -> StoreResult<Vec<Reversal>>;

    /// The place of the journal's last record.
    fn last(&self) -> StoreResult<Option<Stamp>>;

    /// What holds for the ledger as a whole.
    fn terms(&self) -> StoreResult<Terms>;

    /// Transactions with some metadata, in the order in which they were recorded.
    fn tagged(&self, filter: &FindFilter<'_>) -> StoreResult<Vec<Arc<Transaction>>>;

    /// Hands over what was moved into a wallet as of an earlier time than that at which it was recorded: of
    /// what took effect at `effective` or before, and was recorded within `recorded`. Below zero is what
    /// left.
    fn backdated(
        &self,
        wallet: WalletId,
        effective: Timestamp,
        recorded: Span,
        each: &mut dyn FnMut(Amount),
    ) -> StoreResult<()>;

    /// The last answer under a key, also if it is forgotten since: that is not for the store to say.
    /// A store may throw away what is forgotten.
    fn answer(&self, key: &Key) -> StoreResult<Option<Answer>>;
}

/// One group of commands on its way into a store.
pub trait Group {
    /// Loads what is wanted, and what holds for the ledger as a whole; what the store doesn't know
    /// stays absent.
    fn load(&mut self, wants: &Wants<'_>) -> StoreResult<Rows>;

    /// Reserves `count` stamps that are not before `now`; none if `now` or the last of them is out
    /// of the range of time that an id can carry. [`Stamps::after`] has the rule.
    fn reserve(&mut self, now: Timestamp, node: u8, count: usize) -> StoreResult<Option<Stamps>>;

    /// Makes the records durable, then shows them.
    fn commit(self: Box<Self>, records: Vec<Record>) -> StoreResult<()>;
}

/// Which transactions to find.
#[derive(Clone, Copy, Debug)]
pub struct FindFilter<'a> {
    /// A key of their metadata.
    pub key: &'a str,
    /// The value that it must have.
    pub value: &'a MetaValue,
    /// Only transactions recorded after this one.
    pub after: Option<TransactionId>,
    /// At most so many.
    pub limit: usize,
}

impl FindFilter<'_> {
    /// Whether a transaction passes.
    pub fn passes(&self, transaction: &Transaction) -> bool {
        self.after.is_none_or(|after| transaction.id > after)
            && transaction.meta.as_ref().is_some_and(|meta| meta.has(self.key, self.value))
    }
}

/// Which wallets to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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

/// Which holds to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldFilter {
    /// Only holds on this wallet.
    pub wallet: Option<WalletId>,
    /// Only holds that are in this state at `now`.
    pub state: Option<HoldState>,
    /// Only holds whose end is not in the journal.
    pub untidied: bool,
    /// Only holds that expire before this.
    pub expires_before: Option<Timestamp>,
    /// The time that counts.
    pub now: Timestamp,
    /// Only holds made after this one.
    pub after: Option<HoldId>,
    /// At most so many.
    pub limit: usize,
}

impl HoldFilter {
    /// Whether a hold passes, as the journal has it.
    pub fn passes(&self, hold: &Hold) -> bool {
        self.wallet.is_none_or(|wallet| hold.wallet == wallet)
            && self.state.is_none_or(|state| hold.at(self.now).state == state)
            && (!self.untidied || hold.state == HoldState::Open)
            && self.expires_before.is_none_or(|time| hold.expires_at < time)
            && self.after.is_none_or(|after| hold.id > after)
    }
}
