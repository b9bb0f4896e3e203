//! What the write path asks of a backend. A store keeps and finds; it knows no rule about money.

pub(crate) mod contract;
pub(crate) mod failure;
