//! Commands: what a caller asks for.

use std::sync::Arc;
use std::time::Duration;

use smallvec::smallvec;

use crate::base::bounds::{EXPECTATIONS_MAX, META_KEYS_MAX, POSTINGS_MAX};
use crate::base::id::{HoldId, WalletId};
use crate::base::invalid::{Field, Invalid};
use crate::base::time::Timestamp;
use crate::input::actor::Actor;
use crate::input::key::Key;
use crate::input::meta_key::MetaKey;
use crate::input::metadata::Metadata;
use crate::model::expectation::{Expectation, Expected};
use crate::model::hold_spec::{CaptureSpec, HoldSpec, check_duration};
use crate::model::leg::{Leg, Legs, check_leg, check_legs, check_positive};
use crate::model::limits::LimitsSpec;
use crate::model::reversal::ReversalSpec;
use crate::model::transaction::Kind;
use crate::model::wallet::Status;
use crate::money::value::Money;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Deposit { to: WalletId, amount: Money },
    Withdraw { from: WalletId, amount: Money },
    Move { kind: Kind, legs: Legs },
    SetStatus { kind: Kind, wallet: WalletId },
    Hold(Box<HoldSpec>),
    Capture(Box<CaptureSpec>),
    Release { hold: HoldId },
    Extend { hold: HoldId, expires_in: Duration },
    Expire { hold: HoldId },
    Reverse(Box<ReversalSpec>),
    SetLimits(Box<LimitsSpec>),
    LockPeriods { until: Timestamp },
    UnlockPeriods { until: Option<Timestamp> },
    IndexMetadata(Vec<MetaKey>),
}

impl Action {
    fn moves_money(&self) -> bool {
        match self {
            Self::Deposit { .. }
            | Self::Withdraw { .. }
            | Self::Move { .. }
            | Self::Capture(_)
            | Self::Reverse(_) => true,
            Self::SetStatus { .. }
            | Self::Hold(_)
            | Self::Release { .. }
            | Self::Extend { .. }
            | Self::Expire { .. }
            | Self::SetLimits(_)
            | Self::LockPeriods { .. }
            | Self::UnlockPeriods { .. }
            | Self::IndexMetadata(_) => false,
        }
    }
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
#[must_use = "a command does nothing until it is submitted"]
pub struct Command {
    pub(crate) key: Key,
    pub(crate) action: Action,
    pub(crate) expectations: Vec<Expectation>,
    pub(crate) effective_at: Option<Timestamp>,
    pub(crate) meta: Option<Metadata>,
    pub(crate) actor: Option<Arc<Actor>>,
}

impl Command {
    fn new(key: Key, action: Action) -> Self {
        let expectations = Vec::new();
        Self { key, action, expectations, effective_at: None, meta: None, actor: None }
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

    /// Exchanges two assets, both or none: `paid` for `goods`.
    pub fn trade(key: Key, paid: Leg, goods: Leg) -> Self {
        Self::new(key, Action::Move { kind: Kind::Trade, legs: smallvec![paid, goods] })
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

    /// Reserves money on a wallet for another one.
    pub fn hold(key: Key, spec: HoldSpec) -> Self {
        Self::new(key, Action::Hold(Box::new(spec)))
    }

    /// Moves reserved money to its target: all that remains, or a part of it.
    pub fn capture(key: Key, capture: impl Into<CaptureSpec>) -> Self {
        Self::new(key, Action::Capture(Box::new(capture.into())))
    }

    /// Gives back all that is still reserved.
    pub fn release(key: Key, hold: impl Into<HoldId>) -> Self {
        Self::new(key, Action::Release { hold: hold.into() })
    }

    /// Has a hold expire so long from now instead; that must be later than it would.
    pub fn extend(key: Key, hold: impl Into<HoldId>, expires_in: Duration) -> Self {
        Self::new(key, Action::Extend { hold: hold.into(), expires_in })
    }

    /// Notes that a hold has expired. Its money was free already; this only tidies up.
    pub fn expire(key: Key, hold: impl Into<HoldId>) -> Self {
        Self::new(key, Action::Expire { hold: hold.into() })
    }

    /// Moves back what a transaction moved: all that is left of it, or a part.
    pub fn reverse(key: Key, reversal: impl Into<ReversalSpec>) -> Self {
        Self::new(key, Action::Reverse(Box::new(reversal.into())))
    }

    /// Changes what a wallet may hold and spend.
    pub fn set_limits(key: Key, limits: LimitsSpec) -> Self {
        Self::new(key, Action::SetLimits(Box::new(limits)))
    }

    /// Locks all periods before `until`: nothing is recorded any more that takes effect before it.
    pub fn lock_periods(key: Key, until: Timestamp) -> Self {
        Self::new(key, Action::LockPeriods { until })
    }

    /// Unlocks the periods from `until` on, or all of them.
    pub fn unlock_periods(key: Key, until: impl Into<Option<Timestamp>>) -> Self {
        Self::new(key, Action::UnlockPeriods { until: until.into() })
    }

    /// Has transactions be found by these keys of their metadata, and by no others but `reference`.
    pub fn index_metadata(key: Key, keys: impl IntoIterator<Item = MetaKey>) -> Self {
        // One too many is enough to be refused.
        let mut keys: Vec<MetaKey> = keys.into_iter().take(META_KEYS_MAX + 1).collect();
        // Their order says nothing.
        keys.sort_unstable();
        Self::new(key, Action::IndexMetadata(keys))
    }

    /// Has the money move as of an earlier time than that at which it is recorded. Floors, limits and
    /// holds are about what there is now all the same. It is part of the request.
    pub fn effective_at(self, at: Timestamp) -> Self {
        Self { effective_at: Some(at), ..self }
    }

    /// Keeps `meta` with the transaction. It is part of the request: a retry must bring the same.
    pub fn meta(self, meta: Metadata) -> Self {
        Self { meta: Some(meta).filter(|meta| !meta.is_empty()), ..self }
    }

    /// Keeps who asked with the transaction. It is not part of the request.
    pub fn actor(self, actor: Actor) -> Self {
        Self { actor: Some(Arc::new(actor)), ..self }
    }

    /// Carries the command out only while `wallet` is at `version`. It is not part of the request.
    pub fn expect_version(self, wallet: impl Into<WalletId>, version: u64) -> Self {
        self.expect(wallet.into(), Expected::Version(version))
    }

    /// Carries the command out only while `wallet` holds at least so much, reserved or not. It is not
    /// part of the request.
    pub fn expect_balance(self, wallet: impl Into<WalletId>, at_least: Money) -> Self {
        self.expect(wallet.into(), Expected::BalanceAtLeast(at_least))
    }

    /// Carries the command out only while `wallet` has this status. It is not part of the request.
    pub fn expect_status(self, wallet: impl Into<WalletId>, status: Status) -> Self {
        self.expect(wallet.into(), Expected::Status(status))
    }

    fn expect(mut self, wallet: WalletId, expected: Expected) -> Self {
        self.expectations.push(Expectation { wallet, expected });
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
        self.check_dates()?;
        match &self.action {
            Action::Deposit { amount, .. } | Action::Withdraw { amount, .. } => {
                check_positive(*amount)
            }
            Action::Move { kind, legs } => check_legs(legs).and_then(|()| check_trade(*kind, legs)),
            Action::Hold(spec) => check_leg(&spec.leg()).and_then(|()| spec.check()),
            Action::Capture(spec) => spec.amount.map_or(Ok(()), check_positive),
            Action::Reverse(spec) => spec.amount.map_or(Ok(()), check_positive),
            Action::SetLimits(spec) => spec.check(),
            Action::IndexMetadata(keys) => check_keys(keys),
            Action::Extend { expires_in, .. } => check_duration(*expires_in),
            Action::SetStatus { .. }
            | Action::Release { .. }
            | Action::Expire { .. }
            | Action::LockPeriods { .. }
            | Action::UnlockPeriods { .. } => Ok(()),
        }
    }

    fn check_dates(&self) -> Result<(), Invalid> {
        let until = match self.action {
            Action::LockPeriods { until } => Some(until),
            Action::UnlockPeriods { until } => until,
            _ => None,
        };
        let problem = if self.effective_at.is_some() && !self.action.moves_money() {
            "only what moves money can take effect at an earlier time; leave effective_at out"
                .to_owned()
        } else if let Some(time) = self.effective_at.or(until)
            && time < Timestamp::EARLIEST
        {
            format!("{time} is too early; give a time from {} on", Timestamp::EARLIEST)
        } else {
            return Ok(());
        };
        Err(Invalid::new(Field::EffectiveAt, problem))
    }
}

fn check_keys(keys: &[MetaKey]) -> Result<(), Invalid> {
    let problem = if keys.len() > META_KEYS_MAX {
        format!("metadata can be indexed by at most {META_KEYS_MAX} keys; these are {}", keys.len())
    } else if let Some((twin, _)) = keys.iter().zip(keys.iter().skip(1)).find(|(a, b)| a == b) {
        format!("the metadata key {twin} is named twice; name it once")
    } else {
        return Ok(());
    };
    Err(Invalid::new(Field::Metadata, problem))
}

fn check_trade(kind: Kind, legs: &[Leg]) -> Result<(), Invalid> {
    match (kind, legs) {
        (Kind::Trade, [paid, goods]) if paid.amount.asset() == goods.amount.asset() => {
            let problem = format!(
                "a trade must exchange two assets; both sides of this one are in {}",
                paid.amount.asset().code()
            );
            Err(Invalid::new(Field::Postings, problem))
        }
        _ => Ok(()),
    }
}
