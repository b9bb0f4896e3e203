//! One row, one command, one answer: what is done with holds, reversals, limits, dates and metadata.
//! Where a command breaks several rules, the row shows which no comes first.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "support/table.rs"]
mod table;

use std::sync::Arc;
use std::time::Duration;

use ledger_core::{
    Asset, CaptureSpec, Clock, Command, Hold, HoldId, HoldSpec, Key, Ledger, Leg, LimitsSpec,
    ManualClock, MemoryStore, MetaKey, Money, ReversalSpec, Status, Timestamp, TransactionId,
    Wallet, WalletId, WalletSpec, Window,
};

use crate::table::{Row, check_answers, check_batches_and_retries};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// A ledger in which much has happened. All commands use the key "row".
struct World {
    ledger: Ledger,
    usd: Asset,
    /// Holds 100 dollars, of which 10 are reserved.
    alice: Wallet,
    /// May hold 200 dollars, and holds 40.
    bob: Wallet,
    /// Holds 50 dollars; 20 may leave at once and 30 within a day, of which 25 are used.
    tight: Wallet,
    frozen: Wallet,
    /// Holds gold.
    vault: Wallet,
    /// For Bob, of 10 dollars of Alice's; a dollar more at most.
    live: Hold,
    expired: Hold,
    captured: Hold,
    /// Alice paid Bob 5 dollars.
    paid: TransactionId,
    /// Alice paid Bob 1 dollar, twice.
    both: TransactionId,
    /// Moved back whole.
    undone: TransactionId,
    /// What did that.
    reversal: TransactionId,
    /// Before this, all periods are locked.
    locked: Timestamp,
    now: Timestamp,
}

impl table::World for World {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::new("2026-03-01T12:00:00Z".parse().unwrap()));
        let ledger = Ledger::builder(MemoryStore::new()).clock(clock.clone()).build().unwrap();
        let usd = Asset::iso("USD").unwrap();
        let gold = ledger.define_asset(Asset::new("GOLD", 3).unwrap()).unwrap();
        let money = |text: &str| usd.money(text).unwrap();
        let open = |name, asset| ledger.open_wallet(WalletSpec::new(name, asset).unwrap()).unwrap();
        let [alice, tight, frozen] = ["alice", "tight", "frozen"].map(|name| open(name, usd));
        let spec = WalletSpec::new("bob", usd).unwrap().ceiling(money("200")).unwrap();
        let (bob, vault) = (ledger.open_wallet(spec).unwrap(), open("vault", gold));
        ledger.deposit(&alice, money("112"), "fund alice").unwrap();
        ledger.deposit(&tight, money("75"), "fund tight").unwrap();
        ledger.freeze(&frozen, "freeze").unwrap();
        let pay = |from: &Wallet, amount: &str, key: &str| {
            ledger.transfer(from, &bob, money(amount), key).unwrap().id
        };
        let paid = pay(&alice, "5", "paid");
        let leg = Leg::new(&alice, &bob, money("1"));
        let both = ledger.post([leg, leg], "both").unwrap().id;
        let undone = pay(&alice, "3", "undone");
        let reversal = ledger.reverse(undone, "undo").unwrap().id;
        let hold = |amount: &str, lasting, key: &str| {
            let spec = HoldSpec::new(&alice, &bob, money(amount), lasting);
            ledger.hold(spec.tolerance(money("1")), key).unwrap()
        };
        let (expired, captured) = (hold("2", HOUR, "expires"), hold("5", HOUR, "captured"));
        ledger.capture(&captured, "capture").unwrap();
        clock.advance(HOUR);
        let live = hold("10", HOUR, "live");
        let window = Window::leaving(DAY).amount(money("30"));
        let limits = LimitsSpec::of(&tight).windows([window]);
        ledger.set_limits(limits, "window").unwrap();
        pay(&tight, "25", "use");
        ledger.set_limits(LimitsSpec::of(&tight).largest(money("20")), "largest").unwrap();
        ledger.deposit(&bob, money("3"), "fund bob").unwrap();
        let now = clock.now();
        let locked = Timestamp::from_unix_ms(now.unix_ms() - 30 * 86_400_000);
        ledger.lock_periods(locked, "lock").unwrap();
        Self {
            ledger,
            usd,
            alice,
            bob,
            tight,
            frozen,
            vault,
            live,
            expired,
            captured,
            paid,
            both,
            undone,
            reversal,
            locked,
            now,
        }
    }

    fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    fn watched(&self) -> Vec<WalletId> {
        [&self.alice, &self.bob, &self.tight, &self.frozen].map(|wallet| wallet.id).to_vec()
    }

    fn welcome(&self) -> Command {
        self.pay(&self.alice, &self.bob, "1")
    }
}

impl World {
    fn usd(&self, amount: &str) -> Money {
        self.usd.money(amount).unwrap()
    }

    fn pay(&self, from: &Wallet, to: &Wallet, amount: &str) -> Command {
        Command::transfer(key(), from, to, self.usd(amount))
    }

    fn hold(&self, from: &Wallet, to: &Wallet, amount: &str) -> Command {
        Command::hold(key(), HoldSpec::new(from, to, self.usd(amount), HOUR))
    }

    fn capture(&self, hold: &Hold, amount: &str) -> Command {
        Command::capture(key(), CaptureSpec::of(hold).amount(self.usd(amount)))
    }

    fn undo(&self, transaction: TransactionId, amount: &str) -> Command {
        Command::reverse(key(), ReversalSpec::of(transaction).amount(self.usd(amount)))
    }

    fn later(&self, ms: i64) -> Timestamp {
        Timestamp::from_unix_ms(self.now.unix_ms() + ms)
    }
}

fn key() -> Key {
    Key::new("row").unwrap()
}

const ROWS: &[Row<World>] = &[
    ("reserve", |w| w.hold(&w.alice, &w.bob, "90"), "ok", ""),
    (
        "reserve what is reserved",
        |w| w.hold(&w.alice, &w.bob, "90.01"),
        "insufficient_funds",
        "90.00",
    ),
    ("reserve nothing", |w| w.hold(&w.alice, &w.bob, "0"), "invalid_amount", "above zero"),
    ("reserve for oneself", |w| w.hold(&w.bob, &w.bob, "1"), "invalid_wallet", "itself"),
    ("reserve for gold", |w| w.hold(&w.alice, &w.vault, "1"), "asset_mismatch", "GOLD"),
    ("reserve for the frozen", |w| w.hold(&w.alice, &w.frozen, "1"), "wallet_frozen", ""),
    (
        "reserve for too long",
        |w| Command::hold(key(), HoldSpec::new(&w.alice, &w.bob, w.usd("1"), DAY * 401)),
        "invalid_hold",
        "400",
    ),
    ("capture all", |w| Command::capture(key(), &w.live), "ok", ""),
    ("capture with the tolerance", |w| w.capture(&w.live, "11"), "ok", ""),
    (
        "capture beyond the tolerance",
        |w| w.capture(&w.live, "11.01"),
        "capture_too_large",
        "1.00 USD",
    ),
    ("capture nothing", |w| w.capture(&w.live, "0"), "invalid_amount", ""),
    ("capture what has expired", |w| w.capture(&w.expired, "1"), "hold_expired", "expired at"),
    ("capture again", |w| w.capture(&w.captured, "1"), "hold_finished", "captured"),
    (
        "capture nobody's",
        |_| Command::capture(key(), HoldId::from_raw(7).unwrap()),
        "unknown_hold",
        "7",
    ),
    ("release", |w| Command::release(key(), &w.live), "ok", ""),
    ("release what has expired", |w| Command::release(key(), &w.expired), "hold_expired", ""),
    ("release what was captured", |w| Command::release(key(), &w.captured), "hold_finished", ""),
    ("extend", |w| Command::extend(key(), &w.live, DAY), "ok", ""),
    (
        "extend to earlier",
        |w| Command::extend(key(), &w.live, HOUR),
        "hold_not_extended",
        "lasts until",
    ),
    ("extend what has expired", |w| Command::extend(key(), &w.expired, DAY), "hold_expired", ""),
    ("tidy what has expired", |w| Command::expire(key(), &w.expired), "ok", ""),
    ("tidy what has not", |w| Command::expire(key(), &w.live), "hold_not_due", "release it"),
    ("undo", |w| Command::reverse(key(), w.paid), "ok", ""),
    ("undo a part", |w| w.undo(w.paid, "5"), "ok", ""),
    ("undo more than there was", |w| w.undo(w.paid, "5.01"), "reversal_too_large", "5.00 USD"),
    ("undo again", |w| Command::reverse(key(), w.undone), "already_reversed", ""),
    ("undo an undoing", |w| Command::reverse(key(), w.reversal), "not_reversible", "reversal"),
    ("undo both postings", |w| Command::reverse(key(), w.both), "ok", ""),
    ("undo a part of one of both", |w| w.undo(w.both, "1"), "invalid_reversal", "name"),
    (
        "undo a posting that is not there",
        |w| Command::reverse(key(), ReversalSpec::of(w.both).posting(2)),
        "invalid_reversal",
        "",
    ),
    (
        "undo nothing that there is",
        |_| Command::reverse(key(), TransactionId::from_raw(7).unwrap()),
        "unknown_transaction",
        "7",
    ),
    ("pay within the window", |w| w.pay(&w.tight, &w.bob, "5"), "ok", ""),
    ("pay beyond the window", |w| w.pay(&w.tight, &w.bob, "5.01"), "window_exceeded", "25.00 USD"),
    ("reserve beyond the window", |w| w.hold(&w.tight, &w.bob, "5.01"), "window_exceeded", ""),
    (
        "pay too much at once",
        |w| w.pay(&w.tight, &w.bob, "20.01"),
        "amount_above_limit",
        "20.00 USD",
    ),
    ("limit before window and funds", |w| w.pay(&w.tight, &w.bob, "500"), "amount_above_limit", ""),
    ("status before limit", |w| w.pay(&w.tight, &w.frozen, "500"), "wallet_frozen", ""),
    (
        "window before funds",
        |w| w.pay(&w.tight, &w.bob, "19").expect_balance(&w.tight, w.usd("50")),
        "window_exceeded",
        "",
    ),
    (
        "deposit over the ceiling",
        |w| Command::deposit(key(), &w.bob, w.usd("161")),
        "ceiling_exceeded",
        "",
    ),
    (
        "set limits that cross",
        |w| Command::set_limits(key(), LimitsSpec::of(&w.bob).floor(w.usd("201"))),
        "limits_cross",
        "above its ceiling",
    ),
    (
        "set no limit",
        |w| Command::set_limits(key(), LimitsSpec::of(&w.bob)),
        "invalid_limit",
        "name a limit",
    ),
    (
        "a window without length",
        |w| {
            let window = Window::entering(Duration::ZERO).count(1);
            Command::set_limits(key(), LimitsSpec::of(&w.bob).windows([window]))
        },
        "invalid_limit",
        "window 0",
    ),
    (
        "another's version",
        |w| w.pay(&w.tight, &w.frozen, "500").expect_version(&w.bob, 99),
        "version_mismatch",
        "read it again",
    ),
    (
        "less than was expected",
        |w| w.pay(&w.alice, &w.bob, "1").expect_balance(&w.alice, w.usd("101")),
        "balance_too_low",
        "100.00 USD",
    ),
    (
        "another status than was expected",
        |w| w.pay(&w.alice, &w.bob, "1").expect_status(&w.bob, Status::Frozen),
        "status_mismatch",
        "is open",
    ),
    ("backdate", |w| w.pay(&w.alice, &w.bob, "1").effective_at(w.locked), "ok", ""),
    (
        "backdate into what is locked",
        |w| w.pay(&w.alice, &w.bob, "1").effective_at(w.later(-31 * 86_400_000)),
        "period_locked",
        "is locked",
    ),
    (
        "locked before status",
        |w| w.pay(&w.alice, &w.frozen, "1").effective_at(Timestamp::EARLIEST),
        "period_locked",
        "",
    ),
    (
        "expectation before locked",
        |w| {
            let dated = w.pay(&w.alice, &w.frozen, "1").effective_at(Timestamp::EARLIEST);
            dated.expect_version(&w.bob, 99)
        },
        "version_mismatch",
        "",
    ),
    (
        "take effect later",
        |w| w.pay(&w.alice, &w.bob, "1").effective_at(w.later(1_000)),
        "time_to_come",
        "still to come",
    ),
    (
        "take effect before there were dates",
        |w| w.pay(&w.alice, &w.bob, "1").effective_at(Timestamp::from_unix_ms(i64::MIN)),
        "invalid_effective_at",
        "too early",
    ),
    (
        "backdate a hold",
        |w| w.hold(&w.alice, &w.bob, "1").effective_at(w.locked),
        "invalid_effective_at",
        "only what moves money",
    ),
    ("lock up to now", |w| Command::lock_periods(key(), w.now), "ok", ""),
    ("unlock", |_| Command::unlock_periods(key(), None), "ok", ""),
    ("lock what is to come", |w| Command::lock_periods(key(), w.later(1_000)), "time_to_come", ""),
    ("index", |_| Command::index_metadata(key(), [MetaKey::new("sku").unwrap()]), "ok", ""),
    (
        "index twice",
        |_| Command::index_metadata(key(), ["a", "a"].map(|it| MetaKey::new(it).unwrap())),
        "invalid_metadata",
        "twice",
    ),
    (
        "trade dollars for dollars",
        |w| {
            let leg = Leg::new(&w.alice, &w.bob, w.usd("1"));
            Command::trade(key(), leg, leg)
        },
        "invalid_postings",
        "two assets",
    ),
];

#[test]
fn every_row_has_its_answer() {
    check_answers(ROWS);
}

#[test]
fn every_row_has_the_same_answer_in_a_batch_and_as_a_retry() {
    check_batches_and_retries(ROWS);
}

#[test]
fn what_a_request_brings_counts_toward_what_it_brings_later() {
    let w = <World as table::World>::new();
    let jar = w.ledger.open_wallet(WalletSpec::new("jar", w.usd).unwrap()).unwrap();
    let window = Window::entering(DAY).amount(w.usd("5"));
    w.ledger.set_limits(LimitsSpec::of(&jar).windows([window]), "in").unwrap();
    let leg = |to: &Wallet, amount: &str| Leg::new(&w.alice, to, w.usd(amount));
    let refused = w.ledger.post([leg(&jar, "3"), leg(&jar, "3")], "too much").unwrap_err();
    assert_eq!(refused.kind().code(), "window_exceeded");
    // What it brings to others does not.
    w.ledger.post([leg(&w.bob, "3"), leg(&jar, "5")], "within").unwrap();
}
