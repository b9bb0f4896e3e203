//! What is taken from Python: amounts, wallets, commands.

pub(crate) mod amount;
pub(crate) mod command;
pub(crate) mod ends;
pub(crate) mod input;
pub(crate) mod limits;
