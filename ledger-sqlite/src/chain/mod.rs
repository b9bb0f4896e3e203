//! Chains: how a wallet's history is found without an index. Every line links back to the lines
//! before it of both its wallets, so writing a history costs nothing but those numbers.

pub(crate) mod account;
pub(crate) mod links;
pub(crate) mod roots;
