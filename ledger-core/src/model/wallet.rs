//! Wallets: how one is asked for, what is recorded of it, and what changes with every posting.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::id::WalletId;
use crate::base::invalid::{Field, Invalid};
use crate::base::time::Timestamp;
use crate::input::metadata::Metadata;
use crate::input::name::{Owner, WalletName};
use crate::model::window::Window;
use crate::money::amount::Amount;
use crate::money::asset::Asset;
use crate::money::value::Money;

/// Whether a wallet may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Money moves in and out.
    Open,
    /// Nothing moves until it is unfrozen.
    Frozen,
    /// Nothing moves, for ever.
    Closed,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Open => "open",
            Self::Frozen => "frozen",
            Self::Closed => "closed",
        })
    }
}

/// The least or the most a wallet may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    At(Amount),
    Unlimited,
}

impl Limit {
    fn amount(self) -> Option<Amount> {
        match self {
            Self::At(amount) => Some(amount),
            Self::Unlimited => None,
        }
    }
}

/// How a wallet is to be opened.
///
/// Opening a name again gives the same wallet, as long as the options that are given agree with
/// those it was opened with.
///
/// ```
/// use ledger_core::{Asset, Ledger, WalletSpec};
/// let ledger = Ledger::in_memory();
/// let usd = Asset::iso("USD")?;
/// let spec = WalletSpec::new("user:alice", usd)?.floor(usd.money("-50.00")?)?;
/// let wallet = ledger.open_wallet(spec.clone())?;
/// assert_eq!(ledger.open_wallet(spec)?, wallet);
/// # Ok::<(), ledger_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "it only describes what is to be done"]
pub struct WalletSpec {
    pub(crate) name: WalletName,
    pub(crate) asset: Asset,
    pub(crate) owner: Option<Owner>,
    pub(crate) floor: Option<Limit>,
    pub(crate) ceiling: Option<Limit>,
    pub(crate) meta: Option<Metadata>,
}

impl WalletSpec {
    /// A wallet of that name in that asset, which can't go below zero.
    pub fn new(name: impl AsRef<str>, asset: Asset) -> Result<Self, Invalid> {
        let name = WalletName::new(name)?;
        name.check_not_world()?;
        Ok(Self { name, asset, owner: None, floor: None, ceiling: None, meta: None })
    }

    /// Who it belongs to.
    pub fn owner(self, owner: impl AsRef<str>) -> Result<Self, Invalid> {
        Ok(Self { owner: Some(Owner::new(owner)?), ..self })
    }

    /// The least it may hold: zero, or below zero as a credit line.
    pub fn floor(self, floor: Money) -> Result<Self, Invalid> {
        let floor = self.limit("floor", floor)?;
        if floor.is_positive() {
            let problem = "floor must be zero or below, because a new wallet holds nothing";
            return Err(Invalid::new(Field::Limit, problem));
        }
        Ok(Self { floor: Some(Limit::At(floor)), ..self })
    }

    /// It may go below zero without a limit.
    pub fn no_floor(self) -> Self {
        Self { floor: Some(Limit::Unlimited), ..self }
    }

    /// The most it may hold.
    pub fn ceiling(self, ceiling: Money) -> Result<Self, Invalid> {
        let ceiling = self.limit("ceiling", ceiling)?;
        if ceiling.is_negative() {
            let problem = "ceiling must be zero or above, because a new wallet holds nothing";
            return Err(Invalid::new(Field::Limit, problem));
        }
        Ok(Self { ceiling: Some(Limit::At(ceiling)), ..self })
    }

    /// Anything to remember with it.
    pub fn meta(self, meta: Metadata) -> Self {
        Self { meta: Some(meta).filter(|meta| !meta.is_empty()), ..self }
    }

    fn limit(&self, what: &str, limit: Money) -> Result<Amount, Invalid> {
        if limit.asset() == self.asset {
            return Ok(limit.amount());
        }
        let problem =
            format!("{what} {limit} must be in the wallet's asset, {}", self.asset.code());
        Err(Invalid::new(Field::Limit, problem))
    }
}

/// The journal's record of a wallet's opening. It never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalletRecord {
    /// The wallet's id, made when it was opened.
    pub id: WalletId,
    /// Its unique name.
    pub name: WalletName,
    /// What it holds.
    pub asset: Asset,
    /// Who it belongs to.
    pub owner: Option<Owner>,
    /// The least it might hold when it was opened; none for no limit.
    pub floor: Option<Amount>,
    /// The most it might hold when it was opened; none for no limit.
    pub ceiling: Option<Amount>,
    /// The caller's own data.
    pub meta: Option<Metadata>,
}

impl WalletRecord {
    /// The record of opening `spec` as `id`.
    pub(crate) fn open(id: WalletId, spec: &WalletSpec) -> Self {
        Self {
            id,
            name: spec.name.clone(),
            asset: spec.asset,
            owner: spec.owner.clone(),
            floor: spec.floor.unwrap_or(Limit::At(Amount::ZERO)).amount(),
            ceiling: spec.ceiling.and_then(Limit::amount),
            meta: spec.meta.clone(),
        }
    }

    /// The record of the wallet that stands for everything outside, in one asset.
    pub(crate) fn world(id: WalletId, asset: Asset) -> Self {
        Self {
            id,
            name: WalletName::world(asset.code()),
            asset,
            owner: None,
            floor: None,
            ceiling: None,
            meta: None,
        }
    }

    /// The first option given in `spec` that this wallet was not opened with.
    pub(crate) fn differs_from(&self, spec: &WalletSpec) -> Option<&'static str> {
        fn differs(given: Option<Limit>, opened: Option<Amount>) -> bool {
            given.is_some_and(|given| given.amount() != opened)
        }
        [
            ("asset", self.asset != spec.asset),
            ("owner", spec.owner.is_some() && spec.owner != self.owner),
            ("floor", differs(spec.floor, self.floor)),
            ("ceiling", differs(spec.ceiling, self.ceiling)),
            ("meta", spec.meta.is_some() && spec.meta != self.meta),
        ]
        .into_iter()
        .find_map(|(option, differs)| differs.then_some(option))
    }
}

/// A wallet as it is now.
///
/// ```
/// # use ledger_core::{Asset, Ledger, WalletSpec};
/// # let ledger = Ledger::in_memory();
/// # let usd = Asset::iso("USD")?;
/// # let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
/// assert_eq!((alice.name.as_str(), alice.floor), ("user:alice", Some(usd.money("0.00")?)));
/// # Ok::<(), ledger_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Wallet {
    /// Its id.
    pub id: WalletId,
    /// Its unique name.
    pub name: WalletName,
    /// What it holds.
    pub asset: Asset,
    /// Who it belongs to.
    pub owner: Option<Owner>,
    /// Whether it may be used.
    pub status: Status,
    /// The least it may hold; none for no limit.
    pub floor: Option<Money>,
    /// The most it may hold; none for no limit.
    pub ceiling: Option<Money>,
    /// The most that may leave it at once; none for no limit.
    pub largest: Option<Money>,
    /// How much may move within a time.
    #[serde(default)]
    pub windows: Vec<Window>,
    /// The caller's own data.
    pub meta: Option<Metadata>,
    /// When it was opened.
    pub opened_at: Timestamp,
}

impl From<&Wallet> for WalletId {
    fn from(wallet: &Wallet) -> Self {
        wallet.id
    }
}
