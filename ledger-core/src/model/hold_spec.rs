//! What is asked of holds.

use std::time::Duration;

use crate::base::bounds::{HOLD_DURATION_MAX, HOLD_DURATION_MIN};
use crate::base::id::{HoldId, WalletId};
use crate::base::invalid::{Field, Invalid};
use crate::model::hold::Hold;
use crate::model::leg::Leg;
use crate::money::amount::Amount;
use crate::money::value::Money;

/// How money is to be reserved on a wallet for another one.
///
/// ```
/// use ledger_core::{Asset, HoldSpec, Ledger, WalletSpec};
/// use std::time::Duration;
/// let ledger = Ledger::in_memory();
/// let usd = Asset::iso("USD")?;
/// let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
/// let hotel = ledger.open_wallet(WalletSpec::new("hotel", usd)?)?;
/// ledger.deposit(&alice, usd.money("100.00")?, "d1")?;
/// let week = Duration::from_hours(7 * 24);
/// let spec = HoldSpec::new(&alice, &hotel, usd.money("80.00")?, week).tolerance(usd.money("8.00")?);
/// let hold = ledger.hold(spec, "booking:7")?;
/// assert_eq!(ledger.balance(&alice)?.available, Some(usd.money("20.00")?));
/// ledger.capture(&hold, "stay:7")?;
/// assert_eq!(ledger.balance(&hotel)?.posted, usd.money("80.00")?);
/// # Ok::<(), ledger_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "it only describes what is to be done"]
pub struct HoldSpec {
    pub(crate) wallet: WalletId,
    pub(crate) target: WalletId,
    pub(crate) amount: Money,
    pub(crate) tolerance: Option<Money>,
    pub(crate) expires_in: Duration,
}

impl HoldSpec {
    /// Reserves `amount` on `wallet` for `target`, for so long.
    pub fn new(
        wallet: impl Into<WalletId>,
        target: impl Into<WalletId>,
        amount: Money,
        expires_in: Duration,
    ) -> Self {
        let (wallet, target) = (wallet.into(), target.into());
        Self { wallet, target, amount, tolerance: None, expires_in }
    }

    /// So much more than the amount may be captured, if the wallet has it then. Once nothing of the hold
    /// remains it has ended: a last capture must bring what is beyond it along.
    pub fn tolerance(self, tolerance: Money) -> Self {
        Self { tolerance: Some(tolerance), ..self }
    }

    pub(crate) fn check(&self) -> Result<(), Invalid> {
        check_duration(self.expires_in)?;
        let tolerance = self.extra();
        let largest = self.amount.checked_add(tolerance);
        if tolerance.is_negative() || largest.is_none() {
            let problem = format!(
                "a hold's tolerance must be zero or above, in the asset of its amount ({}), and small \
                 enough to be counted with it; this one is {tolerance}",
                self.amount
            );
            return Err(Invalid::new(Field::Hold, problem));
        }
        Ok(())
    }

    /// What will move if all of it is captured.
    pub(crate) fn leg(&self) -> Leg {
        Leg { from: self.wallet, to: self.target, amount: self.amount }
    }

    /// How much more than the amount may be captured.
    pub(crate) fn extra(&self) -> Money {
        self.tolerance.unwrap_or_else(|| self.amount.asset().of(Amount::ZERO))
    }
}

/// What is to be captured of a hold: by default, all that remains.
///
/// ```
/// # use ledger_core::{Asset, HoldSpec, Ledger, WalletSpec};
/// # use std::time::Duration;
/// # let ledger = Ledger::in_memory();
/// # let usd = Asset::iso("USD")?;
/// # let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
/// # let shop = ledger.open_wallet(WalletSpec::new("shop", usd)?)?;
/// # ledger.deposit(&alice, usd.money("100.00")?, "d1")?;
/// # let hour = Duration::from_hours(1);
/// use ledger_core::CaptureSpec;
/// let hold = ledger.hold(HoldSpec::new(&alice, &shop, usd.money("30")?, hour), "order:1")?;
/// ledger.capture(CaptureSpec::of(&hold).amount(usd.money("10")?), "parcel:1")?;
/// let last = CaptureSpec::of(&hold).amount(usd.money("15")?).release_rest();
/// ledger.capture(last, "parcel:2")?;
/// let balance = ledger.balance(&alice)?;
/// assert_eq!((balance.posted, balance.held), (usd.money("75")?, usd.money("0")?));
/// # Ok::<(), ledger_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "it only describes what is to be done"]
pub struct CaptureSpec {
    pub(crate) hold: HoldId,
    pub(crate) amount: Option<Money>,
    pub(crate) release_rest: bool,
}

impl CaptureSpec {
    /// All that remains of the hold.
    pub fn of(hold: impl Into<HoldId>) -> Self {
        Self { hold: hold.into(), amount: None, release_rest: false }
    }

    /// So much of it; what remains stays reserved.
    pub fn amount(self, amount: Money) -> Self {
        Self { amount: Some(amount), ..self }
    }

    /// What remains then is given back.
    pub fn release_rest(self) -> Self {
        Self { release_rest: true, ..self }
    }
}

impl From<HoldId> for CaptureSpec {
    fn from(hold: HoldId) -> Self {
        Self::of(hold)
    }
}

impl From<&Hold> for CaptureSpec {
    fn from(hold: &Hold) -> Self {
        Self::of(hold)
    }
}

/// Refuses a time that is too short or too long to reserve money for.
pub(crate) fn check_duration(duration: Duration) -> Result<(), Invalid> {
    if (HOLD_DURATION_MIN..=HOLD_DURATION_MAX).contains(&duration) {
        return Ok(());
    }
    let problem = format!(
        "a hold must expire in {HOLD_DURATION_MIN:?} to {HOLD_DURATION_MAX:?} from now, not {duration:?}"
    );
    Err(Invalid::new(Field::Hold, problem))
}
