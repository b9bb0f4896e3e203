//! The rules about money, pure: no I/O, no clock, no threads. Everything that changes a wallet is
//! decided here and nowhere else, whatever the store.

pub(crate) mod answers;
pub(crate) mod apply;
pub(crate) mod decide;
pub(crate) mod register;
pub(crate) mod rows;
mod scratch;
