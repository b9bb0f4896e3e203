//! The tables, and the connections to them.

pub(crate) mod backdated;
pub(crate) mod connect;
pub(crate) mod create;
pub(crate) mod directory;
pub(crate) mod glance;
pub(crate) mod holds;
pub(crate) mod kinds;
pub(crate) mod progress;
pub(crate) mod registry;
pub(crate) mod reversals;
pub(crate) mod secret;
