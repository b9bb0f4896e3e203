//! A short form of each part, and of each part with a fault planted, which it must find.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use ledger_sqlite::Durability;
use prove::cuts::{self, System};
use prove::history::Place;
use prove::kill::{self, Planted};
use prove::summary::{Budget, Row, memory};
use prove::{crowd, damage, faults, history, power, simulation};

const PROGRAM: &str = env!("CARGO_BIN_EXE_prove");

fn is_well(row: &Row) {
    assert!(row.is_well(), "{}: {} of {}: {:?}", row.part, row.losses, row.count, row.first);
}

#[test]
fn kills_lose_nothing() {
    for (planted, count) in [(None, 60), (Some(Planted::SaysTooEarly), 600)] {
        is_well(&kill::run(&kill_plan(planted), &Budget::counting(count)).unwrap());
    }
}

fn kill_plan(planted: Option<Planted>) -> kill::Plan {
    let arguments = vec!["kill-child".to_owned()];
    kill::Plan { program: PathBuf::from(PROGRAM), arguments, folder: None, seed: 1, planted }
}

#[test]
fn real_cuts_lose_nothing_where_they_can_be_tried() {
    for system in [System::Ext4, System::Xfs] {
        if let Err(reason) = system.check() {
            eprintln!("{}: left out: {reason}", system.name());
            continue;
        }
        for (planted, count) in [(None, 6), (Some(Planted::DoesNotFlush), 100)] {
            let plan = cuts::Plan { system, kill: kill_plan(planted) };
            is_well(&cuts::run(&plan, &Budget::counting(count)).unwrap());
        }
    }
}

#[test]
fn where_there_is_no_terminal_progress_is_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let mut prove = std::process::Command::new(PROGRAM);
    let asked = prove.args(["--count", "30", "--seed", "1", "damage"]);
    let said = asked.env("CARGO_TARGET_DIR", folder.path()).output().unwrap();
    assert!(said.status.success());
    assert_eq!(String::from_utf8_lossy(&said.stderr), "");
}

#[test]
fn power_cuts_lose_nothing() {
    let plan = power::Plan { seed: 1, durability: Durability::Full, every: 24 };
    is_well(&power::run(plan, &Budget::counting(250)).unwrap());
}

#[test]
fn less_durability_loses_something_to_power_cuts() {
    for durability in [Durability::Normal, Durability::Memory] {
        let plan = power::Plan { seed: 1, durability, every: 1 };
        is_well(&power::run(plan, &Budget::counting(20_000)).unwrap());
    }
}

#[test]
fn faults_lose_nothing() {
    for planted in [false, true] {
        let plan = faults::Plan { seed: 1, planted, only: None };
        is_well(&faults::run(plan, &Budget::counting(40)).unwrap());
    }
}

#[test]
fn histories_have_one_order() {
    let cases = [
        (Place::Memory(1), false),
        (Place::Memory(3), false),
        (Place::File, false),
        (Place::Processes, false),
        (Place::Memory(1), true),
    ];
    for (place, planted) in cases {
        let program = (PathBuf::from(PROGRAM), vec!["history-child".to_owned()]);
        let plan = history::Plan { place, program, seed: 1, planted };
        // Whether looks that are none are seen through depends on who runs when.
        let count = if planted { 100_000_000 } else { 1 };
        is_well(&history::run(&plan, &Budget::counting(count)).unwrap());
    }
}

#[test]
fn a_crowd_of_impatient_callers_loses_nothing() {
    let places = [crowd::Place::Memory(1), crowd::Place::Memory(3), crowd::Place::File];
    for (place, planted) in
        places.map(|place| (place, false)).into_iter().chain([(places[0], true)])
    {
        let count = if planted { 1_000_000 } else { 10_000 };
        is_well(&crowd::run(place, 1, planted, &Budget::counting(count)).unwrap());
    }
}

#[test]
fn worlds_are_as_the_model_says_and_planted_faults_are_found() {
    is_well(&simulation::run(1, None, &Budget::counting(100_000)));
    is_well(&simulation::find_planted(1, || Budget::counting(1_000_000)));
}

#[test]
fn damage_is_found() {
    for planted in [false, true] {
        let row = damage::run(&memory(), 1, planted, &Budget::counting(200)).unwrap();
        is_well(&row);
        let tables: u64 = row.part.split(' ').nth(2).and_then(|word| word.parse().ok()).unwrap();
        assert!(planted || tables > 9, "{}", row.part);
    }
}

#[test]
fn a_part_that_is_not_known_is_refused() {
    let said = std::process::Command::new(Path::new(PROGRAM)).arg("nonsense").output().unwrap();
    assert_eq!(said.status.code(), Some(2));
    let text = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(text.contains("there are kill, cuts, power"), "{text}");
}
