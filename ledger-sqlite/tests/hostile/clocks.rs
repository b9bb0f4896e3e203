//! Clocks that are a year behind, a year ahead, and jump, in several ledgers on one file.

use std::sync::Arc;
use std::time::Duration;

use ledger_core::{Clock, HistoryQuery, HoldSpec, HoldState, Ledger, ManualClock, Timestamp};
use ledger_sqlite::SqliteLedger;

use crate::support::{Shop, TestFile};
use crate::{assert_kept, assert_no_more, pay};

/// 2027-01-01.
const NOW: i64 = 1_798_761_600_000;
const YEAR: i64 = 365 * 86_400_000;

fn open(file: &TestFile, ms: i64) -> (SqliteLedger, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(Timestamp::from_unix_ms(ms)));
    (file.builder().clock(clock.clone()).open().unwrap(), clock)
}

/// Every entry of Bob's in the order of time and of ids, each balance what the one before left.
fn check_history(ledger: &Ledger, count: usize) {
    let bob = ledger.wallet("user:bob").unwrap().unwrap();
    let page = ledger.history(&bob, &HistoryQuery::oldest_first().limit(1_000)).unwrap();
    assert_eq!(page.entries.len(), count);
    assert!(page.entries.is_sorted_by_key(|entry| (entry.at, entry.id)));
    let balances = page.entries.iter().map(|entry| entry.balance_after.amount().minor());
    assert!(balances.eq(1..=i128::try_from(count).unwrap()));
}

#[test]
fn ledgers_with_clocks_a_year_apart_keep_one_order_and_lose_nothing() {
    let file = TestFile::new();
    let ledgers = [NOW, NOW + YEAR, NOW - YEAR].map(|ms| open(&file, ms));
    Shop::on(&ledgers[0].0).fund("1000", "fund");
    let mut answered = vec![];
    for round in 0..8 {
        for (number, (ledger, clock)) in ledgers.iter().enumerate() {
            let (keys, refused) = pay(ledger, &format!("{round} of {number}"), 3);
            assert!(refused.is_empty(), "{refused:?}");
            answered.extend(keys);
            // Each clock jumps in its own way.
            let jump = [YEAR / 7, -YEAR / 3, 3][(round + number) % 3];
            clock.set(Timestamp::from_unix_ms(clock.now().unix_ms() + jump));
        }
        check_history(&ledgers[round % 3].0, answered.len());
    }
    drop(ledgers);
    assert_kept(&file.path(), &answered);
    assert_no_more(&file.path(), answered.len(), &[]);
}

#[test]
fn a_hold_has_one_end_whatever_the_clocks_say() {
    let file = TestFile::new();
    let [(now, clock), (ahead, _)] = [NOW, NOW + YEAR].map(|ms| open(&file, ms));
    let shop = Shop::on(&now);
    shop.fund("1000", "fund");
    let spec = HoldSpec::new(&shop.alice, &shop.bob, shop.usd("400"), Duration::from_hours(24));
    let hold = now.hold(spec, "hold").unwrap();
    assert_eq!(now.balance(&shop.alice).unwrap().held.to_string(), "400.00 USD");
    // A year ahead it has expired, and what is paid there shows that time to all.
    let everything = shop.usd("1000");
    ahead.transfer(&shop.alice, &shop.bob, everything, "all of it").unwrap();
    clock.set(Timestamp::from_unix_ms(NOW - YEAR));
    assert!(now.capture(&hold, "capture").is_err(), "it would be paid twice");
    assert_eq!(now.get_hold(&hold).unwrap().unwrap().state, HoldState::Expired);
    assert_eq!(shop.posted(&shop.alice), "0.00 USD");
    assert_eq!(now.verify().unwrap().problem, None);
}

#[test]
fn a_clock_that_can_not_be_right_is_not_believed_and_nothing_is_written() {
    let file = TestFile::new();
    let (ledger, clock) = open(&file, NOW);
    Shop::on(&ledger).fund("1000", "fund");
    let head = ledger.head().unwrap();
    for ms in [i64::MIN, -1, 0, Timestamp::FIRST.unix_ms() - 1, Timestamp::END.unix_ms(), i64::MAX]
    {
        clock.set(Timestamp::from_unix_ms(ms));
        let (answered, refused) = pay(&ledger, &format!("at {ms}"), 2);
        assert!(answered.is_empty(), "{ms}: {answered:?}");
        assert!(
            refused.iter().all(|error| error.kind().code() == "clock_out_of_range"),
            "{refused:?}"
        );
        assert_eq!(ledger.head().unwrap(), head);
    }
    clock.set(Timestamp::from_unix_ms(NOW));
    assert_eq!(pay(&ledger, "again", 3).0.len(), 3);
}
