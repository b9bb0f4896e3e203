//! A store that lives in memory: the reference for every other one, and good for tests.

mod state;
mod turns;

use std::sync::Arc;

use crate::base::id::{HoldId, Stamp, Stamps, TransactionId, WalletId};
use crate::base::sync::{Mutex, MutexGuard, RwLock};
use crate::base::time::Timestamp;
use crate::input::key::Key;
use crate::input::name::WalletName;
use crate::memory::state::State;
use crate::memory::turns::{Turn, Turns};
use crate::model::entry::{Entry, Order, Span};
use crate::model::hold::Hold;
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
use crate::store::backend::{FindFilter, Group, HoldFilter, Store, WalletFilter};
use crate::store::failure::StoreResult;
use crate::store::lock_table::LockTable;

/// A store in memory. What it holds is gone with it.
///
/// ```
/// use ledger_core::{Ledger, MemoryStore};
/// let ledger = Ledger::new(MemoryStore::with_lanes(2));
/// # drop(ledger);
/// ```
#[derive(Debug)]
pub struct MemoryStore {
    state: RwLock<State>,
    turns: Turns,
    lanes: usize,
    /// The one writer's place, where there is one lane.
    writer: Mutex<()>,
    /// What keeps groups apart, where there are several.
    locks: LockTable,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryStore {
    /// An empty store with one lane.
    pub fn new() -> Self {
        Self::with_lanes(1)
    }

    /// An empty store in which so many groups may run at once.
    pub fn with_lanes(lanes: usize) -> Self {
        Self {
            state: RwLock::default(),
            turns: Turns::default(),
            lanes: lanes.max(1),
            writer: Mutex::default(),
            locks: LockTable::new(),
        }
    }
}

impl Store for MemoryStore {
    fn lanes(&self) -> usize {
        self.lanes
    }

    fn locks(&self) -> Option<&LockTable> {
        (self.lanes > 1).then_some(&self.locks)
    }

    fn begin(&self) -> StoreResult<Box<dyn Group + '_>> {
        let writer = (self.lanes == 1).then(|| self.writer.lock());
        Ok(Box::new(MemoryGroup { store: self, turn: None, _writer: writer }))
    }

    /// A commit in memory is never in doubt.
    fn recover(&self) -> StoreResult<()> {
        Ok(())
    }

    fn records(&self, after: Option<Stamp>, limit: usize) -> StoreResult<Vec<Record>> {
        Ok(self.state.read().records(after, limit))
    }

    fn asset(&self, code: AssetCode) -> StoreResult<Option<Arc<AssetRecord>>> {
        Ok(self.state.read().asset(code).cloned())
    }

    fn assets(&self, after: Option<AssetCode>, limit: usize) -> StoreResult<Vec<Arc<AssetRecord>>> {
        Ok(self.state.read().assets(after, limit))
    }

    fn rows(&self, wallets: &[WalletId]) -> StoreResult<Vec<Option<WalletRow>>> {
        let state = self.state.read();
        Ok(wallets.iter().map(|&wallet| state.row(wallet).cloned()).collect())
    }

    fn row(&self, wallet: WalletId) -> StoreResult<Option<WalletRow>> {
        Ok(self.state.read().row(wallet).cloned())
    }

    fn wallet(&self, wallet: WalletId) -> StoreResult<Option<Wallet>> {
        Ok(self.state.read().wallet(wallet))
    }

    fn wallet_named(&self, name: &WalletName) -> StoreResult<Option<Wallet>> {
        Ok(self.state.read().wallet_named(name))
    }

    fn wallets(&self, filter: &WalletFilter) -> StoreResult<Vec<Wallet>> {
        Ok(self.state.read().wallets(filter))
    }

    fn entries(
        &self,
        wallet: WalletId,
        span: Span,
        order: Order,
        limit: usize,
    ) -> StoreResult<Vec<Entry>> {
        Ok(self.state.read().entries(wallet, span, order, limit))
    }

    fn find(&self, id: TransactionId) -> StoreResult<Option<Answer>> {
        Ok(self.state.read().find(id))
    }

    fn hold(&self, hold: HoldId) -> StoreResult<Option<Hold>> {
        Ok(self.state.read().hold(hold).copied())
    }

    fn holds(&self, filter: &HoldFilter) -> StoreResult<Vec<Hold>> {
        Ok(self.state.read().holds(filter))
    }

    fn reversals(&self, transaction: TransactionId) -> StoreResult<Vec<Reversal>> {
        Ok(self.state.read().reversals(transaction).to_vec())
    }

    fn last(&self) -> StoreResult<Option<Stamp>> {
        Ok(self.state.read().last())
    }

    fn tagged(&self, filter: &FindFilter<'_>) -> StoreResult<Vec<Arc<Transaction>>> {
        Ok(self.state.read().tagged(filter))
    }

    fn terms(&self) -> StoreResult<Terms> {
        Ok(self.state.read().terms().clone())
    }

    fn backdated(
        &self,
        wallet: WalletId,
        effective: Timestamp,
        recorded: Span,
        each: &mut dyn FnMut(Amount),
    ) -> StoreResult<()> {
        self.state.read().backdated(wallet, effective, recorded, each);
        Ok(())
    }

    fn answer(&self, key: &Key) -> StoreResult<Option<Answer>> {
        Ok(self.state.read().answer(key))
    }
}

struct MemoryGroup<'a> {
    store: &'a MemoryStore,
    turn: Option<Turn<'a>>,
    _writer: Option<MutexGuard<'a, ()>>,
}

impl Group for MemoryGroup<'_> {
    fn load(&mut self, wants: &Wants<'_>) -> StoreResult<Rows> {
        Ok(self.store.state.read().load(wants))
    }

    fn reserve(&mut self, now: Timestamp, node: u8, count: usize) -> StoreResult<Option<Stamps>> {
        let Some((turn, stamps)) = self.store.turns.reserve(now, node, count) else {
            return Ok(None);
        };
        self.turn = Some(turn);
        Ok(Some(stamps))
    }

    fn commit(self: Box<Self>, records: Vec<Record>) -> StoreResult<()> {
        if let Some(turn) = &self.turn {
            turn.wait();
        }
        let last = records.last().map(Record::stamp);
        self.store.state.write().publish(records)?;
        // They may have come with stamps of another store's, when a journal is copied.
        if let Some(last) = last {
            self.store.turns.note(last);
        }
        Ok(())
    }
}
