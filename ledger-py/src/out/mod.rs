//! What Python gets to see: wallets, receipts, values, errors.

pub(crate) mod directory;
pub(crate) mod fault;
pub(crate) mod limits;
pub(crate) mod receipt;
pub(crate) mod values;
pub(crate) mod wallet;
