//! A host that does what it should not: takes files away, fills the disk, sets limits, sends signals, turns the
//! clock. Whatever it does, what was answered is there, or it is said that nobody knows.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod clocks;
mod limits;
mod mounts;
mod names;
mod neighbours;
#[path = "../support/process.rs"]
mod process;
#[path = "../support/mod.rs"]
mod support;

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use ledger_core::{Answer, Class, Error, Ledger, Result};
use ledger_sqlite::SqliteLedger;

use crate::process::answer;
use crate::support::Shop;

/// Longer than any machine takes for its turn.
const PATIENCE: Duration = Duration::from_mins(10);

/// What a child does; without a role it is no child.
#[test]
fn child() {
    let Some((path, role, name)) = process::role() else { return };
    match &*role {
        "pays" => pays(&path, &name, Duration::from_millis(300)),
        "pays_patiently" => pays(&path, &name, PATIENCE),
        "limited" => limits::limited(&path, &name),
        "serves" => neighbours::serves(&path),
        other => panic!("{other}"),
    }
    answer("done");
}

/// Opens the file and pays a few times, saying which keys were answered; refusals are no matter.
fn pays(path: &str, name: &str, wait: Duration) {
    let Ok(ledger) = open_waiting(Path::new(path), wait) else { return };
    for key in pay(&ledger, name, 3).0 {
        answer(&format!("answered {key}"));
    }
}

fn open_waiting(path: &Path, wait: Duration) -> Result<SqliteLedger> {
    SqliteLedger::builder(path).lock_wait(wait).ledger(|ledger| ledger.call_wait(None)).open()
}

/// Pays so often; the keys that were answered with yes, and every other answer.
fn pay(ledger: &Ledger, name: &str, count: u32) -> (Vec<String>, Vec<Error>) {
    let (mut answered, mut refused) = (vec![], vec![]);
    let wallets = ["user:alice", "user:bob"].map(|name| ledger.wallet(name));
    let [Ok(Some(alice)), Ok(Some(bob))] = wallets else { return (answered, refused) };
    for number in 0..count {
        let key = format!("{name} {number}");
        match ledger.transfer(&alice, &bob, alice.asset.minor(1), &*key) {
            Ok(_) => answered.push(key),
            Err(error) => refused.push(error),
        }
    }
    (answered, refused)
}

/// Everything that was answered is in the file, which is in order.
fn assert_kept(path: &Path, answered: &[String]) {
    let ledger = SqliteLedger::open(path).unwrap();
    for key in answered {
        let found = ledger.transaction_by_key(key.as_str()).unwrap();
        assert!(matches!(found, Some(Answer::Done(_))), "{key} is lost");
    }
    assert_eq!(ledger.verify().unwrap().problem, None);
}

/// Of payments of a cent by `pay`, all that were answered have come, and only those beside them of which nobody knew.
fn assert_no_more(path: &Path, answered: usize, refused: &[Error]) {
    let ledger = SqliteLedger::open(path).unwrap();
    let bob = ledger.wallet("user:bob").unwrap().unwrap();
    let paid = usize::try_from(ledger.balance(&bob).unwrap().posted.amount().minor()).unwrap();
    let unknown = refused.iter().filter(|error| error.is_unknown()).count();
    assert!((answered..=answered + unknown).contains(&paid), "{paid} of {answered}: {refused:?}");
}

/// Nothing was said to be certain that is not.
fn assert_honest(refused: &[Error]) {
    for error in refused {
        assert_ne!(error.class(), Class::Rejected, "{error}");
        assert!(!error.to_string().is_empty());
    }
}

/// Whether a command of the system's was carried out, such as one that only root may.
fn can(command: &str, arguments: &[&str]) -> bool {
    let done = Command::new(command).args(arguments).output().is_ok_and(|it| it.status.success());
    if !done {
        not_tested(&format!("{command} {arguments:?} is not possible here"));
    }
    done
}

/// Says so not by `eprintln`, which tests that succeed keep to themselves.
fn not_tested(reason: &str) {
    let said = format!("NOT TESTED, because {reason}\n");
    std::io::stderr().write_all(said.as_bytes()).unwrap();
}

/// A file with money in it.
fn funded() -> (support::TestFile, SqliteLedger) {
    let file = support::TestFile::new();
    let ledger = file.open();
    Shop::on(&ledger).fund("1000", "fund");
    (file, ledger)
}
