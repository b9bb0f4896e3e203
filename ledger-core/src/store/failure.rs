//! How a store fails. What matters is what the caller may believe afterwards.

use thiserror::Error;

/// Why a store could not do what it was asked, in terms of what is certain.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Someone else is at it. Nothing was written; trying again soon may work.
    #[error("{0}")]
    Busy(String),
    /// There is no room. Nothing was written; trying again works once there is.
    #[error("{0}")]
    Full(String),
    /// The store refused this write and took all of it back. The next write may work.
    #[error("{0}")]
    Refused(String),
    /// Nobody knows whether a commit was written, until
    /// [`Store::recover`](crate::store::Store::recover) has succeeded.
    #[error("{0}")]
    InDoubt(String),
    /// The store can't be used any more: damaged, lost, or misused.
    #[error("{0}")]
    Broken(String),
    /// This process was forked from the one that opened the store, and must open its own.
    #[error("{0}")]
    Forked(String),
}

/// What a store answers.
pub type StoreResult<T> = Result<T, StoreError>;
