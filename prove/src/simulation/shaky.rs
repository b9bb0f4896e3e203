//! A store in memory in which things go wrong by chance, from a seed, and in which a fault may be planted.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fastrand::Rng;
use ledger_core::store::{
    FindFilter, Group, HoldFilter, Record, Reserved, Rows, Span, Stamp, Stamps, Store, StoreError,
    StoreResult, Terms, WalletFilter, WalletRow, Wants,
};
use ledger_core::{
    Amount, Answer, AssetCode, AssetRecord, Entry, Hold, HoldId, HoldState, Key, Limits,
    MemoryStore, Order, Reversal, Status, Timestamp, Transaction, TransactionId, Wallet, WalletId,
    WalletName,
};

use crate::simulation::planted::Planted;

/// Of so many calls of the store, one goes wrong.
const CALLS: u32 = 12;

/// The store.
pub struct Shaky {
    inner: MemoryStore,
    planted: Option<Planted>,
    now: Mutex<Now>,
}

/// What changes.
struct Now {
    rng: Rng,
    is_calm: bool,
    in_doubt: bool,
    /// How often it was.
    doubts: u64,
    /// Written in doubt; seen once the store has recovered.
    doubtful: Vec<Record>,
    /// Lost in doubt.
    lost: Vec<Record>,
    /// Answered and written, and not flushed: a crash takes it.
    not_flushed: HashSet<Stamp>,
    /// How wallets and holds were one commit ago.
    rows: HashMap<WalletId, WalletRow>,
    holds: HashMap<HoldId, Hold>,
    latest_keys: HashSet<String>,
    keys_before_crash: HashSet<String>,
    all_keys: HashSet<String>,
}

impl Shaky {
    /// A store in which nothing goes wrong yet.
    pub fn new(seed: u64, planted: Option<Planted>) -> Self {
        let now = Now {
            rng: Rng::with_seed(seed),
            is_calm: true,
            in_doubt: false,
            doubts: 0,
            doubtful: Vec::new(),
            lost: Vec::new(),
            not_flushed: HashSet::new(),
            rows: HashMap::new(),
            holds: HashMap::new(),
            latest_keys: HashSet::new(),
            keys_before_crash: HashSet::new(),
            all_keys: HashSet::new(),
        };
        Self { inner: MemoryStore::new(), planted, now: Mutex::new(now) }
    }

    /// From now on things go wrong, or don't.
    pub fn calm(&self, is_calm: bool) {
        self.now().is_calm = is_calm;
    }

    /// The process ends, and another reads the journal again. What was written in doubt is there.
    pub fn crashed(&self) -> StoreResult<Self> {
        let mut records = self.inner.records(None, usize::MAX)?;
        let mut before = self.now();
        let mut written = std::mem::take(&mut before.doubtful);
        if self.is(Planted::DoubtComesBack) {
            written.append(&mut before.lost);
        }
        records.retain(|record| !before.not_flushed.contains(&record.stamp()));
        if self.is(Planted::CrashTakesTheLastCommit) {
            records.pop();
        }
        let fresh = Self::new(before.rng.u64(..), self.planted);
        let mut now = fresh.now();
        now.is_calm = before.is_calm;
        now.all_keys.clone_from(&before.all_keys);
        now.keys_before_crash.clone_from(&before.all_keys);
        drop(now);
        fresh.write(records)?;
        fresh.write(written)?;
        Ok(fresh)
    }

    /// How often nobody knew what was written.
    pub fn doubts(&self) -> u64 {
        self.now().doubts
    }

    /// Whether the key is answered, or will be once the store has recovered. Nothing planted is in the way.
    pub fn truly_has(&self, key: &Key) -> bool {
        let in_inner = self.inner.answer(key).is_ok_and(|answer| answer.is_some());
        in_inner || self.now().doubtful.iter().any(|record| keys_of(record).contains(&key))
    }

    /// The time of the last record.
    pub fn last_time(&self) -> Option<Timestamp> {
        self.inner.last().ok()?.map(Stamp::time)
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is(&self, planted: Planted) -> bool {
        self.planted == Some(planted)
    }

    fn write(&self, records: Vec<Record>) -> StoreResult<()> {
        if records.is_empty() {
            return Ok(());
        }
        self.remember(&records);
        self.inner.begin()?.commit(records)
    }

    /// Notes how things are before they change, for what is planted to go back to.
    fn remember(&self, records: &[Record]) {
        if self.planted.is_none() {
            return;
        }
        let mut now = self.now();
        now.latest_keys.clear();
        for record in records {
            for key in keys_of(record) {
                now.latest_keys.insert(key.to_string());
                now.all_keys.insert(key.to_string());
            }
        }
        drop(now);
        self.age_rows();
    }

    fn age_rows(&self) {
        let wallets = self.inner.wallets(&WalletFilter { limit: 100, ..WalletFilter::default() });
        let ids: Vec<WalletId> = wallets.unwrap_or_default().iter().map(|it| it.id).collect();
        let rows = self.inner.rows(&ids).unwrap_or_default();
        let mut now = self.now();
        for row in rows.into_iter().flatten() {
            now.rows.insert(row.id, row);
        }
        let holds: Vec<HoldId> = now.holds.keys().copied().collect();
        for id in holds {
            if let Ok(Some(hold)) = self.inner.hold(id) {
                now.holds.insert(id, hold);
            }
        }
    }

    /// Whether something goes wrong now, and which of so many things.
    fn goes_wrong(&self, kinds: u32) -> Option<u32> {
        let mut now = self.now();
        let wrong = !now.is_calm && now.rng.u32(0..CALLS) == 0;
        wrong.then(|| now.rng.u32(0..kinds))
    }

    fn sound(&self) -> StoreResult<&MemoryStore> {
        if self.now().in_doubt && !self.is(Planted::ShowsWhatIsInDoubt) {
            return Err(StoreError::InDoubt("a commit is in doubt".into()));
        }
        Ok(&self.inner)
    }

    fn doubt(&self, written: Vec<Record>, lost: Vec<Record>) -> StoreResult<()> {
        let mut now = self.now();
        now.doubtful.extend(written);
        now.lost = lost;
        now.in_doubt = true;
        now.doubts += 1;
        Err(StoreError::InDoubt("the flush failed".into()))
    }

    fn commit(&self, group: Box<dyn Group + '_>, mut records: Vec<Record>) -> StoreResult<()> {
        if let Some(wrong) = self.goes_wrong(5) {
            // The group ends here; what is written later is written by another.
            drop(group);
            return self.commit_wrongly(wrong, records);
        }
        if self.is(Planted::WritesHalfAGroup) && records.len() > 1 {
            records.pop();
        }
        if self.is(Planted::AnswersBeforeTheFlush) {
            self.forget_to_flush(&records);
        }
        self.remember(&records);
        group.commit(records)
    }

    /// A flush brings what was written before it as well.
    fn forget_to_flush(&self, records: &[Record]) {
        let mut now = self.now();
        if now.rng.u8(0..8) == 0 {
            now.not_flushed.extend(records.iter().map(Record::stamp));
        } else {
            now.not_flushed.clear();
        }
    }

    fn commit_wrongly(&self, wrong: u32, records: Vec<Record>) -> StoreResult<()> {
        let planted = |it: Planted, error: StoreError, records: Vec<Record>| {
            if self.is(it) {
                self.write(records)?;
            }
            Err(error)
        };
        match wrong {
            0 => planted(Planted::BusyButWritten, StoreError::Busy("busy".into()), records),
            1 => planted(Planted::FullButWritten, StoreError::Full("full".into()), records),
            2 => planted(Planted::RefusedButWritten, StoreError::Refused("no".into()), records),
            3 if self.is(Planted::DoubtIsTakenForNo) => {
                self.write(records)?;
                Err(StoreError::Refused("taken back".into()))
            }
            3 if self.is(Planted::DoubtWritesHalf) => {
                self.doubt(records.into_iter().take(1).collect(), Vec::new())
            }
            3 => self.doubt(records, Vec::new()),
            _ if self.is(Planted::DoubtIsTakenForYes) => Ok(()),
            _ => self.doubt(Vec::new(), records),
        }
    }

    /// What the group is given, with what was planted.
    fn load(&self, group: &mut dyn Group, wants: &Wants<'_>) -> StoreResult<Rows> {
        if self.planted.is_none() {
            return group.load(wants);
        }
        let mut seen = Wants::default();
        seen.wallets.clone_from(&wants.wallets);
        seen.keys = wants.keys.iter().copied().filter(|key| !self.hides(key)).collect();
        seen.holds.clone_from(&wants.holds);
        seen.reversed.clone_from(&wants.reversed);
        seen.names.clone_from(&wants.names);
        seen.assets.clone_from(&wants.assets);
        let mut rows = group.load(&seen)?;
        self.spoil(&mut rows, wants)?;
        Ok(rows)
    }

    fn hides(&self, key: &Key) -> bool {
        let now = self.now();
        match self.planted {
            Some(Planted::ForgetsKeys) => true,
            Some(Planted::FindsKeysTooLate) => now.latest_keys.contains(key.as_str()),
            Some(Planted::ForgetsKeysInACrash) => now.keys_before_crash.contains(key.as_str()),
            Some(Planted::ForgetsNoes) => {
                matches!(self.inner.answer(key), Ok(Some(Answer::Refused { .. })))
            }
            _ => false,
        }
    }

    fn spoil(&self, rows: &mut Rows, wants: &Wants<'_>) -> StoreResult<()> {
        for &id in &wants.wallets {
            if let Some(row) = self.inner.row(id)? {
                rows.insert_wallet(&self.spoilt_row(row));
            }
        }
        for &id in &wants.holds {
            if let Some(hold) = self.inner.hold(id)? {
                rows.insert_hold(self.spoilt_hold(hold));
            }
        }
        for &id in &wants.reversed {
            let known = self.inner.reversals(id)?;
            let kept: Vec<Reversal> = match self.planted {
                Some(Planted::ForgetsReversals) => Vec::new(),
                Some(Planted::ForgetsPartsOfReversals) => {
                    known.into_iter().filter(|it| it.posting == 0).collect()
                }
                _ => known,
            };
            rows.insert_reversals(id, kept);
        }
        for &key in &wants.keys {
            if let Some(answer) = self.spoilt_answer(key)? {
                rows.insert_answer(key.clone(), answer);
            }
        }
        Ok(())
    }

    fn spoilt_row(&self, mut row: WalletRow) -> WalletRow {
        match self.planted {
            Some(Planted::LoadsOldWallets) => {
                return self.now().rows.get(&row.id).cloned().unwrap_or(row);
            }
            Some(Planted::ForgetsWhatIsReserved) => {
                row.set_reserved(Reserved::by(std::iter::empty::<&Hold>()));
            }
            Some(Planted::ForgetsStatus) => row.status = Status::Open,
            Some(Planted::ForgetsFloors) => row.floor = None,
            Some(Planted::ForgetsLimits) => {
                row.set_limits(&Limits { floor: row.floor, ..Limits::default() });
            }
            Some(Planted::VersionsStayBehind) => row.version = row.version.saturating_sub(1),
            Some(Planted::MakesAUnit) if !row.is_world => {
                row.posted = Amount::from_minor(row.posted.minor().saturating_add(1));
            }
            _ => {}
        }
        row
    }

    fn spoilt_hold(&self, mut hold: Hold) -> Hold {
        let ms = |time: Timestamp, more: i64| Timestamp::from_unix_ms(time.unix_ms() + more);
        match self.planted {
            Some(Planted::LoadsOldHolds) => {
                return *self.now().holds.entry(hold.id).or_insert(hold);
            }
            Some(Planted::HoldsLastLonger) => hold.expires_at = ms(hold.expires_at, 1),
            Some(Planted::HoldsLastLess) => hold.expires_at = ms(hold.expires_at, -1),
            Some(Planted::ForgetsCaptures) => hold.captured = hold.amount.asset().minor(0),
            Some(Planted::RevivesHolds) if hold.state != HoldState::Open => {
                (hold.state, hold.remaining) = (HoldState::Open, hold.amount);
            }
            _ => {}
        }
        hold
    }

    fn spoilt_answer(&self, key: &Key) -> StoreResult<Option<Answer>> {
        let known = self.inner.answer(key)?;
        let Some(Answer::Done(done)) = &known else {
            let others = self.is(Planted::FindsNoesOfOthers) && known.is_none();
            return if others { self.some_no() } else { Ok(None) };
        };
        let mut done = (**done).clone();
        match self.planted {
            Some(Planted::ReplaysShowToday) => {
                let mut postings: Vec<_> = done.postings.to_vec();
                for it in &mut postings {
                    it.to_balance = self.inner.row(it.to)?.map_or(it.to_balance, |row| row.posted);
                }
                done.postings = postings.into();
            }
            Some(Planted::ReplaysHaveNewIds) => {
                done.id = TransactionId::from_raw(done.id.raw() + 1).unwrap_or(done.id);
            }
            _ => return Ok(None),
        }
        Ok(Some(Answer::Done(Arc::new(done))))
    }

    fn some_no(&self) -> StoreResult<Option<Answer>> {
        let records = self.inner.records(None, 300)?;
        Ok(records.into_iter().find_map(|record| match record {
            Record::Refusal(refusal) => Some(Answer::Refused { refusal, position: 0 }),
            _ => None,
        }))
    }
}

fn keys_of(record: &Record) -> Vec<&Key> {
    match record {
        Record::Transaction(it) => vec![&it.key],
        Record::Refusal(it) => it.items.iter().map(|item| &item.key).collect(),
        _ => Vec::new(),
    }
}

impl Store for Shaky {
    fn begin(&self) -> StoreResult<Box<dyn Group + '_>> {
        if self.goes_wrong(3) == Some(0) {
            return Err(StoreError::Busy("busy".into()));
        }
        Ok(Box::new(ShakyGroup { store: self, inner: self.sound()?.begin()? }))
    }

    fn recover(&self) -> StoreResult<()> {
        if self.goes_wrong(3) == Some(0) {
            return Err(StoreError::Busy("can't look".into()));
        }
        let mut now = self.now();
        now.in_doubt = false;
        if self.is(Planted::RecoveryComesTooEarly) {
            return Ok(());
        }
        let written = std::mem::take(&mut now.doubtful);
        drop(now);
        if self.is(Planted::RecoveryLoses) {
            return Ok(());
        }
        self.write(written)
    }

    fn terms(&self) -> StoreResult<Terms> {
        self.sound()?.terms()
    }

    fn tagged(&self, filter: &FindFilter<'_>) -> StoreResult<Vec<Arc<Transaction>>> {
        self.sound()?.tagged(filter)
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
        let mut rows = self.sound()?.rows(wallets)?;
        if self.is(Planted::LooksAreBehind) {
            for row in rows.iter_mut().flatten() {
                if let Some(old) = self.now().rows.get(&row.id) {
                    row.clone_from(old);
                }
            }
        }
        Ok(rows)
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
        let found = self.sound()?.hold(hold)?;
        let Some(current) = found.filter(|_| self.planted.is_some()) else { return Ok(found) };
        let old = *self.now().holds.entry(hold).or_insert(current);
        Ok(Some(if self.is(Planted::HoldsAreShownBehind) { old } else { current }))
    }

    fn holds(&self, filter: &HoldFilter) -> StoreResult<Vec<Hold>> {
        self.sound()?.holds(filter)
    }

    fn reversals(&self, transaction: TransactionId) -> StoreResult<Vec<Reversal>> {
        self.sound()?.reversals(transaction)
    }

    fn last(&self) -> StoreResult<Option<Stamp>> {
        self.sound()?.last()
    }

    fn answer(&self, key: &Key) -> StoreResult<Option<Answer>> {
        self.sound()?.answer(key)
    }
}

struct ShakyGroup<'a> {
    store: &'a Shaky,
    inner: Box<dyn Group + 'a>,
}

impl Group for ShakyGroup<'_> {
    fn load(&mut self, wants: &Wants<'_>) -> StoreResult<Rows> {
        self.store.sound()?;
        self.store.load(self.inner.as_mut(), wants)
    }

    fn reserve(&mut self, now: Timestamp, node: u8, count: usize) -> StoreResult<Option<Stamps>> {
        self.inner.reserve(now, node, count)
    }

    fn commit(self: Box<Self>, records: Vec<Record>) -> StoreResult<()> {
        self.store.sound()?;
        self.store.commit(self.inner, records)
    }
}
