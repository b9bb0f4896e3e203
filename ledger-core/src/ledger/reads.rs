//! The verbs that only look.

use std::sync::Arc;

use crate::base::bounds::{BALANCES_MAX, PAGE_MAX};
use crate::base::id::{HoldId, Stamp, TransactionId, WalletId};
use crate::base::invalid::{Field, Invalid};
use crate::base::time::Timestamp;
use crate::error::report::{Error, Result};
use crate::input::key::Key;
use crate::input::meta_key::MetaKey;
use crate::input::name::WalletName;
use crate::ledger::Ledger;
use crate::model::balance::Balance;
use crate::model::entry::{Order, Span};
use crate::model::hold::Hold;
use crate::model::record::AssetRecord;
use crate::model::rejection::Rejection;
use crate::model::retention::KeyRetention;
use crate::model::reversal::Reversal;
use crate::model::row::WalletRow;
use crate::model::wallet::Wallet;
use crate::money::amount::{Amount, Sum};
use crate::money::asset::{Asset, AssetCode};
use crate::money::value::Money;
use crate::read::find::{self, FindPage, FindQuery};
use crate::read::history::{self, HistoryPage, HistoryQuery};
use crate::read::holds::{self, HoldPage, HoldQuery};
use crate::read::listing::{self, WalletPage, WalletQuery};
use crate::read::totals::{self, Total};
use crate::read::windows::{self, WindowUse};
use crate::rules::answers::Answer;
use crate::store::backend::Store;
use crate::store::failure::StoreResult;

/// How often a look is taken in which nothing was written meanwhile.
const TRIES: usize = 16;

impl Ledger {
    /// An asset by its code: one that was defined, or an ISO 4217 currency.
    ///
    /// ```
    /// use ledger_core::{Asset, ErrorKind, Ledger};
    /// let ledger = Ledger::in_memory();
    /// assert_eq!(ledger.asset("EUR")?, Asset::iso("EUR")?);
    /// assert_eq!(ledger.asset("POINTS").unwrap_err().kind(), ErrorKind::UnknownAsset);
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    pub fn asset(&self, code: &str) -> Result<Asset> {
        let code = AssetCode::new(code)?;
        let defined = self.look(|store| store.asset(code))?.map(|record| record.asset);
        let known = defined.or_else(|| Asset::known(code));
        Ok(known.ok_or(Rejection::UnknownAsset { code })?)
    }

    /// At most 1,000 of the assets that were defined or used, by code, after `after`.
    pub fn assets(&self, after: Option<AssetCode>) -> Result<Vec<Arc<AssetRecord>>> {
        self.look(|store| store.assets(after, PAGE_MAX))
    }

    /// The wallet that stands for everything outside, in one asset.
    ///
    /// ```
    /// # use ledger_core::{Asset, Ledger, WalletSpec};
    /// # let ledger = Ledger::in_memory();
    /// # let usd = Asset::iso("USD")?;
    /// # let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
    /// ledger.deposit(&alice, usd.money("100.00")?, "d1")?;
    /// let world = ledger.world(usd)?;
    /// assert_eq!(ledger.balance(&world)?.posted, usd.money("-100.00")?, "all of an asset is zero");
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    pub fn world(&self, asset: Asset) -> Result<Wallet> {
        let name = WalletName::world(asset.code());
        let wallet = self.look(|store| store.wallet_named(&name))?;
        let wallet = wallet.ok_or(Rejection::UnknownAsset { code: asset.code() })?;
        if wallet.asset != asset {
            let (expected, given) = (wallet.asset, asset);
            return Err(Rejection::AssetMismatch { wallet: wallet.id, expected, given }.into());
        }
        Ok(wallet)
    }

    /// A wallet by its name, if there is one.
    ///
    /// ```
    /// # use ledger_core::{Asset, Ledger, WalletSpec};
    /// # let ledger = Ledger::in_memory();
    /// # let usd = Asset::iso("USD")?;
    /// # let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
    /// assert_eq!(ledger.wallet("user:alice")?, Some(alice));
    /// assert_eq!(ledger.wallet("user:bob")?, None);
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    pub fn wallet(&self, name: &str) -> Result<Option<Wallet>> {
        let name = WalletName::new(name)?;
        self.look(|store| store.wallet_named(&name))
    }

    /// A wallet by its id, if there is one.
    pub fn wallet_by_id(&self, wallet: impl Into<WalletId>) -> Result<Option<Wallet>> {
        let wallet = wallet.into();
        self.look(|store| store.wallet(wallet))
    }

    /// A page of wallets, by name.
    pub fn wallets(&self, query: &WalletQuery) -> Result<WalletPage> {
        self.engine.read(|store| listing::page(store, query))
    }

    /// What a family of wallets holds together, asset by asset and all at one moment: the wallets of an
    /// owner, or those whose names begin alike, at most 10,000.
    ///
    /// ```
    /// use ledger_core::{Asset, Ledger, WalletQuery, WalletSpec};
    /// let ledger = Ledger::in_memory();
    /// let usd = Asset::iso("USD")?;
    /// for (name, amount) in [("user:7/main", "10.00"), ("user:7/savings", "90.00"), ("shop", "5.00")] {
    ///     let wallet = ledger.open_wallet(WalletSpec::new(name, usd)?)?;
    ///     ledger.deposit(&wallet, usd.money(amount)?, name)?;
    /// }
    /// let totals = ledger.totals(&WalletQuery::all().prefix("user:7/"))?;
    /// assert_eq!((totals[0].wallets, totals[0].posted), (2, usd.money("100.00")?));
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    pub fn totals(&self, query: &WalletQuery) -> Result<Vec<Total>> {
        // They go through all wallets: once more at most.
        let look = |_| self.engine.read(|store| totals::rows(store, query));
        let (rows, now) = self.at_one_moment(2, look)?;
        totals::sum(&rows, now)
    }

    /// What a wallet holds.
    ///
    /// ```
    /// # use ledger_core::{Asset, Ledger, WalletSpec};
    /// # let ledger = Ledger::in_memory();
    /// # let usd = Asset::iso("USD")?;
    /// # let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
    /// # let shop = ledger.open_wallet(WalletSpec::new("shop:42", usd)?)?;
    /// # ledger.deposit(&alice, usd.money("100.00")?, "d1")?;
    /// let balance = ledger.balance(&alice)?;
    /// assert_eq!(balance.posted.to_string(), "100.00 USD");
    /// assert_eq!((balance.available, balance.version), (Some(balance.posted), 1));
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    pub fn balance(&self, wallet: impl Into<WalletId>) -> Result<Balance> {
        let wallet = wallet.into();
        let has_holds = |row: &WalletRow| row.reserved().is_some();
        let (row, now) = self.with_time(|| self.row(wallet), has_holds)?;
        Ok(Balance::of(&row, now))
    }

    /// What several wallets hold, all at one moment, in the order asked for.
    ///
    /// ```
    /// # use ledger_core::{Asset, Ledger, WalletSpec};
    /// # let ledger = Ledger::in_memory();
    /// # let usd = Asset::iso("USD")?;
    /// # let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
    /// # let shop = ledger.open_wallet(WalletSpec::new("shop:42", usd)?)?;
    /// # ledger.deposit(&alice, usd.money("100.00")?, "d1")?;
    /// let balances = ledger.balances(&[alice.id, shop.id])?;
    /// let posted: Vec<String> = balances.iter().map(|it| it.posted.to_string()).collect();
    /// assert_eq!(posted, ["100.00 USD", "0.00 USD"]);
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    pub fn balances(&self, wallets: &[WalletId]) -> Result<Vec<Balance>> {
        if wallets.len() > BALANCES_MAX {
            let problem = format!(
                "balances gives at most {BALANCES_MAX} wallets at once; this asks for {}",
                wallets.len()
            );
            return Err(Invalid::new(Field::Page, problem).into());
        }
        let have_holds = |rows: &Vec<Option<WalletRow>>| {
            rows.iter().flatten().any(|row| row.reserved().is_some())
        };
        let rows = || self.look(|store| store.rows(wallets));
        let (rows, now) = self.with_time(rows, have_holds)?;
        let balances = wallets.iter().zip(rows).map(|(&wallet, row)| {
            let row = row.ok_or_else(|| unknown(wallet))?;
            Ok(Balance::of(&row, now))
        });
        balances.collect()
    }

    /// What is found, and the time that goes with it. The time matters only where something is
    /// reserved; elsewhere one look is enough.
    fn with_time<T>(
        &self,
        look: impl Fn() -> Result<T>,
        has_holds: impl Fn(&T) -> bool,
    ) -> Result<(T, Timestamp)> {
        let found = look()?;
        if !has_holds(&found) {
            return Ok((found, Timestamp::FIRST));
        }
        self.at_one_moment(TRIES, |_| look())
    }

    /// What is found at a time, and that time: what was written meanwhile may have been decided at a later
    /// one. On a ledger that never rests, the last try counts.
    fn at_one_moment<T>(
        &self,
        tries: usize,
        look: impl Fn(Timestamp) -> Result<T>,
    ) -> Result<(T, Timestamp)> {
        let mut before = self.last()?;
        for left in (0..tries).rev() {
            let now = self.engine.now()?.max(before);
            let found = look(now)?;
            let last = self.last()?;
            if last == before || left == 0 {
                return Ok((found, now.max(last)));
            }
            before = last;
        }
        Err(Error::internal("a look without a try"))
    }

    /// A hold as it is now, if there is one with that id.
    ///
    /// ```
    /// # use ledger_core::{Asset, HoldSpec, HoldState, Ledger, WalletSpec};
    /// # use std::time::Duration;
    /// # let ledger = Ledger::in_memory();
    /// # let usd = Asset::iso("USD")?;
    /// # let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
    /// # let shop = ledger.open_wallet(WalletSpec::new("shop:42", usd)?)?;
    /// # ledger.deposit(&alice, usd.money("100.00")?, "d1")?;
    /// let booking = HoldSpec::new(&alice, &shop, usd.money("80.00")?, Duration::from_hours(24));
    /// let hold = ledger.hold(booking, "booking:7")?;
    /// ledger.release(&hold, "booking:7:cancel")?;
    /// assert_eq!(ledger.get_hold(&hold)?.map(|it| it.state), Some(HoldState::Released));
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    pub fn get_hold(&self, hold: impl Into<HoldId>) -> Result<Option<Hold>> {
        let hold = hold.into();
        let (hold, now) = self.at_one_moment(TRIES, |_| self.look(|store| store.hold(hold)))?;
        Ok(hold.map(|hold| hold.at(now)))
    }

    /// A page of holds, the oldest first.
    pub fn holds(&self, query: &HoldQuery) -> Result<HoldPage> {
        let page = |now| self.engine.read(|store| holds::page(store, query, now));
        Ok(self.at_one_moment(TRIES, page)?.0)
    }

    /// The time now, never before the journal's last.
    pub(super) fn now(&self) -> Result<Timestamp> {
        Ok(self.engine.now()?.max(self.last()?))
    }

    /// The time of the journal's last record.
    fn last(&self) -> Result<Timestamp> {
        let last = self.look(|store| store.last())?;
        Ok(last.map_or(Timestamp::FIRST, Stamp::time))
    }

    /// What a wallet had posted at a time: everything recorded then or before.
    ///
    /// ```
    /// use ledger_core::{Asset, Ledger, ManualClock, MemoryStore, WalletSpec};
    /// use std::{sync::Arc, time::Duration};
    /// let clock = Arc::new(ManualClock::new("2026-03-01T12:00:00Z".parse()?));
    /// let ledger = Ledger::builder(MemoryStore::new()).clock(clock.clone()).build()?;
    /// let usd = Asset::iso("USD")?;
    /// let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
    /// let first = ledger.deposit(&alice, usd.money("1.00")?, "d1")?;
    /// clock.advance(Duration::from_mins(1));
    /// ledger.deposit(&alice, usd.money("2.00")?, "d2")?;
    /// assert_eq!(ledger.balance_at(&alice, first.at)?, usd.money("1.00")?);
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    pub fn balance_at(&self, wallet: impl Into<WalletId>, at: Timestamp) -> Result<Money> {
        let wallet = wallet.into();
        let row = self.row(wallet)?;
        let span = Span::until(at);
        let last = self.look(|store| store.entries(wallet, span, Order::NewestFirst, 1))?.pop();
        Ok(last.map_or(row.asset.of(Amount::ZERO), |entry| entry.balance_after))
    }

    /// What a wallet had posted at a time, with what was recorded later and took effect by then.
    ///
    /// ```
    /// # use ledger_core::{Asset, Command, Ledger, WalletSpec};
    /// # let ledger = Ledger::in_memory();
    /// # let usd = Asset::iso("USD")?;
    /// # let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
    /// let january = "2026-01-31T12:00:00Z".parse()?;
    /// let late = Command::deposit("d1".parse()?, &alice, usd.money("5.00")?).effective_at(january);
    /// ledger.submit(late)?;
    /// assert_eq!(ledger.balance_effective_at(&alice, january)?, usd.money("5.00")?);
    /// assert_eq!(ledger.balance_at(&alice, january)?, usd.money("0.00")?, "it was not recorded then");
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    pub fn balance_effective_at(
        &self,
        wallet: impl Into<WalletId>,
        effective: Timestamp,
    ) -> Result<Money> {
        let end = Timestamp::from_unix_ms(i64::MAX);
        self.balance_known_at(wallet, effective, end)
    }

    /// What a wallet had posted at a time, as far as it was recorded by another: what a report of the time
    /// `effective` said when it was made at `recorded`.
    ///
    /// ```
    /// use ledger_core::{Asset, Command, Ledger, ManualClock, MemoryStore, WalletSpec};
    /// use std::{sync::Arc, time::Duration};
    /// let clock = Arc::new(ManualClock::new("2026-03-01T12:00:00Z".parse()?));
    /// let ledger = Ledger::builder(MemoryStore::new()).clock(clock.clone()).build()?;
    /// let usd = Asset::iso("USD")?;
    /// let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
    /// let first = ledger.deposit(&alice, usd.money("5.00")?, "d1")?;
    /// clock.advance(Duration::from_hours(24));
    /// let late = Command::deposit("d2".parse()?, &alice, usd.money("2.00")?);
    /// ledger.submit(late.effective_at(first.at))?;
    /// assert_eq!(ledger.balance_effective_at(&alice, first.at)?, usd.money("7.00")?);
    /// assert_eq!(ledger.balance_known_at(&alice, first.at, first.at)?, usd.money("5.00")?);
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    pub fn balance_known_at(
        &self,
        wallet: impl Into<WalletId>,
        effective: Timestamp,
        recorded: Timestamp,
    ) -> Result<Money> {
        let wallet = wallet.into();
        // All that was recorded by the earlier of both times took effect by then.
        let base = self.balance_at(wallet, effective.min(recorded))?;
        let later = Span::later_than(effective, recorded);
        let sum = self.look(|store| {
            let mut sum = Sum::of(base.amount());
            store.backdated(wallet, effective, later, &mut |amount| sum.add(amount))?;
            Ok(sum)
        })?;
        let sum = sum.amount().ok_or_else(|| {
            let (balance, amount) = (base, base.asset().of(Amount::MAX));
            Error::from(Rejection::BalanceOverflow { wallet, balance, amount })
        })?;
        Ok(base.asset().of(sum))
    }

    /// A page of a wallet's history.
    ///
    /// ```
    /// # use ledger_core::{Asset, HistoryQuery, Ledger, WalletSpec};
    /// # let ledger = Ledger::in_memory();
    /// # let usd = Asset::iso("USD")?;
    /// # let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
    /// # let shop = ledger.open_wallet(WalletSpec::new("shop:42", usd)?)?;
    /// # ledger.deposit(&alice, usd.money("100.00")?, "d1")?;
    /// ledger.transfer(&alice, &shop, usd.money("12.50")?, "order:7")?;
    /// let page = ledger.history(&alice, &HistoryQuery::newest_first())?;
    /// let amounts: Vec<String> = page.entries.iter().map(|it| it.amount.to_string()).collect();
    /// assert_eq!(amounts, ["-12.50 USD", "100.00 USD"]);
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    pub fn history(
        &self,
        wallet: impl Into<WalletId>,
        query: &HistoryQuery,
    ) -> Result<HistoryPage> {
        let wallet = wallet.into();
        self.row(wallet)?;
        self.engine.read(|store| history::page(store, wallet, query))
    }

    /// What has this id: a transaction, or a request that was refused and is remembered.
    pub fn transaction(&self, id: TransactionId) -> Result<Option<Answer>> {
        self.look(|store| store.find(id))
    }

    /// A page of the transactions that have some metadata.
    pub fn find(&self, query: &FindQuery) -> Result<FindPage> {
        self.engine.read(|store| find::page(store, query))
    }

    /// The keys of metadata by which transactions can be found, besides `reference`.
    pub fn indexed_metadata(&self) -> Result<Vec<MetaKey>> {
        Ok(self.look(|store| store.terms())?.indexed.to_vec())
    }

    /// What is used of a wallet's windows now, and what is left.
    ///
    /// ```
    /// use ledger_core::{Asset, Ledger, LimitsSpec, WalletSpec, Window};
    /// use std::time::Duration;
    /// let ledger = Ledger::in_memory();
    /// let usd = Asset::iso("USD")?;
    /// let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
    /// ledger.deposit(&alice, usd.money("9.00")?, "d1")?;
    /// let day = Window::leaving(Duration::from_hours(24)).amount(usd.money("5.00")?);
    /// ledger.set_limits(LimitsSpec::of(&alice).windows([day]), "limits:1")?;
    /// ledger.withdraw(&alice, usd.money("2.00")?, "payout:1")?;
    /// assert_eq!(ledger.window_use(&alice)?[0].room, Some(usd.money("3.00")?));
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    pub fn window_use(&self, wallet: impl Into<WalletId>) -> Result<Vec<WindowUse>> {
        let wallet = wallet.into();
        let (row, now) = self.at_one_moment(TRIES, |_| self.row(wallet))?;
        Ok(windows::of(&row, now))
    }

    /// What was moved back of a transaction, and by which, in the order in which it was.
    ///
    /// ```
    /// # use ledger_core::{Asset, Ledger, WalletSpec};
    /// # let ledger = Ledger::in_memory();
    /// # let usd = Asset::iso("USD")?;
    /// # let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
    /// # let shop = ledger.open_wallet(WalletSpec::new("shop:42", usd)?)?;
    /// # ledger.deposit(&alice, usd.money("100.00")?, "d1")?;
    /// let paid = ledger.transfer(&alice, &shop, usd.money("12.50")?, "order:7")?;
    /// let undone = ledger.reverse(paid.id, "order:7:cancel")?;
    /// assert_eq!(ledger.reversals(paid.id)?[0].by, undone.id);
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    pub fn reversals(&self, id: TransactionId) -> Result<Vec<Reversal>> {
        self.look(|store| store.reversals(id))
    }

    /// What became of a key: a transaction, a remembered refusal, or nothing yet.
    ///
    /// ```
    /// use ledger_core::{Answer, Asset, Ledger, WalletSpec};
    /// let ledger = Ledger::in_memory();
    /// let usd = Asset::iso("USD")?;
    /// let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
    /// let receipt = ledger.deposit(&alice, usd.money("1.00")?, "d1")?;
    /// let Some(Answer::Done(found)) = ledger.transaction_by_key("d1")? else { panic!() };
    /// assert_eq!(found.id, receipt.id);
    /// assert!(Answer::Done(found).receipt().is_some_and(|again| again.replayed));
    /// assert!(ledger.transaction_by_key("d2")?.is_none());
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    pub fn transaction_by_key<K: TryInto<Key>>(&self, key: K) -> Result<Option<Answer>>
    where
        Error: From<K::Error>,
    {
        let key = key.try_into()?;
        let answer = self.look(|store| store.answer(&key))?;
        let Some(answer) = answer else { return Ok(None) };
        let Some(retention) = self.look(|store| store.terms())?.retention else {
            return Ok(Some(answer));
        };
        let now = self.now()?;
        Ok(Some(answer).filter(|answer| !retention.forgets(answer.at(), now)))
    }

    /// How long keys are remembered.
    pub fn key_retention(&self) -> Result<KeyRetention> {
        let last = self.look(|store| store.terms())?.retention;
        Ok(last.map_or(KeyRetention::FOREVER, |last| last.keep))
    }

    /// Until when periods are locked; none where nothing is.
    pub fn periods_locked_until(&self) -> Result<Option<Timestamp>> {
        Ok(self.look(|store| store.terms())?.locked_until)
    }

    /// One look into the store.
    pub(super) fn look<T>(&self, look: impl Fn(&dyn Store) -> StoreResult<T>) -> Result<T> {
        self.engine.read(|store| Ok(look(store)?))
    }

    fn row(&self, wallet: WalletId) -> Result<WalletRow> {
        self.engine.read(|store| store.row(wallet)?.ok_or_else(|| unknown(wallet)))
    }
}

fn unknown(wallet: WalletId) -> Error {
    Rejection::UnknownWallet { wallet }.into()
}
