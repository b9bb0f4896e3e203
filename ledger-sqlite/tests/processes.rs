//! Several processes on one file. Each child is this program again, running the test `child`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

#[path = "support/process.rs"]
mod process;
mod support;

use std::fs::{File, TryLockError};
use std::process::Command;
use std::thread;
use std::time::Duration;

use ledger_core::store::Store as _;
use ledger_core::{ErrorKind, Ledger};
use ledger_sqlite::SqliteLedger;

use crate::process::{Process, answer, fork, read_line};
use crate::support::{Shop, TestFile};

/// What a child does; without the variables it is no child.
#[test]
fn child() {
    let Some((path, role, name)) = process::role() else { return };
    match &*role {
        "pays" => pays(&path, &name),
        "deposits" => deposits_for_ever(&path, &name),
        "holds" => {
            let ledger = SqliteLedger::builder(&path).exclusive(true).open().unwrap();
            answer("ready");
            read_line();
            drop(ledger);
        }
        "forks" => forks(&path),
        "dies" => forks_and_waits(&path),
        "opens" => drop(SqliteLedger::open(&path).unwrap()),
        other => panic!("{other}"),
    }
    answer("done");
}

/// Pays a hundred times, and checks each time that nothing is lost between what it sees.
fn pays(path: &str, name: &str) {
    let ledger = SqliteLedger::builder(path).lock_wait(Duration::from_mins(1)).open().unwrap();
    let shop = Shop::on(&ledger);
    for number in 0..100 {
        shop.pay("0.01", &format!("{name} {number}")).unwrap();
        // Everyone uses this key: one of them carries it out.
        shop.pay("0.01", &format!("common {number}")).unwrap();
        let both = shop.ledger.balances(&[shop.alice.id, shop.bob.id]).unwrap();
        let sum = both[0].posted.checked_add(both[1].posted).unwrap();
        assert_eq!(sum.to_string(), "1000.00 USD");
    }
}

/// Deposits until it is killed, one by one and in batches, and says which keys were answered.
fn deposits_for_ever(path: &str, name: &str) {
    let ledger = open_with_few_keys(path);
    let shop = Shop::on(&ledger);
    for round in 0.. {
        let count = if round % 2 == 0 { 1 } else { 30 };
        let keys: Vec<String> =
            (0..count).map(|number| format!("{name} {round} {number}")).collect();
        let deposit = |key: &String| {
            let key = ledger_core::Key::new(key).unwrap();
            ledger_core::Command::deposit(key, &shop.alice, shop.usd("0.01"))
        };
        for done in ledger.submit_each(keys.iter().map(deposit)).unwrap() {
            assert!(!done.unwrap().replayed);
        }
        answer(&format!("answered {}", keys.join(",")));
        ledger.balance(&shop.alice).unwrap();
    }
}

/// Few keys in memory make many runs and merges, to be killed in.
fn open_with_few_keys(path: impl AsRef<std::path::Path>) -> SqliteLedger {
    let file = SqliteLedger::builder(path).recent_keys(50).lock_wait(Duration::from_mins(1));
    file.open().unwrap()
}

/// A child that uses or opens what its parent has open is told off, and harms nobody.
fn forks(path: &str) {
    let ledger = SqliteLedger::open(path).unwrap();
    let shop = Shop::on(&ledger);
    let is_told_off = |error: &ledger_core::Error| {
        error.kind() == ErrorKind::Forked && error.to_string().contains("forked")
    };
    shop.fund("1000", "fund");
    for number in 0..20 {
        let child = fork(|| {
            is_told_off(&shop.pay("1", "from the child").unwrap_err())
                && is_told_off(&ledger.balance(&shop.alice).unwrap_err())
                && is_told_off(&ledger.verify().unwrap_err())
                && is_told_off(&SqliteLedger::open(path).unwrap_err())
        });
        let status = nix::sys::wait::waitpid(child, None).unwrap();
        assert_eq!(status, nix::sys::wait::WaitStatus::Exited(child, 0));
        shop.pay("1", &format!("{number}")).unwrap();
        // Whoever opens the file elsewhere must not find it alone.
        Process::start_at(path, "opens it").finish();
    }
    assert_eq!(shop.posted(&shop.bob), "20.00 USD");
}

/// Leaves a child behind that inherited everything.
fn forks_and_waits(path: &str) {
    let ledger = SqliteLedger::builder(path).exclusive(true).open().unwrap();
    let child = fork(|| {
        thread::sleep(Duration::from_mins(1));
        true
    });
    answer(&format!("child {child}"));
    read_line();
    drop(ledger);
}

#[test]
fn eight_processes_pay_from_one_wallet_and_nothing_is_lost() {
    let file = TestFile::new();
    let ledger = file.open();
    let shop = Shop::on(&ledger);
    shop.fund("1000", "fund");
    let children: Vec<Process> =
        (0..8).map(|number| Process::start(&file, &format!("pays {number}"))).collect();
    // A reader sees what others commit, whole.
    while shop.posted(&shop.bob) != "9.00 USD" {
        let both = ledger.balances(&[shop.alice.id, shop.bob.id]).unwrap();
        let sum = both[0].posted.checked_add(both[1].posted).unwrap();
        assert_eq!(sum.to_string(), "1000.00 USD");
        thread::sleep(Duration::from_millis(1));
    }
    children.into_iter().for_each(Process::finish);
    // 800 of their own, and 100 that they had in common.
    assert_eq!(shop.posted(&shop.bob), "9.00 USD");
    assert!(shop.pay("0.01", "3 77").unwrap().replayed);
    let found = ledger.verify().unwrap();
    assert_eq!((found.problem, found.transactions), (None, 901));
}

#[test]
fn what_killed_processes_were_answered_is_there() {
    let file = TestFile::new();
    drop(Shop::on(&file.open()));
    let mut answered = 0;
    for round in 0..12 {
        let names = ["one", "two"].map(|name| format!("deposits {name} {round}"));
        let mut children = names.map(|role| Process::start(&file, &role));
        let begun = children.each_mut().map(|child| child.wait_for("answered"));
        // Another moment each time.
        thread::sleep(Duration::from_millis(20 + 17 * round));
        let said = children.map(Process::kill);
        let said = begun.map(|keys| format!("> answered {keys}")).into_iter().chain(said);
        let said: Vec<String> = said.collect();
        let ledger = open_with_few_keys(file.path());
        for line in said.iter().flat_map(|said| said.lines()) {
            // A line may be cut off by the kill; those that are whole were answered.
            for key in line.strip_prefix("> answered ").into_iter().flat_map(|keys| keys.split(','))
            {
                assert!(ledger.transaction_by_key(key).unwrap().is_some(), "{key} is lost");
                answered += 1;
            }
        }
        assert_eq!(ledger.verify().unwrap().problem, None, "after kill {round}");
    }
    assert!(answered >= 24, "{answered}");
}

/// What another process would see, which has the lock file open by itself.
#[test]
fn each_group_of_one_process_has_the_turn_to_its_end() {
    let file = TestFile::new();
    let ledger = file.open();
    let lock = File::open(file.beside("-lock")).unwrap();
    let works = || {
        for _ in 0..1_000 {
            let group = ledger.store().begin().unwrap();
            thread::yield_now();
            assert!(matches!(lock.try_lock(), Err(TryLockError::WouldBlock)));
            drop(group);
        }
    };
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(works);
        }
    });
}

#[test]
fn an_exclusive_process_is_named_to_others() {
    let file = TestFile::with_business();
    let mut holder = Process::start(&file, "holds it");
    holder.wait_for("ready");
    let open = || file.builder().lock_wait(Duration::from_millis(20)).open();
    let error = open().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StoreBusy);
    let named = format!("process {}, in exclusive mode", holder.child.id());
    assert!(error.to_string().contains(&named), "{error}");
    let exclusive = file.builder().lock_wait(Duration::from_millis(20)).exclusive(true).open();
    assert!(exclusive.unwrap_err().to_string().contains(&named));
    // Any other program can still read.
    let count: u64 =
        file.sql().query_row("SELECT count(*) FROM journal", [], |r| r.get(0)).unwrap();
    assert!(count > 10);
    holder.go_on();
    holder.finish();
    open().unwrap();
}

#[test]
fn an_exclusive_process_that_is_killed_is_in_nobodys_way() {
    let file = TestFile::with_business();
    let mut holder = Process::start(&file, "holds it");
    holder.wait_for("ready");
    holder.child.kill().unwrap();
    holder.child.wait().unwrap();
    let ledger = file.open();
    assert_eq!(ledger.verify().unwrap().problem, None);
    // What it wrote of itself is gone with it.
    assert_eq!(std::fs::read(file.beside("-lock")).unwrap(), b"");
}

#[test]
fn exclusive_keeps_out_a_second_ledger_of_the_same_process() {
    let file = TestFile::with_business();
    let quick = || file.builder().lock_wait(Duration::from_millis(10));
    let first = quick().exclusive(true).open().unwrap();
    assert_eq!(quick().open().unwrap_err().kind(), ErrorKind::StoreBusy);
    drop(first);
    let shared = [quick().open().unwrap(), quick().open().unwrap()];
    let pay = |ledger: &Ledger, key: &str| {
        let shop = Shop::on(&shared[0]);
        ledger.unfreeze(&shop.bob, "thaw").unwrap();
        ledger.transfer(&shop.alice, &shop.bob, shop.usd("1"), key).unwrap()
    };
    assert!(!pay(&shared[0], "a").replayed && pay(&shared[1], "a").replayed);
}

#[test]
#[cfg(unix)]
fn a_forked_child_is_told_off_and_its_parent_loses_nothing() {
    let file = TestFile::new();
    Process::start(&file, "forks often").finish();
    assert_eq!(file.problem(), "");
    let ledger = file.open();
    assert_eq!(Shop::on(&ledger).posted(&Shop::on(&ledger).bob), "20.00 USD");
}

#[test]
#[cfg(unix)]
fn the_lock_of_a_killed_process_does_not_live_on_in_its_child() {
    let file = TestFile::with_business();
    let mut parent = Process::start(&file, "dies early");
    let child: i32 = parent.wait_for("child").parse().unwrap();
    parent.child.kill().unwrap();
    parent.child.wait().unwrap();
    let opened = file.builder().exclusive(true).lock_wait(Duration::from_millis(50)).open();
    let alive =
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(child), nix::sys::signal::SIGKILL);
    assert!(alive.is_ok(), "the child was alive");
    assert_eq!(opened.unwrap().verify().unwrap().problem, None);
}

#[test]
#[cfg(target_os = "linux")]
fn locks_that_sqlite_loses_lose_no_money() {
    let file = TestFile::new();
    let ledger = file.open();
    let shop = Shop::on(&ledger);
    shop.fund("1000", "fund");
    for number in 0..20 {
        // Reading the file closes a descriptor of it: SQLite's locks are gone, and it doesn't know.
        drop(std::fs::read(file.path()).unwrap());
        // Whoever opens and closes it now would believe to be alone, and remove the log.
        let other = Command::new("python3")
            .args(["-c", "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('SELECT count(*) FROM journal').fetchall()"])
            .arg(file.path())
            .status()
            .unwrap();
        assert!(other.success());
        Process::start(&file, "opens it").finish();
        shop.pay("1", &format!("{number}")).unwrap();
    }
    let left = TestFile::new();
    for ending in ["", "-wal"] {
        std::fs::copy(file.beside(ending), left.beside(ending)).unwrap();
    }
    let again = left.open();
    assert_eq!(Shop::on(&again).posted(&shop.bob), "20.00 USD");
    assert_eq!(again.verify().unwrap().problem, None);
}

#[test]
#[cfg(unix)]
fn a_file_that_is_taken_away_is_noticed_before_anything_is_answered() {
    for moved in ["", "-wal"] {
        let file = TestFile::new();
        let ledger = file.open();
        let shop = Shop::on(&ledger);
        shop.fund("1000", "fund");
        std::fs::rename(file.beside(moved), file.beside(".elsewhere")).unwrap();
        for key in ["lost", "more"] {
            let error = shop.pay("1", key).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::StoreBroken, "{moved}: {error}");
            assert!(error.to_string().contains("was removed, renamed or replaced"), "{error}");
        }
        assert_eq!(ledger.balance(&shop.alice).unwrap_err().kind(), ErrorKind::StoreBroken);
    }
}
