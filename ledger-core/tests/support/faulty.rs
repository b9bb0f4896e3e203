//! A memory store in which planned things go wrong, one after the other.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use ledger_core::store::{
    FindFilter, Group, HoldFilter, LockTable, Record, Rows, Span, Stamp, Stamps, Store, StoreError,
    StoreResult, Terms, WalletFilter, WalletRow, Wants,
};
use ledger_core::{
    Amount, Answer, AssetCode, AssetRecord, Entry, Hold, HoldId, Key, MemoryStore, Order, Reversal,
    Timestamp, Transaction, TransactionId, Wallet, WalletId, WalletName,
};

use super::gate::Gate;

/// Something that goes wrong once.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Beginning a group fails.
    Begin(StoreError),
    /// Beginning a group waits at the gate, and goes on.
    BeginWaits(Gate),
    /// Loading panics.
    LoadPanics,
    /// One id fewer is reserved than was asked for.
    FewerIds,
    /// The commit fails and nothing is written.
    Commit(StoreError),
    /// The commit is in doubt. It is written, and seen once the store has recovered.
    DoubtWritten,
    /// The commit is in doubt. It is lost.
    DoubtLost,
    /// The commit waits at the gate, and then is in doubt like [`Fault::DoubtWritten`].
    DoubtWrittenAt(Gate),
    /// The commit waits at the gate, and goes on.
    CommitWaits(Gate),
    /// The commit panics, in doubt like [`Fault::DoubtWritten`].
    CommitPanics,
    /// Looking up the last record waits at the gate with what it found.
    LastWaits(Gate),
    /// Recovery fails.
    Recover,
    /// Groups with more than one record are refused, until a single one comes.
    OnlySingles,
}

pub struct Faulty {
    inner: MemoryStore,
    plan: Mutex<VecDeque<Fault>>,
    /// Whether a commit is in doubt.
    in_doubt: AtomicBool,
    /// What the commit in doubt has written.
    not_shown: Mutex<Vec<Record>>,
}

impl Faulty {
    pub fn with_lanes(lanes: usize) -> Self {
        Self {
            inner: MemoryStore::with_lanes(lanes),
            plan: Mutex::default(),
            in_doubt: AtomicBool::new(false),
            not_shown: Mutex::default(),
        }
    }

    pub fn plan(&self, faults: impl IntoIterator<Item = Fault>) {
        self.plan.lock().unwrap().extend(faults);
    }

    /// Whether everything planned has happened.
    pub fn is_done(&self) -> bool {
        self.plan.lock().unwrap().is_empty()
    }

    fn next_if(&self, wanted: impl Fn(&Fault) -> bool) -> Option<Fault> {
        let mut plan = self.plan.lock().unwrap();
        if plan.front().is_some_and(wanted) { plan.pop_front() } else { None }
    }

    fn sound(&self) -> StoreResult<&MemoryStore> {
        if self.in_doubt.load(Ordering::SeqCst) {
            return Err(StoreError::InDoubt("a commit is in doubt".into()));
        }
        Ok(&self.inner)
    }

    fn doubt(&self, written: Vec<Record>) -> StoreResult<()> {
        self.not_shown.lock().unwrap().extend(written);
        self.in_doubt.store(true, Ordering::SeqCst);
        Err(StoreError::InDoubt("the flush failed".into()))
    }
}

impl Store for Faulty {
    fn lanes(&self) -> usize {
        self.inner.lanes()
    }

    fn locks(&self) -> Option<&LockTable> {
        self.inner.locks()
    }

    fn begin(&self) -> StoreResult<Box<dyn Group + '_>> {
        if let Some(Fault::Begin(error)) = self.next_if(|fault| matches!(fault, Fault::Begin(_))) {
            return Err(error);
        }
        let waits = self.next_if(|fault| matches!(fault, Fault::BeginWaits(_)));
        if let Some(Fault::BeginWaits(gate)) = waits {
            gate.pass();
        }
        Ok(Box::new(FaultyGroup { store: self, inner: self.sound()?.begin()? }))
    }

    fn recover(&self) -> StoreResult<()> {
        if self.next_if(|fault| matches!(fault, Fault::Recover)).is_some() {
            return Err(StoreError::Broken("the disk is gone".into()));
        }
        let written = std::mem::take(&mut *self.not_shown.lock().unwrap());
        if !written.is_empty() {
            self.inner.begin()?.commit(written)?;
        }
        self.in_doubt.store(false, Ordering::SeqCst);
        Ok(())
    }

    fn tagged(&self, filter: &FindFilter<'_>) -> StoreResult<Vec<Arc<Transaction>>> {
        self.sound()?.tagged(filter)
    }

    fn terms(&self) -> StoreResult<Terms> {
        self.sound()?.terms()
    }

    fn backdated(
        &self,
        wallet: WalletId,
        effective: Timestamp,
        recorded: Span,
        each: &mut dyn FnMut(Amount),
    ) -> StoreResult<()> {
        self.sound()?.backdated(wallet, effective, recorded, each)
    }

    fn records(&self, after: Option<Stamp>, limit: usize) -> StoreResult<Vec<Record>> {
        self.sound()?.records(after, limit)
    }

    fn asset(&self, code: AssetCode) -> StoreResult<Option<Arc<AssetRecord>>> {
        self.sound()?.asset(code)
    }

    fn assets(&self, after: Option<AssetCode>, limit: usize) -> StoreResult<Vec<Arc<AssetRecord>>> {
        self.sound()?.assets(after, limit)
    }

    fn rows(&self, wallets: &[WalletId]) -> StoreResult<Vec<Option<WalletRow>>> {
        self.sound()?.rows(wallets)
    }

    fn wallet(&self, wallet: WalletId) -> StoreResult<Option<Wallet>> {
        self.sound()?.wallet(wallet)
    }

    fn wallet_named(&self, name: &WalletName) -> StoreResult<Option<Wallet>> {
        self.sound()?.wallet_named(name)
    }

    fn wallets(&self, filter: &WalletFilter) -> StoreResult<Vec<Wallet>> {
        self.sound()?.wallets(filter)
    }

    fn entries(
        &self,
        wallet: WalletId,
        span: Span,
        order: Order,
        limit: usize,
    ) -> StoreResult<Vec<Entry>> {
        self.sound()?.entries(wallet, span, order, limit)
    }

    fn find(&self, id: TransactionId) -> StoreResult<Option<Answer>> {
        self.sound()?.find(id)
    }

    fn hold(&self, hold: HoldId) -> StoreResult<Option<Hold>> {
        self.sound()?.hold(hold)
    }

    fn holds(&self, filter: &HoldFilter) -> StoreResult<Vec<Hold>> {
        self.sound()?.holds(filter)
    }

    fn reversals(&self, transaction: TransactionId) -> StoreResult<Vec<Reversal>> {
        self.sound()?.reversals(transaction)
    }

    fn last(&self) -> StoreResult<Option<Stamp>> {
        let last = self.sound()?.last();
        if let Some(Fault::LastWaits(gate)) = self.next_if(|it| matches!(it, Fault::LastWaits(_))) {
            gate.pass();
        }
        last
    }

    fn answer(&self, key: &Key) -> StoreResult<Option<Answer>> {
        self.sound()?.answer(key)
    }
}

struct FaultyGroup<'a> {
    store: &'a Faulty,
    inner: Box<dyn Group + 'a>,
}

impl Group for FaultyGroup<'_> {
    fn load(&mut self, wants: &Wants<'_>) -> StoreResult<Rows> {
        let panics = self.store.next_if(|fault| matches!(fault, Fault::LoadPanics));
        assert!(panics.is_none(), "planted in load");
        self.store.sound()?;
        self.inner.load(wants)
    }

    fn reserve(&mut self, now: Timestamp, node: u8, count: usize) -> StoreResult<Option<Stamps>> {
        let is_short = self.store.next_if(|fault| matches!(fault, Fault::FewerIds)).is_some();
        self.inner.reserve(now, node, count - usize::from(is_short))
    }

    fn commit(self: Box<Self>, records: Vec<Record>) -> StoreResult<()> {
        self.store.sound()?;
        if records.len() == 1 {
            self.store.next_if(|fault| matches!(fault, Fault::OnlySingles));
        }
        let of_commit =
            |fault: &Fault| !matches!(fault, Fault::OnlySingles | Fault::Begin(_) | Fault::Recover);
        if self.store.plan.lock().unwrap().front().is_some_and(|f| matches!(f, Fault::OnlySingles))
        {
            return Err(StoreError::Refused("too many".into()));
        }
        match self.store.next_if(of_commit) {
            Some(Fault::Commit(error)) => Err(error),
            Some(Fault::DoubtWritten) => self.store.doubt(records),
            Some(Fault::DoubtLost) => self.store.doubt(Vec::new()),
            Some(Fault::DoubtWrittenAt(gate)) => {
                gate.pass();
                self.store.doubt(records)
            }
            Some(Fault::CommitPanics) => {
                self.store.doubt(records).unwrap_err();
                panic!("planted in commit")
            }
            Some(Fault::CommitWaits(gate)) => {
                gate.pass();
                self.inner.commit(records)
            }
            _ => self.inner.commit(records),
        }
    }
}
