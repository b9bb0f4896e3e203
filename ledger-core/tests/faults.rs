//! What a ledger answers when its store fails.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use ledger_core::store::{Store, StoreError};
use ledger_core::{
    Asset, CaptureSpec, Class, Clock, Command, ErrorKind, HoldQuery, HoldSpec, HoldState,
    Interrupt, KeyRetention, Ledger, LedgerBuilder, Money, Retry, Timestamp, WalletId, WalletQuery,
};
use support::Shop;
use support::faulty::Fault;
use support::gate::{Gate, wait_until};

fn busy() -> StoreError {
    StoreError::Busy("someone else writes".into())
}

#[test]
fn what_stops_tidying_up_is_told() {
    let shop = Shop::new();
    let minute = Duration::from_mins(1);
    let spec = HoldSpec::new(&shop.alice, &shop.bob, shop.usd.money("1").unwrap(), minute);
    shop.ledger.hold(spec, "hold").unwrap();
    shop.clock.advance(minute);
    let full = || StoreError::Full("no room".into());
    let once_in_doubt = [Fault::DoubtLost, Fault::Recover, Fault::Recover, Fault::Recover];
    let plans: [(Vec<Fault>, ErrorKind); 4] = [
        (vec![Fault::Commit(full())], ErrorKind::StoreFull),
        (vec![Fault::Begin(busy()); 3], ErrorKind::StoreBusy),
        (vec![Fault::LoadPanics], ErrorKind::Internal),
        (once_in_doubt.into(), ErrorKind::Indeterminate),
    ];
    for (plan, expected) in plans {
        shop.store.plan(plan);
        assert_eq!(shop.ledger.expire_due(10).unwrap_err().kind(), expected);
        assert!(shop.store.is_done(), "not tried a second time under another key");
    }
    shop.store.recover().unwrap();
    assert_eq!(shop.ledger.expire_due(10).unwrap(), 1);
    assert_eq!(shop.ledger.expire_due(10).unwrap(), 0);
}

#[test]
fn a_busy_store_is_tried_again_with_pauses() {
    let shop = Shop::new();
    let before = shop.clock.now();
    shop.store.plan([Fault::Begin(busy()), Fault::Commit(busy())]);
    assert!(!shop.pay("1", "k").unwrap().replayed);
    let slept_ms = shop.clock.now().unix_ms() - before.unix_ms();
    assert!((20..=60).contains(&slept_ms), "{slept_ms}");
    assert_eq!(shop.ledger.stats().retries, 2);
    assert_eq!(shop.bob_has(), "1.00 USD");
}

/// A clock whose pauses last until it is time to ask whether to stop.
struct SlowClock;

impl Clock for SlowClock {
    fn now(&self) -> Timestamp {
        "2026-03-01T12:00:00Z".parse().unwrap()
    }

    fn sleep(&self, _: Duration) {
        std::thread::sleep(Duration::from_millis(60));
    }
}

#[test]
fn a_caller_who_is_told_to_stop_in_a_pause_does_not_try_again() {
    let impatient = Interrupt::new(|| true);
    let shop = Shop::with(1, |settings| settings.clock(Arc::new(SlowClock)).interrupt(impatient));
    shop.store.plan([Fault::Begin(busy())]);
    assert_eq!(shop.pay("1", "k").unwrap_err().kind(), ErrorKind::StoreBusy);
    assert_eq!(shop.ledger.transaction_by_key("k").unwrap(), None);
}

#[test]
fn a_store_that_stays_busy_is_a_transient_error_and_the_key_stays_unused() {
    let shop = Shop::new();
    shop.store.plan(vec![Fault::Begin(busy()); 3]);
    let refused = shop.pay("1", "k").unwrap_err();
    assert_eq!((refused.kind(), refused.class()), (ErrorKind::StoreBusy, Class::Transient));
    assert!(refused.is_retryable() && shop.store.is_done());
    assert_eq!(shop.ledger.transaction_by_key("k").unwrap(), None);
    assert!(!shop.pay("1", "k").unwrap().replayed);
}

#[test]
fn a_full_store_is_a_transient_error_and_works_again_once_there_is_room() {
    let shop = Shop::new();
    shop.store.plan([Fault::Commit(StoreError::Full("no room".into()))]);
    let refused = shop.pay("1", "k").unwrap_err();
    assert_eq!((refused.kind(), refused.class()), (ErrorKind::StoreFull, Class::Transient));
    assert_eq!(shop.bob_has(), "0.00 USD");
    assert!(!shop.pay("1", "k").unwrap().replayed);
    assert_eq!(shop.bob_has(), "1.00 USD");
}

#[test]
fn a_commit_in_doubt_that_was_written_is_found_by_its_key() {
    let shop = Shop::new();
    shop.store.plan([Fault::DoubtWritten]);
    let receipt = shop.pay("1", "k").unwrap();
    assert!(receipt.replayed, "found, not made a second time");
    assert_eq!(shop.bob_has(), "1.00 USD");
}

#[test]
fn a_commit_in_doubt_that_was_lost_is_made_again() {
    let shop = Shop::new();
    shop.store.plan([Fault::DoubtLost]);
    assert!(!shop.pay("1", "k").unwrap().replayed);
    assert_eq!(shop.bob_has(), "1.00 USD");
}

#[test]
fn without_recovery_the_answer_is_that_nobody_knows() {
    for fault in [Fault::DoubtWritten, Fault::DoubtLost] {
        let shop = Shop::new();
        shop.store.plan([fault]);
        shop.store.plan(vec![Fault::Recover; 8]);
        let unknown = shop.pay("1", "k").unwrap_err();
        assert_eq!(unknown.kind(), ErrorKind::Indeterminate);
        assert_eq!(unknown.class(), Class::Indeterminate);
        // So is every later answer and every look, until the store has recovered.
        let unknown = shop.pay("1", "k").unwrap_err();
        assert_eq!(unknown.kind(), ErrorKind::Indeterminate);
        let unknown = shop.ledger.transaction_by_key("k").unwrap_err();
        assert_eq!(unknown.kind(), ErrorKind::Indeterminate);
        let unknown = shop.ledger.balance(&shop.bob).unwrap_err();
        assert_eq!(unknown.kind(), ErrorKind::Indeterminate);
        assert!(shop.store.is_done());
        shop.pay("1", "k").unwrap();
        assert_eq!(shop.bob_has(), "1.00 USD", "once, either way");
    }
}

#[test]
fn a_doubt_that_outlasts_the_memory_for_keys_is_not_decided_anew() {
    let minute = Duration::from_mins(1);
    for (pause, is_known) in [(minute / 2, true), (minute, false)] {
        let retry = Retry { tries: 2, pause_min: pause, pause_max: pause };
        let shop = Shop::with(1, |settings| settings.retry(retry));
        shop.ledger.set_key_retention(KeyRetention::lasting(minute).unwrap()).unwrap();
        shop.store.plan([Fault::DoubtWritten]);
        let answer = shop.pay("1", "k");
        assert_eq!(shop.bob_has(), "1.00 USD", "not a second time");
        match answer {
            Ok(receipt) => assert!(is_known && receipt.replayed),
            Err(unknown) => {
                assert_eq!((unknown.kind(), is_known), (ErrorKind::KeyForgotten, false));
                assert!(!unknown.is_retryable(), "the same key would be a new request");
                assert!(unknown.to_string().contains("look for it in the history"), "{unknown}");
            }
        }
    }
}

#[test]
fn a_call_that_waits_longer_than_keys_are_remembered_is_not_decided_anew() {
    let minute = Duration::from_mins(1);
    for (pause, is_known) in [(minute / 2, true), (minute, false)] {
        let shop = Shop::new();
        shop.ledger.set_key_retention(KeyRetention::lasting(minute).unwrap()).unwrap();
        let elsewhere = LedgerBuilder::on(shop.store.clone()).clock(shop.clock.clone());
        let elsewhere = elsewhere.build().unwrap();
        let gate = Gate::new();
        shop.store.plan([Fault::BeginWaits(gate.clone())]);
        let answer = std::thread::scope(|scope| {
            let held = scope.spawn(|| shop.pay("1", "k"));
            gate.wait_until_reached();
            let amount = shop.usd.money("1").unwrap();
            assert!(!elsewhere.transfer(&shop.alice, &shop.bob, amount, "k").unwrap().replayed);
            shop.clock.advance(pause);
            gate.open();
            held.join().unwrap()
        });
        assert_eq!(shop.bob_has(), "1.00 USD", "not a second time");
        match answer {
            Ok(receipt) => assert!(is_known && receipt.replayed),
            Err(refused) => {
                assert_eq!((refused.kind(), is_known), (ErrorKind::KeyForgotten, false));
                assert!(refused.to_string().contains("wrote nothing, but another"), "{refused}");
            }
        }
    }
}

#[test]
fn a_doubt_is_ended_also_where_the_journal_is_ahead_of_the_clock() {
    let minute = Duration::from_mins(1);
    let shop = Shop::new();
    shop.ledger.set_key_retention(KeyRetention::lasting(minute).unwrap()).unwrap();
    let noon = shop.clock.now();
    shop.clock.advance(2 * minute);
    shop.pay("1", "before").unwrap();
    shop.clock.set(noon);
    let elsewhere = LedgerBuilder::on(shop.store.clone()).clock(shop.clock.clone());
    let elsewhere = elsewhere.build().unwrap();
    shop.store.plan([Fault::DoubtLost]);
    let amount = shop.usd.money("1").unwrap();
    assert!(!elsewhere.transfer(&shop.alice, &shop.bob, amount, "k").unwrap().replayed);
    assert_eq!(shop.bob_has(), "2.00 USD");
}

#[test]
fn who_came_later_is_not_refused_with_those_that_waited_too_long() {
    let minute = Duration::from_mins(1);
    let shop = Shop::new();
    shop.ledger.set_key_retention(KeyRetention::lasting(minute).unwrap()).unwrap();
    std::thread::scope(|scope| {
        let (early, late) = shop.while_committing(|| {
            let early = scope.spawn(|| shop.pay("1", "early"));
            shop.wait_until_waiting(1);
            shop.clock.advance(minute);
            let late = scope.spawn(|| shop.pay("1", "late"));
            shop.wait_until_waiting(2);
            (early, late)
        });
        assert_eq!(early.join().unwrap().unwrap_err().kind(), ErrorKind::KeyForgotten);
        assert!(!late.join().unwrap().unwrap().replayed);
    });
    assert_eq!(shop.bob_has(), "2.00 USD");
}

#[test]
fn a_journal_ahead_of_the_clock_refuses_nobody() {
    let shop = Shop::new();
    let noon = shop.clock.now();
    let keep = |minutes| KeyRetention::lasting(Duration::from_mins(minutes)).unwrap();
    shop.ledger.set_key_retention(keep(1)).unwrap();
    shop.clock.advance(Duration::from_hours(1));
    shop.ledger.set_key_retention(keep(2)).unwrap();
    shop.clock.set(noon);
    // Opened since then, it has not seen the time run ahead.
    let elsewhere = LedgerBuilder::on(shop.store.clone()).clock(shop.clock.clone());
    let amount = shop.usd.money("1").unwrap();
    elsewhere.build().unwrap().transfer(&shop.alice, &shop.bob, amount, "k").unwrap();
}

#[test]
fn a_batch_is_forgotten_as_one() {
    let shop = Shop::new();
    let minute = Duration::from_mins(1);
    shop.ledger.set_key_retention(KeyRetention::lasting(minute).unwrap()).unwrap();
    let cent = shop.usd.minor(1);
    let pay = |n: u32| Command::deposit(format!("{n}").parse().unwrap(), &shop.bob, cent);
    // A millisecond has room for 16,384 records.
    shop.ledger.submit_all((0..10_000).map(pay)).unwrap();
    let batch = || shop.ledger.submit_all((10_000..20_000).map(pay));
    let receipts = batch().unwrap();
    assert!(receipts[0].at < receipts[9_999].at, "its answers differ by a millisecond");
    shop.clock.set(Timestamp::from_unix_ms(receipts[0].at.unix_ms() + 60_000));
    assert!(batch().unwrap().iter().all(|receipt| receipt.replayed));
    shop.clock.advance(Duration::from_millis(1));
    assert!(batch().unwrap().iter().all(|receipt| !receipt.replayed));
}

#[test]
fn a_hook_that_writes_is_refused() {
    let ledger: Arc<OnceLock<Ledger>> = Arc::default();
    let (of_hook, refused) = (ledger.clone(), Arc::new(Mutex::new(None)));
    let noted = refused.clone();
    let interrupt = Interrupt::new(move || {
        let answer =
            of_hook.get().map(|ledger| ledger.define_asset(Asset::new("GOLD", 3).unwrap()));
        *noted.lock().unwrap() = answer.map(|answer| answer.unwrap_err());
        true
    });
    let shop = Shop::with(1, |settings| settings.interrupt(interrupt));
    ledger.set(shop.ledger.clone()).unwrap();
    let waited = shop.while_committing(|| shop.pay("1", "k"));
    assert_eq!(waited.unwrap_err().kind(), ErrorKind::WaitTimeout);
    let refused = refused.lock().unwrap().take().unwrap();
    assert_eq!(refused.kind(), ErrorKind::InvalidConfig);
    assert!(refused.to_string().contains("hook can't write"), "{refused}");
}

#[test]
fn a_record_at_the_end_of_time_is_the_last() {
    let shop = Shop::new();
    shop.clock.set(Timestamp::from_unix_ms(Timestamp::END.unix_ms() - 1));
    let cent = shop.usd.minor(1);
    assert!((0..20_000).any(|n| shop.ledger.deposit(&shop.bob, cent, format!("{n}")).is_err()));
    shop.clock.set("2026-03-01T12:00:00Z".parse().unwrap());
    let refused = shop.pay("1", "k").unwrap_err();
    assert_eq!(refused.class(), Class::Fatal);
    assert!(refused.to_string().contains("clock was far ahead"), "{refused}");
}

#[test]
fn a_look_has_the_store_recover() {
    let shop = Shop::new();
    shop.store.plan([Fault::DoubtWritten]);
    shop.store.plan(vec![Fault::Recover; 3]);
    assert_eq!(shop.pay("1", "k").unwrap_err().kind(), ErrorKind::Indeterminate);
    assert!(shop.ledger.transaction_by_key("k").unwrap().is_some());
}

#[test]
fn after_a_doubt_no_failure_says_that_nothing_was_written() {
    let store_errors =
        [busy(), StoreError::Full("full".into()), StoreError::Broken("broken".into())];
    let mut later: Vec<Fault> = store_errors.map(Fault::Begin).into();
    later.push(Fault::Begin(StoreError::Refused("refused".into())));
    later.push(Fault::LoadPanics);
    for fault in later {
        let shop = Shop::new();
        shop.store.plan([Fault::DoubtWritten, fault.clone(), fault.clone()]);
        let unknown = shop.pay("1", "k").unwrap_err();
        assert_eq!(unknown.kind(), ErrorKind::Indeterminate, "{fault:?}");
        while !shop.store.is_done() {
            let _ = shop.pay("1", "k");
        }
        assert!(shop.pay("1", "k").unwrap().replayed, "{fault:?}");
        assert_eq!(shop.bob_has(), "1.00 USD", "{fault:?}");
    }
}

#[test]
fn after_a_doubt_a_group_that_is_taken_apart_is_still_in_doubt() {
    let shop = Shop::new();
    let refused = || Fault::Begin(StoreError::Refused("refused".into()));
    // In doubt, then refused as a group and each alone.
    shop.store.plan([Fault::DoubtWritten, refused(), refused(), refused()]);
    let usd = shop.usd.money("1").unwrap();
    let pay = |key: &str| Command::transfer(key.parse().unwrap(), &shop.alice, &shop.bob, usd);
    for answer in shop.ledger.submit_each([pay("a"), pay("b")]).unwrap() {
        assert_eq!(answer.unwrap_err().kind(), ErrorKind::Indeterminate);
    }
    assert_eq!(shop.bob_has(), "2.00 USD");
}

#[test]
fn a_group_that_is_taken_apart_stops_at_what_is_not_its_units_fault() {
    let shop = Shop::new();
    shop.store.plan([Fault::Commit(StoreError::Refused("refused".into()))]);
    shop.store.plan(vec![Fault::Begin(busy()); 3]);
    let usd = shop.usd.money("1").unwrap();
    let pay = |n| Command::transfer(format!("{n}").parse().unwrap(), &shop.alice, &shop.bob, usd);
    for answer in shop.ledger.submit_each((0..50).map(pay)).unwrap() {
        assert_eq!(answer.unwrap_err().kind(), ErrorKind::StoreBusy);
    }
    assert_eq!(shop.ledger.stats().retries, 2, "not two for each");
}

#[test]
fn nobody_decides_on_rows_that_another_lane_left_in_doubt() {
    let shop = Shop::with(2, |settings| settings);
    let gate = Gate::new();
    // Neither of the two can find out, each trying three times.
    shop.store.plan([Fault::DoubtWrittenAt(gate.clone())]);
    shop.store.plan(vec![Fault::Recover; 6]);
    std::thread::scope(|scope| {
        let first = scope.spawn(|| shop.pay("100", "first"));
        gate.wait_until_reached();
        // The second lane waits for Alice's lock when the first one's commit fails.
        let second = scope.spawn(|| shop.pay("100", "second"));
        wait_until(|| shop.ledger.stats().lock_waits > 0);
        gate.open();
        for unknown in [first, second] {
            let unknown = unknown.join().unwrap().unwrap_err();
            assert_eq!(unknown.kind(), ErrorKind::Indeterminate);
        }
    });
    // Once the store has recovered, the first payment is found and the second is refused.
    assert!(shop.pay("100", "first").unwrap().replayed);
    assert_eq!(shop.pay("100", "second").unwrap_err().kind(), ErrorKind::InsufficientFunds);
    assert_eq!(shop.bob_has(), "100.00 USD");
}

#[test]
fn a_panic_in_the_commit_is_in_doubt() {
    let shop = Shop::new();
    shop.store.plan([Fault::CommitPanics]);
    assert!(shop.pay("1", "k").unwrap().replayed);
    assert_eq!(shop.bob_has(), "1.00 USD");
}

#[test]
fn a_panic_before_the_commit_is_an_error_for_that_call_only() {
    let shop = Shop::new();
    shop.store.plan([Fault::LoadPanics]);
    let failed = shop.pay("1", "k").unwrap_err();
    assert_eq!((failed.kind(), failed.class()), (ErrorKind::Internal, Class::Fatal));
    assert!(failed.to_string().contains("planted in load"), "{failed}");
    assert_eq!(shop.ledger.transaction_by_key("k").unwrap(), None);
    assert!(!shop.pay("1", "k").unwrap().replayed);
}

#[test]
fn a_group_that_is_refused_runs_again_one_by_one() {
    let shop = Shop::new();
    shop.store.plan([Fault::OnlySingles]);
    let pay = |amount: &str, key: &str| {
        let amount = shop.usd.money(amount).unwrap();
        Command::transfer(key.parse().unwrap(), &shop.alice, &shop.bob, amount)
    };
    let answers =
        shop.ledger.submit_each([pay("1", "a"), pay("2", "b"), pay("1000", "c")]).unwrap();
    assert!(answers[0].is_ok() && answers[1].is_ok());
    assert_eq!(answers[2].as_ref().unwrap_err().kind(), ErrorKind::InsufficientFunds);
    assert_eq!(shop.bob_has(), "3.00 USD");
}

#[test]
fn one_bad_unit_does_not_fail_its_neighbours() {
    let shop = Shop::new();
    let refused = StoreError::Refused("a check failed".into());
    // The group fails, then its first command alone; the second goes through.
    shop.store.plan([Fault::Commit(refused.clone()), Fault::Commit(refused)]);
    let usd = shop.usd.money("1").unwrap();
    let pay = |key: &str| Command::transfer(key.parse().unwrap(), &shop.alice, &shop.bob, usd);
    let answers = shop.ledger.submit_each([pay("a"), pay("b")]).unwrap();
    let failed = answers[0].as_ref().unwrap_err();
    assert_eq!((failed.kind(), failed.class()), (ErrorKind::StoreRefused, Class::Fatal));
    assert!(answers[1].is_ok());
    assert_eq!(shop.bob_has(), "1.00 USD");
}

#[test]
fn an_all_or_nothing_batch_is_never_taken_apart() {
    let shop = Shop::new();
    shop.store.plan([Fault::OnlySingles]);
    let usd = shop.usd.money("1").unwrap();
    let pay = |key: &str| Command::transfer(key.parse().unwrap(), &shop.alice, &shop.bob, usd);
    let failed = shop.ledger.submit_all([pay("a"), pay("b")]).unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::StoreRefused);
    assert_eq!(shop.bob_has(), "0.00 USD");
}

#[test]
fn a_store_that_reserves_fewer_ids_is_broken_and_nothing_is_written() {
    let shop = Shop::new();
    shop.store.plan([Fault::FewerIds]);
    let usd = shop.usd.money("1").unwrap();
    let pay = |key: &str| Command::transfer(key.parse().unwrap(), &shop.alice, &shop.bob, usd);
    for answer in shop.ledger.submit_each([pay("a"), pay("b")]).unwrap() {
        let failed = answer.unwrap_err();
        assert_eq!(failed.kind(), ErrorKind::StoreBroken);
        assert!(failed.to_string().contains("fewer ids"), "{failed}");
    }
    assert_eq!(shop.bob_has(), "0.00 USD");
}

#[test]
fn a_broken_store_is_fatal() {
    let shop = Shop::new();
    shop.store.plan([Fault::Begin(StoreError::Broken("not a database".into()))]);
    let failed = shop.pay("1", "k").unwrap_err();
    assert_eq!((failed.kind(), failed.class()), (ErrorKind::StoreBroken, Class::Fatal));
    assert_eq!(failed.to_string(), "not a database");
}

#[test]
fn registrations_survive_a_commit_in_doubt() {
    let shop = Shop::new();
    shop.store.plan([Fault::DoubtWritten]);
    let spec = ledger_core::WalletSpec::new("carol", shop.usd).unwrap();
    let carol = shop.ledger.open_wallet(spec.clone()).unwrap();
    assert_eq!(shop.ledger.open_wallet(spec).unwrap(), carol);
}

#[test]
fn a_clock_out_of_range_writes_nothing_and_passes() {
    let shop = Shop::new();
    let noon = shop.clock.now();
    for bad in ["1969-12-31T00:00:00Z", "2019-12-31T23:59:59Z", "2080-01-01T00:00:00Z"] {
        shop.clock.set(bad.parse().unwrap());
        let refused = shop.pay("1", "k").unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ClockOutOfRange);
        assert_eq!(refused.class(), Class::Transient);
        assert!(refused.to_string().contains(&bad[..10]), "{refused}");
    }
    shop.clock.set(noon);
    let receipt = shop.pay("1", "k").unwrap();
    assert_eq!(receipt.at, noon, "a bad reading does not push time ahead");
}

#[test]
fn a_clock_that_jumps_back_an_hour_leaves_order_as_it_was() {
    let shop = Shop::new();
    let first = shop.pay("1", "a").unwrap();
    shop.clock.set("2026-03-01T11:00:00Z".parse().unwrap());
    let second = shop.pay("1", "b").unwrap();
    assert!(second.id > first.id && second.at >= first.at);
    shop.clock.set("2026-03-01T13:00:00Z".parse().unwrap());
    let third = shop.pay("1", "c").unwrap();
    assert!(third.id > second.id);
    assert_eq!(third.at.to_string(), "2026-03-01T13:00:00.000Z");
}

#[test]
fn what_waits_for_its_turn_is_decided_no_earlier_than_what_was_shown_meanwhile() {
    let shop = Shop::new();
    let money = shop.usd.money("1").unwrap();
    let spec = HoldSpec::new(shop.alice.id, shop.bob.id, money, Duration::from_secs(1));
    let hold = shop.ledger.hold(spec, "hold").unwrap();
    let gate = Gate::new();
    shop.store.plan([Fault::BeginWaits(gate.clone())]);
    std::thread::scope(|scope| {
        let late = scope.spawn(|| shop.ledger.capture(CaptureSpec::of(hold.id), "capture"));
        gate.wait_until_reached();
        shop.clock.set("2026-03-01T12:00:02Z".parse().unwrap());
        assert_eq!(shop.ledger.get_hold(hold.id).unwrap().unwrap().state, HoldState::Expired);
        gate.open();
        assert_eq!(late.join().unwrap().unwrap_err().kind(), ErrorKind::HoldExpired);
    });
}

#[test]
fn what_is_found_is_evaluated_no_earlier_than_it_was_written() {
    let all = WalletQuery::all().prefix("user:alice");
    let held_in_all = |ledger: &Ledger| ledger.totals(&all).unwrap()[0].held;
    let open = HoldQuery::all().state(HoldState::Open);
    let usd = Asset::iso("USD").unwrap();
    let held_one_by_one = |ledger: &Ledger| {
        let page = ledger.holds(&open).unwrap();
        page.holds.first().map_or(usd.minor(0), |hold| hold.remaining)
    };
    let looks: [&(dyn Fn(&Ledger) -> Money + Sync); 2] = [&held_in_all, &held_one_by_one];
    for look in looks {
        let shop = Shop::new();
        let minute = Duration::from_mins(1);
        let spec = HoldSpec::new(&shop.alice, &shop.bob, shop.usd.money("80").unwrap(), minute);
        shop.ledger.hold(spec, "hold").unwrap();
        let gate = Gate::new();
        shop.store.plan([Fault::LastWaits(gate.clone())]);
        std::thread::scope(|scope| {
            let held = scope.spawn(|| look(&shop.ledger));
            gate.wait_until_reached();
            shop.clock.advance(minute);
            // Only since the hold has expired.
            shop.pay("100", "all").unwrap();
            gate.open();
            assert_eq!(held.join().unwrap().to_string(), "0.00 USD");
        });
    }
}

#[test]
fn a_look_that_fails_for_another_reason_has_nothing_recover() {
    let shop = Shop::new();
    shop.store.plan([Fault::Recover]);
    let nobody = WalletId::from_raw(1).unwrap();
    assert_eq!(shop.ledger.balance(nobody).unwrap_err().kind(), ErrorKind::UnknownWallet);
    assert!(!shop.store.is_done());
}

#[test]
fn with_one_try_a_doubt_ends_with_the_next_call() {
    let once = Retry { tries: 1, pause_min: Duration::ZERO, pause_max: Duration::ZERO };
    let shop = Shop::with(1, |settings| settings.retry(once));
    shop.store.plan([Fault::DoubtWritten]);
    assert_eq!(shop.pay("1", "k").unwrap_err().kind(), ErrorKind::Indeterminate);
    assert!(shop.pay("1", "k").unwrap().replayed);
}

#[test]
fn a_doubt_about_one_unit_is_no_doubt_about_its_neighbours() {
    let shop = Shop::new();
    let refused = || Fault::Commit(StoreError::Refused("refused".into()));
    shop.store.plan([refused(), Fault::DoubtWritten, refused()]);
    let usd = shop.usd.money("1").unwrap();
    let pay = |key: &str| Command::transfer(key.parse().unwrap(), &shop.alice, &shop.bob, usd);
    let answers = shop.ledger.submit_each([pay("a"), pay("b"), pay("c")]).unwrap();
    assert!(answers[0].as_ref().unwrap().replayed);
    assert_eq!(answers[1].as_ref().unwrap_err().kind(), ErrorKind::StoreRefused);
    assert!(answers[2].is_ok());
}

#[test]
fn a_refused_batch_leaves_nothing_to_its_neighbours_in_the_group() {
    let shop = Shop::new();
    let usd = |amount: &str| shop.usd.money(amount).unwrap();
    let pay = |key: &str, amount: &str| {
        Command::transfer(key.parse().unwrap(), &shop.alice, &shop.bob, usd(amount))
    };
    let (batch, single) = std::thread::scope(|scope| {
        let (batch, single) = shop.while_committing(|| {
            let batch = scope.spawn(|| shop.ledger.submit_all([pay("a", "60"), pay("b", "60")]));
            shop.wait_until_waiting(2);
            let single = scope.spawn(|| shop.pay("90", "c"));
            shop.wait_until_waiting(3);
            (batch, single)
        });
        (batch.join().unwrap(), single.join().unwrap())
    });
    assert_eq!(batch.unwrap_err().kind(), ErrorKind::InsufficientFunds);
    let receipt = single.unwrap();
    assert_eq!(receipt.postings[0].from_balance, usd("9").amount());
    assert_eq!(receipt.postings[0].from_version, 3, "the deposit, the slow payment, this one");
}
