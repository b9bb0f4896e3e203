//! A ledger that is open, and how it is called.

pub(crate) mod book;
pub(crate) mod cancel;
pub(crate) mod clock;
pub(crate) mod detach;
pub(crate) mod home;
