//! What a ledger is made of: wallets, commands, transactions, and the journal's records of them.

pub(crate) mod balance;
pub(crate) mod command;
pub(crate) mod entry;
pub(crate) mod expectation;
pub(crate) mod fingerprint;
pub(crate) mod hold;
pub(crate) mod hold_spec;
pub(crate) mod leg;
pub(crate) mod limits;
pub(crate) mod prepared;
pub(crate) mod record;
pub(crate) mod rejection;
pub(crate) mod retention;
pub(crate) mod reversal;
pub(crate) mod row;
pub(crate) mod terms;
pub(crate) mod transaction;
pub(crate) mod usage;
pub(crate) mod wallet;
pub(crate) mod window;
