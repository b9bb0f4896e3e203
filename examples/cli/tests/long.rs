//! What takes long: the demo with all that it suggests, torture, bench; and how the doctor finds things.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::support::{Folder, Said};

fn by_shell(folder: &Folder, line: &str) -> Said {
    let mut shell = Command::new("sh");
    shell.args(["-c", line]).current_dir(folder.folder()).output().unwrap().into()
}

#[test]
fn all_that_the_demo_suggests_works() {
    let folder = Folder::new();
    let said = folder.say("demo shop.ledger");
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
    let (_, next) = said.out.split_once("Try next:\n").unwrap();
    let lines: Vec<&str> = next.lines().filter(|line| !line.trim().is_empty()).collect();
    assert!(lines.len() >= 10, "{next}");
    for line in lines {
        let said = by_shell(&folder, line);
        assert_eq!(said.code, 0, "{line}: {said:?}");
        assert!(!said.out.is_empty() || line.contains("| head"), "{line}");
    }
    assert!(folder.path("statement.html").exists());
    let again = folder.one("transaction shop.ledger --key gift:1");
    assert_eq!(again["kind"], "transfer");
}

#[test]
fn the_demo_does_some_of_everything_and_is_checked() {
    let folder = Folder::new();
    let demo = folder.one("demo my.ledger");
    assert_eq!(demo["verified"]["ok"], true);
    assert!(demo["verified"]["transactions"].as_u64().unwrap() > 2_000, "{demo}");
    let count = |what: &str, which: &str| {
        let rows = demo["requests"].as_array().unwrap();
        rows.iter().find(|row| row["what"] == what).unwrap()[which].as_u64().unwrap()
    };
    for what in ["deposit", "purchase", "hold", "capture", "capture of a part", "release", "refund"]
    {
        assert!(count(what, "done") > 20, "{what}: {demo}");
    }
    assert!(count("payout of too much", "refused") > 20);
    assert!(count("the same again", "answered_again") > 20);
    assert_eq!(count("the same again", "done"), 0);
}

#[test]
fn without_a_file_the_demo_makes_a_new_folder_each_time_and_removes_nothing() {
    let folder = Folder::new();
    fs::create_dir_all(folder.path("target/demo")).unwrap();
    fs::write(folder.path("target/demo/shop.ledger"), "somebody's").unwrap();
    let files = [(); 2].map(|()| folder.one("demo")["file"].as_str().unwrap().to_owned());
    assert_ne!(files[0], files[1]);
    for file in files {
        assert!(file.contains("/target/ledger-demo-"), "{file}");
        assert!(folder.path(&file).exists(), "{file}");
    }
    assert_eq!(fs::read(folder.path("target/demo/shop.ledger")).unwrap(), b"somebody's");
}

#[test]
fn torture_counts_and_leaves_nothing() {
    let folder = Folder::new();
    let rows = folder.json("torture . --seconds 2 --seed 7");
    let parts: Vec<_> = rows.iter().map(|row| row["tried"].as_str().unwrap()).collect();
    assert_eq!(parts, ["kill", "damage"]);
    for row in rows {
        assert!(row["count"].as_u64().unwrap() > 0 && row["losses"] == 0, "{row}");
    }
    assert_eq!(fs::read_dir(folder.folder()).unwrap().count(), 0);
    assert_eq!(folder.refused("torture nowhere").1["code"], "no_folder");
}

#[test]
fn bench_measures_beside_bare_flushes() {
    let folder = Folder::new();
    let rows = folder.json("bench . --seconds 2");
    assert_eq!(rows.len(), 4);
    for row in &rows {
        assert!(
            row["count"].as_u64().unwrap() > 0 && row["per_second"].as_f64().unwrap() > 0.0,
            "{row}"
        );
    }
    assert_eq!(rows[0]["per_flush"], 1.0);
    assert_eq!(fs::read_dir(folder.folder()).unwrap().count(), 0);
}

fn found<'a>(rows: &'a [Value], what: &str) -> &'a Value {
    rows.iter().find(|row| row["what"] == what).unwrap()
}

#[test]
fn the_doctor_looks_at_what_surrounds_the_file() {
    let folder = Folder::with_shop();
    let rows = folder.json("doctor shop.ledger");
    for what in ["file", "write-ahead log", "lock", "opening", "versions", "clock"] {
        assert_eq!(found(&rows, what)["state"], "ok", "{rows:?}");
    }
    fs::write(folder.path("shop.ledger-journal"), b"").unwrap();
    let said = folder.say("doctor shop.ledger");
    assert_eq!(said.code, 2, "{said:?}");
    let advice = "keep a copy of shop.ledger-journal and of the file";
    assert!(said.out.contains("rollback journal") && said.out.contains(advice), "{said:?}");
}

#[cfg(unix)]
#[test]
fn the_doctor_finds_who_may_do_too_much() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::with_shop();
    let set = |name: &str, mode| {
        fs::set_permissions(folder.path(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    assert_eq!(found(&folder.json("doctor shop.ledger"), "permissions")["state"], "ok");
    set("shop.ledger", 0o644);
    let rows = folder.json("doctor shop.ledger");
    let finding = found(&rows, "permissions");
    assert_eq!(
        (finding["state"].as_str(), finding["found"].as_str()),
        (Some("look"), Some("0644"))
    );
    assert_eq!(finding["advice"], "others can read it: chmod 600 shop.ledger");
    set("shop.ledger", 0o600);
    set("", 0o777);
    let said = folder.say("doctor shop.ledger");
    assert_eq!(said.code, 2, "{said:?}");
    set("", 0o700);
    fs::hard_link(folder.path("shop.ledger"), folder.path("other")).unwrap();
    let said = folder.say("doctor shop.ledger");
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.out.contains("keep one"), "{said:?}");
}
