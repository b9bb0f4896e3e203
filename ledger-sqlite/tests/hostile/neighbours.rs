//! Others in the same process, and children of it, that use the file's descriptors and locks as they like.

use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use rusqlite::Connection;

use crate::process::{Process, answer, fork, read_line};
use crate::support::{Shop, TestFile};
use crate::{PATIENCE, assert_kept, funded, open_waiting, pay};

#[test]
fn a_neighbour_that_copies_reads_and_attaches_the_file_takes_nothing_along() {
    let (file, ledger) = funded();
    let mut answered = vec![];
    for round in 0..8 {
        fs::copy(file.path(), file.beside(".copy")).unwrap();
        let own = Connection::open(file.path()).unwrap();
        let main = Connection::open(file.beside(".main")).unwrap();
        let attach = format!("ATTACH '{}' AS theirs", file.path().display());
        main.execute_batch(&attach).unwrap();
        for connection in [&own, &main] {
            let lines = connection.query_row("SELECT count(*) FROM journal", [], |row| row.get(0));
            assert!(lines.is_ok_and(|lines: u32| lines > 0));
        }
        let (keys, refused) = pay(&ledger, &format!("beside {round}"), 2);
        assert!(refused.is_empty(), "{refused:?}");
        answered.extend(keys);
        drop((own, main));
        for ending in ["", "-wal", "-shm", "-lock"] {
            drop(fs::read(file.beside(ending)).unwrap());
        }
        // Who comes now would believe to be alone, and goes again.
        answered.extend(
            Process::start(&file, &format!("pays_patiently other{round}")).all_said("answered "),
        );
        let (keys, refused) = pay(&ledger, &format!("after {round}"), 2);
        assert!(refused.is_empty(), "{refused:?}");
        answered.extend(keys);
    }
    assert_eq!(answered.len(), 8 * 7);
    assert_eq!(Shop::on(&ledger).posted(&Shop::on(&ledger).bob), "0.56 USD");
    drop(ledger);
    assert_kept(&file.path(), &answered);
}

#[test]
fn two_processes_without_sqlites_locks_write_in_turns_all_the_same() {
    let file = TestFile::new();
    let ledger = open_waiting(&file.path(), PATIENCE).unwrap();
    Shop::on(&ledger).fund("1000", "fund");
    let start = |number| Process::start(&file, &format!("pays_patiently other{number}"));
    let mut others: Vec<Process> = (0..4).map(start).collect();
    let mut answered = vec![];
    for round in 0..40 {
        // SQLite's own locks are gone each time.
        drop(fs::read(file.path()).unwrap());
        drop(fs::read(file.beside("-shm")).unwrap());
        answered.extend(pay(&ledger, &round.to_string(), 1).0);
    }
    answered.extend(others.iter_mut().flat_map(|other| other.all_said("answered ")));
    assert_eq!(answered.len(), 40 + 4 * 3);
    drop(ledger);
    assert_kept(&file.path(), &answered);
}

/// What a child that outlives its parent waits for.
const OUTLIVES: &str = ".outlives";

/// A parent whose child drops what it inherited, and lives on; then waits to be killed.
pub fn serves(path: &str) {
    let ledger = open_waiting(Path::new(path), PATIENCE).unwrap();
    let shop = Shop::on(&ledger);
    let mut inherited = Some((ledger.clone(), shop));
    let child = fork(|| {
        drop(inherited.take());
        // It lives until the test lets go of that, or ends.
        File::open(format!("{path}{OUTLIVES}")).unwrap().lock().is_ok()
    });
    answer(&format!("child {child}"));
    for round in 0.. {
        let (keys, refused) = pay(&ledger, &format!("served {round}"), 1);
        assert!(refused.is_empty(), "{refused:?}");
        for key in keys {
            answer(&format!("answered {key}"));
        }
        if round == 20 {
            answer("busy");
            read_line();
        }
    }
}

#[test]
fn a_child_that_drops_what_it_inherited_and_outlives_its_parent_harms_nobody() {
    let (file, ledger) = funded();
    drop(ledger);
    let outlives = File::create(file.beside(OUTLIVES)).unwrap();
    outlives.lock().unwrap();
    let mut parent = Process::start(&file, "serves it");
    let child: i32 = parent.wait_for("child").parse().unwrap();
    parent.wait_for("busy");
    let mut answered = Process::start(&file, "pays_patiently other").all_said("answered ");
    assert_eq!(answered.len(), 3);
    parent.go_on();
    parent.wait_for("answered");
    parent.child.kill().unwrap();
    parent.child.wait().unwrap();
    let opened = file.builder().exclusive(true).lock_wait(Duration::from_mins(1)).open();
    let alive = kill(nix::unistd::Pid::from_raw(child), Signal::SIGKILL);
    assert!(alive.is_ok(), "the child was alive");
    drop(opened.unwrap());
    answered.extend(parent.all_said("answered "));
    assert_kept(&file.path(), &answered);
    let again: TestFile = file;
    assert!(pay(&again.open(), "after", 3).0.len() == 3);
}
