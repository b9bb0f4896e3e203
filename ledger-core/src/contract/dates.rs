//! Recording what took effect earlier, and locking periods against it.

use std::sync::Arc;
use std::time::Duration;

use crate::contract::shop::{Shop, key, kind_of, rejection_of};
use crate::store::Store;
use crate::{
    Clock, Command, ErrorKind, HistoryQuery, HoldSpec, Kind, LimitsSpec, Money, Receipt, Rejection,
    Result, ReversalSpec, Timestamp,
};

const DAY: Duration = Duration::from_hours(24);

/// So many days before or after the day on which the shop opens.
fn day(day: i64) -> Timestamp {
    let opening: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
    Timestamp::from_unix_ms(opening.unix_ms() + day * 86_400_000)
}

impl Shop {
    fn pay_in(&self, amount: &str, at: Timestamp, text: &str) -> Result<Receipt> {
        let deposit = Command::deposit(key(text), &self.alice, self.usd(amount));
        self.ledger.submit(deposit.effective_at(at))
    }

    fn effective(&self, on: i64) -> Money {
        self.ledger.balance_effective_at(&self.alice, day(on)).unwrap()
    }
}

pub fn balances_are_told_as_of_either_time(store: Arc<dyn Store>) {
    let shop = Shop::new(store);
    let (ledger, usd) = (&shop.ledger, |text: &str| shop.usd(text));
    ledger.deposit(&shop.alice, usd("100"), "today").unwrap();
    shop.clock.set(day(10));
    let late = shop.pay_in("7", day(-5), "late").unwrap();
    assert_eq!((late.at, late.effective_at), (day(10), day(-5)));
    let paid = Command::transfer(key("paid"), &shop.alice, &shop.bob, usd("30"));
    ledger.submit(paid.effective_at(day(4))).unwrap();
    assert_eq!(ledger.balance(&shop.alice).unwrap().posted, usd("77"));
    let recorded = |on| ledger.balance_at(&shop.alice, day(on)).unwrap();
    assert_eq!([-6, -5, 0, 4, 9, 10].map(recorded), ["0", "0", "100", "100", "100", "77"].map(usd));
    let effective = |on| shop.effective(on);
    assert_eq!([-6, -5, -1, 0].map(effective), ["0", "7", "7", "107"].map(usd));
    assert_eq!([3, 4, 9, 10, 99].map(effective), ["107", "77", "77", "77", "77"].map(usd));
    let known = |on, by| ledger.balance_known_at(&shop.alice, day(on), day(by)).unwrap();
    assert_eq!([known(4, 9), known(4, 10), known(4, 3)], ["100", "77", "100"].map(usd));
    assert_eq!([known(-5, 9), known(-5, 10)], ["0", "7"].map(usd));
    let bob = ledger.balance_effective_at(&shop.bob, day(4)).unwrap();
    assert_eq!(bob, usd("30"));
    let history = ledger.history(&shop.alice, &HistoryQuery::oldest_first()).unwrap().entries;
    let times = history.iter().map(|entry| (entry.at, entry.effective_at));
    let days = [(0, 0), (10, -5), (10, 4)].map(|(at, on)| (day(at), day(on)));
    assert!(
        times
            .map(|(at, on)| (at.unix_ms() / 1_000, on.unix_ms() / 1_000))
            .eq(days.map(|(at, on)| (at.unix_ms() / 1_000, on.unix_ms() / 1_000)))
    );
}

pub fn what_moves_money_can_be_backdated_and_the_rest_not(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let (ledger, usd) = (&shop.ledger, |text: &str| shop.usd(text));
    let spec = HoldSpec::new(&shop.alice, &shop.bob, usd("9"), DAY * 30);
    let hold = ledger.hold(spec, "hold").unwrap();
    let paid = shop.pay("5", "paid").unwrap();
    let before = paid.at;
    shop.clock.set(day(9));
    let dated = |command: Command| ledger.submit(command.effective_at(before));
    let capture = |text: &str| Command::capture(key(text), &hold);
    let too_early = Timestamp::from_unix_ms(hold.id.time().unix_ms() - 1);
    let early = ledger.submit(capture("early").effective_at(too_early));
    assert_eq!(kind_of(early), ErrorKind::InvalidEffectiveAt);
    let undo = |text: &str| Command::reverse(key(text), ReversalSpec::of(paid.id));
    let early = ledger.submit(undo("early").effective_at(too_early));
    assert_eq!(kind_of(early), ErrorKind::InvalidEffectiveAt);
    let captured = dated(capture("capture")).unwrap();
    assert_eq!((captured.effective_at, captured.hold().unwrap().captured), (before, usd("9")));
    let reversed = dated(undo("undo")).unwrap();
    assert_eq!(reversed.reverses().unwrap().transaction, paid.id);
    assert_eq!(ledger.balance_effective_at(&shop.bob, before).unwrap(), usd("9"));
    assert_eq!(ledger.balance_at(&shop.bob, before).unwrap(), usd("5"));
    let found = ledger.transaction_by_key("capture").unwrap().unwrap();
    let crate::Answer::Done(found) = found else { panic!() };
    assert_eq!(*found, *captured.transaction());
    for command in [
        Command::freeze(key("x"), &shop.bob),
        Command::hold(key("x"), spec),
        Command::release(key("x"), &hold),
        Command::extend(key("x"), &hold, DAY * 2),
        Command::set_limits(key("x"), LimitsSpec::of(&shop.bob).no_floor()),
        Command::lock_periods(key("x"), before),
    ] {
        assert_eq!(kind_of(dated(command)), ErrorKind::InvalidEffectiveAt);
    }
    let too_early = Timestamp::from_unix_ms(Timestamp::EARLIEST.unix_ms() - 1);
    assert_eq!(kind_of(shop.pay_in("1", too_early, "x")), ErrorKind::InvalidEffectiveAt);
    shop.pay_in("1", Timestamp::EARLIEST, "x").unwrap();
    assert_eq!(ledger.balance_effective_at(&shop.alice, Timestamp::EARLIEST).unwrap(), usd("1"));
    for (on, expected) in [(too_early, "0"), (Timestamp::from_unix_ms(i64::MIN), "0")] {
        assert_eq!(ledger.balance_effective_at(&shop.alice, on).unwrap(), usd(expected));
    }
    let ends = [i64::MIN, -1, i64::MAX].map(Timestamp::from_unix_ms);
    for (on, by) in ends.iter().flat_map(|on| ends.iter().map(move |by| (*on, *by))) {
        ledger.balance_known_at(&shop.alice, on, by).unwrap();
    }
}

pub fn floors_are_about_the_present_only(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let dated = |amount: &str, text: &str| {
        let command = Command::withdraw(key(text), &shop.alice, shop.usd(amount));
        shop.ledger.submit(command.effective_at(day(-9)))
    };
    dated("60", "out").unwrap();
    assert_eq!(shop.effective(-9), shop.usd("-60"));
    assert_eq!(kind_of(dated("40.01", "more")), ErrorKind::InsufficientFunds);
}

pub fn the_time_is_a_part_of_the_request(store: Arc<dyn Store>) {
    let shop = Shop::new(store);
    shop.pay_in("1", day(-1), "k").unwrap();
    assert!(shop.pay_in("1", day(-1), "k").unwrap().replayed);
    assert_eq!(kind_of(shop.pay_in("1", day(-2), "k")), ErrorKind::KeyConflict);
    let plain = shop.ledger.deposit(&shop.alice, shop.usd("1"), "k");
    assert_eq!(kind_of(plain), ErrorKind::KeyConflict);
    let now = shop.ledger.deposit(&shop.alice, shop.usd("1"), "now").unwrap();
    assert_eq!(now.effective_at, now.at);
    let to_come = shop.pay_in("1", day(1), "soon");
    let Rejection::TimeToCome { time, .. } = rejection_of(to_come) else { panic!() };
    assert_eq!(time, day(1));
    // It was no answer, so the same request can be sent again when its time has come.
    shop.clock.set(day(1));
    assert!(!shop.pay_in("1", day(1), "soon").unwrap().replayed);
}

pub fn a_locked_period_takes_nothing_more(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let ledger = &shop.ledger;
    let lock = |until, text: &str| ledger.lock_periods(day(until), text);
    assert_eq!(ledger.periods_locked_until().unwrap(), None);
    shop.pay_in("1", day(-40), "open").unwrap();
    let locked = lock(-31, "january").unwrap();
    assert_eq!((locked.kind, locked.postings.len()), (Kind::PeriodLock, 0));
    assert_eq!(locked.period_lock().unwrap().until, Some(day(-31)));
    assert_eq!(ledger.periods_locked_until().unwrap(), Some(day(-31)));
    let just_before = Timestamp::from_unix_ms(day(-31).unix_ms() - 1);
    let expected = Rejection::PeriodLocked { effective_at: just_before, locked_until: day(-31) };
    assert_eq!(rejection_of(shop.pay_in("1", just_before, "late")), expected);
    shop.pay_in("1", day(-31), "in time").unwrap();
    assert!(lock(-31, "january").unwrap().replayed);
    assert_eq!(kind_of(lock(1, "future")), ErrorKind::TimeToCome);
    // What is recorded as it happens is never locked, even if all is up to now.
    let until_now = ledger.lock_periods(shop.clock.now(), "all").unwrap();
    assert_eq!(until_now.period_lock().unwrap().from, Some(day(-31)));
    shop.pay("1", "today").unwrap();
    assert_eq!(kind_of(shop.pay_in("1", day(-31), "locked now")), ErrorKind::PeriodLocked);
    // A lock that comes late unlocks nothing; that takes a word of its own.
    let late = lock(-60, "late lock").unwrap();
    assert_eq!(late.period_lock().unwrap().until, until_now.period_lock().unwrap().until);
    assert_eq!(kind_of(shop.pay_in("1", day(-45), "still locked")), ErrorKind::PeriodLocked);
    let unlocked = ledger.unlock_periods(day(-60), "reopened").unwrap();
    assert_eq!(unlocked.kind, Kind::PeriodUnlock);
    assert_eq!(ledger.periods_locked_until().unwrap(), Some(day(-60)));
    shop.pay_in("1", day(-45), "after all").unwrap();
    assert_eq!(kind_of(shop.pay_in("1", day(-61), "locked as before")), ErrorKind::PeriodLocked);
    // Nor does unlocking lock anything.
    ledger.unlock_periods(day(-1), "no lock").unwrap();
    assert_eq!(ledger.periods_locked_until().unwrap(), Some(day(-60)));
    ledger.unlock_periods(None, "unlock all").unwrap();
    assert_eq!(ledger.periods_locked_until().unwrap(), None);
    shop.pay_in("1", day(-61), "open as before").unwrap();
    // The no was an answer.
    assert_eq!(rejection_of(shop.pay_in("1", just_before, "late")), expected);
    assert_eq!(
        kind_of(ledger.lock_periods(Timestamp::from_unix_ms(i64::MIN), "x")),
        ErrorKind::InvalidEffectiveAt
    );
}

pub fn a_batch_that_fails_locks_nothing(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let late = |text: &str| {
        let deposit = Command::deposit(key(text), &shop.alice, shop.usd("1"));
        deposit.effective_at(day(-5))
    };
    let lock = |text: &str| Command::lock_periods(key(text), day(-4));
    let refused = shop.ledger.submit_all([lock("a"), late("b")]).unwrap_err();
    assert_eq!((refused.kind(), refused.item()), (ErrorKind::PeriodLocked, Some(1)));
    assert_eq!(shop.ledger.periods_locked_until().unwrap(), None);
    let answers = shop.ledger.submit_each([late("c"), lock("d"), late("e")]).unwrap();
    let kinds = answers.iter().map(|answer| answer.as_ref().err().map(crate::Error::kind));
    assert!(kinds.eq([None, None, Some(ErrorKind::PeriodLocked)]));
}
