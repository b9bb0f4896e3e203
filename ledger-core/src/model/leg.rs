//! One posting as it is asked for.

use smallvec::SmallVec;

use crate::base::bounds::POSTINGS_MAX;
use crate::base::id::WalletId;
use crate::base::invalid::{Field, Invalid};
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

    /// Moves `amount` from one wallet to several, divided by their weights as [`Money::split`] does.
    /// Parts too small for a smallest unit are left out.
    ///
    /// ```
    /// use ledger_core::{Asset, Ledger, Leg, WalletSpec};
    /// let ledger = Ledger::in_memory();
    /// let usd = Asset::iso("USD")?;
    /// let open = |name| ledger.open_wallet(WalletSpec::new(name, usd)?);
    /// let (buyer, seller, platform) = (open("buyer")?, open("seller")?, open("platform")?);
    /// ledger.deposit(&buyer, usd.money("19.99")?, "d1")?;
    /// let shares = [(seller.id, 90), (platform.id, 10)];
    /// ledger.post(Leg::split(&buyer, usd.money("19.99")?, shares)?, "order:7")?;
    /// assert_eq!(ledger.balance(&platform)?.posted, usd.money("2.00")?);
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    pub fn split(
        from: impl Into<WalletId>,
        amount: Money,
        shares: impl IntoIterator<Item = (WalletId, u64)>,
    ) -> Result<Vec<Self>, Invalid> {
        let from = from.into();
        // One too many is enough to be refused.
        let shares = shares.into_iter().take(POSTINGS_MAX + 1);
        let (wallets, weights): (Vec<WalletId>, Vec<u64>) = shares.unzip();
        let parts = wallets.into_iter().zip(amount.split(&weights)?);
        let legs = parts.map(|(to, amount)| Self { from, to, amount });
        Ok(legs.filter(|leg| leg.amount.is_positive()).collect())
    }
}

/// Legs of a command: nearly always one.
pub(crate) type Legs = SmallVec<[Leg; 1]>;

pub(crate) fn check_legs(legs: &[Leg]) -> Result<(), Invalid> {
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

pub(crate) fn check_leg(leg: &Leg) -> Result<(), Invalid> {
    check_positive(leg.amount)?;
    check_ends(leg)
}

pub(crate) fn check_ends(leg: &Leg) -> Result<(), Invalid> {
    if leg.from == leg.to {
        let problem = format!("wallet {} can't pay itself; name two wallets", leg.from);
        return Err(Invalid::new(Field::Wallet, problem));
    }
    Ok(())
}

pub(crate) fn check_positive(amount: Money) -> Result<(), Invalid> {
    if amount.amount().is_positive() {
        return Ok(());
    }
    let problem = format!(
        "amount must be above zero; this one is {amount}. To move money back, swap the wallets"
    );
    Err(Invalid::new(Field::Amount, problem))
}
