//! The rules' noes, each with the data a caller needs to act on it.
//!
//! Which no is given when several would fit is documented in `docs/errors.md`.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::base::id::{HoldId, TransactionId, WalletId};
use crate::base::invalid::Invalid;
use crate::base::time::Timestamp;
use crate::input::key::Key;
use crate::input::name::WalletName;
use crate::model::expectation::Present;
use crate::model::hold::HoldState;
use crate::model::transaction::Kind;
use crate::model::wallet::Status;
use crate::model::window::Window;
use crate::money::asset::{Asset, AssetCode};
use crate::money::value::Money;

/// Why the rules said no. Nothing was changed.
///
/// ```
/// # use ledger_core::{Asset, Ledger, WalletSpec};
/// use ledger_core::Rejection;
/// # let ledger = Ledger::in_memory();
/// # let usd = Asset::iso("USD")?;
/// # let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
/// let refused = ledger.withdraw(&alice, usd.money("5.00")?, "payout:1").unwrap_err();
/// let Some(Rejection::InsufficientFunds { wallet, shortfall, .. }) = refused.rejection() else { panic!() };
/// assert_eq!((*wallet, *shortfall), (alice.id, usd.money("5.00")?));
/// # Ok::<(), ledger_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Error)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rejection {
    /// The input is wrong in any state.
    #[error(transparent)]
    Invalid(#[from] Invalid),

    /// No wallet has this id.
    #[error("wallet {wallet} is not known; open it first, or check which ledger it belongs to")]
    UnknownWallet {
        /// The id that was given.
        wallet: WalletId,
    },

    /// No asset has this code.
    #[error(
        "asset {code} is not in use here; define it with its scale, or open a wallet in it if it is an \
         ISO 4217 currency"
    )]
    UnknownAsset {
        /// The code that was given.
        code: AssetCode,
    },

    /// No hold has this id.
    #[error("hold {hold} is not known; check which ledger it belongs to")]
    UnknownHold {
        /// The id that was given.
        hold: HoldId,
    },

    /// No transaction has this id.
    #[error("transaction {transaction} is not known; check which ledger it belongs to")]
    UnknownTransaction {
        /// The id that was given.
        transaction: TransactionId,
    },

    /// The transaction moved nothing that could be moved back, or is a reversal itself.
    #[error(
        "transaction {transaction} is a {kind} and can't be reversed; only what moved money can, and a \
         reversal can't: make a transfer instead"
    )]
    NotReversible {
        /// The transaction.
        transaction: TransactionId,
        /// What it is.
        kind: Kind,
    },

    /// The amount is not in the wallet's asset.
    #[error(
        "wallet {wallet} holds {expected}, not {given}; give the amount in {expected}",
        expected = Described(expected), given = Described(given)
    )]
    AssetMismatch {
        /// The wallet.
        wallet: WalletId,
        /// What it holds.
        expected: Asset,
        /// What was given.
        given: Asset,
    },

    /// The asset exists with another scale or other attributes.
    #[error(
        "asset {code} is already defined and differs in its {option}; use the same, or another code"
    )]
    AssetConflict {
        /// The code.
        code: AssetCode,
        /// The option that differs.
        option: String,
    },

    /// The wallet exists and was opened with another spec.
    #[error(
        "wallet {name} is already open and differs in its {option}; use the same, or another name"
    )]
    WalletConflict {
        /// The name.
        name: WalletName,
        /// The option that differs.
        option: String,
    },

    /// The key belongs to another request.
    #[error("key {key:?} was already used for another request; use a new key for a new request")]
    KeyConflict {
        /// The key.
        key: Key,
    },

    /// The wallet has changed since the caller looked.
    #[error(
        "wallet {wallet} is at version {actual}, not {expected}; read it again and decide again",
        actual = present.version
    )]
    VersionMismatch {
        /// The wallet.
        wallet: WalletId,
        /// The version that was expected.
        expected: u64,
        /// What the wallet is.
        present: Present,
    },

    /// The wallet holds less than the caller expected.
    #[error(
        "wallet {wallet} holds {posted}, and at least {expected} was expected; read it again and decide \
         again",
        posted = present.posted
    )]
    BalanceTooLow {
        /// The wallet.
        wallet: WalletId,
        /// What it was expected to hold at least.
        expected: Money,
        /// What the wallet is.
        present: Present,
    },

    /// The wallet does not have the status that the caller expected.
    #[error(
        "wallet {wallet} is {status}, and {expected} was expected; read it again and decide again",
        status = present.status
    )]
    StatusMismatch {
        /// The wallet.
        wallet: WalletId,
        /// The status that was expected.
        expected: Status,
        /// What the wallet is.
        present: Present,
    },

    /// The wallet is frozen.
    #[error("wallet {wallet} is frozen; unfreeze it first")]
    WalletFrozen {
        /// The wallet.
        wallet: WalletId,
    },

    /// The wallet is closed.
    #[error("wallet {wallet} is closed for ever; use another wallet")]
    WalletClosed {
        /// The wallet.
        wallet: WalletId,
    },

    /// The wallet is not frozen.
    #[error("wallet {wallet} is {status}, not frozen; there is nothing to unfreeze")]
    WalletNotFrozen {
        /// The wallet.
        wallet: WalletId,
        /// What it is instead.
        status: Status,
    },

    /// The wallet still holds money, or owes it.
    #[error("wallet {wallet} holds {posted}, of which {held} is reserved; empty it before closing")]
    WalletNotEmpty {
        /// The wallet.
        wallet: WalletId,
        /// What it holds.
        posted: Money,
        /// What is reserved.
        held: Money,
    },

    /// The wallet stands for everything outside and can't be closed or limited.
    #[error(
        "wallet {wallet} stands for everything outside and can't be closed or limited; freeze it instead"
    )]
    WorldWallet {
        /// The wallet.
        wallet: WalletId,
    },

    /// The wallet has less than is needed.
    #[error("wallet {wallet} has {available} available and needs {needed}; {shortfall} is missing")]
    InsufficientFunds {
        /// The wallet.
        wallet: WalletId,
        /// What it can spend.
        available: Money,
        /// What was asked for.
        needed: Money,
        /// What is missing.
        shortfall: Money,
    },

    /// The hold's time was up.
    #[error("hold {hold} expired at {expired_at}, and its money is free; make a new hold")]
    HoldExpired {
        /// The hold.
        hold: HoldId,
        /// When it expired.
        expired_at: Timestamp,
    },

    /// The hold has ended.
    #[error("hold {hold} is {state}; nothing of it is reserved any more")]
    HoldFinished {
        /// The hold.
        hold: HoldId,
        /// What became of it.
        state: HoldState,
    },

    /// The hold's time is not up.
    #[error("hold {hold} expires at {expires_at}, which is still to come; release it instead")]
    HoldNotDue {
        /// The hold.
        hold: HoldId,
        /// When it expires.
        expires_at: Timestamp,
    },

    /// The hold lasts longer already.
    #[error(
        "hold {hold} lasts until {until} already, and {asked} is not later; give a longer time"
    )]
    HoldNotExtended {
        /// The hold.
        hold: HoldId,
        /// Until when it lasts.
        until: Timestamp,
        /// Until when it was to last.
        asked: Timestamp,
    },

    /// More would be captured than was held, tolerance included.
    #[error(
        "capturing {amount} of hold {hold} would be too much: {captured} of {held} is captured already, \
         and at most {tolerance} more than was held may be"
    )]
    CaptureTooLarge {
        /// The hold.
        hold: HoldId,
        /// What was to be captured.
        amount: Money,
        /// What is captured already.
        captured: Money,
        /// What was reserved when the hold was made.
        held: Money,
        /// How much more may be captured.
        tolerance: Money,
    },

    /// All that is asked for was moved back already.
    #[error(
        "nothing is left of what was to be moved back of transaction {transaction}; it is reversed already"
    )]
    AlreadyReversed {
        /// The transaction.
        transaction: TransactionId,
    },

    /// More would be moved back than was moved.
    #[error(
        "reversing {amount} of posting {posting} of transaction {transaction} would be too much; {left} of \
         it is left"
    )]
    ReversalTooLarge {
        /// The transaction.
        transaction: TransactionId,
        /// Which of its postings.
        posting: u32,
        /// What was to be moved back.
        amount: Money,
        /// What is left to be moved back.
        left: Money,
    },

    /// The time is still to come.
    #[error("{time} is still to come, as it is {now}; give a time that has passed")]
    TimeToCome {
        /// The time that was given.
        time: Timestamp,
        /// What time it was.
        now: Timestamp,
    },

    /// The period in which it would take effect is locked.
    #[error(
        "what takes effect before {locked_until} is locked, and this would at {effective_at}; record it \
         in an open period, or unlock that one"
    )]
    PeriodLocked {
        /// When it would take effect.
        effective_at: Timestamp,
        /// Until when it is locked.
        locked_until: Timestamp,
    },

    /// More would leave the wallet at once than may.
    #[error("at most {largest} may leave wallet {wallet} at once, not {amount}")]
    AmountAboveLimit {
        /// The wallet.
        wallet: WalletId,
        /// The most that may leave it at once.
        largest: Money,
        /// What was to leave it.
        amount: Money,
    },

    /// More would move within a time, or more often, than may.
    #[error(
        "{amount} can't {direction} wallet {wallet}: {limit} may within {lasting:?}, and {used} in \
         {used_count} movements is used, with what this request moves before; {frees}",
        direction = window.direction, lasting = window.lasting, limit = Limited(window),
        frees = Frees(*frees_at)
    )]
    WindowExceeded {
        /// The wallet.
        wallet: WalletId,
        /// The window: how much, how often, in what time.
        window: Window,
        /// How much of it is used: moved within the time, or reserved.
        used: Money,
        /// How many movements and open holds that was.
        used_count: u32,
        /// What was to move.
        amount: Money,
        /// When enough of it is free again, if nothing else moves; none if it never has room for that
        /// much.
        frees_at: Option<Timestamp>,
    },

    /// The wallet's floor would be above its ceiling.
    #[error("wallet {wallet} would have a floor of {floor} above its ceiling of {ceiling}")]
    LimitsCross {
        /// The wallet.
        wallet: WalletId,
        /// What its floor would be.
        floor: Money,
        /// What its ceiling would be.
        ceiling: Money,
    },

    /// The wallet would hold more than it may.
    #[error("wallet {wallet} would hold {balance} and may hold at most {ceiling}")]
    CeilingExceeded {
        /// The wallet.
        wallet: WalletId,
        /// The most it may hold.
        ceiling: Money,
        /// What it would hold.
        balance: Money,
    },

    /// The wallet would hold more than a number can say.
    #[error("wallet {wallet} holds {balance}; moving {amount} would overflow 128 bits")]
    BalanceOverflow {
        /// The wallet.
        wallet: WalletId,
        /// What it holds.
        balance: Money,
        /// The amount that doesn't fit.
        amount: Money,
    },
}

impl Rejection {
    /// Whether the answer is remembered under its key: only where it depends on balances, limits
    /// or status, which may have changed by the time of a retry.
    pub fn is_remembered(&self) -> bool {
        match self {
            Self::Invalid(_)
            | Self::UnknownWallet { .. }
            | Self::UnknownAsset { .. }
            | Self::UnknownHold { .. }
            | Self::UnknownTransaction { .. }
            | Self::NotReversible { .. }
            | Self::HoldNotDue { .. }
            | Self::TimeToCome { .. }
            | Self::AssetMismatch { .. }
            | Self::AssetConflict { .. }
            | Self::WalletConflict { .. }
            | Self::KeyConflict { .. }
            | Self::VersionMismatch { .. }
            | Self::BalanceTooLow { .. }
            | Self::StatusMismatch { .. }
            | Self::WorldWallet { .. } => false,
            Self::WalletFrozen { .. }
            | Self::WalletClosed { .. }
            | Self::WalletNotFrozen { .. }
            | Self::WalletNotEmpty { .. }
            | Self::InsufficientFunds { .. }
            | Self::HoldExpired { .. }
            | Self::HoldFinished { .. }
            | Self::HoldNotExtended { .. }
            | Self::CaptureTooLarge { .. }
            | Self::PeriodLocked { .. }
            | Self::AmountAboveLimit { .. }
            | Self::WindowExceeded { .. }
            | Self::LimitsCross { .. }
            | Self::AlreadyReversed { .. }
            | Self::ReversalTooLarge { .. }
            | Self::CeilingExceeded { .. }
            | Self::BalanceOverflow { .. } => true,
        }
    }
}

/// Shows how much and how often a window lets through.
struct Limited<'a>(&'a Window);

impl std::fmt::Display for Limited<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.0.amount, self.0.count) {
            (Some(amount), Some(count)) => write!(f, "{amount} in {count} movements"),
            (Some(amount), None) => amount.fmt(f),
            (None, count) => write!(f, "{} movements", count.unwrap_or_default()),
        }
    }
}

/// Shows when a window has room.
struct Frees(Option<Timestamp>);

impl std::fmt::Display for Frees {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(at) => write!(f, "there is room for it at {at}"),
            None => f.write_str("there is never room for all that this request moves"),
        }
    }
}

/// Shows an asset with its scale, which may be all that differs.
struct Described<'a>(&'a Asset);

impl std::fmt::Display for Described<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} with {} digits", self.0.code(), self.0.scale())
    }
}
