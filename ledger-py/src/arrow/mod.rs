//! Streams of Arrow data, in and out.

pub(crate) mod columns;
pub(crate) mod incoming;
pub(crate) mod outgoing;
