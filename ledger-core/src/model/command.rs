//! Commands: what a caller asks for.

use std::sync::Arc;

use smallvec::{SmallVec, smallvec};

use crate::base::bounds::{EXPECTATIONS_MAX, POSTINGS_MAX};
use crate::base::id::WalletId;
use crate::base::invalid::{Field, Invalid};
use crate::input::actor::Actor;
use crate::input::key::Key;
use crate::input::metadata::Metadata;
use crate::model::transaction::Kind;
use crate::money::value::Money;

/// One posting as it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    /// The wallet to take from.
    pub from: WalletId,
    /// The wallet to give to.
    pub to: WalletId,
    /// How much.
    pub amount: Money,
}

impl Leg {
    /// Moves `amount` from one wallet to another.
    pub fn new(from: impl Into<WalletId>, to: impl Into<WalletId>, amount: Money) -> Self {
        Self { from: from.into(), to: to.into(), amount }
    }
}

/// Legs of a command: nearly always one.
pub(crate) type Legs = SmallVec<[Leg; 1]>;

/// A wallet's version that must still hold when the command is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Expectation {
    pub(crate) wallet: WalletId,
    pub(crate) version: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Deposit { to: WalletId, amount: Money },
    Withdraw { from: WalletId, amount: Money },
    Move { kind: Kind, legs: Legs },
    SetStatus { kind: Kind, wallet: WalletId },
}

/// A change to the ledger, under the caller's key.
///
/// ```
/// use ledger_core::{Actor, Asset, Command, Ledger, Metadata, WalletSpec};
/// let ledger = Ledger::in_memory();
/// let usd = Asset::iso("USD")?;
/// let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
/// let shop = ledger.open_wallet(WalletSpec::new("shop:42", usd)?)?;
/// ledger.deposit(&alice, usd.money("100.00")?, "stripe:ch_1")?;
///
/// let version = ledger.balance(&alice)?.version;
/// let receipt = ledger.submit(
///     Command::transfer("order:7".parse()?, &alice, &shop, usd.money("12.50")?)
///         .meta(Metadata::from_json(r#"{"sku": "A1"}"#)?)
///         .actor(Actor::new("api")?)
///         .expect_version(&alice, version),
/// )?;
/// assert_eq!(receipt.postings[0].amount, usd.money("12.50")?);
/// # Ok::<(), ledger_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    pub(crate) key: Key,
    pub(crate) action: Action,
    pub(crate) expectations: Vec<Expectation>,
    pub(crate) meta: Option<Metadata>,
    pub(crate) actor: Option<Arc<Actor>>,
}

impl Command {
    fn new(key: Key, action: Action) -> Self {
        Self { key, action, expectations: Vec::new(), meta: None, actor: None }
    }

    /// Brings money in from outside.
    pub fn deposit(key: Key, to: impl Into<WalletId>, amount: Money) -> Self {
        Self::new(key, Action::Deposit { to: to.into(), amount })
    }

    /// Sends money outside.
    pub fn withdraw(key: Key, from: impl Into<WalletId>, amount: Money) -> Self {
        Self::new(key, Action::Withdraw { from: from.into(), amount })
    }

    /// Moves money from one wallet to another.
    pub fn transfer(
        key: Key,
        from: impl Into<WalletId>,
        to: impl Into<WalletId>,
        amount: Money,
    ) -> Self {
        let legs = smallvec![Leg::new(from, to, amount)];
        Self::new(key, Action::Move { kind: Kind::Transfer, legs })
    }

    /// Carries out 1 to 1,000 postings in their order, all or none. Each must leave its wallets
    /// within their limits.
    pub fn post(key: Key, legs: impl IntoIterator<Item = Leg>) -> Self {
        // One too many is enough to be refused.
        let legs = legs.into_iter().take(POSTINGS_MAX + 1).collect();
        Self::new(key, Action::Move { kind: Kind::Post, legs })
    }

    /// Freezes a wallet: nothing moves in or out until it is unfrozen.
    pub fn freeze(key: Key, wallet: impl Into<WalletId>) -> Self {
        Self::new(key, Action::SetStatus { kind: Kind::Freeze, wallet: wallet.into() })
    }

    /// Unfreezes a wallet.
    pub fn unfreeze(key: Key, wallet: impl Into<WalletId>) -> Self {
        Self::new(key, Action::SetStatus { kind: Kind::Unfreeze, wallet: wallet.into() })
    }

    /// Closes a wallet that holds nothing, for ever.
    pub fn close(key: Key, wallet: impl Into<WalletId>) -> Self {
        Self::new(key, Action::SetStatus { kind: Kind::Close, wallet: wallet.into() })
    }

    /// Keeps `meta` with the transaction. It is part of the request: a retry must bring the same.
    #[must_use]
    pub fn meta(self, meta: Metadata) -> Self {
        Self { meta: Some(meta).filter(|meta| !meta.is_empty()), ..self }
    }

    /// Keeps who asked with the transaction. It is not part of the request.
    #[must_use]
    pub fn actor(self, actor: Actor) -> Self {
        Self { actor: Some(Arc::new(actor)), ..self }
    }

    /// Carries the command out only while `wallet` is at `version`. It is not part of the request.
    #[must_use]
    pub fn expect_version(mut self, wallet: impl Into<WalletId>, version: u64) -> Self {
        self.expectations.push(Expectation { wallet: wallet.into(), version });
        self
    }

    /// The key.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// Refuses what no state of the ledger could make right.
    pub(crate) fn check(&self) -> Result<(), Invalid> {
        if self.expectations.len() > EXPECTATIONS_MAX {
            let problem = format!(
                "a command must have at most {EXPECTATIONS_MAX} preconditions; this one has {}",
                self.expectations.len()
            );
            return Err(Invalid::new(Field::Expectation, problem));
        }
        match &self.action {
            Action::Deposit { amount, .. } | Action::Withdraw { amount, .. } => {
                check_positive(*amount)
            }
            Action::Move { legs, .. } => check_legs(legs),
            Action::SetStatus { .. } => Ok(()),
        }
    }
}

fn check_legs(legs: &[Leg]) -> Result<(), Invalid> {
    match legs {
        [leg] => check_leg(leg),
        legs if (1..=POSTINGS_MAX).contains(&legs.len()) => legs
            .iter()
            .enumerate()
            .try_for_each(|(index, leg)| check_leg(leg).map_err(|bad| bad.at("posting", index))),
        legs => {
            let count = if legs.is_empty() { "none" } else { "more" };
            let problem = format!(
                "a transaction must have 1 to {POSTINGS_MAX} postings; this one has {count}"
            );
            Err(Invalid::new(Field::Postings, problem))
        }
    }
}

fn check_leg(leg: &Leg) -> Result<(), Invalid> {
    check_positive(leg.amount)?;
    check_ends(leg)
}

pub(super) fn check_ends(leg: &Leg) -> Result<(), Invalid> {
    if leg.from == leg.to {
        let problem = format!("wallet {} can't pay itself; name two wallets", leg.from);
        return Err(Invalid::new(Field::Wallet, problem));
    }
    Ok(())
}

fn check_positive(amount: Money) -> Result<(), Invalid> {
    if amount.amount().is_positive() {
        return Ok(());
    }
    let problem = format!(
        "amount must be above zero; this one is {amount}. To move money back, swap the wallets"
    );
    Err(Invalid::new(Field::Amount, problem))
}
