//! The file itself: where it is, whether it is still the one that was opened, and who may write it.

pub(crate) mod anchor;
pub(crate) mod forked;
pub(crate) mod identity;
pub(crate) mod log;
pub(crate) mod place;
pub(crate) mod registry;
pub(crate) mod system;
pub(crate) mod turn;
