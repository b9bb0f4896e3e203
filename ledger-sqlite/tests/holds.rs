//! Holds in a file: after it was closed, after a crash, made again, in SQL, and tampered with.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::fs;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use ledger_core::{ErrorKind, Hold, HoldQuery, HoldSpec, HoldState, ManualClock, WalletSpec};
use ledger_sqlite::{SqliteLedger, Value};

use crate::support::{Shop, TestFile};

fn holds(ledger: &SqliteLedger) -> Vec<Hold> {
    ledger.holds(&HoldQuery::all()).unwrap().holds
}

/// What the whale has held and available, in words.
fn whale(ledger: &SqliteLedger) -> (String, String) {
    let whale = ledger.wallet("whale").unwrap().unwrap();
    let balance = ledger.balance(&whale).unwrap();
    (balance.held.to_string(), balance.available.unwrap().to_string())
}

#[test]
fn holds_are_the_same_however_the_file_is_opened() {
    let file = TestFile::new();
    let ledger = file.open();
    Shop::on(&ledger).do_business();
    let (before, seen) = (holds(&ledger), whale(&ledger));
    let states: Vec<HoldState> = before.iter().map(|hold| hold.state).collect();
    assert_eq!(
        states,
        [HoldState::Open, HoldState::Open, HoldState::Captured, HoldState::Released]
    );
    assert_eq!(seen.0, "22.000000000000000000 WEI");
    // As a crash leaves it.
    let crashed = TestFile::new();
    for ending in ["", "-wal"] {
        fs::copy(file.beside(ending), crashed.beside(ending)).unwrap();
    }
    drop(ledger);
    let rebuilt = TestFile::new();
    fs::copy(file.path(), rebuilt.path()).unwrap();
    rebuilt.sql().execute_batch("DELETE FROM hold").unwrap();
    assert!(rebuilt.problem().contains("holds are not as their lines say"));
    SqliteLedger::rebuild(rebuilt.path(), &mut |_| ControlFlow::Continue(())).unwrap();
    for file in [&file, &crashed, &rebuilt] {
        for exclusive in [true, false] {
            let ledger = file.builder().exclusive(exclusive).open().unwrap();
            assert_eq!((holds(&ledger), whale(&ledger)), (before.clone(), seen.clone()));
            assert_eq!(ledger.verify().unwrap().problem, None);
        }
    }
}

#[test]
fn another_ledger_sees_holds_at_once() {
    let file = TestFile::new();
    let (one, two) = (file.open(), file.open());
    let (first, second) = (Shop::on(&one), Shop::on(&two));
    first.fund("10", "fund");
    for round in 0..20 {
        let spec =
            HoldSpec::new(&first.alice, &first.bob, first.usd("10"), Duration::from_hours(1));
        let hold = one.hold(spec, format!("hold {round}")).unwrap();
        let refused = second.pay("0.01", &format!("pay {round}")).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InsufficientFunds);
        two.release(&hold, format!("release {round}")).unwrap();
        assert_eq!(one.balance(&first.alice).unwrap().held, first.usd("0"));
    }
    assert_eq!(one.verify().unwrap().problem, None);
}

#[test]
fn an_expired_hold_is_free_after_a_crash_as_well() {
    let file = TestFile::new();
    let clock = Arc::new(ManualClock::new("2026-03-01T12:00:00Z".parse().unwrap()));
    let open = || file.builder().clock(clock.clone()).open().unwrap();
    let ledger = open();
    let shop = Shop::on(&ledger);
    shop.fund("10", "fund");
    let spec = HoldSpec::new(&shop.alice, &shop.bob, shop.usd("10"), Duration::from_hours(1));
    let hold = ledger.hold(spec, "hold").unwrap();
    drop((shop, ledger));
    clock.set(hold.expires_at);
    let ledger = open();
    let shop = Shop::on(&ledger);
    assert_eq!(ledger.balance(&shop.alice).unwrap().available, Some(shop.usd("10")));
    shop.pay("10", "all").unwrap();
    assert_eq!(ledger.capture(&hold, "late").unwrap_err().kind(), ErrorKind::HoldExpired);
    // The clock of this process was set back before it ever looked.
    drop((shop, ledger));
    clock.set("2026-03-01T12:00:00Z".parse().unwrap());
    let ledger = open();
    assert_eq!(ledger.get_hold(&hold).unwrap().unwrap().state, HoldState::Expired);
    assert_eq!(ledger.verify().unwrap().problem, None);
}

#[test]
fn sql_shows_what_is_held() {
    let file = TestFile::with_business();
    let ledger = file.open();
    let shop = Shop::on(&ledger);
    let spec = HoldSpec::new(&shop.alice, &shop.bob, shop.usd("1.50"), Duration::from_hours(1));
    shop.ledger.unfreeze(&shop.bob, "thaw").unwrap();
    ledger.hold(spec, "hours").unwrap();
    let spec = HoldSpec::new(&shop.alice, &shop.bob, shop.usd("3"), Duration::from_millis(1));
    ledger.hold(spec, "a moment").unwrap();
    std::thread::sleep(Duration::from_millis(20));
    let held =
        "SELECT held FROM balance WHERE name IN ('user:alice', 'user:bob', 'whale') ORDER BY name";
    // The whale's is wider than SQL can add up.
    let found = ledger.query(held).unwrap().rows.concat();
    assert_eq!(found, [Value::Integer(150), Value::Integer(0), Value::Null]);
    let states = "SELECT state, count(*) FROM holds GROUP BY state ORDER BY state";
    let found = ledger.query(states).unwrap().rows.concat();
    let word = |state: &str| Value::Text(state.to_owned());
    let expected = [("captured", 1), ("expired", 1), ("open", 3), ("released", 1)];
    let expected: Vec<Value> =
        expected.iter().flat_map(|(state, count)| [word(state), Value::Integer(*count)]).collect();
    assert_eq!(found, expected);
}

#[test]
fn what_is_too_much_for_sql_is_no_figure_and_no_error() {
    let file = TestFile::new();
    let ledger = file.open();
    let wei = ledger.define_asset(ledger_core::Asset::new("WEI", 18).unwrap()).unwrap();
    let open = |name| ledger.open_wallet(WalletSpec::new(name, wei).unwrap()).unwrap();
    let (one, two) = (open("one"), open("two"));
    ledger.deposit(&one, wei.money("20").unwrap(), "fund").unwrap();
    let held =
        || ledger.query("SELECT held FROM balance WHERE name = 'one'").unwrap().rows.concat();
    for (key, expected) in
        [("a", Value::Integer(5_000_000_000_000_000_000)), ("b", Value::Null), ("c", Value::Null)]
    {
        let spec = HoldSpec::new(&one, &two, wei.money("5").unwrap(), Duration::from_hours(1));
        ledger.hold(spec, key).unwrap();
        assert_eq!(held(), [expected]);
    }
}

#[test]
fn what_has_expired_hides_nothing_that_is_live() {
    let file = TestFile::new();
    let clock = Arc::new(ManualClock::new("2026-03-01T12:00:00Z".parse().unwrap()));
    let open = || file.builder().clock(clock.clone()).open().unwrap();
    let ledger = open();
    let usd = ledger_core::Asset::iso("USD").unwrap();
    let wallet = |name| ledger.open_wallet(WalletSpec::new(name, usd).unwrap()).unwrap();
    let (rich, other) = (wallet("rich"), wallet("other"));
    let all = usd.minor(i128::MAX);
    ledger.deposit(&rich, all, "fund").unwrap();
    for (key, seconds) in [("short", 1), ("long", 1_000)] {
        let spec = HoldSpec::new(&rich, &other, all, Duration::from_secs(seconds));
        ledger.hold(spec, key).unwrap();
        clock.advance(Duration::from_secs(2));
    }
    drop(ledger);
    let ledger = open();
    assert_eq!(ledger.balance(&rich).unwrap().held, all);
    let spent = ledger.transfer(&rich, &other, usd.minor(1), "spend").unwrap_err();
    assert_eq!(spent.kind(), ErrorKind::InsufficientFunds);
    assert_eq!(ledger.verify().unwrap().problem, None);
}

#[test]
fn a_ledger_whose_clock_is_behind_sees_what_one_ahead_decided() {
    let file = TestFile::new();
    let clock = |text: &str| Arc::new(ManualClock::new(text.parse().unwrap()));
    let behind = file.builder().clock(clock("2026-03-01T12:00:00Z")).open().unwrap();
    let ahead = file.builder().clock(clock("2026-03-01T12:00:02Z")).open().unwrap();
    let (shop, other) = (Shop::on(&behind), Shop::on(&ahead));
    shop.fund("1", "fund");
    let spec = HoldSpec::new(&shop.alice, &shop.bob, shop.usd("1"), Duration::from_secs(1));
    let hold = behind.hold(spec, "hold").unwrap();
    // The one ahead has written, so its time is the journal's.
    other.pay("1", "all of it").unwrap();
    assert_eq!(behind.balance(&shop.alice).unwrap().held, shop.usd("0"));
    assert_eq!(behind.get_hold(&hold).unwrap().unwrap().state, HoldState::Expired);
    let open = behind.holds(&HoldQuery::all().state(HoldState::Open)).unwrap();
    assert_eq!(open.holds, []);
    assert_eq!(behind.expire_due(5).unwrap(), 1);
}

#[test]
fn a_hold_that_was_tampered_with_is_found() {
    let healthy = TestFile::with_business();
    for sql in [
        "UPDATE hold SET state = 0 WHERE state = 2",
        "UPDATE hold SET expires_at = expires_at + 1",
        "UPDATE hold SET remaining = 1 WHERE state = 0",
        "UPDATE hold SET wallet = target, target = wallet",
        "DELETE FROM hold WHERE state = 1",
    ] {
        let file = TestFile::new();
        fs::copy(healthy.path(), file.path()).unwrap();
        file.sql().execute_batch(sql).unwrap();
        assert_ne!(file.problem(), "", "{sql}");
    }
}
