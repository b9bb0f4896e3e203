//! Fingerprints are those of the documented encoding, which another program computed.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;
use std::time::Duration;

use ledger_core::{
    Asset, CaptureSpec, Clock, Command, Fingerprint, HoldId, HoldSpec, Ledger, Leg, LimitsSpec,
    ManualClock, MemoryStore, Metadata, ReversalSpec, Timestamp, TransactionId, Wallet, WalletSpec,
    Window,
};

const DOCS: &str = include_str!("../../docs/canonical-encoding.md");
const META: &str = r#"{"sku": "A1", "count": 3, "price": 0.5, "weight": -2.0, "gift": true, "note": null, "tags": ["é", ""]}"#;

/// The documented digest of a row.
fn documented(what: &str) -> String {
    let row = DOCS.lines().find_map(|line| line.strip_prefix(&format!("| {what} | `")));
    row.unwrap_or_else(|| panic!("no row for {what}"))[..64].to_owned()
}

struct Shop {
    ledger: Ledger,
    usd: Asset,
    alice: Wallet,
    bob: Wallet,
}

/// A ledger in which the wallets have the documented ids.
fn shop() -> Shop {
    shop_with(ManualClock::new(Timestamp::FIRST))
}

fn shop_with(clock: impl Clock + 'static) -> Shop {
    let ledger = Ledger::builder(MemoryStore::new()).clock(clock).build().unwrap();
    let usd = Asset::iso("USD").unwrap();
    let open = |name| ledger.open_wallet(WalletSpec::new(name, usd).unwrap()).unwrap();
    let (alice, bob) = (open("alice"), open("bob"));
    let ids = [ledger.world(usd).unwrap().id, alice.id, bob.id].map(ledger_core::WalletId::raw);
    assert_eq!(ids, [256, 512, 1024]);
    Shop { ledger, usd, alice, bob }
}

#[test]
fn metadata_has_the_documented_digest() {
    let hex = |json| {
        let metadata = Metadata::from_json(json).unwrap();
        Fingerprint::from_bytes(*metadata.digest()).to_string()
    };
    assert_eq!(hex("{}"), documented("metadata `{}`"));
    assert_eq!(hex(META), documented(&format!("metadata `{META}`")));
}

#[test]
fn requests_have_the_documented_fingerprints() {
    let Shop { ledger, usd, alice, bob } = &shop();
    let money = |text: &str| usd.money(text).unwrap();
    let key = |text: &str| text.parse().unwrap();
    let legs = [Leg::new(alice, bob, money("1.00")), Leg::new(bob, alice, money("0.10"))];
    let meta = Metadata::from_json(META).unwrap();
    for (what, command) in [
        ("deposit of 100.00 USD to Alice", Command::deposit(key("a"), alice, money("100"))),
        ("withdrawal of 5.00 USD from Alice", Command::withdraw(key("b"), alice, money("5"))),
        (
            "transfer of 12.50 USD from Alice to Bob",
            Command::transfer(key("c"), alice, bob, money("12.5")),
        ),
        (
            "the same with the metadata above",
            Command::transfer(key("d"), alice, bob, money("12.50")).meta(meta),
        ),
        (
            "the same without it, taking effect at 2020-01-01T00:00:00Z",
            Command::transfer(key("h"), alice, bob, money("12.50")).effective_at(Timestamp::FIRST),
        ),
        (
            "lock of all periods before 2020-01-01T00:00:00Z",
            Command::lock_periods(key("i"), Timestamp::FIRST),
        ),
        (
            "unlock of the periods from 2020-01-01T00:00:00Z on",
            Command::unlock_periods(key("k"), Timestamp::FIRST),
        ),
        ("unlock of all periods", Command::unlock_periods(key("l"), None)),
        (
            "metadata indexed by order and sku",
            Command::index_metadata(key("j"), ["sku", "order"].map(|it| it.parse().unwrap())),
        ),
        (
            "post of 1.00 USD from Alice to Bob and 0.10 USD from Bob to Alice",
            Command::post(key("e"), legs),
        ),
        ("freeze of Bob", Command::freeze(key("f"), bob)),
        ("unfreeze of Bob", Command::unfreeze(key("g"), bob)),
    ] {
        let receipt = ledger.submit(command).unwrap();
        assert_eq!(receipt.fingerprint.to_string(), documented(what), "{what}");
    }
}

#[test]
fn closing_has_the_documented_fingerprint() {
    let Shop { ledger, bob, .. } = &shop();
    let receipt = ledger.close_wallet(bob, "close").unwrap();
    assert_eq!(receipt.fingerprint.to_string(), documented("close of Bob"));
}

/// A shop in which hold 1536 is open, and its clock.
fn shop_with_hold() -> (Shop, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(Timestamp::FIRST));
    let shop = shop_with(clock.clone());
    let money = |text: &str| shop.usd.money(text).unwrap();
    shop.ledger.deposit(&shop.alice, money("100"), "fund").unwrap();
    let spec = HoldSpec::new(&shop.alice, &shop.bob, money("7.5"), Duration::from_hours(1));
    let spec = spec.tolerance(money("1"));
    let receipt = shop.ledger.submit(Command::hold("hold".parse().unwrap(), spec)).unwrap();
    assert_eq!(receipt.id.raw(), 1536);
    let what = "hold of 7.50 USD on Alice for Bob, 1.00 USD more at most, for an hour";
    assert_eq!(receipt.fingerprint.to_string(), documented(what));
    (shop, clock)
}

#[test]
fn what_is_done_later_has_the_documented_fingerprints() {
    let hold = HoldId::from_raw(1536).unwrap();
    let (key, day) = (|| "act".parse().unwrap(), Duration::from_hours(24));
    let six = Asset::iso("USD").unwrap().money("6").unwrap();
    let part = CaptureSpec::of(hold).amount(six).release_rest();
    let fund = TransactionId::from_raw(1280).unwrap();
    let five = Asset::iso("USD").unwrap().money("5").unwrap();
    let some = ReversalSpec::of(fund).posting(0).amount(five);
    let alice = ledger_core::WalletId::from_raw(512).unwrap();
    let credit = Asset::iso("USD").unwrap().money("-50").unwrap();
    let limits = LimitsSpec::of(alice).floor(credit).no_ceiling();
    let hundred = Asset::iso("USD").unwrap().money("100").unwrap();
    let (leaving, entering) = (Window::leaving(day), Window::entering(Duration::from_hours(1)));
    let windows = LimitsSpec::of(alice).windows([leaving.amount(hundred), entering.count(5)]);
    for (what, command) in [
        ("capture of hold 1536", Command::capture(key(), hold)),
        ("capture of 6.00 USD of it, the rest released", Command::capture(key(), part)),
        ("release of it", Command::release(key(), hold)),
        ("its extension by a day", Command::extend(key(), hold, day)),
        ("its expiry", Command::expire(key(), hold)),
        (
            "limits of Alice: a floor of -50.00 USD and no ceiling",
            Command::set_limits(key(), limits),
        ),
        (
            "windows of Alice: 100.00 USD a day leave, 5 payments an hour enter",
            Command::set_limits(key(), windows),
        ),
        ("reversal of transaction 1280", Command::reverse(key(), fund)),
        ("reversal of 5.00 USD of its posting 0", Command::reverse(key(), some)),
    ] {
        let (shop, clock) = shop_with_hold();
        if what == "its expiry" || what == "reversal of transaction 1280" {
            clock.advance(day);
        }
        let receipt = shop.ledger.submit(command).unwrap();
        assert_eq!(receipt.fingerprint.to_string(), documented(what), "{what}");
    }
}

#[test]
fn a_batch_has_the_documented_fingerprints() {
    let Shop { ledger, usd, alice, bob } = &shop();
    let money = |text: &str| usd.money(text).unwrap();
    let deposit = Command::deposit("a".parse().unwrap(), alice, money("100"));
    let transfer = Command::transfer("b".parse().unwrap(), alice, bob, money("12.50"));
    let receipts = ledger.submit_all([deposit, transfer]).unwrap();
    for (receipt, what) in receipts.iter().zip([
        "the deposit under key a, in a batch with the transfer under key b",
        "the transfer under key b, in the same batch",
    ]) {
        assert_eq!(receipt.fingerprint.to_string(), documented(what), "{what}");
    }
}
