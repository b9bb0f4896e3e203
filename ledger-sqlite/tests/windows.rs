//! What was used of a window is kept with the file, and checked.

#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::time::Duration;

use ledger_core::{Asset, ErrorKind, HoldSpec, LimitsSpec, Rejection, Wallet, WalletSpec, Window};
use ledger_sqlite::SqliteLedger;

use crate::support::TestFile;

const DAY: Duration = Duration::from_hours(24);

fn wallets(ledger: &SqliteLedger) -> [Wallet; 2] {
    let usd = Asset::iso("USD").unwrap();
    ["alice", "bob"].map(|name| ledger.open_wallet(WalletSpec::new(name, usd).unwrap()).unwrap())
}

/// A file in which Alice may spend 10 dollars a day, and has spent 6, with a dollar reserved.
fn limited() -> TestFile {
    let file = TestFile::new();
    let ledger = file.open();
    let usd = Asset::iso("USD").unwrap();
    let [alice, bob] = wallets(&ledger);
    ledger.deposit(&alice, usd.minor(10_000), "in").unwrap();
    let windows =
        [Window::leaving(DAY).amount(usd.minor(1_000)), Window::leaving(DAY * 2).count(9)];
    ledger.set_limits(LimitsSpec::of(&alice).windows(windows), "limit").unwrap();
    ledger.transfer(&alice, &bob, usd.minor(600), "pay").unwrap();
    ledger.hold(HoldSpec::new(&alice, &bob, usd.minor(100), DAY), "hold").unwrap();
    drop(ledger);
    file
}

fn check_limited(ledger: &SqliteLedger, key: &str) {
    let usd = Asset::iso("USD").unwrap();
    let [alice, bob] = wallets(ledger);
    let refused = ledger.transfer(&alice, &bob, usd.minor(301), key).unwrap_err();
    let Some(Rejection::WindowExceeded { used, used_count, frees_at, .. }) = refused.rejection()
    else {
        panic!("{refused:?}")
    };
    assert_eq!((used.to_string(), *used_count), ("7.00 USD".to_owned(), 2));
    assert!(frees_at.is_some());
    assert_eq!(ledger.verify().unwrap().problem, None);
}

#[test]
fn a_window_counts_on_when_the_file_is_opened_again() {
    let file = limited();
    check_limited(&file.open(), "once");
    SqliteLedger::rebuild(file.path(), &mut |_| std::ops::ControlFlow::Continue(())).unwrap();
    let ledger = file.open();
    check_limited(&ledger, "again");
    let usd = Asset::iso("USD").unwrap();
    let [alice, bob] = wallets(&ledger);
    ledger.transfer(&alice, &bob, usd.minor(300), "the rest").unwrap();
    let refused = ledger.transfer(&alice, &bob, usd.minor(1), "more").unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::WindowExceeded);
}

#[test]
fn a_window_that_another_process_has_used_counts_here() {
    let file = limited();
    let (one, other) = (file.open(), file.open());
    let usd = Asset::iso("USD").unwrap();
    let [alice, bob] = wallets(&one);
    one.transfer(&alice, &bob, usd.minor(200), "here").unwrap();
    let refused = other.transfer(&alice, &bob, usd.minor(101), "there").unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::WindowExceeded);
    other.transfer(&alice, &bob, usd.minor(100), "less").unwrap();
    let refused = one.transfer(&alice, &bob, usd.minor(1), "here again").unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::WindowExceeded);
}

#[test]
fn what_was_used_can_not_be_changed_unseen() {
    for (sql, is_found) in [
        ("UPDATE wallet_state SET windows = replace(windows, '600', '500')", true),
        ("UPDATE wallet_state SET windows = replace(windows, '\"10.00\"', '\"99.00\"')", true),
        ("UPDATE wallet_state SET windows = replace(windows, '\"count\":9', '\"count\":99')", true),
        ("UPDATE wallet_state SET windows = NULL", true),
        ("UPDATE wallet_state SET windows = '[' WHERE windows IS NOT NULL", true),
        ("UPDATE wallet_state SET windows = windows", false),
    ] {
        let file = limited();
        file.sql().execute_batch(sql).unwrap();
        assert_eq!(!file.problem().is_empty(), is_found, "{sql}: {}", file.problem());
    }
}
