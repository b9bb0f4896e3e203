//! What took effect earlier than it was recorded is kept with the file, and checked.

#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::ops::ControlFlow;

use ledger_core::{Command, ErrorKind, Timestamp};
use ledger_sqlite::SqliteLedger;

use crate::support::{Shop, TestFile};

fn day(day: i64) -> Timestamp {
    Timestamp::from_unix_ms(1_600_000_000_000 + day * 86_400_000)
}

/// A file in which a payment is dated back, and what is before day 5 is locked.
fn dated() -> TestFile {
    let file = TestFile::with_business();
    let ledger = file.open();
    let shop = Shop::on(&ledger);
    ledger.unfreeze(&shop.bob, "thaw").unwrap();
    let legs = [ledger_core::Leg::new(&shop.alice, &shop.bob, shop.usd.minor(25)); 2];
    let post = Command::post("late".parse().unwrap(), legs).effective_at(day(7));
    ledger.submit(post).unwrap();
    ledger.lock_periods(day(5), "close").unwrap();
    drop((shop, ledger));
    file
}

fn check(ledger: &SqliteLedger) {
    let shop = Shop::on(ledger);
    let bob = |on| ledger.balance_effective_at(&shop.bob, day(on)).unwrap();
    assert_eq!([bob(6), bob(7)], [0, 50].map(|n| shop.usd.minor(n)));
    let deposit = Command::deposit("too late".parse().unwrap(), &shop.bob, shop.usd.minor(1));
    let refused = ledger.submit(deposit.effective_at(day(4))).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::PeriodLocked);
    assert_eq!(ledger.verify().unwrap().problem, None);
    let sql = "SELECT at > effective_at, effective_at FROM transactions WHERE key = 'late'";
    let found = ledger.query(sql).unwrap().rows;
    assert_eq!(format!("{found:?}"), r#"[[Integer(1), Text("2020-09-20T12:26:40.000Z")]]"#);
    let same = "SELECT count(*) FROM transactions WHERE at != effective_at";
    assert_eq!(format!("{:?}", ledger.query(same).unwrap().rows), "[[Integer(1)]]");
}

#[test]
fn both_times_are_there_when_the_file_is_opened_again() {
    let file = dated();
    check(&file.open());
    SqliteLedger::rebuild(file.path(), &mut |_| ControlFlow::Continue(())).unwrap();
    check(&file.open());
}

#[test]
fn a_lock_holds_for_other_processes_at_once() {
    let file = dated();
    let (one, other) = (file.open(), file.open());
    one.lock_periods(day(8), "close more").unwrap();
    assert_eq!(other.periods_locked_until().unwrap(), Some(day(8)));
    let shop = Shop::on(&other);
    let deposit = Command::deposit("x".parse().unwrap(), &shop.bob, shop.usd.minor(1));
    let refused = other.submit(deposit.effective_at(day(7))).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::PeriodLocked);
}

#[test]
fn what_is_noted_of_dates_can_not_be_changed_unseen() {
    for sql in [
        "UPDATE backdated SET amount = amount + 1 WHERE amount > 0",
        "UPDATE backdated SET effective = effective + 1",
        "DELETE FROM backdated WHERE posting = 1 AND amount < 0",
        "INSERT INTO backdated SELECT wallet, effective, id, 9, amount FROM backdated LIMIT 1",
        "UPDATE progress SET value = 0 WHERE what = 'period_lock'",
        "UPDATE progress SET value = 1 WHERE what = 'period_lock'",
        "UPDATE journal SET body = replace(body, '2020-09-20', '2020-09-10') WHERE key = 'late'",
        "UPDATE journal SET body = NULL WHERE key = 'late'",
    ] {
        let file = dated();
        file.sql().execute_batch(sql).unwrap();
        assert!(!file.problem().is_empty(), "{sql}");
    }
}
