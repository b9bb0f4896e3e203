//! Transactions: what happened, with the balances after it.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::base::id::{TransactionId, WalletId};
use crate::base::time::Timestamp;
use crate::input::actor::Actor;
use crate::input::key::Key;
use crate::input::meta_key::MetaKey;
use crate::input::metadata::Metadata;
use crate::model::fingerprint::Fingerprint;
use crate::model::hold::{Hold, HoldChange};
use crate::model::limits::LimitsChange;
use crate::model::wallet::Status;
use crate::money::amount::Amount;
use crate::money::value::Money;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $number:literal $code:literal,)*) => {
        /// What a request asks for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum Kind {
            $($(#[$doc])* $name,)*
        }

        impl Kind {
            /// Every kind there is.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// A stable name for people and files.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// A stable number for canonical bytes and files.
            pub const fn number(self) -> u8 {
                match self { $(Self::$name => $number,)* }
            }

            /// The kind with that number.
            pub const fn from_number(number: u8) -> Option<Self> {
                match number { $($number => Some(Self::$name),)* _ => None }
            }
        }
    };
}

kinds! {
    /// Money comes in from outside.
    Deposit = 1 "deposit",
    /// Money goes outside.
    Withdrawal = 2 "withdrawal",
    /// Money moves from one wallet to another.
    Transfer = 3 "transfer",
    /// Several postings, all or none.
    Post = 4 "post",
    /// A wallet is frozen.
    Freeze = 5 "freeze",
    /// A wallet is unfrozen.
    Unfreeze = 6 "unfreeze",
    /// A wallet is closed.
    Close = 7 "close",
    /// Money is reserved.
    Hold = 8 "hold",
    /// Reserved money is moved to its target.
    Capture = 9 "capture",
    /// Reserved money is given back.
    Release = 10 "release",
    /// Reserved money stays so for longer.
    Extend = 11 "extend",
    /// A hold whose time is up is tidied away.
    Expire = 12 "expire",
    /// What another transaction moved is moved back.
    Reversal = 13 "reversal",
    /// Two assets are exchanged, both or none.
    Trade = 14 "trade",
    /// A wallet's limits are changed.
    Limits = 15 "limits",
    /// Periods are locked.
    PeriodLock = 16 "period_lock",
    /// It is changed by which keys of their metadata transactions can be found.
    IndexMetadata = 17 "index_metadata",
    /// Periods are unlocked again.
    PeriodUnlock = 18 "period_unlock",
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

/// One amount of one asset that moved from one wallet to another, and what both hold after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "PostingText", into = "PostingText")]
pub struct Posting {
    /// The wallet it was taken from.
    pub from: WalletId,
    /// The wallet it was given to.
    pub to: WalletId,
    /// How much.
    pub amount: Money,
    /// What `from` holds after it.
    pub from_balance: Amount,
    /// What `to` holds after it.
    pub to_balance: Amount,
    /// The version of `from` after it.
    pub from_version: u64,
    /// The version of `to` after it.
    pub to_version: u64,
}

/// A posting as it is written: all that is money, in one unit.
#[derive(Serialize, Deserialize)]
struct PostingText {
    from: WalletId,
    to: WalletId,
    amount: Money,
    from_balance: Money,
    to_balance: Money,
    from_version: u64,
    to_version: u64,
}

impl From<Posting> for PostingText {
    fn from(posting: Posting) -> Self {
        let Posting { from, to, amount, from_balance, to_balance, from_version, to_version } =
            posting;
        let [from_balance, to_balance] = [from_balance, to_balance].map(|it| amount.asset().of(it));
        Self { from, to, amount, from_balance, to_balance, from_version, to_version }
    }
}

impl From<PostingText> for Posting {
    fn from(text: PostingText) -> Self {
        let PostingText { from, to, amount, from_balance, to_balance, from_version, to_version } =
            text;
        let [from_balance, to_balance] = [from_balance, to_balance].map(|money| money.amount());
        Self { from, to, amount, from_balance, to_balance, from_version, to_version }
    }
}

/// A transaction's postings, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Posting>", into = "Vec<Posting>")]
pub struct Postings(SmallVec<[Posting; 1]>);

impl Deref for Postings {
    type Target = [Posting];

    fn deref(&self) -> &[Posting] {
        &self.0
    }
}

impl FromIterator<Posting> for Postings {
    fn from_iter<I: IntoIterator<Item = Posting>>(postings: I) -> Self {
        Self(postings.into_iter().collect())
    }
}

impl From<Vec<Posting>> for Postings {
    fn from(postings: Vec<Posting>) -> Self {
        Self(postings.into())
    }
}

impl From<Postings> for Vec<Posting> {
    fn from(postings: Postings) -> Self {
        postings.0.into_vec()
    }
}

/// A wallet's status that a transaction changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusChange {
    /// The wallet.
    pub wallet: WalletId,
    /// What its status was.
    pub from: Status,
    /// What its status is after it.
    pub to: Status,
    /// The wallet's version after it.
    pub version: u64,
}

/// Periods that a transaction locked or unlocked: nothing that takes effect before `until` is recorded after
/// it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeriodLock {
    /// Until when they were locked before it; none where nothing was.
    pub from: Option<Timestamp>,
    /// Until when they are locked after it; none where nothing is.
    pub until: Option<Timestamp>,
}

/// By which keys of metadata transactions can be found, besides their reference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexChange {
    /// The keys before it.
    pub from: Vec<MetaKey>,
    /// The keys after it.
    pub to: Vec<MetaKey>,
}

/// What a transaction changed besides moving money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
#[allow(clippy::large_enum_variant, reason = "it is always in a box")]
pub enum Change {
    /// A wallet's status.
    Status(StatusChange),
    /// A hold.
    Hold(HoldChange),
    /// How much of another transaction is left to be reversed.
    Reversal(Reverses),
    /// A wallet's limits.
    Limits(LimitsChange),
    /// Which periods are locked.
    PeriodLock(PeriodLock),
    /// By which keys of their metadata transactions can be found.
    IndexMetadata(IndexChange),
}

impl Change {
    /// The wallet that is changed by it even where no money moves, and its version then.
    pub fn wallet(&self) -> Option<(WalletId, u64)> {
        match self {
            Self::Status(change) => Some((change.wallet, change.version)),
            Self::Hold(change) => Some((change.hold.wallet, change.version)),
            Self::Limits(change) => Some((change.wallet, change.version)),
            Self::Reversal(_) | Self::PeriodLock(_) | Self::IndexMetadata(_) => None,
        }
    }
}

/// Something that happened to wallets, all of it or nothing. It never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    /// Its id, which is also its place in the journal and in time.
    pub id: TransactionId,
    /// When it was recorded.
    pub at: Timestamp,
    /// When its money moved: as it was recorded, or earlier.
    pub effective_at: Timestamp,
    /// What was asked for.
    pub kind: Kind,
    /// The caller's key.
    pub key: Key,
    /// What the request looked like, to tell a retry from another request.
    pub fingerprint: Fingerprint,
    /// The money that moved.
    pub postings: Postings,
    /// What changed besides.
    pub change: Option<Box<Change>>,
    /// The caller's own data.
    pub meta: Option<Metadata>,
    /// Who asked for it.
    pub actor: Option<Arc<Actor>>,
}

/// What a transaction moved back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reverses {
    /// The transaction that was moved back.
    pub transaction: TransactionId,
    /// For each posting of this transaction, which of the original's it moves back.
    pub postings: Vec<u32>,
}

impl Transaction {
    /// The status that it changed.
    pub fn status(&self) -> Option<&StatusChange> {
        match self.change.as_deref()? {
            Change::Status(change) => Some(change),
            _ => None,
        }
    }

    /// The hold that it made or changed, as it was after it.
    pub fn hold(&self) -> Option<&Hold> {
        match self.change.as_deref()? {
            Change::Hold(change) => Some(&change.hold),
            _ => None,
        }
    }

    /// The limits that it changed.
    pub fn limits(&self) -> Option<&LimitsChange> {
        match self.change.as_deref()? {
            Change::Limits(change) => Some(change),
            _ => None,
        }
    }

    /// The periods that it locked or unlocked.
    pub fn period_lock(&self) -> Option<&PeriodLock> {
        match self.change.as_deref()? {
            Change::PeriodLock(lock) => Some(lock),
            _ => None,
        }
    }

    /// The change of the keys of metadata by which transactions can be found.
    pub fn indexed(&self) -> Option<&IndexChange> {
        match self.change.as_deref()? {
            Change::IndexMetadata(change) => Some(change),
            _ => None,
        }
    }

    /// Whether all it does is to move money as it is recorded.
    #[inline]
    pub fn is_plain(&self) -> bool {
        self.change.is_none() && self.effective_at == self.at
    }

    /// What it moved as of an earlier time than that at which it was recorded: the wallet, which of the
    /// postings, and how much, below zero where money left.
    pub fn backdated(&self) -> impl Iterator<Item = (WalletId, u32, Amount)> {
        let postings = if self.effective_at == self.at { &[][..] } else { &self.postings };
        (0..).zip(postings).flat_map(|(place, posting)| {
            let amount = posting.amount.amount();
            // An amount is above zero, so there is one with the other sign.
            let taken = amount.checked_neg().unwrap_or(Amount::ZERO);
            [(posting.from, place, taken), (posting.to, place, amount)]
        })
    }

    /// What it moved back.
    pub fn reverses(&self) -> Option<&Reverses> {
        match self.change.as_deref()? {
            Change::Reversal(reverses) => Some(reverses),
            _ => None,
        }
    }
}

/// The answer to a request that was carried out.
///
/// It reads like the [`Transaction`] it confirms, and says whether this call or an earlier one with
/// the same key made it.
///
/// ```
/// # use ledger_core::{Asset, Ledger, WalletSpec};
/// # let ledger = Ledger::in_memory();
/// # let usd = Asset::iso("USD")?;
/// # let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
/// # let shop = ledger.open_wallet(WalletSpec::new("shop:42", usd)?)?;
/// # ledger.deposit(&alice, usd.money("100.00")?, "d1")?;
/// let receipt = ledger.transfer(&alice, &shop, usd.money("12.50")?, "order:7")?;
/// assert_eq!((receipt.kind.code(), receipt.key.as_str()), ("transfer", "order:7"));
/// assert_eq!(receipt.postings[0].amount, usd.money("12.50")?);
/// assert!(!receipt.replayed);
/// # Ok::<(), ledger_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub(crate) transaction: Arc<Transaction>,
    /// Whether this was found under the key, and not carried out now. An earlier call with the key was carried
    /// out, or an earlier try of this one, of which nobody knew at first whether it was written. So the only
    /// answer that anyone gets may have this set: don't skip on it what a payment is to bring about.
    pub replayed: bool,
}

impl Receipt {
    /// The transaction it confirms.
    pub fn transaction(&self) -> &Transaction {
        &self.transaction
    }
}

impl Deref for Receipt {
    type Target = Transaction;

    fn deref(&self) -> &Transaction {
        &self.transaction
    }
}
