//! Keys that are forgotten are thrown away, and what remains is complete.

#![allow(clippy::unwrap_used)]

mod support;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use ledger_core::{Command, ErrorKind, Key, KeyRetention, ManualClock};
use ledger_sqlite::SqliteLedger;

use crate::support::{Shop, TestFile};

fn hour() -> KeyRetention {
    KeyRetention::lasting(Duration::from_hours(1)).unwrap()
}

/// Pays that often, with keys that begin like this.
fn pay_often(shop: &Shop, name: &str, count: u32) {
    for batch in (0..count).collect::<Vec<_>>().chunks(10_000) {
        let pay = |number| {
            let key = Key::new(format!("{name} {number}")).unwrap();
            Command::transfer(key, &shop.alice, &shop.bob, shop.usd("0.01"))
        };
        let answers = shop.ledger.submit_each(batch.iter().map(pay)).unwrap();
        assert!(answers.iter().all(|answer| answer.as_ref().is_ok_and(|it| !it.replayed)));
    }
}

#[test]
fn what_is_forgotten_takes_no_memory_and_no_room() {
    let file = TestFile::new();
    let clock = Arc::new(ManualClock::new("2026-03-01T12:00:00Z".parse().unwrap()));
    let ledger = file.builder().clock(clock.clone()).key_retention(hour()).open().unwrap();
    let shop = Shop::on(&ledger);
    shop.fund("1000000", "fund");
    pay_often(&shop, "early", 150_000);
    assert!(ledger.file_stats().unwrap().key_filter_bytes > 300_000);
    clock.advance(Duration::from_hours(2));
    // The early keys may be used again, and are remembered again from then on.
    pay_often(&shop, "early", 10_000);
    assert!(shop.pay("0.01", "early 9999").unwrap().replayed);
    assert!(!shop.pay("0.01", "early 10000").unwrap().replayed);
    pay_often(&shop, "late", 30_000);
    let stats = ledger.file_stats().unwrap();
    assert!(stats.key_filter_bytes < 10_000, "{stats:?}");
    assert_eq!(ledger.verify().unwrap().problem, None);
    let chunks: u64 =
        file.sql().query_row("SELECT count(*) FROM key_chunk", [], |row| row.get(0)).unwrap();
    assert_eq!(chunks, 0);
    drop((ledger, shop));

    SqliteLedger::rebuild(file.path(), &mut |_| ControlFlow::Continue(())).unwrap();
    let ledger = file.builder().clock(clock).key_retention(hour()).open().unwrap();
    assert_eq!(ledger.verify().unwrap().problem, None);
    assert!(Shop::on(&ledger).pay("0.01", "late 7").unwrap().replayed);
}

#[test]
fn opening_with_another_retention_is_an_error() {
    let file = TestFile::new();
    drop(file.builder().key_retention(hour()).open().unwrap());
    let open = |keep| file.builder().key_retention(keep).open();
    let error = open(KeyRetention::FOREVER).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidConfig);
    assert!(error.to_string().contains("remembers keys for 3600s, not for ever"), "{error}");
    let ledger = open(hour()).unwrap();
    ledger.set_key_retention(KeyRetention::FOREVER).unwrap();
    drop(ledger);
    open(hour()).unwrap_err();
    assert_eq!(file.open().key_retention().unwrap(), KeyRetention::FOREVER);
    let made_before = TestFile::with_business();
    made_before.builder().key_retention(hour()).open().unwrap_err();
}

#[test]
fn a_file_is_made_with_one_retention_whoever_makes_it() {
    let lasting = |hours| KeyRetention::lasting(Duration::from_hours(hours)).unwrap();
    let forever = TestFile::new();
    drop(forever.builder().key_retention(KeyRetention::FOREVER).open().unwrap());
    forever.builder().key_retention(hour()).open().unwrap_err();
    forever.builder().key_retention(KeyRetention::FOREVER).open().unwrap();
    assert_eq!(forever.open().verify().unwrap().problem, None);
    for first in [KeyRetention::FOREVER, lasting(2)] {
        let file = TestFile::new();
        let ledger = file.open();
        ledger.begin_key_retention(first).unwrap();
        ledger.begin_key_retention(lasting(3)).unwrap();
        assert_eq!(ledger.key_retention().unwrap(), first, "what was said first stands");
        ledger.set_key_retention(lasting(3)).unwrap();
        assert_eq!(ledger.key_retention().unwrap(), lasting(3));
    }
}

#[test]
fn of_many_that_make_a_file_at_once_only_those_of_one_mind_succeed() {
    for _ in 0..10 {
        let file = TestFile::new();
        let open = |hours| {
            let keep = KeyRetention::lasting(Duration::from_hours(hours)).unwrap();
            file.builder().key_retention(keep).open().map(|ledger| (hours, ledger))
        };
        let opened: Vec<u64> = std::thread::scope(|scope| {
            let open = &open;
            let threads = [1, 2, 3].map(|hours| scope.spawn(move || open(hours)));
            let opened = threads.map(|thread| thread.join().unwrap());
            opened.into_iter().filter_map(Result::ok).map(|(hours, _)| hours).collect()
        });
        assert_eq!(opened.len(), 1, "{opened:?}");
    }
}
