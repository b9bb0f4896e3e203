//! How hard it was tried to lose money, and what came of it. Each part prints a count, its seed and how
//! many were lost, and can be shown to find a planted bug.

pub mod crowd;
pub mod cuts;
mod disk;
pub mod faults;
pub mod history;
pub mod panics;
pub mod power;
pub mod progress;
pub mod simulation;

pub use torture::{damage, kill, summary};

use torture::{check, workload};
