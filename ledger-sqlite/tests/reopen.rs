//! What was answered is there when the file is opened again.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use ledger_core::store::{Span, Store};
use ledger_core::{Answer, ErrorKind, HistoryQuery, Order, WalletSpec};

use crate::support::{Shop, TestFile};

#[test]
fn everything_is_there_again() {
    let file = TestFile::new();
    let (before, history) = {
        let ledger = file.open();
        let shop = Shop::on(&ledger);
        shop.do_business();
        let store = ledger.store();
        let entries = store.entries(shop.alice.id, Span::ALL, Order::OldestFirst, 100).unwrap();
        (store.records(None, 100).unwrap(), entries)
    };
    let ledger = file.open();
    let shop = Shop::on(&ledger);
    assert_eq!(ledger.store().records(None, 100).unwrap(), before);
    let store = ledger.store();
    let entries = store.entries(shop.alice.id, Span::ALL, Order::OldestFirst, 100).unwrap();
    assert_eq!(entries, history);
    assert_eq!(shop.posted(&shop.alice), "81.50 USD");
    assert!(shop.pay("12.50", "pay").unwrap().replayed);
    assert_eq!(shop.pay("1000", "too much").unwrap_err().kind(), ErrorKind::InsufficientFunds);
    assert_eq!(shop.pay("1", "pay").unwrap_err().kind(), ErrorKind::KeyConflict);
    let Some(Answer::Refused { refusal, position }) = ledger.transaction_by_key("no b").unwrap()
    else {
        panic!("a refusal")
    };
    assert_eq!((refusal.items.len(), position), (2, 1));
    assert_eq!(ledger.verify().unwrap().problem, None);
}

#[test]
fn a_copy_of_the_files_of_a_process_that_was_killed_opens() {
    let file = TestFile::new();
    let ledger = file.open();
    let shop = Shop::on(&ledger);
    shop.do_business();
    // What a kill leaves: the files as they are, nothing closed.
    let left = TestFile::new();
    for ending in ["", "-wal"] {
        std::fs::copy(file.beside(ending), left.beside(ending)).unwrap();
    }
    let again = left.open();
    let shop = Shop::on(&again);
    assert_eq!(shop.posted(&shop.bob), "18.50 USD");
    assert!(shop.pay("12.50", "pay").unwrap().replayed);
    assert_eq!(again.verify().unwrap().problem, None);
}

#[test]
fn it_opens_with_wallets_that_were_never_written_down() {
    let file = TestFile::with_business();
    // As if the process had been killed before it closed: nothing derived but names.
    let sql = file.sql();
    sql.execute_batch("UPDATE progress SET value = 0 WHERE what = 'balances'").unwrap();
    drop(sql);
    let ledger = file.open();
    let shop = Shop::on(&ledger);
    assert_eq!(shop.posted(&shop.bob), "18.50 USD");
    assert_eq!(ledger.verify().unwrap().problem, None);
}

#[test]
fn many_keys_and_wallets_go_through_runs_and_sweeps() {
    let file = TestFile::new();
    let keys = 300_000_u32;
    let ledger = file.open();
    let shop = Shop::on(&ledger);
    shop.fund("1000000", "fund");
    for batch in (0..keys).collect::<Vec<_>>().chunks(10_000) {
        let commands = batch.iter().map(|number| {
            let key = ledger_core::Key::new(format!("key {number}")).unwrap();
            ledger_core::Command::transfer(key, &shop.alice, &shop.bob, shop.usd("0.01"))
        });
        ledger.submit_each(commands).unwrap().into_iter().for_each(|answer| drop(answer.unwrap()));
    }
    let stats = ledger.file_stats().unwrap();
    assert!(stats.recent_keys < 140_000, "{stats:?}");
    assert!(
        stats.key_filter_bytes > 0 && stats.key_filter_bytes < 4 * u64::from(keys),
        "{stats:?}"
    );
    assert!(stats.lines_behind < 270_000, "{stats:?}");
    let check = |ledger: &ledger_sqlite::SqliteLedger| {
        for number in (0..keys).step_by(7_919) {
            let found = ledger.transaction_by_key(format!("key {number}").as_str()).unwrap();
            assert!(matches!(found, Some(Answer::Done(_))), "{number}");
        }
        assert_eq!(ledger.transaction_by_key("key -1").unwrap(), None);
        assert_eq!(shop.posted(&shop.bob), "3000.00 USD");
        let found = ledger.verify().unwrap();
        assert_eq!((found.problem, found.transactions), (None, u64::from(keys) + 1));
    };
    check(&ledger);
    drop((ledger, shop.ledger));
    let ledger = file.open();
    let shop = Shop::on(&ledger);
    assert!(shop.pay("0.01", "key 0").unwrap().replayed);
    assert_eq!(ledger.verify().unwrap().problem, None);
    drop((ledger, shop));
    ledger_sqlite::SqliteLedger::rebuild(file.path(), &mut |_| std::ops::ControlFlow::Continue(()))
        .unwrap();
    let ledger = file.open();
    assert!(Shop::on(&ledger).pay("0.01", "key 299999").unwrap().replayed);
    assert_eq!(ledger.verify().unwrap().problem, None);
}

#[test]
fn history_is_read_from_any_place_both_ways() {
    let file = TestFile::new();
    let ledger = file.open();
    let shop = Shop::on(&ledger);
    let carol = ledger.open_wallet(WalletSpec::new("carol", shop.usd).unwrap()).unwrap();
    shop.fund("1000", "fund");
    for number in 0..300 {
        let to = if number % 3 == 0 { &carol } else { &shop.bob };
        ledger.transfer(&shop.alice, to, shop.usd("1"), format!("{number}").as_str()).unwrap();
    }
    let store = ledger.store();
    let all = store.entries(carol.id, Span::ALL, Order::OldestFirst, 1_000).unwrap();
    assert_eq!(all.len(), 100);
    let mut newest = store.entries(carol.id, Span::ALL, Order::NewestFirst, 1_000).unwrap();
    newest.reverse();
    assert_eq!(newest, all);
    for (from, to) in [(0, 99), (0, 1), (10, 50), (63, 64), (98, 99)] {
        let span = Span { after: all[from].position(), before: all[to].position() };
        let between = &all[from + 1..to];
        let oldest = store.entries(carol.id, span, Order::OldestFirst, 7).unwrap();
        assert_eq!(oldest, between[..between.len().min(7)]);
        let mut newest = store.entries(carol.id, span, Order::NewestFirst, 7).unwrap();
        newest.reverse();
        assert_eq!(newest, between[between.len() - between.len().min(7)..]);
    }
    let page = ledger.history(&carol, &HistoryQuery::newest_first().limit(10)).unwrap();
    assert_eq!(page.entries.len(), 10);
}

#[test]
fn closing_writes_down_what_is_behind_and_leaves_clones_in_use() {
    let file = TestFile::new();
    let ledger = file.open();
    let shop = Shop::on(&ledger);
    shop.do_business();
    let clone = ledger.clone();
    assert!(ledger.file_stats().unwrap().lines_behind > 0);
    ledger.close_file().unwrap();
    assert_eq!(clone.file_stats().unwrap().lines_behind, 0);
    assert!(!shop.fund("1", "after").replayed);
    clone.close_file().unwrap();
}
