//! What several tests share.

#![allow(dead_code, reason = "not every test uses all of it")]

use std::collections::VecDeque;
use std::sync::{Arc, Barrier, Mutex};

use ledger_core::{
    Answer, Asset, AssetCode, AssetRecord, Entry, Group, Key, Ledger, LedgerBuilder, ManualClock,
    MemoryStore, Order, Record, Rows, Span, Stamps, Store, StoreError, StoreResult, Timestamp,
    TransactionId, Wallet, WalletFilter, WalletId, WalletName, WalletRow, WalletSpec, Wants,
};

/// Something that goes wrong once.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Beginning a group fails.
    Begin(StoreError),
    /// Loading panics.
    LoadPanics,
    /// The commit fails and nothing is written.
    Commit(StoreError),
    /// The commit fails, but is written all the same.
    CommitWritten(StoreError),
    /// The commit panics after it is written.
    CommitPanics,
    /// The commit waits at the gate, twice: when it comes, and before it goes on.
    CommitWaits(Arc<Barrier>),
    /// The commit waits at the gate, twice, and fails; what it wrote is seen after recovery only.
    CommitShownLate(Arc<Barrier>),
    /// Recovery fails.
    Recover(StoreError),
    /// A group with more than one record is refused. Stays until a single one comes.
    OnlySingles,
}

/// A memory store in which planned things go wrong, one after the other.
pub struct Faulty {
    inner: MemoryStore,
    plan: Mutex<VecDeque<Fault>>,
    not_shown: Mutex<Vec<Record>>,
}

impl Faulty {
    pub fn with_lanes(lanes: usize) -> Self {
        Self {
            inner: MemoryStore::with_lanes(lanes),
            plan: Mutex::default(),
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
}

impl Store for Faulty {
    fn lanes(&self) -> usize {
        self.inner.lanes()
    }

    fn begin(&self) -> StoreResult<Box<dyn Group + '_>> {
        if let Some(Fault::Begin(error)) = self.next_if(|fault| matches!(fault, Fault::Begin(_))) {
            return Err(error);
        }
        Ok(Box::new(FaultyGroup { store: self, inner: self.inner.begin()? }))
    }

    fn recover(&self) -> StoreResult<()> {
        match self.next_if(|fault| matches!(fault, Fault::Recover(_))) {
            Some(Fault::Recover(error)) => Err(error),
            _ => {
                let records = std::mem::take(&mut *self.not_shown.lock().unwrap());
                self.inner.begin()?.commit(records)
            }
        }
    }

    fn latest(&self) -> StoreResult<Option<Timestamp>> {
        self.inner.latest()
    }

    fn asset(&self, code: AssetCode) -> StoreResult<Option<Arc<AssetRecord>>> {
        self.inner.asset(code)
    }

    fn assets(&self, after: Option<AssetCode>, limit: usize) -> StoreResult<Vec<Arc<AssetRecord>>> {
        self.inner.assets(after, limit)
    }

    fn rows(&self, wallets: &[WalletId]) -> StoreResult<Vec<Option<WalletRow>>> {
        self.inner.rows(wallets)
    }

    fn wallet(&self, wallet: WalletId) -> StoreResult<Option<Wallet>> {
        self.inner.wallet(wallet)
    }

    fn wallet_named(&self, name: &WalletName) -> StoreResult<Option<Wallet>> {
        self.inner.wallet_named(name)
    }

    fn wallets(&self, filter: &WalletFilter) -> StoreResult<Vec<Wallet>> {
        self.inner.wallets(filter)
    }

    fn entries(
        &self,
        wallet: WalletId,
        span: Span,
        order: Order,
        limit: usize,
    ) -> StoreResult<Vec<Entry>> {
        self.inner.entries(wallet, span, order, limit)
    }

    fn find(&self, id: TransactionId) -> StoreResult<Option<Answer>> {
        self.inner.find(id)
    }

    fn answer(&self, key: &Key) -> StoreResult<Option<Answer>> {
        self.inner.answer(key)
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
        self.inner.load(wants)
    }

    fn reserve(&mut self, now: Timestamp, node: u8, count: usize) -> StoreResult<Option<Stamps>> {
        self.inner.reserve(now, node, count)
    }

    fn commit(self: Box<Self>, records: Vec<Record>) -> StoreResult<()> {
        let singles = |fault: &Fault| matches!(fault, Fault::OnlySingles) && records.len() == 1;
        self.store.next_if(singles);
        let fault = self.store.plan.lock().unwrap().front().cloned();
        match fault {
            Some(Fault::OnlySingles) => Err(StoreError::Refused("too many".into())),
            Some(Fault::Commit(error)) => {
                self.store.plan.lock().unwrap().pop_front();
                Err(error)
            }
            Some(Fault::CommitWritten(error)) => {
                self.store.plan.lock().unwrap().pop_front();
                self.inner.commit(records).and(Err(error))
            }
            Some(Fault::CommitWaits(gate)) => {
                self.store.plan.lock().unwrap().pop_front();
                gate.wait();
                gate.wait();
                self.inner.commit(records)
            }
            Some(Fault::CommitShownLate(gate)) => {
                self.store.plan.lock().unwrap().pop_front();
                gate.wait();
                gate.wait();
                self.store.not_shown.lock().unwrap().extend(records);
                Err(StoreError::InDoubt("the flush failed".into()))
            }
            Some(Fault::CommitPanics) => {
                self.store.plan.lock().unwrap().pop_front();
                self.inner.commit(records).unwrap();
                panic!("planted in commit")
            }
            _ => self.inner.commit(records),
        }
    }
}

/// A ledger on a faulty store, with a clock that stands still and two wallets, one of them with
/// 100 dollars.
pub struct Shop {
    pub store: Arc<Faulty>,
    pub clock: Arc<ManualClock>,
    pub ledger: Ledger,
    pub usd: Asset,
    pub alice: Wallet,
    pub bob: Wallet,
}

impl Shop {
    pub fn new() -> Self {
        Self::with(1, |settings| settings)
    }

    /// A shop with so many lanes, and with other settings.
    pub fn with(lanes: usize, settings: impl FnOnce(LedgerBuilder) -> LedgerBuilder) -> Self {
        let store = Arc::new(Faulty::with_lanes(lanes));
        let clock = Arc::new(ManualClock::new("2026-03-01T12:00:00Z".parse().unwrap()));
        let builder = LedgerBuilder::on(store.clone()).clock(clock.clone());
        let ledger = settings(builder).build().unwrap();
        let usd = Asset::iso("USD").unwrap();
        let open = |name| ledger.open_wallet(WalletSpec::new(name, usd).unwrap()).unwrap();
        let (alice, bob) = (open("user:alice"), open("user:bob"));
        ledger.deposit(&alice, usd.money("100").unwrap(), "fund").unwrap();
        Self { store, clock, ledger, usd, alice, bob }
    }

    pub fn pay(&self, amount: &str, key: &str) -> ledger_core::Result<ledger_core::Receipt> {
        self.ledger.transfer(&self.alice, &self.bob, self.usd.money(amount).unwrap(), key)
    }

    pub fn bob_has(&self) -> String {
        self.ledger.balance(&self.bob).unwrap().posted.to_string()
    }
}

impl Shop {
    /// Runs `others` while a payment of one dollar under the key "slow" is being committed.
    pub fn while_committing<T>(&self, others: impl FnOnce() -> T) -> T {
        let gate = Arc::new(Barrier::new(2));
        self.store.plan([Fault::CommitWaits(gate.clone())]);
        std::thread::scope(|scope| {
            let slow = scope.spawn(|| self.pay("1", "slow").unwrap());
            gate.wait();
            let result = others();
            gate.wait();
            slow.join().unwrap();
            result
        })
    }
}
