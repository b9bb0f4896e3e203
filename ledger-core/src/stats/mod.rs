//! What the ledger counts about itself.

mod histogram;
pub(crate) mod meter;
pub(crate) mod trace;
