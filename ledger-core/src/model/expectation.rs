//! Preconditions: what a caller saw of a wallet, and wants to be so still.

use serde::{Deserialize, Serialize};

use crate::base::id::WalletId;
use crate::model::wallet::Status;
use crate::money::value::Money;

/// What must be so of a wallet when a command is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Expectation {
    pub(crate) wallet: WalletId,
    pub(crate) expected: Expected,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    Version(u64),
    BalanceAtLeast(Money),
    Status(Status),
}

/// What a wallet is when a precondition fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Present {
    /// How often it has changed.
    pub version: u64,
    /// Whether it may be used.
    pub status: Status,
    /// What it holds.
    pub posted: Money,
    /// The part of it that is reserved.
    pub held: Money,
    /// What can be spent; none where there is no floor.
    pub available: Option<Money>,
}
