//! What can't be done is said in one sentence, with an exit code for each kind.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use ledger_sqlite::SqliteLedger;

use crate::support::{Folder, LEDGER};

#[test]
fn refusals_exit_with_one_and_name_wallets() {
    let folder = Folder::with_shop();
    for (line, code) in [
        ("transfer shop.ledger user:alice shop:42 500 --key k1", "insufficient_funds"),
        ("transfer shop.ledger user:alice shop:42 0 --key k2", "invalid_amount"),
        ("transfer shop.ledger user:alice shop:42 -1 --key k2", "invalid_amount"),
        ("transfer shop.ledger user:alice shop:42 1.005 --key k2", "invalid_amount"),
        ("transfer shop.ledger user:alice shop:42 1 EUR --key k2", "asset_mismatch"),
        ("transfer shop.ledger user:alice user:alice 1 --key k2", "invalid_wallet"),
        ("transfer shop.ledger user:alice user:bob 1 --key k2", "unknown_wallet"),
        ("open-wallet shop.ledger gold USD --ceiling -1", "invalid_limit"),
        ("hold shop.ledger user:alice shop:42 1 --for 1h --tolerance -1 --key k2", "invalid_hold"),
        ("reverse shop.ledger 7 -1.00 USD --key k2", "unknown_transaction"),
        ("capture shop.ledger 7 -1.00 USD --key k2", "unknown_hold"),
        ("deposit shop.ledger user:alice 2 --key d1", "key_conflict"),
        ("deposit shop.ledger user:alice 2 --key k2 --meta 7", "invalid_metadata"),
        ("capture shop.ledger 7 1.00 --key k2", "unknown_hold"),
        ("reverse shop.ledger 7 1.00 --key k2", "unknown_transaction"),
        ("open-wallet shop.ledger gold GOLD-18K", "unknown_asset"),
        ("transfer shop.ledger user:alice shop:42 USD 5 --key k2", "invalid_amount"),
        ("balance shop.ledger world/EUR", "unknown_wallet"),
        ("hold shop.ledger user:alice shop:42 1 --for 0s --key k2", "invalid_hold"),
    ] {
        let (exit, error) = folder.refused(line);
        assert_eq!((exit, error["code"].as_str()), (1, Some(code)), "{line}: {error}");
        assert_eq!(error["retryable"], false);
    }
    let said = folder.say("transfer shop.ledger user:alice shop:42 500 --key k1");
    let sentence = "ledger: wallet user:alice has 100.00 USD available and needs 500.00 USD; 400.00 USD is \
                    missing; that was the answer to this key: to ask again, use a new key \
                    (insufficient_funds)\n";
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (1, "", sentence));
    let said = folder.say("deposit shop.ledger world/USD 1");
    assert!(said.err.contains("wallet world/USD can't pay itself"), "{said:?}");
    let said = folder.say("open-wallet new.ledger gold GOLD-18K");
    assert!(said.err.contains("`ledger define-asset`"), "{said:?}");
    folder.done("limits shop.ledger user:alice --leaving 80.00/24h --key limits:1");
    let (_, error) = folder.refused("transfer shop.ledger user:alice shop:42 90 --key k3");
    let told = error["message"].as_str().unwrap();
    assert!(told.starts_with("90.00 USD can't leave wallet user:alice: "), "{told}");
}

#[test]
fn a_wrong_command_line_exits_with_a_code_of_its_own() {
    let folder = Folder::with_shop();
    for line in [
        "nonsense",
        "balance",
        "balance shop.ledger",
        "deposit shop.ledger user:alice",
        "limits shop.ledger user:alice --key k",
        "export shop.ledger csv --to shop.ledger-wal",
        "hold shop.ledger user:alice shop:42 1",
        "hold shop.ledger user:alice shop:42 1 --for 1week",
        "history shop.ledger user:alice --from yesterday",
        "history shop.ledger user:alice --limit 0",
        "transaction shop.ledger",
        "transaction shop.ledger 7 --key k",
        "verify shop.ledger --head 1:2:3",
        "limits shop.ledger user:alice --leaving 5",
        "export shop.ledger xml",
    ] {
        let said = folder.say(line);
        assert_eq!((said.code, said.out.as_str()), (64, ""), "{line}: {said:?}");
        let (code, error) = folder.refused(line);
        assert_eq!((code, error["code"].as_str()), (64, Some("usage")), "{line}");
        assert!(!error["message"].as_str().unwrap().is_empty(), "{line}");
    }
}

#[test]
fn a_file_that_is_not_there_is_not_made() {
    let folder = Folder::new();
    for line in [
        "balance none.ledger user:alice",
        "wallets none.ledger",
        "deposit none.ledger user:alice 1 --key k",
        "verify none.ledger",
        "rebuild none.ledger",
        "backup none.ledger copy.ledger",
        "doctor none.ledger",
        "export none.ledger csv",
        "wallets .",
        "verify .",
    ] {
        let (code, error) = folder.refused(line);
        assert_eq!((code, error["code"].as_str()), (5, Some("no_file")), "{line}");
    }
    let (code, error) = folder.refused("open-wallet none.ledger user:alice DOLLARS");
    assert_eq!((code, error["code"].as_str()), (1, Some("invalid_asset")));
    let (code, _) = folder.refused("open-wallet none.ledger user:alice USD --floor 1.00");
    assert_eq!(code, 1);
    assert_eq!(fs::read_dir(folder.folder()).unwrap().count(), 0, "nothing was made");
}

#[cfg(unix)]
#[test]
fn words_that_are_no_text_end_in_a_sentence() {
    use std::os::unix::ffi::OsStrExt;
    let folder = Folder::new();
    let word = std::ffi::OsStr::from_bytes(b"\xff\xfe");
    for (command, code) in [("verify", 5), ("torture", 5), ("completions", 64)] {
        let mut ledger = Command::new(LEDGER);
        let output = ledger.arg(command).arg(word).current_dir(folder.folder()).output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{command}: {err}");
        assert!(!err.contains("panicked"), "{err}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_change_whose_receipt_can_t_be_written_is_told_to_be_done() {
    let folder = Folder::with_shop();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut ledger = Command::new(LEDGER);
    ledger.args(["withdraw", "shop.ledger", "user:alice", "1", "--key", "w1"]).stdout(full);
    let said: support::Said = ledger.current_dir(folder.folder()).output().unwrap().into();
    assert_eq!(said.code, 5, "{said:?}");
    assert!(
        said.err.starts_with("ledger: it is done, under the key w1, but the output"),
        "{said:?}"
    );
    assert_eq!(folder.balance("user:alice")[0], "99.00 USD");
}

#[test]
fn what_is_there_is_not_overwritten() {
    let folder = Folder::with_shop();
    let before = fs::read(folder.path("shop.ledger")).unwrap();
    assert_eq!(folder.refused("demo shop.ledger").1["code"], "file_exists");
    assert_eq!(folder.refused("backup shop.ledger shop.ledger").1["code"], "file_exists");
    let (_, error) = folder.refused("statement shop.ledger user:alice --to shop.ledger");
    assert_eq!(error["code"], "file_exists");
    assert_eq!(fs::read(folder.path("shop.ledger")).unwrap(), before);
}

#[test]
fn a_ledger_that_is_held_elsewhere_is_to_be_tried_again_with_the_key() {
    let folder = Folder::with_shop();
    let path = folder.path("shop.ledger");
    let held = SqliteLedger::builder(&path).exclusive(true).open().unwrap();
    let (code, error) = folder.refused("deposit shop.ledger user:alice 1 --key d2");
    assert_eq!((code, error["code"].as_str()), (3, Some("store_busy")), "{error}");
    assert_eq!(error["retryable"], true);
    let doctor = folder.json("doctor shop.ledger");
    let lock = doctor.iter().find(|it| it["what"] == "lock").unwrap();
    assert_eq!(lock["state"], "look", "{lock}");
    drop(held);
    folder.done("deposit shop.ledger user:alice 1 --key d2");
}

#[test]
fn damage_is_found_and_said() {
    let folder = Folder::with_shop();
    let clean = folder.one("verify shop.ledger");
    assert_eq!((clean["ok"].as_bool(), clean["wallets"].as_u64()), (Some(true), Some(3)));
    let file = rusqlite::Connection::open(folder.path("shop.ledger")).unwrap();
    file.execute("UPDATE wallet_state SET posted = posted + 1 WHERE posted > 0", []).unwrap();
    drop(file);
    let said = folder.say("verify shop.ledger --json");
    let found: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((said.code, &found["ok"]), (2, &serde_json::Value::Bool(false)), "{said:?}");
    assert!(found["problem"].as_str().unwrap().contains("balance"), "{found}");
    let said = folder.say("verify shop.ledger");
    assert_eq!((said.code, said.err.as_str()), (2, ""));
    assert!(said.out.starts_with("ok            no\nproblem       "), "{said:?}");
    folder.done("rebuild shop.ledger");
    assert_eq!(folder.one("verify shop.ledger")["ok"], true);
}

#[test]
fn what_is_no_ledger_is_found_too() {
    let folder = Folder::new();
    for (name, bytes) in
        [("short", &b"no ledger"[..]), ("long", &[7; 8_192][..]), ("empty", &[][..])]
    {
        fs::write(folder.path(name), bytes).unwrap();
        assert_eq!(folder.say(&format!("verify {name}")).code, 2, "{name}");
        let said = folder.say(&format!("doctor {name} --json"));
        assert_eq!(said.code, 2, "{name}: {said:?}");
        assert!(said.out.contains("\"bad\""), "{name}: {said:?}");
        assert_eq!(folder.say(&format!("wallets {name}")).code, 5, "{name}");
        assert_eq!(fs::read(folder.path(name)).unwrap(), bytes, "{name} is as it was");
    }
}

#[test]
fn a_head_that_was_kept_shows_what_was_cut_off() {
    let folder = Folder::with_shop();
    folder.done("backup shop.ledger copy.ledger");
    folder.done("deposit shop.ledger user:alice 1 --key d2");
    let head = folder.done("head shop.ledger");
    let head = head.trim_end();
    folder.done(&format!("verify shop.ledger --head {head}"));
    assert_eq!(folder.say(&format!("verify copy.ledger --head {head}")).code, 2);
}

#[test]
fn who_stops_reading_ends_it_in_peace() {
    let folder = Folder::with_shop();
    for number in 0..3 {
        let line = format!("define-asset shop.ledger A{number} 0");
        folder.done(&line);
    }
    let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000) SELECT i FROM n";
    for words in [vec!["query", "shop.ledger", many], vec!["query", "shop.ledger", many, "--json"]]
    {
        let mut child = Command::new(LEDGER)
            .args(&words)
            .current_dir(folder.folder())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        let mut out = BufReader::with_capacity(16, child.stdout.take().unwrap());
        out.read_line(&mut first).unwrap();
        drop(out);
        let output = child.wait_with_output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), err.as_str()), (Some(0), ""), "{words:?}");
    }
}

#[test]
fn output_that_is_no_terminal_has_no_colours_and_no_bars() {
    let folder = Folder::with_shop();
    for line in ["verify shop.ledger", "rebuild shop.ledger", "--help", "export shop.ledger csv"] {
        let said = folder.say(line);
        assert!(!said.out.contains('\u{1b}') && said.err.is_empty(), "{line}: {said:?}");
    }
    let said = folder.say("nonsense");
    assert!(!said.err.contains('\u{1b}'), "{said:?}");
}

#[test]
fn a_key_that_is_made_up_is_told_to_programs_before_the_answer() {
    let folder = Folder::with_shop();
    let said = folder.say("deposit shop.ledger user:alice 1 --json");
    let [told, answer]: [serde_json::Value; 2] =
        [&said.err, &said.out].map(|text| serde_json::from_str(text).unwrap());
    assert!(told["key"].as_str().unwrap().starts_with("cli:"), "{told}");
    assert_eq!(told["key"], answer["key"]);
}

#[test]
fn a_file_of_an_earlier_schema_is_not_brought_forward_in_silence() {
    let folder = Folder::new();
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../../ledger-sqlite/tests/fixtures");
    let earlier = fs::read(format!("{fixtures}/schema-1.ledger")).unwrap();
    fs::write(folder.path("old.ledger"), &earlier).unwrap();
    let doctor = folder.json("doctor old.ledger");
    assert!(doctor.iter().any(|it| it["what"] == "opening" && it["state"] == "look"), "{doctor:?}");
    assert_eq!(fs::read(folder.path("old.ledger")).unwrap(), earlier, "a doctor only looks");
    let said = folder.say("wallets old.ledger");
    assert!(said.err.contains("schema 1 and is brought forward"), "{said:?}");
    assert_eq!(folder.say("wallets old.ledger").err, "", "once");
    fs::write(folder.path("other.ledger"), &earlier).unwrap();
    let told = folder.say("wallets other.ledger --json").err;
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["from_schema"], 1);
}

#[test]
fn a_ledger_that_is_made_is_told() {
    let folder = Folder::new();
    let said = folder.say("open-wallet tpyo.ledger user:alice USD");
    assert_eq!(said.err, "made a new ledger in tpyo.ledger\n");
    assert_eq!(folder.one("open-wallet tpyo.ledger user:bob USD")["made"], false);
    assert_eq!(folder.one("define-asset other.ledger POINTS 0")["made"], true);
    assert_eq!(folder.say("define-asset tpyo.ledger POINTS 0").err, "");
}

#[test]
fn nobody_becomes_torture_s_child_by_its_words() {
    let folder = Folder::with_shop();
    for mark in ["", "LEDGER_TORTURE_CHILD"] {
        let mut ledger = Command::new(LEDGER);
        if !mark.is_empty() {
            ledger.env(mark, "1");
        }
        ledger.args(["torture-child", "shop.ledger", "1", "1", "none"]);
        let said: support::Said = ledger.current_dir(folder.folder()).output().unwrap().into();
        assert_eq!((said.code, said.out.as_str()), (64, ""), "{said:?}");
    }
}

#[test]
fn what_is_wrong_with_a_command_line_is_said_in_json_too() {
    let folder = Folder::new();
    let (_, error) = folder.refused("transfer shop.ledger user:alice");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("<TO>") && message.contains("<AMOUNT>"), "{message}");
}

#[test]
fn a_report_gets_its_name_when_it_is_whole() {
    let folder = Folder::with_shop();
    let before = fs::read_dir(folder.folder()).unwrap().count();
    folder.done("export shop.ledger csv --to whole.csv");
    assert_eq!(fs::read_dir(folder.folder()).unwrap().count(), before + 1);
    assert!(fs::read_to_string(folder.path("whole.csv")).unwrap().contains("d1"));
    assert_eq!(folder.refused("export shop.ledger csv --to none/whole.csv").1["code"], "io");
}

#[test]
fn what_sql_gives_is_whole_in_json_and_harmless_on_a_terminal() {
    let folder = Folder::with_shop();
    let said = folder.call(&["query", "shop.ledger", "SELECT 1 a, 2 a, 9e999 b", "--json"]);
    assert_eq!(said.out, "{\"a\":1,\"a_2\":2,\"b\":\"inf\"}\n");
    let said = folder.call(&["query", "shop.ledger", "SELECT char(27, 10) AS \"\u{1b}\""]);
    assert_eq!(said.out, "\\U{1B}\n\\u{1b}\\n\n");
    let said = folder.call(&["query", "shop.ledger", "SELECT 1 WHERE 0"]);
    assert_eq!((said.out.as_str(), said.err.as_str()), ("", "none\n"));
}
