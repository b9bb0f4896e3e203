//! What is done to a file as a whole: checked, made again, copied, asked in SQL.

pub(crate) mod backup;
pub(crate) mod check;
pub(crate) mod head;
pub(crate) mod holds;
pub(crate) mod keys;
pub(crate) mod pages;
pub(crate) mod query;
pub(crate) mod rebuild;
pub(crate) mod reversals;
pub(crate) mod verify;
pub(crate) mod watch;
pub(crate) mod windows;
