//! A short form of each part, and of each part with a fault planted, which it must find.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use ledger_sqlite::Durability;
use prove::history::Place;
use prove::summary::{Budget, Row, memory};
use prove::{damage, faults, history, kill, power, simulation};

const PROGRAM: &str = env!("CARGO_BIN_EXE_prove");

fn is_well(row: &Row) {
    assert!(row.is_well(), "{}: {} of {}: {:?}", row.part, row.losses, row.count, row.first);
}

#[test]
fn kills_lose_nothing() {
    for (planted, count) in [(false, 60), (true, 600)] {
        let arguments = vec!["kill-child".to_owned()];
        let plan = kill::Plan {
            program: PathBuf::from(PROGRAM),
            arguments,
            folder: std::env::temp_dir(),
            seed: 1,
            planted,
        };
        is_well(&kill::run(&plan, &Budget::counting(count)).unwrap());
    }
}

#[test]
fn power_cuts_lose_nothing() {
    let plan = power::Plan { seed: 1, durability: Durability::Full };
    is_well(&power::run(plan, &Budget::counting(250)).unwrap());
}

#[test]
fn less_durability_loses_something_to_power_cuts() {
    for durability in [Durability::Normal, Durability::Memory] {
        let plan = power::Plan { seed: 1, durability };
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
        is_well(&history::run(&plan, &Budget::counting(1)).unwrap());
    }
}

#[test]
fn worlds_are_as_the_model_says_and_planted_faults_are_found() {
    is_well(&simulation::run(1, None, &Budget::counting(100_000)));
    is_well(&simulation::find_planted(1));
}

#[test]
fn damage_is_found() {
    for planted in [false, true] {
        is_well(&damage::run(&memory(), 1, planted, &Budget::counting(200)).unwrap());
    }
}

#[test]
fn a_part_that_is_not_known_is_refused() {
    let said = std::process::Command::new(Path::new(PROGRAM)).arg("nonsense").output().unwrap();
    assert_eq!(said.status.code(), Some(2));
    let text = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(text.contains("there are kill, power"), "{text}");
}
