//! What is in a statement.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use std::io::{self, Write};
use std::time::Duration;

use ledger_core::{
    Actor, Amount, Asset, Command, HoldSpec, Metadata, Timestamp, Wallet, WalletSpec,
};
use ledger_reports::{StatementSpec, statement, statement_with};
use ledger_sqlite::SqliteLedger;
use support::Town;

fn written(ledger: &SqliteLedger, spec: &StatementSpec) -> String {
    let mut page = Vec::new();
    statement_with(ledger, spec, &mut page).unwrap();
    String::from_utf8(page).unwrap()
}

fn page(ledger: &SqliteLedger, wallet: &Wallet) -> String {
    let mut page = Vec::new();
    statement(ledger, wallet, &mut page).unwrap();
    String::from_utf8(page).unwrap()
}

/// What is said under a heading.
fn figure<'p>(page: &'p str, name: &str) -> Option<&'p str> {
    let (_, rest) = page.split_once(&format!("<dt>{name}</dt><dd>"))?;
    rest.split("</dd>").next()
}

fn rows(page: &str) -> Vec<&str> {
    page.split("<tr role=\"row\"><td").skip(1).collect()
}

/// Every element that is opened is closed, in order.
fn check_elements(page: &str) {
    let mut open = Vec::new();
    for tag in page.split('<').skip(1).map(|rest| rest.split('>').next().unwrap()) {
        let name = tag.trim_start_matches('/').split([' ', '\n']).next().unwrap();
        let is_single = ["meta", "!DOCTYPE"].contains(&name) || tag.ends_with('/');
        match tag.strip_prefix('/') {
            Some(_) => assert_eq!(open.pop(), Some(name), "{open:?}"),
            None if is_single => {}
            None => open.push(name),
        }
    }
    assert_eq!(open, [""; 0]);
}

#[test]
fn a_statement_has_all_that_happened_and_its_totals() {
    let town = Town::new(1);
    let (usd, wallet) = (Asset::iso("USD").unwrap(), &town.wallets[2]);
    let day = Duration::from_hours(24);
    town.ledger.deposit(wallet, usd.minor(150_000), "top-up").unwrap();
    town.clock.advance(day);
    town.ledger.transfer(wallet, &town.wallets[4], usd.minor(2_050), "order:7").unwrap();
    let hold = HoldSpec::new(wallet, &town.wallets[4], usd.minor(10_000), day);
    town.ledger.hold(hold, "room:3").unwrap();
    let page = page(&town.ledger, wallet);
    check_elements(&page);
    for (name, expected) in [
        ("Owner", "<bdi>Ann &quot;&amp;&quot; Bob</bdi>"),
        ("Asset", "USD"),
        ("Opening balance", "0.00"),
        ("Money in", "+1\u{202F}500.00"),
        ("Money out", "\u{2212}20.50"),
        ("On hold", "100.00"),
        ("Available", "1\u{202F}379.50"),
    ] {
        assert_eq!(figure(&page, name), Some(expected), "{name}");
    }
    assert!(page.contains("\">1\u{202F}479.50 <span>USD</span></p>"));
    let rows = rows(&page);
    assert_eq!(rows.len(), 2);
    for (row, parts) in [
        (
            rows[0],
            [
                "Transfer to <strong><bdi>42</bdi>",
                "order:7",
                "2 Mar 2026",
                ">\u{2212}20.50<",
                ">1\u{202F}479.50<",
            ],
        ),
        (
            rows[1],
            [
                "Deposit from <strong><bdi>world/USD</bdi>",
                "top-up",
                "1 Mar 2026",
                ">+1\u{202F}500.00<",
                ">1\u{202F}500.00<",
            ],
        ),
    ] {
        for part in parts {
            assert!(row.contains(part), "{part} is not in {row}");
        }
    }
}

#[test]
fn no_text_of_the_callers_becomes_markup() {
    let town = Town::new(1);
    let usd = Asset::iso("USD").unwrap();
    let evil = "<script>alert('1')</script>\"&";
    let spec = WalletSpec::new(evil, usd).unwrap().owner(evil).unwrap();
    let wallet = town.ledger.open_wallet(spec.no_floor()).unwrap();
    let other = town.ledger.open_wallet(WalletSpec::new(format!("{evil}2"), usd).unwrap()).unwrap();
    let actor = Actor::new(evil).unwrap().origin(evil).unwrap().reason(evil).unwrap();
    let meta = serde_json::json!({ evil: evil });
    let command = Command::transfer(evil.parse().unwrap(), &wallet, &other, usd.minor(1));
    let command = command.meta(Metadata::new(&meta).unwrap()).actor(actor);
    town.ledger.submit(command).unwrap();
    let page = page(&town.ledger, &wallet);
    check_elements(&page);
    assert!(!page.contains("<script") && page.matches("&lt;script&gt;").count() > 8, "{page}");
}

#[test]
fn a_statement_needs_nothing_but_itself() {
    let town = Town::lived(5, 400);
    let page = page(&town.ledger, &town.wallets[0]);
    for outside in ["http://", "https://", "src=", "href=", "url(", "@import", "<script"] {
        assert!(!page.contains(outside), "{outside}");
    }
    for part in [
        "<html lang=\"en\">",
        "<title>",
        "<title id=\"chart-title\">",
        "scope=\"col\"",
        "@media print",
    ] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn an_empty_wallet_has_a_statement() {
    let town = Town::new(1);
    let page = page(&town.ledger, &town.wallets[0]);
    check_elements(&page);
    assert!(page.contains("Nothing moved in this period.") && !page.contains("<svg"));
    assert_eq!(figure(&page, "Money in"), Some("0.00"));
}

#[test]
fn negative_balances_and_one_entry_are_drawn() {
    let town = Town::new(1);
    let (usd, wallet) = (Asset::iso("USD").unwrap(), &town.wallets[0]);
    town.ledger.withdraw(wallet, usd.minor(7_500), "w").unwrap();
    let page = page(&town.ledger, wallet);
    check_elements(&page);
    assert!(page.contains(">\u{2212}80</text>") && page.contains("class=\"zero\""), "{page}");
    assert!(!page.contains("NaN") && !page.contains("inf"));
    assert!(page.contains("The only entry."));
    assert_eq!(figure(&page, "Available"), None, "it has no floor");
}

#[test]
fn the_latest_are_listed_and_all_are_counted() {
    let town = Town::new(1);
    let (usd, wallet) = (Asset::iso("USD").unwrap(), &town.wallets[2]);
    let deposit = |n: u32| Command::deposit(format!("d{n}").parse().unwrap(), wallet, usd.minor(1));
    for answer in town.ledger.submit_each((0..2_500).map(deposit)).unwrap() {
        answer.unwrap();
    }
    let page = page(&town.ledger, wallet);
    assert_eq!(rows(&page).len(), 1_000);
    assert!(page.contains("The latest 1\u{202F}000 of 2\u{202F}500 entries."));
    assert_eq!(figure(&page, "Money in"), Some("+25.00"));
    assert!(rows(&page)[0].contains(">d2499<") && rows(&page)[999].contains(">d1500<"));
    let few = written(&town.ledger, &StatementSpec::of(wallet).listed(3));
    assert_eq!(rows(&few).len(), 3);
    assert_eq!(rows(&written(&town.ledger, &StatementSpec::of(wallet).listed(2_500))).len(), 2_500);
}

#[test]
fn a_period_begins_with_what_there_was() {
    let town = Town::new(1);
    let (usd, wallet) = (Asset::iso("USD").unwrap(), &town.wallets[2]);
    let begin: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
    for (day, amount) in [(0, 1000), (1, 2000), (2, 4000)] {
        town.clock.set(begin.checked_add(Duration::from_hours(24 * day)).unwrap());
        town.ledger.deposit(wallet, usd.minor(amount), format!("day {day}")).unwrap();
    }
    let second = StatementSpec::of(wallet)
        .since("2026-03-02T00:00:00Z".parse().unwrap())
        .until("2026-03-03T00:00:00Z".parse().unwrap());
    let page = written(&town.ledger, &second);
    assert_eq!(figure(&page, "Opening balance"), Some("10.00"));
    assert_eq!(figure(&page, "Money in"), Some("+20.00"));
    assert_eq!(figure(&page, "Period"), Some("2 Mar 2026 – 2 Mar 2026"));
    assert!(
        page.contains("on 2 Mar 2026; the lowest balance is 10.00 USD, the highest 30.00 USD.")
    );
    assert!(!page.contains("3 Mar 2026"));
    assert_eq!(figure(&page, "On hold"), None, "what is held now was not then");
    assert!(page.contains("\">30.00 <span>"));
    assert_eq!(rows(&page).len(), 1);
}

#[test]
fn days_to_come_are_no_part_of_a_statement() {
    let town = Town::new(1);
    let wallet = &town.wallets[0];
    town.ledger.deposit(wallet, wallet.asset.minor(1), "d").unwrap();
    let to_come = StatementSpec::of(wallet).until("9999-01-01T00:00:00Z".parse().unwrap());
    let page = written(&town.ledger, &to_come);
    assert!(!page.contains("999"), "{page}");
    assert_eq!(figure(&page, "On hold"), Some("0.00"));
}

#[test]
fn what_took_effect_earlier_says_so() {
    let town = Town::new(1);
    let deposit =
        Command::deposit("d".parse().unwrap(), &town.wallets[0], town.wallets[0].asset.minor(1));
    let deposit = deposit.effective_at("2025-12-31T23:00:00Z".parse().unwrap());
    town.ledger.submit(deposit).unwrap();
    assert!(page(&town.ledger, &town.wallets[0]).contains("Took effect on 31 Dec 2025"));
}

#[test]
fn sums_past_all_numbers_are_said_to_be_so() {
    let town = Town::new(1);
    let (usd, wallet) = (Asset::iso("USD").unwrap(), &town.wallets[2]);
    for round in 0..2 {
        town.ledger.deposit(wallet, usd.of(Amount::MAX), format!("in {round}")).unwrap();
        town.ledger.withdraw(wallet, usd.of(Amount::MAX), format!("out {round}")).unwrap();
    }
    let page = page(&town.ledger, wallet);
    check_elements(&page);
    assert_eq!(figure(&page, "Money in"), Some("more than 128 bits can count"));
}

#[test]
fn a_period_that_ends_before_it_begins_is_refused() {
    let town = Town::new(1);
    let [earlier, later] = ["2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z"]
        .map(|time| time.parse::<Timestamp>().unwrap());
    let spec = StatementSpec::of(&town.wallets[0]);
    for wrong in [
        spec.clone().since(later).until(earlier),
        spec.clone().since(later).until(later),
        spec.until("2020-01-01T00:00:00Z".parse().unwrap()),
    ] {
        let mut page = Vec::new();
        let refused = statement_with(&town.ledger, &wrong, &mut page).unwrap_err().to_string();
        assert!(refused.contains("must end after it begins"), "{refused}");
        assert!(page.is_empty());
    }
}

/// Takes a page, and pays into the wallet whenever it does.
struct Busy<'t> {
    town: &'t Town,
    page: Vec<u8>,
    paid: usize,
}

impl Write for Busy<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let wallet = &self.town.wallets[2];
        let key = format!("meanwhile {}", self.paid);
        self.town.ledger.deposit(wallet, wallet.asset.minor(1), key).unwrap();
        self.paid += 1;
        self.page.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_statement_is_of_one_moment_also_while_others_write() {
    let town = Town::new(1);
    let wallet = &town.wallets[2];
    for n in 0..400 {
        town.clock.advance(Duration::from_hours(1));
        town.ledger.deposit(wallet, wallet.asset.minor(1), format!("d{n}")).unwrap();
    }
    let mut busy = Busy { town: &town, page: Vec::new(), paid: 0 };
    statement(&town.ledger, wallet, &mut busy).unwrap();
    assert!(busy.paid > 3, "{}", busy.paid);
    let page = String::from_utf8(busy.page).unwrap();
    assert!(!page.contains("meanwhile"));
    assert_eq!((rows(&page).len(), figure(&page, "Money in")), (400, Some("+4.00")));
}

#[test]
fn a_wallet_that_is_frozen_says_so() {
    let town = Town::new(1);
    assert_eq!(figure(&page(&town.ledger, &town.wallets[0]), "Status"), None);
    town.ledger.freeze(&town.wallets[0], "f").unwrap();
    let wallet = town.ledger.wallet_by_id(&town.wallets[0]).unwrap().unwrap();
    assert_eq!(figure(&page(&town.ledger, &wallet), "Status"), Some("frozen"));
}

#[test]
fn the_world_has_a_statement() {
    let town = Town::new(1);
    let usd = Asset::iso("USD").unwrap();
    town.ledger.deposit(&town.wallets[0], usd.minor(5), "d").unwrap();
    let page = page(&town.ledger, &town.ledger.world(usd).unwrap());
    assert_eq!(figure(&page, "Money out"), Some("\u{2212}0.05"));
}
