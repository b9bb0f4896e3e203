//! Tries to lose money in files of one folder: kills processes at work, and damages what they wrote. And
//! what every other way of trying needs: mixed business, what was told of it, and whether that is true.
//!
//! It changes nothing about the process that it runs in, so that it can be a part of any program.

pub mod check;
pub mod damage;
pub mod kill;
pub mod summary;
pub mod workload;
