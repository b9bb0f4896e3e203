//! The functions that the Python side calls.

pub(crate) mod calc;
pub(crate) mod read;
pub(crate) mod whole;
pub(crate) mod write;
