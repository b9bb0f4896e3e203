//! How hard it was tried to lose money, and what came of it. Each part prints a count, its seed and how
//! many were lost, and can be shown to find a planted bug.

mod check;
pub mod crowd;
pub mod cuts;
pub mod damage;
mod disk;
pub mod faults;
pub mod history;
pub mod kill;
pub mod power;
mod progress;
pub mod simulation;
pub mod summary;
mod workload;
