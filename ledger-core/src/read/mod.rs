//! Questions: pages of history and of wallets. Reads take no part in the write path.

pub(crate) mod cursor;
pub(crate) mod find;
pub(crate) mod history;
pub(crate) mod holds;
pub(crate) mod listing;
pub(crate) mod totals;
pub(crate) mod windows;
