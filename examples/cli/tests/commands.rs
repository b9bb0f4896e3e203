//! Each command does what it says, for people and for programs.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::time::Duration;

use ledger_core::{Command, LimitsSpec, Window};
use ledger_sqlite::SqliteLedger;

use crate::support::{Folder, money};

#[test]
fn a_ledger_begins_with_a_wallet() {
    let folder = Folder::new();
    let wallet = folder.one("open-wallet shop.ledger user:alice USD --owner alice --floor -50.00");
    assert_eq!(
        (wallet["wallet"].as_str(), wallet["owner"].as_str()),
        (Some("user:alice"), Some("alice"))
    );
    assert_eq!(money(&wallet["available"]), "50.00 USD");
    let said = folder.done("open-wallet shop.ledger shop:42 USD --floor none --ceiling 9.00");
    assert!(said.starts_with("wallet     shop:42\nposted     0.00 USD\n"), "{said}");
    let again = folder.refused("open-wallet shop.ledger user:alice USD --floor -60.00");
    assert_eq!((again.0, again.1["code"].as_str()), (1, Some("wallet_conflict")));
}

#[test]
fn a_ledger_begins_with_an_asset_of_one_s_own() {
    let folder = Folder::new();
    let asset = folder.one(r#"define-asset shop.ledger GOLD-18K 3 --attributes {"karat":18}"#);
    assert_eq!((asset["asset"].as_str(), asset["scale"].as_u64()), (Some("GOLD-18K"), Some(3)));
    folder.done("open-wallet shop.ledger vault GOLD-18K");
    folder.done("deposit shop.ledger vault 1.5 GOLD-18K --key d1");
    assert_eq!(folder.balance("vault")[0], "1.500 GOLD-18K");
}

#[test]
fn money_moves_once_for_each_key() {
    let folder = Folder::with_shop();
    let first = folder.one("transfer shop.ledger user:alice shop:42 12.50 --key order:7");
    let again = folder.one("transfer shop.ledger user:alice shop:42 12.50 USD --key order:7");
    assert_eq!(
        (first["replayed"].as_bool(), again["replayed"].as_bool()),
        (Some(false), Some(true))
    );
    assert_eq!(first["transaction"], again["transaction"]);
    assert_eq!(money(&first["postings"][0]["to_balance"]), "12.50 USD");
    folder.done("withdraw shop.ledger shop:42 2.50 --key payout:1");
    assert_eq!(folder.balance("user:alice"), ["87.50 USD", "0.00 USD"]);
    assert_eq!(folder.balance("shop:42"), ["10.00 USD", "0.00 USD"]);
}

#[test]
fn a_key_is_made_up_and_told_before_and_after() {
    let folder = Folder::with_shop();
    let said = folder.say("transfer shop.ledger user:alice shop:42 1.00");
    let (_, key) = said.err.trim_end().split_once("--key ").unwrap();
    assert!(said.err.starts_with(&format!("the key is {key};")), "{said:?}");
    assert!(said.out.contains(&format!("\nkey          {key}\n")), "{said:?}");
    let again = folder.one(&format!("transfer shop.ledger user:alice shop:42 1.00 --key {key}"));
    assert_eq!(again["replayed"], true);
    let other = folder.one("transfer shop.ledger user:alice shop:42 1.00");
    assert_ne!(other["key"].as_str(), Some(key));
    assert_eq!(folder.balance("shop:42")[0], "2.00 USD");
}

#[test]
fn what_goes_with_a_request_is_kept() {
    let folder = Folder::with_shop();
    let line =
        r#"transfer shop.ledger user:alice shop:42 1 --key k --meta {"order":7} --actor eve"#;
    let line = format!("{line} --effective-at 2026-01-31T12:00:00Z");
    for receipt in [folder.one(&line), folder.one("transaction shop.ledger --key k")] {
        assert_eq!(receipt["meta"]["order"], 7);
        assert_eq!(receipt["actor"], "eve");
        assert_eq!(receipt["effective_at"], "2026-01-31T12:00:00.000Z");
    }
    let end_of_january = "balance shop.ledger shop:42 --effective-at 2026-01-31T23:59:59Z";
    assert_eq!(money(&folder.one(end_of_january)["posted"]), "1.00 USD");
    let recorded = "balance shop.ledger shop:42 --at 2026-01-31T23:59:59Z";
    assert_eq!(money(&folder.one(recorded)["posted"]), "0.00 USD");
}

#[test]
fn holds_are_captured_and_released() {
    let folder = Folder::with_shop();
    let hold = |amount: &str| {
        let line =
            format!("hold shop.ledger user:alice shop:42 {amount} --for 7d --tolerance 1.00");
        folder.one(&line)["hold"]["id"].as_str().unwrap().to_owned()
    };
    let [first, second] = [hold("30.00"), hold("20.00")];
    assert_eq!(folder.balance("user:alice"), ["100.00 USD", "50.00 USD"]);
    let part = folder.one(&format!("capture shop.ledger {first} 10.00 --release-rest"));
    assert_eq!(part["hold"]["state"], "captured");
    folder.done(&format!("release shop.ledger {second}"));
    assert_eq!(folder.balance("user:alice"), ["90.00 USD", "0.00 USD"]);
    let third = hold("5.00");
    folder.done(&format!("capture shop.ledger {third}"));
    assert_eq!(folder.balance("shop:42"), ["15.00 USD", "0.00 USD"]);
    let states: Vec<_> =
        folder.json("holds shop.ledger").into_iter().map(|it| it["state"].clone()).collect();
    assert_eq!(states, ["captured", "released", "captured"]);
    assert_eq!(folder.json("holds shop.ledger --state released --wallet user:alice").len(), 1);
    assert!(folder.done("holds shop.ledger").starts_with("ID "));
}

#[test]
fn what_was_moved_is_moved_back_once() {
    let folder = Folder::with_shop();
    let paid = folder.one("transfer shop.ledger user:alice shop:42 30.00 --key order:7");
    let id = paid["transaction"].as_str().unwrap();
    folder.done(&format!("reverse shop.ledger {id} 10.00 --key refund:1"));
    let rest = folder.one(&format!("reverse shop.ledger {id} --posting 0 --key refund:2"));
    assert_eq!(
        (money(&rest["postings"][0]["amount"]), &rest["reverses"]),
        ("20.00 USD".to_owned(), &paid["transaction"])
    );
    let (code, error) = folder.refused(&format!("reverse shop.ledger {id} --key refund:3"));
    assert_eq!((code, error["code"].as_str()), (1, Some("already_reversed")));
    assert_eq!(folder.balance("user:alice")[0], "100.00 USD");
}

#[test]
fn wallets_are_frozen_limited_and_closed() {
    let folder = Folder::with_shop();
    folder.done("freeze shop.ledger user:alice --key f1");
    let (code, error) = folder.refused("withdraw shop.ledger user:alice 1 --key w1");
    assert_eq!((code, error["code"].as_str()), (1, Some("wallet_frozen")));
    assert_eq!(folder.one("unfreeze shop.ledger user:alice --key f2")["status"], "open");
    let changed = folder.one(
        "limits shop.ledger user:alice --largest 5.00 --floor -10.00 --leaving 8.00/24h --key l1",
    );
    assert_eq!(money(&changed["limits"]["floor"]), "-10.00 USD");
    folder.done("withdraw shop.ledger user:alice 5.00 --key w2");
    let (_, error) = folder.refused("withdraw shop.ledger user:alice 5.01 --key w3");
    assert_eq!(error["code"], "amount_above_limit");
    let limits = folder.one("limits shop.ledger user:alice");
    assert_eq!(money(&limits["windows"][0]["room"]), "3.00 USD");
    folder.done("limits shop.ledger user:alice --largest none --leaving none --key l2");
    folder.done("withdraw shop.ledger user:alice 100.00 --key w4");
    assert_eq!(folder.one("close shop.ledger shop:42 --key c1")["status"], "closed");
}

#[test]
fn lists_come_in_pages_and_say_that_there_is_more() {
    let folder = Folder::with_shop();
    for number in 0..60 {
        folder.done(&format!("deposit shop.ledger user:alice 0.01 --key many:{number}"));
    }
    let said = folder.say("history shop.ledger user:alice");
    assert_eq!(said.out.lines().count(), 1 + 50, "a header and fifty");
    assert!(said.err.contains("there are more"), "{said:?}");
    assert_eq!(folder.json("history shop.ledger user:alice").len(), 61);
    let said = folder.say("history shop.ledger user:alice --limit 61");
    assert_eq!((said.out.lines().count(), said.err.as_str()), (62, ""));
    let oldest =
        &folder.json("history shop.ledger user:alice --oldest-first --kind deposit --limit 2");
    let keys: Vec<_> = oldest.iter().map(|entry| entry["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["d1", "many:0"]);
    let at = oldest[1]["at"].as_str().unwrap();
    assert_eq!(folder.json(&format!("history shop.ledger user:alice --until {at}")).len(), 1);
    assert_eq!(folder.json(&format!("history shop.ledger user:alice --from {at}")).len(), 60);
    let names: Vec<_> =
        folder.json("wallets shop.ledger").into_iter().map(|it| it["wallet"].clone()).collect();
    assert_eq!(names, ["shop:42", "user:alice", "world/USD"]);
    assert_eq!(folder.json("wallets shop.ledger --owner alice").len(), 1);
    assert_eq!(folder.json("wallets shop.ledger --prefix shop").len(), 1);
}

#[test]
fn a_key_tells_what_became_of_it() {
    let folder = Folder::with_shop();
    let done = folder.one("transaction shop.ledger --key d1");
    assert!(done.get("replayed").is_none(), "nothing was sent: {done}");
    let id = done["transaction"].as_str().unwrap();
    assert_eq!(folder.one(&format!("transaction shop.ledger {id}")), done);
    folder.refused("withdraw shop.ledger user:alice 500 --key w1");
    let refused = folder.one("transaction shop.ledger --key w1");
    assert_eq!(refused["refused"], "insufficient_funds");
    let message = refused["message"].as_str().unwrap();
    assert!(message.starts_with("wallet user:alice has 100.00 USD available"), "{message}");
    let (code, error) = folder.refused("transaction shop.ledger --key w2");
    assert_eq!((code, error["code"].as_str()), (1, Some("unknown_transaction")));
}

#[test]
fn the_file_is_asked_in_sql() {
    let folder = Folder::with_shop();
    let sql = "SELECT name, posted, NULL AS empty, x'0aff' AS bytes FROM balance WHERE name = ?";
    let said = folder.call(&["query", "shop.ledger", sql, "user:alice", "--json"]);
    let expected =
        "{\"name\":\"user:alice\",\"posted\":10000,\"empty\":null,\"bytes\":\"x'0aff'\"}\n";
    assert_eq!((said.code, said.out.as_str()), (0, expected));
    let sql = "SELECT name FROM balance WHERE posted < ?";
    let said = folder.call(&["query", "shop.ledger", sql, "-1", "--json"]);
    assert_eq!(said.out, "{\"name\":\"world/USD\"}\n", "a number is a number: {said:?}");
    let said = folder.call(&["query", "shop.ledger", "DELETE FROM journal"]);
    assert_eq!(said.code, 1, "{said:?}");
    let said = folder.call(&["query", "shop.ledger", " "]);
    assert!(said.err.contains("the query is empty"), "{said:?}");
}

#[test]
fn who_is_asked_for_in_sql_is_not_another() {
    let folder = Folder::with_shop();
    folder.done("open-wallet shop.ledger 007 USD --owner 7");
    folder.done("open-wallet shop.ledger 7 USD --owner 007");
    for name in ["007", "7"] {
        let sql = "SELECT name FROM balance WHERE name = ?";
        let said = folder.call(&["query", "shop.ledger", sql, name, "--json"]);
        assert_eq!(said.out, format!("{{\"name\":\"{name}\"}}\n"));
    }
    let said =
        folder.call(&["query", "shop.ledger", "SELECT name FROM balance WHERE name = ?", "+7"]);
    assert_eq!((said.code, said.err.as_str()), (0, "none\n"));
}

#[test]
fn limits_that_can_t_be_given_here_stay() {
    let folder = Folder::with_shop();
    let ledger = SqliteLedger::open(folder.path("shop.ledger")).unwrap();
    let alice = ledger.wallet("user:alice").unwrap().unwrap();
    let day = Duration::from_hours(24);
    let others =
        [Window::entering(day).amount(alice.asset.minor(5_000)), Window::leaving(day).count(3)];
    let spec = LimitsSpec::of(&alice).windows(others);
    ledger.submit(Command::set_limits("w".parse().unwrap(), spec)).unwrap();
    for (leaving, count) in [("8.00/1500ms", 3), ("2.00/1h", 3), ("none", 2)] {
        folder.done(&format!("limits shop.ledger user:alice --leaving {leaving}"));
        let limits = folder.one("limits shop.ledger user:alice");
        let windows = limits["windows"].as_array().unwrap();
        assert_eq!(windows.len(), count, "{leaving}: {windows:?}");
        let has = |name: &str, value: serde_json::Value| windows.iter().any(|it| it[name] == value);
        assert!(has("direction", "in".into()) && has("count", 3.into()), "{windows:?}");
        assert_eq!(has("seconds", 1.5.into()), leaving.ends_with("ms"), "{windows:?}");
    }
}

#[test]
fn what_took_effect_earlier_says_so_to_programs() {
    let folder = Folder::with_shop();
    folder.done("deposit shop.ledger user:alice 1 --effective-at 2026-01-01T00:00:00Z");
    let entries = folder.json("history shop.ledger user:alice");
    assert_eq!(entries[0]["effective_at"], "2026-01-01T00:00:00.000Z");
    assert_eq!(entries[1].get("effective_at"), None);
}

#[test]
fn figures_and_heads_are_shown() {
    let folder = Folder::with_shop();
    let head = folder.done("head shop.ledger");
    let stats = folder.one("stats shop.ledger");
    assert_eq!(stats["head"].as_str(), Some(head.trim_end()));
    assert_eq!((stats["wallets"].as_u64(), stats["keys_kept_seconds"].is_null()), (Some(3), true));
    let in_json = folder.one("head shop.ledger");
    assert_eq!((in_json["epoch"].as_u64(), &in_json["lines"]), (Some(1), &stats["lines"]));
}

#[test]
fn reports_are_written_for_other_tools() {
    let folder = Folder::with_shop();
    for format in ["csv", "jsonl", "hledger", "beancount"] {
        let out = folder.done(&format!("export shop.ledger {format}"));
        assert!(out.contains("100.00"), "{format}: {out}");
        let told = folder.one(&format!("export shop.ledger {format} --to out.{format}"));
        assert_eq!(told["transactions"], 1);
        assert_eq!(std::fs::read_to_string(folder.path(&format!("out.{format}"))).unwrap(), out);
    }
    let (code, error) = folder.refused("export shop.ledger csv --to out.csv");
    assert_eq!((code, error["code"].as_str()), (5, Some("file_exists")));
    let statement = folder.done("statement shop.ledger user:alice");
    folder.done("statement shop.ledger user:alice --html alice.html");
    let january = "--from 2026-01-01T00:00:00Z --until 2026-02-01T00:00:00Z";
    let earlier = folder.done(&format!("statement shop.ledger user:alice {january}"));
    assert!(!earlier.contains("100.00"), "{earlier}");
    let backward = "--from 2026-02-01T00:00:00Z --until 2026-01-01T00:00:00Z";
    assert_eq!(folder.refused(&format!("statement shop.ledger user:alice {backward}")).0, 1);
    // They tell of different moments.
    for page in [statement, std::fs::read_to_string(folder.path("alice.html")).unwrap()] {
        assert!(page.starts_with("<!DOCTYPE html>") && page.contains("100.00"), "{page}");
    }
}

#[test]
fn shells_are_told_all_commands() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = folder.done(&format!("completions {shell}"));
        assert!(script.contains("open-wallet") && !script.contains("torture-child"), "{shell}");
    }
}
