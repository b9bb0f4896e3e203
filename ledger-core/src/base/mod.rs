//! The ground: limits, time, ids, canonical bytes and the checks on text. Knows nothing of money.

pub mod bounds;
pub(crate) mod encode;
pub(crate) mod id;
pub(crate) mod interrupt;
pub(crate) mod invalid;
#[cfg(all(test, shuttle))]
pub(crate) mod schedule;
pub(crate) mod sync;
pub(crate) mod text;
pub(crate) mod time;
