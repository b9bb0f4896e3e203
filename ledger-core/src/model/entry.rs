//! A wallet's history, one entry a posting, and places in it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::id::{Stamp, TransactionId, WalletId};
use crate::base::time::Timestamp;
use crate::input::actor::Actor;
use crate::input::key::Key;
use crate::input::metadata::Metadata;
use crate::model::transaction::{Kind, Posting, Transaction};
use crate::money::amount::Amount;
use crate::money::value::Money;

/// A posting as one of its two wallets sees it.
///
/// ```
/// # use ledger_core::{Asset, HistoryQuery, Ledger, WalletSpec};
/// # let ledger = Ledger::in_memory();
/// # let usd = Asset::iso("USD")?;
/// # let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
/// # let shop = ledger.open_wallet(WalletSpec::new("shop:42", usd)?)?;
/// # ledger.deposit(&alice, usd.money("100.00")?, "d1")?;
/// ledger.transfer(&alice, &shop, usd.money("12.50")?, "order:7")?;
/// let entry = ledger.history(&alice, &HistoryQuery::newest_first())?.entries.remove(0);
/// assert_eq!((entry.amount, entry.balance_after), (usd.money("-12.50")?, usd.money("87.50")?));
/// assert_eq!(entry.counterparty, shop.id);
/// # Ok::<(), ledger_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Entry {
    /// The transaction.
    pub id: TransactionId,
    /// Which of the transaction's postings it is.
    pub posting: u32,
    /// When it was recorded.
    pub at: Timestamp,
    /// When it took effect: as it was recorded, or earlier.
    pub effective_at: Timestamp,
    /// What was asked for.
    pub kind: Kind,
    /// How much: above zero what came in, below zero what went out.
    pub amount: Money,
    /// What the wallet held after it.
    pub balance_after: Money,
    /// The wallet's version after it.
    pub version: u64,
    /// The wallet at the other end.
    pub counterparty: WalletId,
    /// The caller's key.
    pub key: Key,
    /// The caller's own data.
    pub meta: Option<Metadata>,
    /// Who asked for it.
    pub actor: Option<Arc<Actor>>,
}

impl Entry {
    /// How `wallet` sees the posting at `index` of `transaction`; none if it has no part in it.
    pub fn new(wallet: WalletId, transaction: &Transaction, index: u32) -> Option<Self> {
        let posting = transaction.postings.get(usize::try_from(index).ok()?)?;
        let side = Side::of(wallet, posting)?;
        let asset = posting.amount.asset();
        Some(Self {
            id: transaction.id,
            posting: index,
            at: transaction.at,
            effective_at: transaction.effective_at,
            kind: transaction.kind,
            amount: asset.of(side.amount),
            balance_after: asset.of(side.balance),
            version: side.version,
            counterparty: side.counterparty,
            key: transaction.key.clone(),
            meta: transaction.meta.clone(),
            actor: transaction.actor.clone(),
        })
    }

    /// Where it stands in the history.
    pub fn position(&self) -> Position {
        Position { stamp: self.id.raw(), posting: self.posting }
    }
}

struct Side {
    amount: Amount,
    balance: Amount,
    version: u64,
    counterparty: WalletId,
}

impl Side {
    fn of(wallet: WalletId, posting: &Posting) -> Option<Self> {
        let amount = posting.amount.amount();
        if wallet == posting.to {
            Some(Self {
                amount,
                balance: posting.to_balance,
                version: posting.to_version,
                counterparty: posting.from,
            })
        } else if wallet == posting.from {
            // An amount is above zero, so there is one with the other sign.
            Some(Self {
                amount: amount.checked_neg()?,
                balance: posting.from_balance,
                version: posting.from_version,
                counterparty: posting.to,
            })
        } else {
            None
        }
    }
}

/// A place in a wallet's history. Positions are ordered as the journal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// The transaction's id as a number.
    pub stamp: u64,
    /// Which of its postings.
    pub posting: u32,
}

impl Position {
    /// The place from which this one is the next to be met, going on in `order`.
    pub(crate) fn one_before(self, order: Order) -> Self {
        let Self { stamp, posting } = self;
        match (order, posting.checked_sub(1)) {
            (Order::NewestFirst, _) => Self { stamp, posting: posting.saturating_add(1) },
            (Order::OldestFirst, Some(posting)) => Self { stamp, posting },
            (Order::OldestFirst, None) => {
                Self { stamp: stamp.saturating_sub(1), posting: u32::MAX }
            }
        }
    }
}

/// A stretch of history, without the two positions at its ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The position just before it.
    pub after: Position,
    /// The position just behind it.
    pub before: Position,
}

impl Span {
    /// All of history.
    pub const ALL: Self = Self {
        after: Position { stamp: 0, posting: u32::MAX },
        before: Position { stamp: u64::MAX, posting: 0 },
    };

    /// What was recorded from one time, included, until another, excluded.
    pub fn between(from: Option<Timestamp>, until: Option<Timestamp>) -> Self {
        let after = from.map_or(Self::ALL.after, |from| Position {
            stamp: Stamp::edge(from).saturating_sub(1),
            posting: u32::MAX,
        });
        let before = until
            .map_or(Self::ALL.before, |until| Position { stamp: Stamp::edge(until), posting: 0 });
        Self { after, before }
    }

    /// What was recorded until a time, included.
    pub fn until(until: Timestamp) -> Self {
        Self::between(None, Some(until.following()))
    }

    /// What was recorded later than one time, until another, included.
    pub fn later_than(time: Timestamp, until: Timestamp) -> Self {
        Self::between(Some(time.following()), Some(until.following()))
    }

    /// The part of it that is met going on from `position` in `order`.
    #[must_use]
    pub fn beyond(self, position: Position, order: Order) -> Self {
        match order {
            Order::OldestFirst => Self { after: self.after.max(position), ..self },
            Order::NewestFirst => Self { before: self.before.min(position), ..self },
        }
    }
}

/// Which end of a history comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// From the latest back.
    #[default]
    NewestFirst,
    /// From the beginning on.
    OldestFirst,
}

impl Order {
    /// The other order.
    #[must_use]
    pub fn reversed(self) -> Self {
        match self {
            Self::NewestFirst => Self::OldestFirst,
            Self::OldestFirst => Self::NewestFirst,
        }
    }
}
