//! The verbs that change something.

use std::sync::Arc;
use std::time::Duration;

use crate::base::bounds::BATCH_MAX;
use crate::base::id::{HoldId, TransactionId, WalletId};
use crate::base::time::Timestamp;
use crate::error::kind::Class;
use crate::error::report::{Error, Result};
use crate::input::key::Key;
use crate::input::meta_key::MetaKey;
use crate::ledger::Ledger;
use crate::model::command::Command;
use crate::model::hold::{Hold, HoldState};
use crate::model::hold_spec::{CaptureSpec, HoldSpec};
use crate::model::leg::Leg;
use crate::model::limits::LimitsSpec;
use crate::model::prepared::{Known, Prepared};
use crate::model::record::AssetSpec;
use crate::model::rejection::Rejection;
use crate::model::retention::KeyRetention;
use crate::model::reversal::ReversalSpec;
use crate::model::transaction::{Receipt, Transaction};
use crate::model::wallet::{Wallet, WalletSpec};
use crate::money::asset::Asset;
use crate::money::value::Money;
use crate::rules::answers::Answer;
use crate::store::backend::HoldFilter;
use crate::write::unit::{Outcome, Tally, Unit, check_not_empty};

impl Ledger {
    /// Defines an asset of your own. Defining it again in the same way changes nothing. ISO 4217
    /// currencies need no definition.
    ///
    /// ```
    /// use ledger_core::{Asset, Ledger};
    /// let ledger = Ledger::in_memory();
    /// let gold = ledger.define_asset(Asset::new("GOLD-18K", 3)?)?;
    /// assert_eq!(gold.money("0.5")?.to_string(), "0.500 GOLD-18K");
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    pub fn define_asset(&self, spec: impl Into<AssetSpec>) -> Result<Asset> {
        let asset = self.one(Unit::Asset(spec.into()))?.asset()?;
        Ok(asset.asset)
    }

    /// Changes how long keys are remembered. It is a record of the journal like all else, and holds for
    /// keys that were answered before as well, except that what was forgotten stays so.
    ///
    /// ```
    /// use ledger_core::{KeyRetention, Ledger};
    /// use std::time::Duration;
    /// let ledger = Ledger::in_memory();
    /// assert_eq!(ledger.key_retention()?, KeyRetention::FOREVER);
    /// let month = KeyRetention::lasting(Duration::from_hours(30 * 24))?;
    /// ledger.set_key_retention(month)?;
    /// assert_eq!(ledger.key_retention()?, month);
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    pub fn set_key_retention(&self, keep: KeyRetention) -> Result<()> {
        self.one(Unit::Retention(keep))?.retention()
    }

    /// The same, unless it was ever said before: for whoever makes a store that others may be making too.
    #[doc(hidden)]
    pub fn begin_key_retention(&self, keep: KeyRetention) -> Result<()> {
        self.one(Unit::FirstRetention(keep))?.retention()
    }

    /// Opens a wallet. Opening it again in the same way gives the same wallet.
    ///
    /// ```
    /// # use ledger_core::{Asset, Ledger, WalletSpec};
    /// # let ledger = Ledger::in_memory();
    /// # let usd = Asset::iso("USD")?;
    /// let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
    /// assert_eq!(ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?, alice);
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    pub fn open_wallet(&self, spec: WalletSpec) -> Result<Wallet> {
        self.one(Unit::Wallet(spec))?.wallet()
    }

    /// Opens wallets, each on its own, in one call.
    pub fn open_wallets(
        &self,
        specs: impl IntoIterator<Item = WalletSpec>,
    ) -> Result<Vec<Result<Wallet>>> {
        let mut tally = Tally::default();
        let units = specs.into_iter().map(|spec| {
            self.counted(tally.item())?;
            let unit = Unit::Wallet(spec);
            self.counted(tally.postings(unit.weight()))?;
            Ok(unit)
        });
        let answers = self.call(units.collect::<Result<_>>()?)?;
        Ok(answers.into_iter().map(|answer| answer?.wallet()).collect())
    }

    /// Brings money in from outside.
    ///
    /// ```
    /// # use ledger_core::{Asset, Ledger, WalletSpec};
    /// # let ledger = Ledger::in_memory();
    /// # let usd = Asset::iso("USD")?;
    /// # let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
    /// let receipt = ledger.deposit(&alice, usd.money("100.00")?, "stripe:ch_1")?;
    /// let again = ledger.deposit(&alice, usd.money("100.00")?, "stripe:ch_1")?;
    /// assert_eq!((again.id, again.replayed), (receipt.id, true));
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    pub fn deposit<K: TryInto<Key>>(
        &self,
        to: impl Into<WalletId>,
        amount: Money,
        key: K,
    ) -> Result<Receipt>
    where
        Error: From<K::Error>,
    {
        self.submit(Command::deposit(self.key(key)?, to, amount))
    }

    /// Sends money outside.
    pub fn withdraw<K: TryInto<Key>>(
        &self,
        from: impl Into<WalletId>,
        amount: Money,
        key: K,
    ) -> Result<Receipt>
    where
        Error: From<K::Error>,
    {
        self.submit(Command::withdraw(self.key(key)?, from, amount))
    }

    /// Moves money from one wallet to another.
    ///
    /// ```
    /// # use ledger_core::{Asset, Ledger, WalletSpec};
    /// # let ledger = Ledger::in_memory();
    /// # let usd = Asset::iso("USD")?;
    /// # let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
    /// # let shop = ledger.open_wallet(WalletSpec::new("shop:42", usd)?)?;
    /// # ledger.deposit(&alice, usd.money("100.00")?, "d1")?;
    /// let receipt = ledger.transfer(&alice, &shop, usd.money("12.50")?, "order:7")?;
    /// assert_eq!(usd.of(receipt.postings[0].from_balance), usd.money("87.50")?);
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    pub fn transfer<K: TryInto<Key>>(
        &self,
        from: impl Into<WalletId>,
        to: impl Into<WalletId>,
        amount: Money,
        key: K,
    ) -> Result<Receipt>
    where
        Error: From<K::Error>,
    {
        self.submit(Command::transfer(self.key(key)?, from, to, amount))
    }

    /// Carries out 1 to 1,000 postings in their order, all or none.
    ///
    /// ```
    /// # use ledger_core::{Asset, Ledger, Leg, WalletSpec};
    /// # let ledger = Ledger::in_memory();
    /// # let usd = Asset::iso("USD")?;
    /// # let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
    /// # let shop = ledger.open_wallet(WalletSpec::new("shop:42", usd)?)?;
    /// # ledger.deposit(&alice, usd.money("100.00")?, "d1")?;
    /// # let fees = ledger.open_wallet(WalletSpec::new("fees", usd)?)?;
    /// let legs = [
    ///     Leg::new(&alice, &shop, usd.money("9.00")?),
    ///     Leg::new(&alice, &fees, usd.money("1.00")?),
    /// ];
    /// assert_eq!(ledger.post(legs, "order:7")?.postings.len(), 2);
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    pub fn post<K: TryInto<Key>>(
        &self,
        legs: impl IntoIterator<Item = Leg>,
        key: K,
    ) -> Result<Receipt>
    where
        Error: From<K::Error>,
    {
        self.submit(Command::post(self.key(key)?, legs))
    }

    /// Exchanges two assets, both or none: `paid` for `goods`.
    ///
    /// ```
    /// use ledger_core::{Asset, Ledger, Leg, Price, Rounding, WalletSpec};
    /// let ledger = Ledger::in_memory();
    /// let usd = Asset::iso("USD")?;
    /// let gold = ledger.define_asset(Asset::new("GOLD-18K", 3)?)?;
    /// let open = |name, asset| ledger.open_wallet(WalletSpec::new(name, asset)?);
    /// let (cash, jewels) = (open("ann/cash", usd)?, open("ann/gold", gold)?);
    /// let (till, vault) = (open("shop/cash", usd)?, open("shop/gold", gold)?);
    /// ledger.deposit(&cash, usd.money("1000.00")?, "d1")?;
    /// ledger.deposit(&vault, gold.money("50.000")?, "d2")?;
    /// let bought = gold.money("2.500")?;
    /// let cost = Price::new("65.2551", usd)?.cost(bought, Rounding::HalfUp)?;
    /// ledger.trade(Leg::new(&cash, &till, cost), Leg::new(&vault, &jewels, bought), "trade:1")?;
    /// assert_eq!(ledger.balance(&cash)?.posted.to_string(), "836.86 USD");
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    pub fn trade<K: TryInto<Key>>(&self, paid: Leg, goods: Leg, key: K) -> Result<Receipt>
    where
        Error: From<K::Error>,
    {
        self.submit(Command::trade(self.key(key)?, paid, goods))
    }

    /// Freezes a wallet: nothing moves in or out until it is unfrozen.
    ///
    /// ```
    /// # use ledger_core::{Asset, ErrorKind, Ledger, WalletSpec};
    /// # let ledger = Ledger::in_memory();
    /// # let usd = Asset::iso("USD")?;
    /// # let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
    /// # let shop = ledger.open_wallet(WalletSpec::new("shop:42", usd)?)?;
    /// # ledger.deposit(&alice, usd.money("100.00")?, "d1")?;
    /// ledger.freeze(&alice, "case:7")?;
    /// let refused = ledger.transfer(&alice, &shop, usd.money("1.00")?, "order:7").unwrap_err();
    /// assert_eq!(refused.kind(), ErrorKind::WalletFrozen);
    /// ledger.unfreeze(&alice, "case:7:over")?;
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    pub fn freeze<K: TryInto<Key>>(&self, wallet: impl Into<WalletId>, key: K) -> Result<Receipt>
    where
        Error: From<K::Error>,
    {
        self.submit(Command::freeze(self.key(key)?, wallet))
    }

    /// Unfreezes a wallet.
    pub fn unfreeze<K: TryInto<Key>>(&self, wallet: impl Into<WalletId>, key: K) -> Result<Receipt>
    where
        Error: From<K::Error>,
    {
        self.submit(Command::unfreeze(self.key(key)?, wallet))
    }

    /// Closes a wallet that holds nothing, for ever.
    pub fn close_wallet<K: TryInto<Key>>(
        &self,
        wallet: impl Into<WalletId>,
        key: K,
    ) -> Result<Receipt>
    where
        Error: From<K::Error>,
    {
        self.submit(Command::close(self.key(key)?, wallet))
    }

    /// Reserves money on a wallet for another one. It is not available then, until it is captured,
    /// released, or the time is up.
    ///
    /// ```
    /// # use ledger_core::{Asset, HoldSpec, Ledger, WalletSpec};
    /// # use std::time::Duration;
    /// # let ledger = Ledger::in_memory();
    /// # let usd = Asset::iso("USD")?;
    /// # let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
    /// # let shop = ledger.open_wallet(WalletSpec::new("shop:42", usd)?)?;
    /// # ledger.deposit(&alice, usd.money("100.00")?, "d1")?;
    /// let booking = HoldSpec::new(&alice, &shop, usd.money("80.00")?, Duration::from_hours(24));
    /// let hold = ledger.hold(booking, "booking:7")?;
    /// assert_eq!(ledger.balance(&alice)?.available, Some(usd.money("20.00")?));
    /// ledger.capture(&hold, "stay:7")?;
    /// assert_eq!(ledger.balance(&shop)?.posted, usd.money("80.00")?);
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    pub fn hold<K: TryInto<Key>>(&self, spec: HoldSpec, key: K) -> Result<Hold>
    where
        Error: From<K::Error>,
    {
        let receipt = self.submit(Command::hold(self.key(key)?, spec))?;
        receipt.hold().copied().ok_or_else(|| Error::internal("a hold was answered with none"))
    }

    /// Moves reserved money to its target: all that remains, or a part of it.
    pub fn capture<K: TryInto<Key>>(
        &self,
        capture: impl Into<CaptureSpec>,
        key: K,
    ) -> Result<Receipt>
    where
        Error: From<K::Error>,
    {
        self.submit(Command::capture(self.key(key)?, capture))
    }

    /// Gives back all that is still reserved.
    pub fn release<K: TryInto<Key>>(&self, hold: impl Into<HoldId>, key: K) -> Result<Receipt>
    where
        Error: From<K::Error>,
    {
        self.submit(Command::release(self.key(key)?, hold))
    }

    /// Has a hold expire so long from now instead; that must be later than it would.
    pub fn extend<K: TryInto<Key>>(
        &self,
        hold: impl Into<HoldId>,
        expires_in: Duration,
        key: K,
    ) -> Result<Receipt>
    where
        Error: From<K::Error>,
    {
        self.submit(Command::extend(self.key(key)?, hold, expires_in))
    }

    /// Changes what a wallet may hold and spend. It is a record of the journal, with a key like all else.
    pub fn set_limits<K: TryInto<Key>>(&self, limits: LimitsSpec, key: K) -> Result<Receipt>
    where
        Error: From<K::Error>,
    {
        self.submit(Command::set_limits(self.key(key)?, limits))
    }

    /// Has transactions be found by these keys of their metadata, and by no others but `reference`, which
    /// always is one. The index is made behind what is written, so that writing does not wait for it; see
    /// [`FindQuery`](crate::FindQuery).
    ///
    /// ```
    /// # use ledger_core::Ledger;
    /// # let ledger = Ledger::in_memory();
    /// ledger.index_metadata(["order", "invoice"], "index:1")?;
    /// assert_eq!(ledger.indexed_metadata()?.len(), 2);
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    pub fn index_metadata<K: TryInto<Key>>(
        &self,
        keys: impl IntoIterator<Item = impl AsRef<str>>,
        key: K,
    ) -> Result<Receipt>
    where
        Error: From<K::Error>,
    {
        let keys = keys.into_iter().map(MetaKey::new).collect::<Result<Vec<_>, _>>()?;
        self.submit(Command::index_metadata(self.key(key)?, keys))
    }

    /// Locks all periods before `until`: from then on nothing is recorded that takes effect before it. What
    /// is locked already stays so. What is recorded without another time takes effect at once and is never
    /// locked.
    ///
    /// ```
    /// use ledger_core::{Asset, Command, ErrorKind, Ledger, WalletSpec};
    /// let ledger = Ledger::in_memory();
    /// let usd = Asset::iso("USD")?;
    /// let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
    /// let pay_in = |key: &str, day: &str| {
    ///     let deposit = Command::deposit(key.parse()?, &alice, usd.money("1.00")?);
    ///     ledger.submit(deposit.effective_at(day.parse()?))
    /// };
    /// pay_in("late", "2026-01-31T12:00:00Z")?;
    /// ledger.lock_periods("2026-02-01T00:00:00Z".parse()?, "close:january")?;
    /// let refused = pay_in("later still", "2026-01-31T12:00:00Z").unwrap_err();
    /// assert_eq!(refused.kind(), ErrorKind::PeriodLocked);
    /// let end_of_january = "2026-01-31T23:59:59.999Z".parse()?;
    /// assert_eq!(ledger.balance_effective_at(&alice, end_of_january)?, usd.money("1.00")?);
    /// assert_eq!(ledger.balance_at(&alice, end_of_january)?, usd.money("0.00")?);
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    pub fn lock_periods<K: TryInto<Key>>(&self, until: Timestamp, key: K) -> Result<Receipt>
    where
        Error: From<K::Error>,
    {
        self.submit(Command::lock_periods(self.key(key)?, until))
    }

    /// Unlocks the periods from `until` on, or all of them if it is none.
    pub fn unlock_periods<K: TryInto<Key>>(
        &self,
        until: impl Into<Option<Timestamp>>,
        key: K,
    ) -> Result<Receipt>
    where
        Error: From<K::Error>,
    {
        self.submit(Command::unlock_periods(self.key(key)?, until))
    }

    /// Moves back what a transaction moved: all that is left of it, or a part. Never more than it moved is
    /// moved back, however often and by however many it is asked.
    pub fn reverse<K: TryInto<Key>>(
        &self,
        reversal: impl Into<ReversalSpec>,
        key: K,
    ) -> Result<Receipt>
    where
        Error: From<K::Error>,
    {
        self.submit(Command::reverse(self.key(key)?, reversal))
    }

    /// Notes that holds have expired, at most `budget` of them; says how many. Their money was free
    /// from the moment of their deadline: this tidies up, and changes no answer.
    /// What was noted before an error stays noted: ask again.
    ///
    /// ```
    /// # use ledger_core::{Asset, HoldSpec, Ledger, ManualClock, MemoryStore, WalletSpec};
    /// # use std::time::Duration;
    /// # let clock = std::sync::Arc::new(ManualClock::new("2026-03-01T12:00:00Z".parse()?));
    /// # let ledger = Ledger::builder(MemoryStore::new()).clock(clock.clone()).build()?;
    /// # let usd = Asset::iso("USD")?;
    /// # let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
    /// # let shop = ledger.open_wallet(WalletSpec::new("shop:42", usd)?)?;
    /// # ledger.deposit(&alice, usd.money("100.00")?, "d1")?;
    /// let hour = Duration::from_hours(1);
    /// ledger.hold(HoldSpec::new(&alice, &shop, usd.money("80.00")?, hour), "booking:7")?;
    /// clock.advance(hour);
    /// assert_eq!(ledger.balance(&alice)?.available, Some(usd.money("100.00")?), "without a job");
    /// assert_eq!(ledger.expire_due(1_000)?, 1);
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    pub fn expire_due(&self, budget: usize) -> Result<usize> {
        let now = self.now()?;
        let due = HoldFilter {
            wallet: None,
            state: Some(HoldState::Expired),
            untidied: true,
            expires_before: None,
            now,
            after: None,
            limit: budget.min(BATCH_MAX),
        };
        let due = self.look(|store| store.holds(&due))?;
        let tidied = self.expire_as(&due, "")?;
        let left: Vec<Hold> =
            due.into_iter().zip(&tidied).filter(|(_, done)| !**done).map(|it| it.0).collect();
        // Someone else may have been faster, or have used the key for something else.
        let again = self.expire_as(&left, &format!(":{}", now.unix_ms()))?;
        Ok(tidied.into_iter().chain(again).filter(|done| *done).count())
    }

    /// Notes of each hold that it has expired, under a key with that ending; says of each whether it was done or
    /// refused. Whatever else goes wrong is an error: nobody is to believe that nothing was due.
    fn expire_as(&self, holds: &[Hold], ending: &str) -> Result<Vec<bool>> {
        if holds.is_empty() {
            return Ok(Vec::new());
        }
        let key = |hold: &Hold| Key::new(format!("expire:{}{ending}", hold.id));
        let expire = |hold: &Hold| Ok(Command::expire(key(hold)?, hold));
        let commands: Vec<Command> = holds.iter().map(expire).collect::<Result<_>>()?;
        let is_done = |answer: Result<Receipt>| match answer {
            Ok(_) => Ok(true),
            Err(error) if error.class() == Class::Rejected => Ok(false),
            Err(error) => Err(error),
        };
        self.submit_each(commands)?.into_iter().map(is_done).collect()
    }

    /// Carries out one command.
    pub fn submit(&self, command: Command) -> Result<Receipt> {
        let prepared = self.prepare(command)?;
        self.one(Unit::Command(prepared))?.receipt()
    }

    /// Carries out commands in their order, each on its own: one that is refused does not stop the
    /// others. They share a commit.
    ///
    /// The outer error is about the call as a whole, such as [`QueueFull`]; then the keys tell what
    /// became of each command.
    ///
    /// [`QueueFull`]: crate::ErrorKind::QueueFull
    ///
    /// ```
    /// use ledger_core::{Asset, Command, ErrorKind, Ledger, WalletSpec};
    /// let ledger = Ledger::in_memory();
    /// let usd = Asset::iso("USD")?;
    /// let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
    /// let answers = ledger.submit_each([
    ///     Command::deposit("d1".parse()?, &alice, usd.money("1.00")?),
    ///     Command::withdraw("w1".parse()?, &alice, usd.money("2.00")?),
    ///     Command::withdraw("w2".parse()?, &alice, usd.money("1.00")?),
    /// ])?;
    /// assert!(answers[0].is_ok() && answers[2].is_ok());
    /// assert_eq!(answers[1].as_ref().unwrap_err().kind(), ErrorKind::InsufficientFunds);
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    pub fn submit_each(
        &self,
        commands: impl IntoIterator<Item = Command>,
    ) -> Result<Vec<Result<Receipt>>> {
        let commands = commands.into_iter();
        let expected = commands.size_hint().0.min(BATCH_MAX);
        // What is wrong with each command, where something is.
        let mut wrong: Vec<Option<Error>> = Vec::with_capacity(expected);
        let mut units = Vec::with_capacity(expected);
        let mut tally = Tally::default();
        for command in commands {
            self.counted(tally.item())?;
            match self.prepare(command) {
                Ok(prepared) => {
                    self.counted(tally.postings(prepared.weight()))?;
                    units.push(Unit::Command(prepared));
                    wrong.push(None);
                }
                Err(error) => wrong.push(Some(error)),
            }
        }
        let nothing_left = units.is_empty() && !wrong.is_empty();
        let answers = if nothing_left { Vec::new() } else { self.call(units)? };
        let mut answers = answers.into_iter().map(|answer| answer.and_then(Outcome::receipt));
        let missing = || Err(Error::internal("a command got no answer"));
        let in_order = wrong.into_iter().map(|wrong| match wrong {
            Some(error) => Err(error),
            None => answers.next().unwrap_or_else(missing),
        });
        Ok(in_order.collect())
    }

    /// Carries out all commands or none. An error says at which [`item`](Error::item) it stopped.
    ///
    /// A retry must bring the same commands in the same order; it gets the first answer.
    ///
    /// ```
    /// use ledger_core::{Asset, Command, Ledger, WalletSpec};
    /// let ledger = Ledger::in_memory();
    /// let usd = Asset::iso("USD")?;
    /// let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
    /// let refused = ledger
    ///     .submit_all([
    ///         Command::deposit("d1".parse()?, &alice, usd.money("1.00")?),
    ///         Command::withdraw("w1".parse()?, &alice, usd.money("2.00")?),
    ///     ])
    ///     .unwrap_err();
    /// assert_eq!(refused.item(), Some(1));
    /// assert_eq!(ledger.balance(&alice)?.posted, usd.money("0")?);
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    pub fn submit_all(&self, commands: impl IntoIterator<Item = Command>) -> Result<Vec<Receipt>> {
        let mut tally = Tally::default();
        let prepared = commands.into_iter().enumerate().map(|(item, command)| {
            self.counted(tally.item())?;
            let prepared = self.prepare(command).map_err(|error| error.at_item(item))?;
            self.counted(tally.postings(prepared.weight()))?;
            Ok(prepared)
        });
        let batch = self.counted(Unit::batch(prepared.collect::<Result<_>>()?))?;
        self.one(batch)?.receipts()
    }

    /// Reads a key from text, or takes one that was read before.
    fn key<K: TryInto<Key>>(&self, key: K) -> Result<Key>
    where
        Error: From<K::Error>,
    {
        self.counted(key.try_into().map_err(Error::from))
    }

    fn prepare(&self, command: Command) -> Result<Prepared> {
        let checked = command.check().map_err(Error::from);
        self.counted(checked.and_then(|()| Prepared::new(command, self)))
    }

    fn one(&self, unit: Unit) -> Result<Outcome> {
        let answer = self.call(vec![unit])?.pop();
        answer.unwrap_or_else(|| Err(Error::internal("a call got no answer")))
    }

    fn call(&self, units: Vec<Unit>) -> Result<Vec<Result<Outcome>>> {
        self.counted(check_not_empty(&units))?;
        self.engine.submit(units)
    }

    /// Counts what is wrong before it comes to the engine, which counts the rest.
    fn counted<T, E: Into<Error>>(&self, result: Result<T, E>) -> Result<T> {
        result.map_err(E::into).inspect_err(|error| self.engine.meter.error(error))
    }
}

impl Known for Ledger {
    type Error = Error;

    fn world(&self, asset: Asset) -> Result<WalletId> {
        let code = asset.code();
        let known = self.look(|store| store.asset(code))?;
        Ok(known.ok_or(Rejection::UnknownAsset { code })?.world)
    }

    fn hold(&self, hold: HoldId) -> Result<Hold> {
        let known = self.look(|store| store.hold(hold))?;
        Ok(known.ok_or(Rejection::UnknownHold { hold })?)
    }

    fn transaction(&self, id: TransactionId) -> Result<Arc<Transaction>> {
        match self.look(|store| store.find(id))? {
            Some(Answer::Done(transaction)) => Ok(transaction),
            _ => Err(Rejection::UnknownTransaction { transaction: id }.into()),
        }
    }
}
