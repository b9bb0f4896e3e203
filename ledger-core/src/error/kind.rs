//! Every kind of error, declared once. `docs/errors.md` is held against this list by a test.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a caller should do about an error.
///
/// ```
/// # use ledger_core::{Asset, Ledger, WalletSpec};
/// use ledger_core::Class;
/// # let ledger = Ledger::in_memory();
/// # let usd = Asset::iso("USD")?;
/// # let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
/// let payout = || ledger.withdraw(&alice, usd.money("5.00")?, "payout:1");
/// let advice = match payout().map_err(|error| error.class()) {
///     Ok(_) => "done",
///     Err(Class::Rejected) => "change the request, or accept the no",
///     Err(Class::Transient | Class::Indeterminate) => "try again, with the same key",
///     Err(Class::Fatal) => "stop and look",
/// };
/// assert_eq!(advice, "change the request, or accept the no");
/// # Ok::<(), ledger_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// The rules said no. Nothing changed; in the same state the answer is the same.
    Rejected,
    /// This call wrote nothing. Try again, with the same key.
    Transient,
    /// Nobody knows whether it was written. Try again with the same key to find out.
    Indeterminate,
    /// Something is broken. Stop and look.
    Fatal,
}

impl Class {
    /// A stable name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Transient => "transient",
            Self::Indeterminate => "indeterminate",
            Self::Fatal => "fatal",
        }
    }

    /// Whether the same call, with the same key, may have another end later.
    pub const fn is_retryable(self) -> bool {
        matches!(self, Self::Transient | Self::Indeterminate)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident $code:literal $class:ident,)*) => {
        /// What went wrong: stable, and never used for two things.
        ///
        /// ```
        /// use ledger_core::{Class, ErrorKind};
        /// let kind = ErrorKind::InsufficientFunds;
        /// assert_eq!((kind.code(), kind.class()), ("insufficient_funds", Class::Rejected));
        /// assert!(ErrorKind::ALL.contains(&kind));
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum ErrorKind {
            $($(#[$doc])* $name,)*
        }

        impl ErrorKind {
            /// Every kind there is.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// A stable name for logs, files and other languages.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// What to do about it.
            pub const fn class(self) -> Class {
                match self { $(Self::$name => Class::$class,)* }
            }
        }
    };
}

kinds! {
    /// The idempotency key can't be accepted.
    InvalidKey "invalid_key" Rejected,
    /// An amount can't be accepted: zero, negative, too precise, too large, or no number.
    InvalidAmount "invalid_amount" Rejected,
    /// An asset's code, scale or attributes can't be accepted.
    InvalidAsset "invalid_asset" Rejected,
    /// A wallet's name can't be accepted, or a wallet pays itself.
    InvalidWallet "invalid_wallet" Rejected,
    /// A wallet's owner can't be accepted.
    InvalidOwner "invalid_owner" Rejected,
    /// A wallet's floor or ceiling can't be accepted.
    InvalidLimit "invalid_limit" Rejected,
    /// A hold's duration or tolerance can't be accepted.
    InvalidHold "invalid_hold" Rejected,
    /// A reversal names a posting that is not there, or none where it must.
    InvalidReversal "invalid_reversal" Rejected,
    /// Weights or rates by which an amount is to be divided can't be accepted.
    InvalidSplit "invalid_split" Rejected,
    /// The metadata is not a JSON object within the limits.
    InvalidMetadata "invalid_metadata" Rejected,
    /// The actor can't be accepted.
    InvalidActor "invalid_actor" Rejected,
    /// The transaction has no postings, or too many.
    InvalidPostings "invalid_postings" Rejected,
    /// The call has no commands, too many, or the same key twice.
    InvalidBatch "invalid_batch" Rejected,
    /// The command has too many preconditions.
    InvalidExpectation "invalid_expectation" Rejected,
    /// A request can't take effect at that time.
    InvalidEffectiveAt "invalid_effective_at" Rejected,
    /// A page's size, cursor or range can't be accepted.
    InvalidPage "invalid_page" Rejected,
    /// An id, a time or a digest is not in its form.
    InvalidValue "invalid_value" Rejected,
    /// A setting of the ledger can't be accepted.
    InvalidConfig "invalid_config" Rejected,
    /// No wallet has this id.
    UnknownWallet "unknown_wallet" Rejected,
    /// No asset has this code.
    UnknownAsset "unknown_asset" Rejected,
    /// No hold has this id.
    UnknownHold "unknown_hold" Rejected,
    /// No transaction has this id.
    UnknownTransaction "unknown_transaction" Rejected,
    /// The transaction moved nothing that could be moved back, or is a reversal itself.
    NotReversible "not_reversible" Rejected,
    /// The amount is not in the wallet's asset.
    AssetMismatch "asset_mismatch" Rejected,
    /// The asset is defined in another way.
    AssetConflict "asset_conflict" Rejected,
    /// The wallet was opened with another spec.
    WalletConflict "wallet_conflict" Rejected,
    /// The key belongs to another request.
    KeyConflict "key_conflict" Rejected,
    /// The wallet has changed since the caller looked.
    VersionMismatch "version_mismatch" Rejected,
    /// The wallet holds less than the caller expected.
    BalanceTooLow "balance_too_low" Rejected,
    /// The wallet does not have the status that the caller expected.
    StatusMismatch "status_mismatch" Rejected,
    /// The wallet stands for everything outside and can't be closed.
    WorldWallet "world_wallet" Rejected,
    /// The time is still to come.
    TimeToCome "time_to_come" Rejected,
    /// The hold's time is not up.
    HoldNotDue "hold_not_due" Rejected,
    /// The wallet is frozen.
    WalletFrozen "wallet_frozen" Rejected,
    /// The wallet is closed.
    WalletClosed "wallet_closed" Rejected,
    /// The wallet is not frozen.
    WalletNotFrozen "wallet_not_frozen" Rejected,
    /// The wallet still holds money, or owes it.
    WalletNotEmpty "wallet_not_empty" Rejected,
    /// The wallet has less than is needed.
    InsufficientFunds "insufficient_funds" Rejected,
    /// The hold's time was up.
    HoldExpired "hold_expired" Rejected,
    /// The hold has ended.
    HoldFinished "hold_finished" Rejected,
    /// The hold lasts longer already.
    HoldNotExtended "hold_not_extended" Rejected,
    /// More would be captured than was held, tolerance included.
    CaptureTooLarge "capture_too_large" Rejected,
    /// All that is asked for was moved back already.
    AlreadyReversed "already_reversed" Rejected,
    /// More would be moved back than was moved.
    ReversalTooLarge "reversal_too_large" Rejected,
    /// The period in which it would take effect is locked.
    PeriodLocked "period_locked" Rejected,
    /// More would leave the wallet at once than may.
    AmountAboveLimit "amount_above_limit" Rejected,
    /// More would move within a time, or more often, than may.
    WindowExceeded "window_exceeded" Rejected,
    /// The wallet's floor would be above its ceiling.
    LimitsCross "limits_cross" Rejected,
    /// The wallet would hold more than it may.
    CeilingExceeded "ceiling_exceeded" Rejected,
    /// The wallet would hold more than a number can say.
    BalanceOverflow "balance_overflow" Rejected,
    /// Too much is waiting already.
    QueueFull "queue_full" Transient,
    /// The call waited as long as it may and was withdrawn.
    WaitTimeout "wait_timeout" Transient,
    /// Another lane held a lock for too long.
    LockTimeout "lock_timeout" Transient,
    /// The clock shows a time no id can carry.
    ClockOutOfRange "clock_out_of_range" Transient,
    /// The store was busy, several times in a row.
    StoreBusy "store_busy" Transient,
    /// The store has no room.
    StoreFull "store_full" Transient,
    /// Nobody knows whether it was written.
    Indeterminate "indeterminate" Indeterminate,
    /// The store refused the write and took it back.
    StoreRefused "store_refused" Fatal,
    /// The store can't be used any more.
    StoreBroken "store_broken" Fatal,
    /// This process is a child of the one that opened the store.
    Forked "forked" Fatal,
    /// Nobody knows whether it was written, by this call or another try, and the key is forgotten: sent again, it would
    /// be a new request.
    KeyForgotten "key_forgotten" Fatal,
    /// A fault of the ledger's own: please report it.
    Internal "internal" Fatal,
}

impl ErrorKind {
    /// Whether what was asked for may have been done all the same. After every other error, nothing was by this call.
    ///
    /// An earlier call with the same key that ended in doubt stays in doubt, whatever transient or fatal error a
    /// later one ends with. A receipt or a rejection ends the doubt, and so does a look-up with `transaction_by_key`
    /// that succeeds.
    pub const fn is_unknown(self) -> bool {
        matches!(self, Self::Indeterminate | Self::KeyForgotten | Self::Internal)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl Serialize for ErrorKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}
