//! Input that is refused whatever the ledger holds.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The part of a request that was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Field {
    /// The idempotency key.
    Key,
    /// An amount of money.
    Amount,
    /// An asset's code, scale or attributes.
    Asset,
    /// A wallet's name, or a wallet used where it can't be.
    Wallet,
    /// A wallet's owner.
    Owner,
    /// A wallet's floor or ceiling.
    Limit,
    /// How long a hold lasts, or how much more of it may be captured.
    Hold,
    /// Which part of a transaction is to be reversed.
    Reversal,
    /// How an amount is to be divided: weights, rates.
    Split,
    /// The metadata.
    Metadata,
    /// Who, from where or why.
    Actor,
    /// The list of postings.
    Postings,
    /// The list of commands in a call.
    Batch,
    /// A precondition.
    Expectation,
    /// When something takes effect.
    EffectiveAt,
    /// A page's size, cursor or range.
    Page,
    /// An id, a time or a digest given as text.
    Value,
    /// A setting of the ledger itself.
    Config,
}

/// Input that can't be accepted in any state: which field, and one sentence that says what is
/// wrong and what to do.
///
/// ```
/// use ledger_core::{Field, Key};
/// let refused = Key::new("").unwrap_err();
/// assert_eq!(refused.field(), Field::Key);
/// assert!(refused.to_string().contains("1 to 255 bytes"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invalid {
    field: Field,
    problem: Box<str>,
}

impl Invalid {
    /// Refuses `field`; `problem` is the whole sentence a person will read.
    pub fn new(field: Field, problem: impl Into<String>) -> Self {
        Self { field, problem: problem.into().into_boxed_str() }
    }

    /// The part of the request that was refused.
    pub fn field(&self) -> Field {
        self.field
    }

    /// The same refusal, said of one item of a list.
    pub(crate) fn at(self, item: &str, index: usize) -> Self {
        Self { field: self.field, problem: format!("{item} {index}: {}", self.problem).into() }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem)
    }
}

impl std::error::Error for Invalid {}
