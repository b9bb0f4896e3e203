//! Files that are no ledger yet, no ledger at all, or a damaged one.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::fs;
use std::process::{Command, Stdio};

use ledger_sqlite::SqliteLedger;
use rusqlite::Connection;

use crate::support::{Folder, LEDGER, Said};

/// Verbs that only look.
const LOOKS: &[&str] = &[
    "balance shop.ledger user:alice",
    "wallets shop.ledger",
    "head shop.ledger",
    "stats shop.ledger",
    "export shop.ledger csv",
    "backup shop.ledger copy.ledger",
];

#[test]
fn an_empty_database_is_not_made_into_a_ledger_by_looking() {
    let folder = Folder::new();
    let path = folder.path("shop.ledger");
    Connection::open(&path).unwrap().execute_batch("PRAGMA user_version = 0; VACUUM").unwrap();
    let before = fs::read(&path).unwrap();
    assert!(!before.is_empty());
    for line in LOOKS {
        let (code, error) = folder.refused(line);
        assert_eq!((code, error["code"].as_str()), (5, Some("no_file")), "{line}: {error}");
    }
    let said = folder.say("doctor shop.ledger");
    assert!(said.code == 2 && said.out.contains("nothing is in it yet"), "{said:?}");
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(fs::read_dir(folder.folder()).unwrap().count(), 1);
    folder.done("open-wallet shop.ledger user:alice USD");
}

#[test]
fn a_ledger_whose_beginning_is_still_in_the_log_is_one() {
    let folder = Folder::new();
    let ledger = SqliteLedger::open(folder.path("shop.ledger")).unwrap();
    let said = folder.json("doctor shop.ledger");
    let about = |what: &str| said.iter().find(|it| it["what"] == what).unwrap()["state"].clone();
    assert_eq!((about("file"), about("opening")), ("ok".into(), "ok".into()), "{said:?}");
    drop(ledger);
}

#[test]
fn of_all_who_make_the_same_file_at_once_none_takes_it_for_something_else() {
    let folder = Folder::new();
    for round in 0..5 {
        let file = format!("{round}.ledger");
        let make = |number| {
            let words = ["open-wallet", &file, &format!("wallet:{number}"), "USD"];
            let mut command = Command::new(LEDGER);
            command.args(words).current_dir(folder.folder()).stderr(Stdio::piped());
            command.stdout(Stdio::null()).spawn().unwrap()
        };
        let all: Vec<_> = (0..8).map(make).collect();
        for said in all.into_iter().map(|it| Said::from(it.wait_with_output().unwrap())) {
            // Where the machine has much to do, the turn may be long in coming.
            assert!([0, 3].contains(&said.code), "{said:?}");
        }
        for number in 0..8 {
            folder.done(&format!("open-wallet {file} wallet:{number} USD"));
        }
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_waited_for() {
    let folder = Folder::new();
    assert!(Command::new("mkfifo").arg(folder.path("pipe")).status().unwrap().success());
    for line in ["open-wallet pipe user:alice USD", "define-asset pipe POINTS 0", "doctor pipe"] {
        let (code, error) = folder.refused(line);
        assert_eq!((code, error["code"].as_str()), (5, Some("no_file")), "{line}");
    }
}

#[test]
fn a_rebuild_says_when_the_journal_itself_is_damaged() {
    let folder = Folder::with_shop();
    let clean = folder.one("rebuild shop.ledger");
    assert_eq!((&clean["rebuilt"], clean["problem"].is_null()), (&true.into(), true));
    let change = "UPDATE journal SET to_balance = to_balance + 1 WHERE key = 'd1'";
    Connection::open(folder.path("shop.ledger")).unwrap().execute(change, []).unwrap();
    let said = folder.say("rebuild shop.ledger --json");
    let rebuilt: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((said.code, &rebuilt["rebuilt"]), (2, &true.into()));
    assert!(rebuilt["problem"].as_str().unwrap().contains("damaged"), "{rebuilt}");
}

#[test]
fn a_file_that_was_only_being_made_is_not_called_damaged_for_good() {
    let folder = Folder::with_shop();
    fs::write(folder.path("new.ledger"), "").unwrap();
    let said = folder.say("verify new.ledger");
    assert!(said.code == 2 && said.out.contains("no ledger was made in it yet"), "{said:?}");
    let tables = ["journal", "wallet", "wallet_state", "asset", "key_run", "note"];
    let emptied = tables.map(|table| format!("DELETE FROM {table}")).join(";");
    Connection::open(folder.path("shop.ledger")).unwrap().execute_batch(&emptied).unwrap();
    let said = folder.say("verify shop.ledger");
    assert!(said.out.contains("the journal is empty; if it was still being made"), "{said:?}");
}

#[test]
fn nothing_turns_the_text_around_it() {
    let folder = Folder::with_shop();
    let key = "\u{202e}evil";
    folder.call(&["deposit", "shop.ledger", "user:alice", "1", "--key", key]);
    let history = folder.done("history shop.ledger user:alice");
    assert!(history.contains("\\u{202e}evil") && !history.contains(key), "{history}");
    let said = folder.call(&["balance", "shop.ledger", "\u{1b}[31mred"]);
    assert!(said.code == 1 && !said.err.contains('\u{1b}'), "{said:?}");
}
