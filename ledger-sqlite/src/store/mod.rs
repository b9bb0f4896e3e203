//! The store: one file, one writer at a time, readers beside it.

pub(crate) mod checkpoint;
mod group;
mod health;
mod look;
mod open;
mod recover;
mod room;
pub(crate) mod settings;
mod sweep;
mod unopened;
mod whole;
mod writer;

use std::sync::Arc;

use ledger_core::store::{
    FindFilter, Group, HoldFilter, Record, Span, Stamp, Store, StoreResult, Terms, WalletFilter,
    WalletRow,
};
use ledger_core::{
    Amount, Answer, AssetCode, AssetRecord, Entry, Hold, HoldId, Interrupt, Key, Order, Reversal,
    Timestamp, Transaction, TransactionId, Wallet, WalletId, WalletName,
};
use parking_lot::{Mutex, RwLock};

use crate::file::anchor::Anchor;
use crate::file::identity::Identity;
use crate::file::place::Place;
use crate::file::turn::Turns;
use crate::state::State;
use crate::store::health::Health;
use crate::store::look::Readers;
use crate::store::settings::Settings;
use crate::store::writer::Writer;

pub(crate) use crate::store::unopened::{rebuild_file, schema_of_file, verify_file};
pub use crate::store::whole::FileStats;

/// A ledger's file as the core's write path uses it. Open a `SqliteLedger` instead, unless you build
/// something of your own on it.
pub struct SqliteStore {
    place: Place,
    settings: Settings,
    interrupt: Interrupt,
    health: Health,
    writer: Mutex<Writer>,
    readers: Readers,
    /// The files as they were when they were opened.
    identity: Identity,
    state: RwLock<State>,
    turns: Turns,
    /// Its descriptors must outlive SQLite's.
    anchor: Option<Arc<Anchor>>,
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.place.path()).finish_non_exhaustive()
    }
}

impl Store for SqliteStore {
    fn begin(&self) -> StoreResult<Box<dyn Group + '_>> {
        Ok(Box::new(self.begin_group(&|| false)?))
    }

    fn begin_unless(&self, stop: &dyn Fn() -> bool) -> StoreResult<Box<dyn Group + '_>> {
        Ok(Box::new(self.begin_group(stop)?))
    }

    fn recover(&self) -> StoreResult<()> {
        self.end_doubt()
    }

    fn records(&self, after: Option<Stamp>, limit: usize) -> StoreResult<Vec<Record>> {
        self.look(|look| look.records(after, limit))
    }

    fn asset(&self, code: AssetCode) -> StoreResult<Option<Arc<AssetRecord>>> {
        self.find_asset(code)
    }

    fn assets(&self, after: Option<AssetCode>, limit: usize) -> StoreResult<Vec<Arc<AssetRecord>>> {
        self.look(|look| look.assets(after, limit))
    }

    fn rows(&self, wallets: &[WalletId]) -> StoreResult<Vec<Option<WalletRow>>> {
        self.find_rows(wallets)
    }

    fn row(&self, wallet: WalletId) -> StoreResult<Option<WalletRow>> {
        self.find_row(wallet)
    }

    fn wallet(&self, wallet: WalletId) -> StoreResult<Option<Wallet>> {
        self.look(|look| look.wallet(wallet))
    }

    fn wallet_named(&self, name: &WalletName) -> StoreResult<Option<Wallet>> {
        self.look(|look| look.wallet_named(name))
    }

    fn wallets(&self, filter: &WalletFilter) -> StoreResult<Vec<Wallet>> {
        self.look(|look| look.wallets(filter))
    }

    fn entries(
        &self,
        wallet: WalletId,
        span: Span,
        order: Order,
        limit: usize,
    ) -> StoreResult<Vec<Entry>> {
        self.find_entries(wallet, span, order, limit)
    }

    fn find(&self, id: TransactionId) -> StoreResult<Option<Answer>> {
        self.look(|look| look.find(id))
    }

    fn hold(&self, hold: HoldId) -> StoreResult<Option<Hold>> {
        self.look(|look| look.hold(hold))
    }

    fn holds(&self, filter: &HoldFilter) -> StoreResult<Vec<Hold>> {
        self.look(|look| look.holds(filter))
    }

    fn reversals(&self, transaction: TransactionId) -> StoreResult<Vec<Reversal>> {
        self.look(|look| look.reversals(transaction))
    }

    fn last(&self) -> StoreResult<Option<Stamp>> {
        self.look(|_| Ok(Some(self.state.read().tip.id)))
    }

    fn tagged(&self, filter: &FindFilter<'_>) -> StoreResult<Vec<Arc<Transaction>>> {
        self.look(|look| look.tagged(filter))
    }

    fn terms(&self) -> StoreResult<Terms> {
        self.look(|_| Ok(self.state.read().terms.clone()))
    }

    fn backdated(
        &self,
        wallet: WalletId,
        effective: Timestamp,
        recorded: Span,
        each: &mut dyn FnMut(Amount),
    ) -> StoreResult<()> {
        self.look(|look| look.backdated(wallet, effective, recorded, each))
    }

    fn answer(&self, key: &Key) -> StoreResult<Option<Answer>> {
        self.look(|look| look.answer(key))
    }
}
