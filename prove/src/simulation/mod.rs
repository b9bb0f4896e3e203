//! A world in one thread: clients, a clock that steps and jumps back, a store that fails, crashes. All of it
//! comes from a seed, so that it can be run again, step by step; and every answer must be the model's.

mod acts;
mod clock;
mod planted;
mod shaky;
mod world;

#[path = "../../../ledger-core/tests/model/model.rs"]
#[allow(dead_code, missing_docs, reason = "a test's")]
#[allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::pedantic, reason = "a test's")]
mod model;

use std::time::Instant;

use crate::simulation::planted::Planted;
use crate::simulation::world::World;
use crate::summary::{Budget, Row};

/// When worlds begin: 2026-03-01.
const BEGINNING: i64 = 1_772_366_400_000;

/// Runs worlds as long as the budget allows; and then one of them again, which must be the same.
pub fn run(seed: u64, only: Option<u64>, budget: &Budget) -> Row {
    let mut row = Row::new("simulation", "commands", seed);
    let mut crashes = 0;
    let mut number = only.unwrap_or(0);
    while budget.goes_on(&row) && row.losses == 0 {
        let world = if only.is_some() { World::run_aloud } else { |seed| World::run(seed, None) };
        match world(world_seed(seed, number)) {
            Ok(done) => {
                row.count += done.commands;
                crashes += done.crashes;
                if number.is_multiple_of(64) && World::run(world_seed(seed, number), None) != Ok(done) {
                    row.lose(|| format!("world {number} was another one the second time"));
                }
            }
            Err(loss) => row.lose(|| {
                format!("world {number}: {loss}\n    again: prove --seed {seed} --only {number} simulation")
            }),
        }
        number += 1;
        if only.is_some() {
            break;
        }
    }
    row.part = format!("simulation ({number} worlds, {crashes} crashes)");
    row.took = budget.took();
    row
}

fn world_seed(seed: u64, number: u64) -> u64 {
    seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(number)
}

/// Looks for each planted fault as long as patience lasts; the count is of those that were found.
pub fn find_planted(seed: u64, patience: impl Fn() -> Budget) -> Row {
    let began = Instant::now();
    let mut row = Row::new("simulation, planted faults", "found", seed);
    for &planted in Planted::ALL {
        if is_found(seed, planted, &patience()) {
            row.count += 1;
        } else {
            row.lose(|| format!("{planted:?} is not found"));
        }
    }
    row.part = format!("simulation, planted faults (of {})", Planted::ALL.len());
    row.took = began.elapsed();
    row
}

fn is_found(seed: u64, planted: Planted, budget: &Budget) -> bool {
    let found = |number| World::run(world_seed(seed, number), Some(planted)).is_err();
    (0..budget.count_max).take_while(|number| budget.allows(*number)).any(found)
}
