//! What a wallet may hold and spend, and how that is changed.

use serde::{Deserialize, Serialize};

use crate::base::bounds::WINDOWS_MAX;
use crate::base::id::WalletId;
use crate::base::invalid::{Field, Invalid};
use crate::model::window::{Window, check_windows};
use crate::money::amount::Amount;
use crate::money::value::Money;

/// Limits of a wallet. None is no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// The least it may hold.
    pub floor: Option<Amount>,
    /// The most it may hold.
    pub ceiling: Option<Amount>,
    /// The most that may leave it in one posting, or be reserved at once.
    pub largest: Option<Amount>,
    /// How much may move within a time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<Window>,
}

/// Limits that a transaction changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitsChange {
    /// The wallet.
    pub wallet: WalletId,
    /// What its limits were.
    pub from: Limits,
    /// What its limits are after it.
    pub to: Limits,
    /// The wallet's version after it.
    pub version: u64,
}

/// Which limits of a wallet are to be changed, and to what. Those that are not named stay.
///
/// ```
/// use ledger_core::{Asset, ErrorKind, Ledger, LimitsSpec, WalletSpec};
/// let ledger = Ledger::in_memory();
/// let usd = Asset::iso("USD")?;
/// let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
/// let shop = ledger.open_wallet(WalletSpec::new("shop:42", usd)?)?;
/// let limits = LimitsSpec::of(&alice).floor(usd.money("-100.00")?).largest(usd.money("60.00")?);
/// ledger.set_limits(limits, "credit:1")?;
/// ledger.transfer(&alice, &shop, usd.money("60.00")?, "order:1")?;
/// let refused = ledger.transfer(&alice, &shop, usd.money("60.01")?, "order:2").unwrap_err();
/// assert_eq!(refused.kind(), ErrorKind::AmountAboveLimit);
/// # Ok::<(), ledger_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "it only describes what is to be done"]
pub struct LimitsSpec {
    pub(crate) wallet: WalletId,
    pub(crate) floor: Option<Given>,
    pub(crate) ceiling: Option<Given>,
    pub(crate) largest: Option<Given>,
    pub(crate) windows: Option<Vec<Window>>,
}

/// A limit as it was given: an amount, or that there is none.
pub(crate) type Given = Option<Money>;

impl LimitsSpec {
    /// Changes nothing yet.
    pub fn of(wallet: impl Into<WalletId>) -> Self {
        let wallet = wallet.into();
        Self { wallet, floor: None, ceiling: None, largest: None, windows: None }
    }

    /// The least the wallet may hold: below zero it is a credit line. What it owes beyond that, it
    /// keeps; it can only not spend more.
    pub fn floor(self, floor: Money) -> Self {
        Self { floor: Some(Some(floor)), ..self }
    }

    /// The wallet may go below zero without a limit.
    pub fn no_floor(self) -> Self {
        Self { floor: Some(None), ..self }
    }

    /// The most the wallet may hold. What it holds beyond that, it keeps; it can only not receive more.
    pub fn ceiling(self, ceiling: Money) -> Self {
        Self { ceiling: Some(Some(ceiling)), ..self }
    }

    /// The wallet may hold any amount.
    pub fn no_ceiling(self) -> Self {
        Self { ceiling: Some(None), ..self }
    }

    /// The most that may leave the wallet in one posting, or be reserved at once. Captures of what was
    /// reserved and reversals are not limited by it.
    pub fn largest(self, largest: Money) -> Self {
        Self { largest: Some(Some(largest)), ..self }
    }

    /// Any amount may leave the wallet at once.
    pub fn no_largest(self) -> Self {
        Self { largest: Some(None), ..self }
    }

    /// How much may move within a time: these windows instead of those the wallet has. A window with the
    /// direction and duration of one that it has goes on from what that one counted; a new one counts
    /// what moves from now on.
    pub fn windows(self, windows: impl IntoIterator<Item = Window>) -> Self {
        // One too many is enough to be refused.
        let mut windows: Vec<Window> = windows.into_iter().take(WINDOWS_MAX + 1).collect();
        // Their order says nothing.
        windows.sort_unstable_by_key(|window| (window.direction, window.lasting));
        Self { windows: Some(windows), ..self }
    }

    /// Any amount may move within any time.
    pub fn no_windows(self) -> Self {
        self.windows([])
    }

    pub(crate) fn check(&self) -> Result<(), Invalid> {
        let is_empty = self.windows.is_none()
            && [self.floor, self.ceiling, self.largest].iter().all(Option::is_none);
        let problem = match self.largest.flatten() {
            _ if is_empty => {
                "name a limit that is to be changed: floor, ceiling, largest or windows".to_owned()
            }
            Some(largest) if !largest.is_positive() => format!(
                "the largest amount must be above zero, not {largest}; freeze a wallet that is to pay \
                 nothing"
            ),
            _ => return check_windows(self.windows.as_deref().unwrap_or_default()),
        };
        Err(Invalid::new(Field::Limit, problem))
    }

    /// The amounts that were given.
    pub(crate) fn amounts(&self) -> impl Iterator<Item = Money> {
        let limits = [self.floor, self.ceiling, self.largest].map(Option::flatten);
        let windows = self.windows.iter().flatten().map(|window| window.amount);
        limits.into_iter().chain(windows).flatten()
    }

    /// What the limits are then.
    pub(crate) fn after(&self, before: &Limits) -> Limits {
        let set = |given: Option<Given>, before| match given {
            None => before,
            Some(given) => given.map(|money| money.amount()),
        };
        Limits {
            floor: set(self.floor, before.floor),
            ceiling: set(self.ceiling, before.ceiling),
            largest: set(self.largest, before.largest),
            windows: self.windows.as_ref().unwrap_or(&before.windows).clone(),
        }
    }
}
