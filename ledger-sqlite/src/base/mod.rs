//! What everything else is built from: numbers on disk and failures.

pub(crate) mod amount;
pub(crate) mod failure;
pub(crate) mod varint;
