//! One row, one command, one answer. Where a command breaks several rules, the row shows which no
//! comes first.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "support/table.rs"]
mod table;

use ledger_core::{
    Asset, Command, Key, Ledger, Leg, Metadata, Money, Result, Wallet, WalletId, WalletSpec,
};

use crate::table::{Row, World as _, check_answers, check_batches_and_retries, code};

/// Wallets in every state. All commands use the key "row".
struct World {
    ledger: Ledger,
    usd: Asset,
    eur: Asset,
    /// Holds 100 dollars.
    rich: Wallet,
    /// Holds nothing.
    poor: Wallet,
    /// Holds nothing and may hold 10 dollars.
    jar: Wallet,
    /// Holds 5 dollars, frozen.
    frozen: Wallet,
    closed: Wallet,
    /// Holds as many cents as there are numbers, and may hold just as many.
    full: Wallet,
    /// Has no floor and owes one cent less than it could.
    debtor: Wallet,
    euro: Wallet,
    nobody: WalletId,
}

impl table::World for World {
    fn new() -> Self {
        let ledger = Ledger::in_memory();
        let (usd, eur) = (Asset::iso("USD").unwrap(), Asset::iso("EUR").unwrap());
        let spec = |name| WalletSpec::new(name, usd).unwrap();
        let open = |spec| ledger.open_wallet(spec).unwrap();
        let deposit = |wallet: &Wallet, amount| {
            let key = format!("fund {}", wallet.name);
            ledger.deposit(wallet, usd.money(amount).unwrap(), key).unwrap();
        };
        let (rich, poor) = (open(spec("rich")), open(spec("poor")));
        let jar = open(spec("jar").ceiling(usd.money("10").unwrap()).unwrap());
        let (frozen, closed) = (open(spec("frozen")), open(spec("closed")));
        let full = open(spec("full").ceiling(usd.minor(i128::MAX)).unwrap());
        let debtor = open(spec("debtor").no_floor());
        let euro = open(WalletSpec::new("euro", eur).unwrap());
        deposit(&rich, "100");
        deposit(&frozen, "5");
        ledger.freeze(&frozen, "freeze").unwrap();
        ledger.close_wallet(&closed, "close").unwrap();
        ledger.transfer(&debtor, &full, usd.minor(i128::MAX), "fill").unwrap();
        let nobody = WalletId::from_raw(7).unwrap();
        Self { ledger, usd, eur, rich, poor, jar, frozen, closed, full, debtor, euro, nobody }
    }

    fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    fn watched(&self) -> Vec<WalletId> {
        vec![self.rich.id, self.poor.id, self.frozen.id]
    }

    fn welcome(&self) -> Command {
        self.pay(&self.rich, &self.poor, "1")
    }
}

impl World {
    fn usd(&self, amount: &str) -> Money {
        self.usd.money(amount).unwrap()
    }

    fn pay(&self, from: impl Into<WalletId>, to: impl Into<WalletId>, amount: &str) -> Command {
        Command::transfer(Key::new("row").unwrap(), from, to, self.usd(amount))
    }

    fn post(&self, legs: &[(&Wallet, &Wallet, &str)]) -> Command {
        let legs = legs.iter().map(|(from, to, amount)| Leg::new(*from, *to, self.usd(amount)));
        Command::post(Key::new("row").unwrap(), legs)
    }

    fn world(&self) -> WalletId {
        self.ledger.world(self.usd).unwrap().id
    }

    fn many(&self, count: usize) -> Command {
        self.post(&vec![(&self.rich, &self.poor, "0.01"); count])
    }
}

fn set(verb: fn(Key, WalletId) -> Command, wallet: WalletId) -> Command {
    verb(Key::new("row").unwrap(), wallet)
}

const ROWS: &[Row<World>] = &[
    ("pay", |w| w.pay(&w.rich, &w.poor, "100"), "ok", ""),
    (
        "pay a cent too much",
        |w| w.pay(&w.rich, &w.poor, "100.01"),
        "insufficient_funds",
        "0.01 USD is missing",
    ),
    (
        "pay nothing",
        |w| w.pay(&w.rich, &w.poor, "0"),
        "invalid_amount",
        "above zero; this one is 0.00 USD",
    ),
    ("pay less than nothing", |w| w.pay(&w.rich, &w.poor, "-5"), "invalid_amount", "-5.00 USD"),
    ("pay oneself", |w| w.pay(&w.rich, &w.rich, "1"), "invalid_wallet", "can't pay itself"),
    ("pay nobody", |w| w.pay(&w.rich, w.nobody, "1"), "unknown_wallet", "wallet 7 is not known"),
    ("nobody pays", |w| w.pay(w.nobody, &w.rich, "1"), "unknown_wallet", "wallet 7"),
    (
        "pay dollars into euros",
        |w| w.pay(&w.rich, &w.euro, "1"),
        "asset_mismatch",
        "EUR with 2 digits",
    ),
    ("pay euros from dollars", |w| w.pay(&w.euro, &w.rich, "1"), "asset_mismatch", "not USD"),
    (
        "deposit into euros",
        |w| Command::deposit("row".parse().unwrap(), &w.euro, w.usd("1")),
        "asset_mismatch",
        "EUR",
    ),
    (
        "deposit an asset nobody uses",
        |w| {
            let yen = Asset::iso("JPY").unwrap().money("1").unwrap();
            Command::deposit("row".parse().unwrap(), &w.rich, yen)
        },
        "unknown_asset",
        "JPY",
    ),
    (
        "pay euros between dollars",
        |w| {
            let money = w.eur.money("1").unwrap();
            Command::transfer("row".parse().unwrap(), &w.rich, &w.poor, money)
        },
        "asset_mismatch",
        "USD with 2 digits",
    ),
    (
        "pay into a frozen wallet",
        |w| w.pay(&w.rich, &w.frozen, "1"),
        "wallet_frozen",
        "unfreeze it",
    ),
    (
        "pay from a frozen wallet",
        |w| w.pay(&w.frozen, &w.rich, "1"),
        "wallet_frozen",
        "unfreeze it",
    ),
    ("pay into a closed wallet", |w| w.pay(&w.rich, &w.closed, "1"), "wallet_closed", "for ever"),
    ("pay from a closed wallet", |w| w.pay(&w.closed, &w.rich, "1"), "wallet_closed", "for ever"),
    ("fill the jar", |w| w.pay(&w.rich, &w.jar, "10"), "ok", ""),
    (
        "overfill the jar",
        |w| w.pay(&w.rich, &w.jar, "10.01"),
        "ceiling_exceeded",
        "would hold 10.01 USD",
    ),
    (
        "overflow upward comes before the ceiling",
        |w| w.pay(&w.rich, &w.full, "0.01"),
        "balance_overflow",
        "128 bits",
    ),
    ("owe the last cent", |w| w.pay(&w.debtor, &w.poor, "0.01"), "ok", ""),
    ("overflow downward", |w| w.pay(&w.debtor, &w.poor, "0.02"), "balance_overflow", "128 bits"),
    ("no postings", |w| w.many(0), "invalid_postings", "1 to 1000 postings; this one has none"),
    ("1,000 postings", |w| w.many(1_000), "ok", ""),
    ("1,001 postings", |w| w.many(1_001), "invalid_postings", "this one has more"),
    (
        "a bad posting says which",
        |w| w.post(&[(&w.rich, &w.poor, "1"), (&w.rich, &w.poor, "0")]),
        "invalid_amount",
        "posting 1: amount",
    ),
    (
        "a late posting fails all",
        |w| w.post(&[(&w.rich, &w.poor, "60"), (&w.rich, &w.jar, "60")]),
        "insufficient_funds",
        "20.00 USD is missing",
    ),
    (
        "money just received can be spent",
        |w| w.post(&[(&w.rich, &w.poor, "60"), (&w.poor, &w.jar, "7")]),
        "ok",
        "",
    ),
    (
        "money not yet received can't",
        |w| w.post(&[(&w.poor, &w.jar, "7"), (&w.rich, &w.poor, "60")]),
        "insufficient_funds",
        "has 0.00 USD available",
    ),
    (
        "the same wallets there and back",
        |w| {
            w.post(&[(&w.rich, &w.poor, "100"), (&w.poor, &w.rich, "100"), (&w.rich, &w.poor, "1")])
        },
        "ok",
        "",
    ),
    (
        "close with money",
        |w| Command::close("row".parse().unwrap(), &w.rich),
        "wallet_not_empty",
        "holds 100.00 USD",
    ),
    (
        "close with debt",
        |w| Command::close("row".parse().unwrap(), &w.debtor),
        "wallet_not_empty",
        "empty it",
    ),
    ("close empty", |w| Command::close("row".parse().unwrap(), &w.poor), "ok", ""),
    ("close twice", |w| Command::close("row".parse().unwrap(), &w.closed), "wallet_closed", ""),
    (
        "unfreeze the open",
        |w| Command::unfreeze("row".parse().unwrap(), &w.rich),
        "wallet_not_frozen",
        "is open",
    ),
    ("freeze nobody", |w| Command::freeze("row".parse().unwrap(), w.nobody), "unknown_wallet", ""),
    (
        "expect the right version",
        |w| w.pay(&w.rich, &w.poor, "1").expect_version(&w.rich, 1),
        "ok",
        "",
    ),
    (
        "expect another version",
        |w| w.pay(&w.rich, &w.poor, "1").expect_version(&w.poor, 3),
        "version_mismatch",
        "is at version 0, not 3",
    ),
    (
        "expect of a wallet that takes no part",
        |w| w.pay(&w.rich, &w.poor, "1").expect_version(&w.euro, 1),
        "version_mismatch",
        "",
    ),
    (
        "deposit to the world",
        |w| Command::deposit("row".parse().unwrap(), w.world(), w.usd("1")),
        "invalid_wallet",
        "can't pay itself",
    ),
    (
        "withdraw from the world",
        |w| Command::withdraw("row".parse().unwrap(), w.world(), w.usd("1")),
        "invalid_wallet",
        "can't pay itself",
    ),
    ("close the world", |w| set(Command::close, w.world()), "world_wallet", "freeze it instead"),
    ("close the frozen with money", |w| set(Command::close, w.frozen.id), "wallet_not_empty", ""),
    ("freeze the frozen", |w| set(Command::freeze, w.frozen.id), "wallet_frozen", ""),
    ("freeze the closed", |w| set(Command::freeze, w.closed.id), "wallet_closed", ""),
    ("unfreeze the closed", |w| set(Command::unfreeze, w.closed.id), "wallet_closed", ""),
    ("freeze the world", |w| set(Command::freeze, w.world()), "ok", ""),
    // Precedence: each breaks two rules or more.
    ("amount before wallet", |w| w.pay(&w.rich, &w.rich, "0"), "invalid_amount", ""),
    (
        "postings count before their content",
        |w| w.post(&vec![(&w.rich, &w.rich, "0"); 1_001]),
        "invalid_postings",
        "",
    ),
    (
        "bad input before an unknown wallet",
        |w| w.pay(w.nobody, w.nobody, "1"),
        "invalid_wallet",
        "",
    ),
    ("unknown before mismatch", |w| w.pay(&w.euro, w.nobody, "1"), "unknown_wallet", ""),
    (
        "unknown in a precondition before mismatch",
        |w| w.pay(&w.euro, &w.rich, "1").expect_version(w.nobody, 0),
        "unknown_wallet",
        "",
    ),
    (
        "mismatch before version",
        |w| w.pay(&w.euro, &w.rich, "1").expect_version(&w.rich, 9),
        "asset_mismatch",
        "wallet",
    ),
    (
        "mismatch of a late posting before status of the first",
        |w| w.post(&[(&w.frozen, &w.poor, "1"), (&w.rich, &w.euro, "1")]),
        "asset_mismatch",
        "",
    ),
    (
        "version before status",
        |w| w.pay(&w.frozen, &w.poor, "1").expect_version(&w.poor, 9),
        "version_mismatch",
        "",
    ),
    (
        "sender's status before receiver's",
        |w| w.pay(&w.frozen, &w.closed, "1"),
        "wallet_frozen",
        "",
    ),
    ("receiver's status before funds", |w| w.pay(&w.poor, &w.closed, "1"), "wallet_closed", ""),
    ("funds before overflow", |w| w.pay(&w.poor, &w.full, "1"), "insufficient_funds", ""),
    ("funds before ceiling", |w| w.pay(&w.poor, &w.jar, "11"), "insufficient_funds", ""),
    (
        "sender's overflow before receiver's",
        |w| w.pay(&w.debtor, &w.full, "0.02"),
        "balance_overflow",
        "holds -",
    ),
    (
        "an early posting's funds before a late posting's status",
        |w| w.post(&[(&w.poor, &w.rich, "1"), (&w.rich, &w.closed, "1")]),
        "insufficient_funds",
        "",
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
fn the_key_comes_before_the_state_but_after_bad_input() {
    let world = World::new();
    world.ledger.submit(world.pay(&world.rich, &world.poor, "1")).unwrap();
    for (what, command, expected) in [
        ("bad input under a used key", world.pay(&world.rich, &world.poor, "0"), "invalid_amount"),
        (
            "an unknown wallet under a used key",
            world.pay(&world.rich, world.nobody, "1"),
            "key_conflict",
        ),
        ("a mismatch under a used key", world.pay(&world.rich, &world.euro, "1"), "key_conflict"),
        (
            "a frozen wallet under a used key",
            world.pay(&world.rich, &world.frozen, "1"),
            "key_conflict",
        ),
        (
            "the same, with a version that has passed",
            world.pay(&world.rich, &world.poor, "1").expect_version(&world.rich, 0),
            "ok",
        ),
        (
            "the same, with metadata",
            world
                .pay(&world.rich, &world.poor, "1")
                .meta(Metadata::from_json("{\"a\":1}").unwrap()),
            "key_conflict",
        ),
        (
            "the same, with empty metadata",
            world.pay(&world.rich, &world.poor, "1").meta(Metadata::from_json("{}").unwrap()),
            "ok",
        ),
    ] {
        assert_eq!(code(&world.ledger.submit(command)), expected, "{what}");
    }
    // The first answer stands even when the wallet has closed since.
    world.ledger.submit(Command::freeze("f".parse().unwrap(), &world.rich)).unwrap();
    let again = world.ledger.submit(world.pay(&world.rich, &world.poor, "1")).unwrap();
    assert!(again.replayed);
}

#[test]
fn calls_have_limits() {
    let world = World::new();
    let pay = |n: usize| {
        let key = Key::new(format!("k{n}")).unwrap();
        Command::transfer(key, &world.rich, &world.poor, world.usd("0.01"))
    };
    let refused = world.ledger.submit_each((0..10_001).map(pay)).unwrap_err();
    assert_eq!(refused.kind().code(), "invalid_batch");
    assert!(refused.to_string().contains("1 to 10000 items; this one has more"), "{refused}");
    assert_eq!(world.ledger.submit_each([]).unwrap_err().kind().code(), "invalid_batch");
    assert_eq!(world.ledger.submit_all([]).unwrap_err().kind().code(), "invalid_batch");
    let legs = |n: usize| {
        let leg = Leg::new(&world.rich, &world.poor, world.usd("0.01"));
        Command::post(Key::new(format!("p{n}")).unwrap(), vec![leg; 1_000])
    };
    let refused = world.ledger.submit_all((0..101).map(legs)).unwrap_err();
    assert!(refused.to_string().contains("at most 100000 postings"), "{refused}");
    // Metadata counts, too, on commands as on wallets.
    let large = Metadata::new(&serde_json::json!({ "text": "x".repeat(16_000) })).unwrap();
    let refused = world.ledger.submit_each((0..2_000).map(|n| pay(n).meta(large.clone())));
    assert_eq!(refused.unwrap_err().kind().code(), "invalid_batch");
    let spec = |n| WalletSpec::new(format!("large {n}"), world.usd).unwrap().meta(large.clone());
    let refused = world.ledger.open_wallets((0..2_000).map(spec));
    assert_eq!(refused.unwrap_err().kind().code(), "invalid_batch");
    assert_eq!(world.ledger.wallet("large 0").unwrap(), None);
    let answers = world.ledger.submit_each((0..10_000).map(pay)).unwrap();
    assert!(answers.iter().all(Result::is_ok));
    let overlong = Key::new("k".repeat(256)).unwrap_err();
    assert!(overlong.to_string().contains("1 to 255 bytes; this one has 256"));
    assert!(Key::new("k".repeat(255)).is_ok());
}
