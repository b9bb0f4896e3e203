//! The seals can be checked without us, by a short script that shares no code with the ledger.

#![allow(clippy::unwrap_used)]

mod support;

use std::path::Path;
use std::process::Command;

use crate::support::{Shop, TestFile};

/// What the script says, and whether it is content.
fn check(file: &Path, head: Option<&str>) -> (bool, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/check_seals.py");
    let output = Command::new("python3").arg(script).arg(file).args(head).output().unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (output.status.success(), said.trim().to_owned())
}

#[test]
fn a_script_checks_the_seals() {
    let file = TestFile::with_business();
    let head = file.open().head().unwrap().to_string();
    let (lines, seal) = head.split_once(':').unwrap().1.split_once(':').unwrap();
    let said = format!("{lines} lines, sealed by {seal}");
    assert_eq!(check(&file.path(), None), (true, said.clone()));
    assert_eq!(check(&file.path(), Some(&head)), (true, said));
    // It goes on from there, and is the same ledger.
    Shop::on(&file.open()).ledger.unfreeze(&Shop::on(&file.open()).bob, "thaw").unwrap();
    assert!(check(&file.path(), Some(&head)).0);
    assert!(check(&TestFile::with_business().path(), Some(&head)).1.contains("not the head"));
}

#[test]
fn the_script_finds_what_was_changed() {
    for (sql, said) in [
        ("UPDATE journal SET amount = amount + 1 WHERE key = 'pay'", "was changed"),
        ("UPDATE journal SET body = body || ' ' WHERE key = 'too much'", "was changed"),
        ("UPDATE journal SET seal = zeroblob(32) WHERE key = 'pay'", "was changed"),
        ("DELETE FROM journal WHERE key = 'pay'", "was changed"),
        ("DELETE FROM journal WHERE row > 10", "was cut off"),
    ] {
        let file = TestFile::with_business();
        let head = file.open().head().unwrap().to_string();
        file.sql().execute(sql, []).unwrap();
        let (content, found) = check(&file.path(), Some(&head));
        assert!(!content && found.contains(said), "{sql}: {found}");
    }
}
