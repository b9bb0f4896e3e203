//! The one public error: small, opaque, with a kind to branch on and a class that says what to do.

pub(crate) mod kind;
pub(crate) mod report;
