//! The power goes for good: a file system is shut down under a process that works, and what had not reached
//! its disk is gone. It is mounted again, recovers on its own, and what was told must be there.

mod place;

use std::io;
use std::path::Path;
use std::time::Duration;

use fastrand::Rng;
use tempfile::TempDir;

use crate::check::{self, Loss};
use crate::cuts::place::{Lost, Mounted};
use crate::kill::{self, Spec};
use crate::summary::{self, Budget, Row};
use crate::workload::told::Told;

pub use place::System;

/// How often a file system is used again before a new one begins.
const ROUNDS: u64 = 12;

/// What is to be cut.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where the file is.
    pub system: System,
    /// Who works on it.
    pub kill: kill::Plan,
}

/// Cuts as long as the budget allows.
pub fn run(plan: &Plan, budget: &Budget) -> io::Result<Row> {
    let ending = if plan.kill.planted.is_some() { ", less durable" } else { "" };
    let seed = plan.kill.seed;
    let mut row = Row::new(format!("cuts, {}{ending}", plan.system.name()), "cuts", seed);
    row.expects = plan.kill.planted.map(|_| check::GONE);
    let mut rng = Rng::with_seed(seed);
    while budget.goes_on(&row) && row.losses == 0 {
        if let Err(loss) = one_disk(plan, &mut rng, budget, &mut row)? {
            let only = plan.system as usize;
            row.lose(|| format!("{loss}\n    again: prove --seed {seed} --only {only} cuts"));
        }
    }
    row.took = budget.took();
    Ok(row)
}

/// A new file system, whose power goes again and again.
fn one_disk(
    plan: &Plan,
    rng: &mut Rng,
    budget: &Budget,
    row: &mut Row,
) -> io::Result<Result<(), Loss>> {
    let folder = summary::working_folder()?;
    plan.system.make(&folder.path().join("image"))?;
    let mut told = Told::default();
    for round in 0..ROUNDS {
        if !budget.goes_on(row) {
            break;
        }
        row.count += 1;
        if let Err(loss) = one_cut(plan, folder.path(), round, rng, &mut told)? {
            return Ok(Err(kept(plan, folder, &loss)));
        }
    }
    Ok(Ok(()))
}

fn one_cut(
    plan: &Plan,
    folder: &Path,
    round: u64,
    rng: &mut Rng,
    told: &mut Told,
) -> io::Result<Result<(), Loss>> {
    let (image, disk) = (folder.join("image"), folder.join("disk"));
    let path = disk.join("test.ledger");
    let mounted = Mounted::new(&image, &disk)?;
    let lost = if rng.u8(0..4) == 0 { Lost::Data } else { Lost::DataAndLog };
    let child = Spec {
        path: &path,
        seed: rng.u64(..),
        round,
        end_after: Duration::from_micros(rng.u64(0..60_000)),
        // The child meets the dead disk before it is killed.
        without_power: Some((&|| mounted.cut(lost), Duration::from_millis(rng.u64(0..8)))),
    };
    let lived = child.run(&plan.kill, told);
    mounted.end()?;
    let mounted = Mounted::new(&image, &disk)?;
    let held = lived.and_then(|()| kill::after(&path, told, round));
    mounted.end()?;
    Ok(held)
}

/// Keeps the file system with the loss, unless it was expected.
fn kept(plan: &Plan, folder: TempDir, loss: &Loss) -> Loss {
    if plan.kill.planted.is_some() {
        return loss.clone();
    }
    format!("{loss}\n    the file system is kept in {}", folder.keep().display())
}
