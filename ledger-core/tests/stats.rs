//! A ledger counts what it does.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::collections::BTreeMap;

use ledger_core::Command;
use ledger_core::store::StoreError;
use support::Shop;
use support::faulty::Fault;

#[test]
fn calls_groups_and_answers_are_counted() {
    let shop = Shop::new();
    let before = shop.ledger.stats();
    assert_eq!((before.calls, before.groups, before.requests), (3, 3, 3));
    assert!(before.errors.is_empty());

    let pay = |key: &str, amount: &str| {
        let amount = shop.usd.money(amount).unwrap();
        Command::transfer(key.parse().unwrap(), &shop.alice, &shop.bob, amount)
    };
    shop.ledger
        .submit_each([pay("a", "1"), pay("a", "1"), pay("a", "2"), pay("b", "999"), pay("c", "0")])
        .unwrap();
    shop.ledger.submit(pay("d", "1").expect_version(&shop.bob, 9)).unwrap_err();
    shop.ledger.submit_all([pay("e", "1"), pay("f", "1")]).unwrap();
    shop.ledger.submit_all([]).unwrap_err();
    shop.pay("1", "").unwrap_err();

    let stats = shop.ledger.stats();
    assert_eq!((stats.calls, stats.groups, stats.requests), (6, 6, 9));
    assert_eq!((stats.group_size_p50, stats.group_size_max), (1, 4));
    assert_eq!((stats.replays, stats.conflicts, stats.retries), (1, 2, 0));
    let errors = BTreeMap::from([
        ("insufficient_funds", 1),
        ("invalid_amount", 1),
        ("invalid_batch", 1),
        ("invalid_key", 1),
        ("key_conflict", 1),
        ("version_mismatch", 1),
    ]);
    assert_eq!(stats.errors, errors);
    assert!(0 < stats.latency_ns_p50 && stats.latency_ns_p50 <= stats.latency_ns_p95);
    assert!(stats.latency_ns_p95 <= stats.latency_ns_p99);
    assert!(stats.latency_ns_p99 <= stats.latency_ns_max);
}

#[test]
fn what_is_tried_again_is_counted_once() {
    let shop = Shop::new();
    shop.pay("1", "a").unwrap();
    let before = shop.ledger.stats();
    shop.store.plan(vec![Fault::Begin(StoreError::Busy("busy".into())); 2]);
    assert!(shop.pay("1", "a").unwrap().replayed);
    let stats = shop.ledger.stats();
    assert_eq!((stats.replays, stats.retries), (before.replays + 1, before.retries + 2));
    assert_eq!((stats.groups, stats.requests), (before.groups + 1, before.requests + 1));
}

#[test]
fn calls_that_arrive_together_share_a_group() {
    let shop = Shop::new();
    let before = shop.ledger.stats();
    std::thread::scope(|scope| {
        let waiting = shop.while_committing(|| {
            let threads = ["a", "b", "c"].map(|key| scope.spawn(|| shop.pay("1", key).unwrap()));
            shop.wait_until_waiting(3);
            threads
        });
        for thread in waiting {
            thread.join().unwrap();
        }
    });
    let stats = shop.ledger.stats();
    assert_eq!((stats.calls - before.calls, stats.groups - before.groups), (4, 2));
    assert_eq!(stats.group_size_max, 3);
}
