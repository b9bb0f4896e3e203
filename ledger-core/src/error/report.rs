//! The error itself.

use std::convert::Infallible;
use std::fmt;
use std::time::Duration;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::base::invalid::{Field, Invalid};
use crate::base::time::Timestamp;
use crate::error::kind::{Class, ErrorKind};
use crate::model::rejection::Rejection;
use crate::store::failure::StoreError;

/// Why a call did not succeed.
///
/// Branch on [`kind`](Self::kind) or [`class`](Self::class), read the data in
/// [`rejection`](Self::rejection), show the text to people.
///
/// ```
/// use ledger_core::{Asset, Class, ErrorKind, Ledger, Rejection, WalletSpec};
/// let ledger = Ledger::in_memory();
/// let usd = Asset::iso("USD")?;
/// let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
/// let refused = ledger.withdraw(&alice, usd.money("5.00")?, "payout:1").unwrap_err();
/// assert_eq!(refused.kind(), ErrorKind::InsufficientFunds);
/// assert_eq!(refused.class(), Class::Rejected);
/// let Some(Rejection::InsufficientFunds { shortfall, .. }) = refused.rejection() else { panic!() };
/// assert_eq!(shortfall.to_string(), "5.00 USD");
/// # Ok::<(), ledger_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<Report>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Report {
    cause: Cause,
    item: Option<usize>,
    replayed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "it is always in a box")]
pub(crate) enum Cause {
    Rejected(Rejection),
    QueueFull { limit: usize },
    WaitTimeout { waited: Duration },
    LockTimeout { waited: Duration },
    ClockOutOfRange { now: Timestamp },
    Store(StoreError),
    Abandoned,
    Forgotten,
    Outwaited,
    Internal(String),
}

impl Error {
    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.cause.kind()
    }

    /// What to do about it.
    pub fn class(&self) -> Class {
        self.kind().class()
    }

    /// Whether the same call, with the same key, may have another end later.
    pub fn is_retryable(&self) -> bool {
        self.class().is_retryable()
    }

    /// Whether what was asked for may have been done all the same. After every other error, nothing was by this
    /// call; for an earlier one that ended in doubt see [`ErrorKind::is_unknown`].
    pub fn is_unknown(&self) -> bool {
        self.kind().is_unknown()
    }

    /// The rules' no with its data, where it was one.
    pub fn rejection(&self) -> Option<&Rejection> {
        match &self.0.cause {
            Cause::Rejected(rejection) => Some(rejection),
            _ => None,
        }
    }

    /// Which command of an all-or-nothing call it was, counted from 0.
    pub fn item(&self) -> Option<usize> {
        self.0.item
    }

    /// Whether an earlier call with the same key was answered with this.
    pub fn is_replay(&self) -> bool {
        self.0.replayed
    }

    pub(crate) fn at_item(mut self, item: usize) -> Self {
        self.0.item = Some(item);
        self
    }

    pub(crate) fn replayed(mut self) -> Self {
        self.0.replayed = true;
        self
    }

    pub(crate) fn internal(problem: impl Into<String>) -> Self {
        Cause::Internal(problem.into()).into()
    }
}

impl Cause {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Rejected(rejection) => kind_of_rejection(rejection),
            Self::QueueFull { .. } => ErrorKind::QueueFull,
            Self::WaitTimeout { .. } => ErrorKind::WaitTimeout,
            Self::LockTimeout { .. } => ErrorKind::LockTimeout,
            Self::ClockOutOfRange { .. } => ErrorKind::ClockOutOfRange,
            Self::Store(StoreError::Busy(_)) => ErrorKind::StoreBusy,
            Self::Store(StoreError::Full(_)) => ErrorKind::StoreFull,
            Self::Store(StoreError::Refused(_)) => ErrorKind::StoreRefused,
            Self::Store(StoreError::Broken(_)) => ErrorKind::StoreBroken,
            Self::Store(StoreError::Forked(_)) => ErrorKind::Forked,
            Self::Store(StoreError::InDoubt(_)) | Self::Abandoned => ErrorKind::Indeterminate,
            Self::Forgotten | Self::Outwaited => ErrorKind::KeyForgotten,
            Self::Internal(_) => ErrorKind::Internal,
        }
    }
}

fn kind_of_rejection(rejection: &Rejection) -> ErrorKind {
    match rejection {
        Rejection::Invalid(invalid) => kind_of_field(invalid.field()),
        Rejection::UnknownWallet { .. } => ErrorKind::UnknownWallet,
        Rejection::UnknownAsset { .. } => ErrorKind::UnknownAsset,
        Rejection::AssetMismatch { .. } => ErrorKind::AssetMismatch,
        Rejection::AssetConflict { .. } => ErrorKind::AssetConflict,
        Rejection::WalletConflict { .. } => ErrorKind::WalletConflict,
        Rejection::KeyConflict { .. } => ErrorKind::KeyConflict,
        Rejection::VersionMismatch { .. } => ErrorKind::VersionMismatch,
        Rejection::BalanceTooLow { .. } => ErrorKind::BalanceTooLow,
        Rejection::StatusMismatch { .. } => ErrorKind::StatusMismatch,
        Rejection::WorldWallet { .. } => ErrorKind::WorldWallet,
        Rejection::WalletFrozen { .. } => ErrorKind::WalletFrozen,
        Rejection::WalletClosed { .. } => ErrorKind::WalletClosed,
        Rejection::WalletNotFrozen { .. } => ErrorKind::WalletNotFrozen,
        Rejection::WalletNotEmpty { .. } => ErrorKind::WalletNotEmpty,
        Rejection::InsufficientFunds { .. } => ErrorKind::InsufficientFunds,
        Rejection::UnknownHold { .. } => ErrorKind::UnknownHold,
        Rejection::HoldExpired { .. } => ErrorKind::HoldExpired,
        Rejection::HoldFinished { .. } => ErrorKind::HoldFinished,
        Rejection::HoldNotDue { .. } => ErrorKind::HoldNotDue,
        Rejection::HoldNotExtended { .. } => ErrorKind::HoldNotExtended,
        Rejection::CaptureTooLarge { .. } => ErrorKind::CaptureTooLarge,
        Rejection::UnknownTransaction { .. } => ErrorKind::UnknownTransaction,
        Rejection::NotReversible { .. } => ErrorKind::NotReversible,
        Rejection::AlreadyReversed { .. } => ErrorKind::AlreadyReversed,
        Rejection::ReversalTooLarge { .. } => ErrorKind::ReversalTooLarge,
        Rejection::TimeToCome { .. } => ErrorKind::TimeToCome,
        Rejection::PeriodLocked { .. } => ErrorKind::PeriodLocked,
        Rejection::AmountAboveLimit { .. } => ErrorKind::AmountAboveLimit,
        Rejection::WindowExceeded { .. } => ErrorKind::WindowExceeded,
        Rejection::LimitsCross { .. } => ErrorKind::LimitsCross,
        Rejection::CeilingExceeded { .. } => ErrorKind::CeilingExceeded,
        Rejection::BalanceOverflow { .. } => ErrorKind::BalanceOverflow,
    }
}

fn kind_of_field(field: Field) -> ErrorKind {
    match field {
        Field::Key => ErrorKind::InvalidKey,
        Field::Amount => ErrorKind::InvalidAmount,
        Field::Asset => ErrorKind::InvalidAsset,
        Field::Wallet => ErrorKind::InvalidWallet,
        Field::Owner => ErrorKind::InvalidOwner,
        Field::Limit => ErrorKind::InvalidLimit,
        Field::Hold => ErrorKind::InvalidHold,
        Field::Reversal => ErrorKind::InvalidReversal,
        Field::Split => ErrorKind::InvalidSplit,
        Field::Metadata => ErrorKind::InvalidMetadata,
        Field::Actor => ErrorKind::InvalidActor,
        Field::Postings => ErrorKind::InvalidPostings,
        Field::Batch => ErrorKind::InvalidBatch,
        Field::Expectation => ErrorKind::InvalidExpectation,
        Field::EffectiveAt => ErrorKind::InvalidEffectiveAt,
        Field::Page => ErrorKind::InvalidPage,
        Field::Value => ErrorKind::InvalidValue,
        Field::Config => ErrorKind::InvalidConfig,
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(rejection) => rejection.fmt(f),
            Self::QueueFull { limit } => write!(
                f,
                "the queue holds its {limit} postings and nothing was written; try again in a moment"
            ),
            Self::WaitTimeout { waited } => write!(
                f,
                "the call was withdrawn after waiting {} ms and nothing was written; try again",
                waited.as_millis()
            ),
            Self::LockTimeout { waited } => write!(
                f,
                "another group kept a lock for over {} ms and nothing was written; try again",
                waited.as_millis()
            ),
            Self::ClockOutOfRange { now } => write!(
                f,
                "the clock shows {now}, outside of {} to {}, and nothing was written; set it right \
                 and try again",
                Timestamp::FIRST,
                Timestamp::END
            ),
            Self::Store(StoreError::InDoubt(problem)) => write!(
                f,
                "{problem}; it is not known whether this was written: try again with the same key"
            ),
            Self::Store(error) => error.fmt(f),
            Self::Abandoned => f.write_str(
                "the call stopped waiting, or was dropped, while its group was being written; it is \
                 not known whether this was written: try again with the same key",
            ),
            Self::Forgotten => f.write_str(
                "a commit failed, and keys of that time are forgotten by now, so it is not known whether this was \
                 written, and the same key would be a new request: look for it in the history of its wallets",
            ),
            Self::Outwaited => f.write_str(
                "by the clock, the call waited longer than keys are remembered. It wrote nothing, but another try with the same key \
                 may have been carried out and be forgotten by now, and the key would be a new request: look for it in \
                 the history of its wallets",
            ),
            Self::Internal(problem) => {
                write!(f, "{problem}. This is a fault in the ledger: report it, and look up the key")
            }
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(item) = self.0.item {
            write!(f, "command {item}: ")?;
        }
        self.0.cause.fmt(f)?;
        if self.0.replayed {
            f.write_str("; that was the answer to this key: to ask again, use a new key")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {self}", self.kind(), self.class())
    }
}

impl std::error::Error for Error {}

impl From<Cause> for Error {
    fn from(cause: Cause) -> Self {
        Self(Box::new(Report { cause, item: None, replayed: false }))
    }
}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        Cause::Rejected(rejection).into()
    }
}

impl From<Box<Rejection>> for Error {
    fn from(rejection: Box<Rejection>) -> Self {
        (*rejection).into()
    }
}

impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Self {
        Rejection::Invalid(invalid).into()
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Cause::Store(error).into()
    }
}

impl From<Infallible> for Error {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// `{"kind", "class", "message", "item", "replayed", "data"}`, for logs and other machines.
impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Error", 6)?;
        fields.serialize_field("kind", &self.kind())?;
        fields.serialize_field("class", &self.class())?;
        fields.serialize_field("message", &self.to_string())?;
        fields.serialize_field("item", &self.item())?;
        fields.serialize_field("replayed", &self.is_replay())?;
        fields.serialize_field("data", &self.rejection())?;
        fields.end()
    }
}

/// What a call of the ledger answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;
