//! Rolling windows: how much may move within a time, and how often.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::bounds::{WINDOW_LASTING_MAX, WINDOW_LASTING_MIN, WINDOWS_MAX};
use crate::base::invalid::{Field, Invalid};
use crate::money::value::Money;

/// Which movements a window counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// What leaves the wallet, and what is reserved on it.
    Out,
    /// What comes into it.
    In,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Out => "leave",
            Self::In => "enter",
        })
    }
}

/// How much may leave or enter a wallet within a time that ends now, and how often.
///
/// What is reserved counts as if it had left. What is captured counts from then on, and is not refused for
/// the wallet it leaves, because it was counted when it was reserved. Reversals are not counted.
///
/// What moved counts for the whole time, and up to a thousandth of it longer: see
/// [`Window::SLOTS`].
///
/// ```
/// use ledger_core::{Asset, ErrorKind, Ledger, LimitsSpec, Rejection, WalletSpec, Window};
/// use std::time::Duration;
/// let ledger = Ledger::in_memory();
/// let usd = Asset::iso("USD")?;
/// let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
/// let shop = ledger.open_wallet(WalletSpec::new("shop:42", usd)?)?;
/// ledger.deposit(&alice, usd.money("900.00")?, "d1")?;
/// let day = Window::leaving(Duration::from_hours(24)).amount(usd.money("100.00")?).count(20);
/// ledger.set_limits(LimitsSpec::of(&alice).windows([day]), "limits:1")?;
/// ledger.transfer(&alice, &shop, usd.money("70.00")?, "order:1")?;
/// let refused = ledger.transfer(&alice, &shop, usd.money("30.01")?, "order:2").unwrap_err();
/// assert_eq!(refused.kind(), ErrorKind::WindowExceeded);
/// let Some(Rejection::WindowExceeded { used, frees_at, .. }) = refused.rejection() else { panic!() };
/// assert_eq!(used.to_string(), "70.00 USD");
/// assert!(frees_at.is_some());
/// # Ok::<(), ledger_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// What it counts.
    pub direction: Direction,
    /// How long it is.
    #[serde(rename = "lasting_ms", with = "in_ms")]
    pub lasting: Duration,
    /// The most that may move within it; none for no limit.
    pub amount: Option<Money>,
    /// How many movements there may be within it; none for no limit.
    pub count: Option<u32>,
}

impl Window {
    /// Into so many slots a window's time is divided. What moved within one slot frees up at once, when
    /// the last millisecond of the slot has left the window; so a wallet's memory is bounded however
    /// often it pays.
    pub const SLOTS: u64 = 1_000;

    /// A window for what leaves the wallet.
    pub fn leaving(lasting: Duration) -> Self {
        Self { direction: Direction::Out, lasting, amount: None, count: None }
    }

    /// A window for what comes into the wallet.
    pub fn entering(lasting: Duration) -> Self {
        Self { direction: Direction::In, ..Self::leaving(lasting) }
    }

    /// So much may move within it.
    #[must_use]
    pub fn amount(self, most: Money) -> Self {
        Self { amount: Some(most), ..self }
    }

    /// So many movements there may be within it: a posting is one, and an open hold is one.
    #[must_use]
    pub fn count(self, most: u32) -> Self {
        Self { count: Some(most), ..self }
    }

    /// Whether both count the same movements for the same time, and only differ in how much they let
    /// through.
    pub(crate) fn counts_like(&self, other: &Self) -> bool {
        (self.direction, self.lasting) == (other.direction, other.lasting)
    }

    /// Durations are bounded far below 2^63 milliseconds.
    pub(crate) fn lasting_ms(&self) -> i64 {
        i64::try_from(self.lasting.as_millis()).unwrap_or(i64::MAX)
    }

    fn check(&self) -> Result<(), Invalid> {
        let Self { lasting, amount, count, .. } = *self;
        let is_whole = lasting.subsec_nanos().is_multiple_of(1_000_000);
        let problem = if !(WINDOW_LASTING_MIN..=WINDOW_LASTING_MAX).contains(&lasting) || !is_whole
        {
            format!(
                "a window must last {WINDOW_LASTING_MIN:?} to {WINDOW_LASTING_MAX:?}, in whole \
                 milliseconds, not {lasting:?}"
            )
        } else if amount.is_none() && count.is_none() {
            "a window must limit the amount, the count, or both".to_owned()
        } else if amount.is_some_and(|amount| !amount.is_positive()) || count == Some(0) {
            "a window must let something through: its amount and count must be above zero; freeze a \
             wallet that is to pay nothing"
                .to_owned()
        } else {
            return Ok(());
        };
        Err(Invalid::new(Field::Limit, problem))
    }
}

/// A duration as milliseconds.
mod in_ms {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(lasting: &Duration, to: S) -> Result<S::Ok, S::Error> {
        u64::try_from(lasting.as_millis()).unwrap_or(u64::MAX).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_millis)
    }
}

/// Refuses a list of windows that is too long, or in which two count the same.
pub(crate) fn check_windows(windows: &[Window]) -> Result<(), Invalid> {
    if windows.len() > WINDOWS_MAX {
        let problem =
            format!("a wallet can have at most {WINDOWS_MAX} windows, not {}", windows.len());
        return Err(Invalid::new(Field::Limit, problem));
    }
    for (place, window) in windows.iter().enumerate() {
        window.check().map_err(|invalid| invalid.at("window", place))?;
        let twin = windows.iter().take(place).position(|other| other.counts_like(window));
        if let Some(twin) = twin {
            let problem = format!(
                "windows {twin} and {place} have the same direction and duration; give one with the \
                 lower limits"
            );
            return Err(Invalid::new(Field::Limit, problem));
        }
    }
    Ok(())
}
