//! Every kind of error can be produced, and is documented.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use ledger_core::store::StoreError;
use ledger_core::{
    Actor, Answer, Asset, CaptureSpec, Class, Command, Cursor, Error, ErrorKind, HoldId, HoldSpec,
    KeyRetention, Ledger, Leg, LimitsSpec, MemoryStore, Metadata, Result, Retry, ReversalSpec,
    Status, Timestamp, TransactionId, WalletId, WalletSpec, Window,
};
use support::Shop;
use support::faulty::Fault;
use support::gate::{Gate, wait_until};

const DOCS: &str = include_str!("../../docs/errors.md");

fn err<T: std::fmt::Debug, E: Into<Error> + std::fmt::Debug>(result: Result<T, E>) -> Error {
    result.unwrap_err().into()
}

/// Errors that need nothing but bad input.
fn invalid(shop: &Shop) -> Vec<Error> {
    let usd = shop.usd;
    let cursor: Cursor = "7-1-0-older".parse().unwrap();
    let page = ledger_core::HistoryQuery::newest_first().cursor(cursor);
    let dollar = usd.money("1").unwrap();
    let expecting = (0..17)
        .fold(Command::deposit("k".parse().unwrap(), &shop.alice, dollar), |command, version| {
            command.expect_version(&shop.alice, version)
        });
    vec![
        err(shop.pay("1", "")),
        err(shop.pay("0", "k")),
        err(Asset::new("", 2)),
        err(shop.ledger.transfer(&shop.alice, &shop.alice, dollar, "k")),
        err(WalletSpec::new("carol", usd).unwrap().owner("")),
        err(WalletSpec::new("carol", usd).unwrap().floor(dollar)),
        err(shop.ledger.hold(hold_spec(shop, Duration::ZERO), "k")),
        err(shop.ledger.reverse(ReversalSpec::of(first(shop)).posting(1), "k")),
        err(dollar.split(&[])),
        err(Metadata::from_json("[]")),
        err(Actor::new("")),
        err(shop.ledger.post(Vec::<Leg>::new(), "k")),
        err(shop.ledger.submit_all([])),
        err(shop.ledger.submit(expecting)),
        err(shop.ledger.lock_periods(Timestamp::from_unix_ms(i64::MIN), "k")),
        err(shop.ledger.history(&shop.alice, &page)),
        err("x".parse::<WalletId>()),
        err(Ledger::builder(MemoryStore::new()).queue_max(0).build()),
    ]
}

fn hold_spec(shop: &Shop, expires_in: Duration) -> HoldSpec {
    HoldSpec::new(&shop.alice, &shop.bob, shop.usd.money("1").unwrap(), expires_in)
}

/// What is answered to a command that takes effect in a period that is locked.
fn locked(shop: &Shop, command: Command) -> Error {
    shop.ledger.lock_periods(Timestamp::FIRST, "lock").unwrap();
    err(shop.ledger.submit(command.effective_at(Timestamp::EARLIEST)))
}

/// What is answered to a change of limits, or to a payment after it.
fn limited(shop: &Shop, limits: LimitsSpec) -> Error {
    let key = format!("limits {}", shop.ledger.balance(&shop.alice).unwrap().version);
    let changed = shop.ledger.set_limits(limits, &*key);
    changed.err().unwrap_or_else(|| err(shop.pay("1", &format!("{key} are too low"))))
}

/// The transaction that funded the shop.
fn first(shop: &Shop) -> TransactionId {
    shop.ledger
        .transaction_by_key("fund")
        .unwrap()
        .and_then(|answer| match answer {
            Answer::Done(transaction) => Some(transaction.id),
            Answer::Refused { .. } => None,
        })
        .unwrap()
}

/// Errors that depend on what was reversed.
fn reversed(shop: &Shop) -> Vec<Error> {
    let (ledger, dollar) = (&shop.ledger, shop.usd.money("1").unwrap());
    let small = shop.pay("0.50", "small").unwrap().id;
    let reversal = ledger.reverse(shop.pay("1", "whole").unwrap().id, "undo").unwrap();
    let whole = reversal.reverses().unwrap().transaction;
    vec![
        err(ledger.reverse(TransactionId::from_raw(7).unwrap(), "r")),
        err(ledger.reverse(reversal.id, "r")),
        err(ledger.reverse(whole, "undo again")),
        err(ledger.reverse(ReversalSpec::of(small).amount(dollar), "too much")),
    ]
}

/// Errors that depend on what became of holds.
fn held(shop: &Shop) -> Vec<Error> {
    let (ledger, hour) = (&shop.ledger, Duration::from_hours(1));
    let hold = |key| ledger.hold(hold_spec(shop, hour), key).unwrap();
    let [first, open, released] = ["hold 1", "hold 2", "hold 3"].map(hold);
    ledger.release(&released, "release").unwrap();
    let much = CaptureSpec::of(&open).amount(shop.usd.money("1.01").unwrap());
    let mut errors = vec![
        err(ledger.release(HoldId::from_raw(7).unwrap(), "h")),
        err(ledger.submit(Command::expire("h".parse().unwrap(), &open))),
        err(ledger.release(&released, "again")),
        err(ledger.extend(&open, Duration::from_mins(1), "shorter")),
        err(ledger.capture(much, "much")),
    ];
    shop.clock.set(first.expires_at);
    errors.push(err(ledger.capture(&first, "late")));
    errors
}

/// Errors that depend on what the ledger holds.
fn rejected(shop: &Shop) -> Vec<Error> {
    let (usd, ledger) = (shop.usd, &shop.ledger);
    let dollar = usd.money("1").unwrap();
    let eur = Asset::iso("EUR").unwrap();
    let gold = Asset::new("GOLD", 3).unwrap();
    let open = |spec: WalletSpec| ledger.open_wallet(spec).unwrap();
    let spec = |name: &str| WalletSpec::new(name, usd).unwrap();
    let jar = open(spec("jar").ceiling(usd.money("0.50").unwrap()).unwrap());
    let euro = open(WalletSpec::new("euro", eur).unwrap());
    let frozen = open(spec("frozen"));
    ledger.freeze(&frozen, "freeze").unwrap();
    let closed = open(spec("closed"));
    ledger.close_wallet(&closed, "close").unwrap();
    let endless = open(spec("endless").no_floor());
    ledger.transfer(&endless, &shop.bob, usd.minor(i128::MAX), "all").unwrap();
    ledger.define_asset(gold).unwrap();
    let day = Window::leaving(Duration::from_hours(24));
    let version = Command::transfer("v".parse().unwrap(), &shop.alice, &jar, dollar);
    let answers = vec![
        err(ledger.balance(WalletId::from_raw(7).unwrap())),
        err(ledger.asset("NOPE")),
        err(ledger.deposit(&euro, dollar, "k")),
        err(ledger.define_asset(Asset::new("GOLD", 4).unwrap())),
        err(ledger.open_wallet(WalletSpec::new("jar", eur).unwrap())),
        err(ledger.deposit(&shop.alice, dollar, "fund")),
        err(ledger.submit(version.clone().expect_version(&jar, 99))),
        err(ledger.submit(version.clone().expect_balance(&jar, dollar))),
        err(ledger.submit(version.clone().expect_status(&jar, Status::Closed))),
        err(ledger.lock_periods(Timestamp::from_unix_ms(i64::MAX), "k")),
        locked(shop, version),
        err(ledger.close_wallet(ledger.world(usd).unwrap().id, "w")),
        err(ledger.deposit(&frozen, dollar, "f")),
        err(ledger.deposit(&closed, dollar, "c")),
        err(ledger.unfreeze(&shop.alice, "u")),
        err(ledger.close_wallet(&shop.alice, "n")),
        err(shop.ledger.withdraw(&jar, dollar, "i")),
        err(ledger.transfer(&shop.alice, &jar, dollar, "x")),
        err(ledger.deposit(&shop.bob, dollar, "o")),
        limited(shop, LimitsSpec::of(&shop.alice).windows([day.amount(usd.minor(1))])),
        limited(shop, LimitsSpec::of(&shop.alice).largest(usd.minor(1))),
        limited(shop, LimitsSpec::of(&shop.alice).floor(dollar).ceiling(usd.minor(1))),
    ];
    [answers, held(&Shop::new()), reversed(&Shop::new())].concat()
}

/// A doubt that lasts longer than keys are remembered.
fn key_forgotten() -> Error {
    let minute = Duration::from_mins(1);
    let retry = Retry { tries: 2, pause_min: minute, pause_max: minute };
    let shop = Shop::with(1, |settings| settings.retry(retry));
    shop.ledger.set_key_retention(KeyRetention::lasting(minute).unwrap()).unwrap();
    shop.store.plan([Fault::DoubtWritten]);
    err(shop.pay("1", "k"))
}

/// Errors of the store, the clock, and the way to them.
fn operational() -> Vec<Error> {
    let failing = |fault: Fault| {
        let shop = Shop::new();
        shop.store.plan(vec![fault; 3]);
        err(shop.pay("1", "k"))
    };
    let mut errors = vec![
        failing(Fault::Begin(StoreError::Busy("busy".into()))),
        failing(Fault::Commit(StoreError::Full("full".into()))),
        failing(Fault::Commit(StoreError::Refused("refused".into()))),
        failing(Fault::DoubtLost),
        failing(Fault::Begin(StoreError::Broken("broken".into()))),
        failing(Fault::Begin(StoreError::Forked("forked".into()))),
        failing(Fault::LoadPanics),
    ];
    let shop = Shop::new();
    shop.clock.set("2090-01-01T00:00:00Z".parse().unwrap());
    errors.push(err(shop.pay("1", "k")));
    errors.extend([queue_full(), wait_timeout(), lock_timeout(), key_forgotten()]);
    errors
}

fn queue_full() -> Error {
    let shop = Shop::with(1, |settings| settings.queue_max(1));
    std::thread::scope(|scope| {
        let (error, waiting) = shop.while_committing(|| {
            let waiting = scope.spawn(|| shop.pay("1", "a"));
            shop.wait_until_waiting(1);
            (err(shop.pay("1", "b")), waiting)
        });
        waiting.join().unwrap().unwrap();
        error
    })
}

fn wait_timeout() -> Error {
    let shop = Shop::with(1, |settings| settings.call_wait(Some(Duration::from_millis(300))));
    let error = shop.while_committing(|| err(shop.pay("1", "k")));
    assert_eq!(shop.ledger.transaction_by_key("k").unwrap(), None, "withdrawn");
    assert_eq!(shop.ledger.stats().errors["wait_timeout"], 1);
    error
}

fn lock_timeout() -> Error {
    let settings = |wait| move |settings: ledger_core::LedgerBuilder| settings.lock_wait(wait);
    let shop = Shop::with(2, settings(Duration::from_millis(5)));
    let error = shop.while_committing(|| err(shop.pay("1", "k")));
    let stats = shop.ledger.stats();
    assert_eq!((stats.lock_waits, stats.lock_timeouts, stats.retries), (3, 3, 2));
    error
}

#[test]
fn every_kind_is_produced() {
    let shop = Shop::new();
    let errors = [invalid(&shop), rejected(&shop), operational()].concat();
    let produced: Vec<ErrorKind> = errors.iter().map(Error::kind).collect();
    let kinds: BTreeSet<ErrorKind> = produced.iter().copied().collect();
    assert_eq!(kinds, ErrorKind::ALL.iter().copied().collect(), "{produced:#?}");
    for error in &errors {
        let text = error.to_string();
        assert!(!text.is_empty() && !text.contains('\n'), "{text}");
        assert_eq!(error.class() == Class::Rejected, error.rejection().is_some(), "{error:?}");
        assert_eq!(
            error.is_retryable(),
            matches!(error.class(), Class::Transient | Class::Indeterminate)
        );
        let json = serde_json::to_value(error).unwrap();
        assert_eq!(json["kind"], error.kind().code());
        assert_eq!(json["message"], text);
    }
}

#[test]
fn only_three_kinds_leave_open_whether_it_was_written() {
    let unknown = ErrorKind::ALL.iter().filter(|kind| kind.is_unknown());
    let codes: Vec<&str> = unknown.map(|kind| kind.code()).collect();
    assert_eq!(codes, ["indeterminate", "key_forgotten", "internal"]);
}

#[test]
fn every_kind_is_documented_with_its_class() {
    for kind in ErrorKind::ALL {
        let row = format!("| `{kind}` | {} |", kind.class());
        assert_eq!(DOCS.matches(&row).count(), 1, "docs/errors.md wants one row: {row}");
    }
    let rows = DOCS.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(rows, ErrorKind::ALL.len(), "and no others");
}

#[test]
fn the_documented_memory_is_the_real_one() {
    let shop = Shop::new();
    for error in [invalid(&shop), rejected(&shop)].concat() {
        let remembered = error.rejection().unwrap().is_remembered();
        let word = if remembered { "yes" } else { "no" };
        let row = format!("| `{}` | {} | {word} |", error.kind(), error.class());
        assert!(DOCS.contains(&row), "docs/errors.md wants: {row}");
    }
}

#[test]
fn codes_are_unique() {
    let codes: BTreeSet<_> = ErrorKind::ALL.iter().map(|kind| kind.code()).collect();
    assert_eq!(codes.len(), ErrorKind::ALL.len());
}

#[test]
fn a_call_that_stops_waiting_while_it_commits_hears_that_nobody_knows() {
    let patience = Duration::from_secs(3);
    let shop = Shop::with(1, |settings| settings.call_wait(Some(patience)));
    // While the slow payment commits, two more queue up; one leads the other into a slow commit.
    let gate = Gate::new();
    let answers: Vec<Result<_>> = std::thread::scope(|scope| {
        let threads = shop.while_committing(|| {
            shop.store.plan([Fault::CommitWaits(gate.clone())]);
            let pay = |key: &'static str| {
                let shop = &shop;
                scope.spawn(move || shop.pay("1", key))
            };
            let threads = [pay("a"), pay("b")];
            shop.wait_until_waiting(2);
            threads
        });
        gate.wait_until_reached();
        // The follower's time is up before the commit ends.
        wait_until(|| threads.iter().any(std::thread::ScopedJoinHandle::is_finished));
        gate.open();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let kinds = answers.iter().map(|answer| answer.as_ref().err().map(Error::kind));
    let kinds: BTreeSet<_> = kinds.collect();
    assert_eq!(kinds, BTreeSet::from([None, Some(ErrorKind::Indeterminate)]));
    // The answer is found by its key, and is not made twice.
    assert!(shop.pay("1", "a").unwrap().replayed && shop.pay("1", "b").unwrap().replayed);
    assert_eq!(shop.bob_has(), "3.00 USD");
}
