//! Holds: money that is reserved on a wallet for another one.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::id::{HoldId, WalletId};
use crate::base::time::Timestamp;
use crate::money::amount::Amount;
use crate::money::value::Money;

/// What became of a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum HoldState {
    /// Its money is reserved.
    Open,
    /// All of it was captured, or a part of it and the rest released.
    Captured,
    /// It was released.
    Released,
    /// Its time was up.
    Expired,
}

impl HoldState {
    /// Every state there is.
    pub const ALL: &[Self] = &[Self::Open, Self::Captured, Self::Released, Self::Expired];

    /// A stable name for people and files.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Captured => "captured",
            Self::Released => "released",
            Self::Expired => "expired",
        }
    }
}

impl fmt::Display for HoldState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

/// Money reserved on a wallet for a target, as it is at some time.
///
/// ```
/// # use ledger_core::{Asset, Ledger, WalletSpec};
/// # use std::time::Duration;
/// use ledger_core::{HoldSpec, HoldState};
/// # let ledger = Ledger::in_memory();
/// # let usd = Asset::iso("USD")?;
/// # let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
/// # let shop = ledger.open_wallet(WalletSpec::new("shop:42", usd)?)?;
/// # ledger.deposit(&alice, usd.money("100.00")?, "d1")?;
/// let booking = HoldSpec::new(&alice, &shop, usd.money("80.00")?, Duration::from_hours(24));
/// let hold = ledger.hold(booking, "booking:7")?;
/// assert_eq!((hold.state, hold.remaining), (HoldState::Open, usd.money("80.00")?));
/// assert_eq!(hold.at(hold.expires_at).state, HoldState::Expired);
/// # Ok::<(), ledger_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Its id, the number of the transaction that made it.
    pub id: HoldId,
    /// The wallet on which it is reserved.
    pub wallet: WalletId,
    /// The wallet that gets what is captured.
    pub target: WalletId,
    /// How much was reserved when it was made.
    pub amount: Money,
    /// How much more than that may be captured.
    pub tolerance: Money,
    /// How much was captured.
    pub captured: Money,
    /// How much is still reserved.
    pub remaining: Money,
    /// When what remains becomes free.
    pub expires_at: Timestamp,
    /// What became of it.
    pub state: HoldState,
}

impl Hold {
    /// The same hold at `now`: once its time is up, nothing of it remains.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> Self {
        if self.state == HoldState::Open && is_over(self.expires_at, now) {
            return self.ended(HoldState::Expired);
        }
        *self
    }

    /// The same hold with nothing reserved any more.
    pub(crate) fn ended(&self, state: HoldState) -> Self {
        Self { state, remaining: self.amount.asset().of(Amount::ZERO), ..*self }
    }
}

/// Whether the time of a hold is up at `now`. What asks the same in SQL says so in a view or in the list of holds.
fn is_over(expires_at: Timestamp, now: Timestamp) -> bool {
    expires_at <= now
}

impl From<&Hold> for HoldId {
    fn from(hold: &Hold) -> Self {
        hold.id
    }
}

/// A hold that a transaction made or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldChange {
    /// The hold after it.
    pub hold: Hold,
    /// The version of the hold's wallet after it.
    pub version: u64,
}

/// What is reserved on a wallet: its open holds, by the time at which they expire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reserved {
    /// What all of them reserve together; none past 128 bits, which those that have expired can make of it.
    total: Option<Amount>,
    list: Vec<Open>,
}

/// What an open hold reserves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Open {
    pub(crate) expires_at: Timestamp,
    pub(crate) id: HoldId,
    pub(crate) remaining: Amount,
}

impl Open {
    fn of(hold: &Hold) -> Option<Self> {
        let Hold { id, expires_at, .. } = *hold;
        let open = Self { expires_at, id, remaining: hold.remaining.amount() };
        (hold.state == HoldState::Open).then_some(open)
    }

    fn place(&self) -> (Timestamp, HoldId) {
        (self.expires_at, self.id)
    }
}

impl Default for Reserved {
    fn default() -> Self {
        Self::of(Vec::new())
    }
}

impl Reserved {
    /// What these holds reserve, as far as they are open.
    pub fn by<'a>(holds: impl IntoIterator<Item = &'a Hold>) -> Self {
        let mut list: Vec<Open> = holds.into_iter().filter_map(Open::of).collect();
        list.sort_unstable_by_key(Open::place);
        Self::of(list)
    }

    fn of(list: Vec<Open>) -> Self {
        let total = list.iter().try_fold(Amount::ZERO, |sum, open| sum.checked_add(open.remaining));
        Self { total, list }
    }

    /// What is reserved at `now`, by the time at which it becomes free.
    pub(crate) fn live(&self, now: Timestamp) -> &[Open] {
        let expired = self.list.partition_point(|hold| is_over(hold.expires_at, now));
        self.list.get(expired..).unwrap_or_default()
    }

    /// How much is reserved at `now`: what has expired is free.
    pub fn at(&self, now: Timestamp) -> Amount {
        let sum = |holds: &[Open]| {
            // Each hold was made while those that were live fitted into 128 bits together with it.
            holds.iter().fold(Amount::ZERO, |sum, hold| sum.saturating_add(hold.remaining))
        };
        let live = self.live(now);
        let expired = self.list.get(..self.list.len() - live.len()).unwrap_or_default();
        match self.total {
            _ if expired.len() > live.len() => sum(live),
            Some(total) => total.saturating_sub(sum(expired)),
            None => sum(live),
        }
    }

    /// Whether there are no open holds, expired or not.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Takes in what `hold` is from `now` on, and forgets what has expired by then.
    pub(crate) fn update(&mut self, hold: &Hold, now: Timestamp) {
        let mut list = std::mem::take(&mut self.list);
        list.retain(|open| open.id != hold.id && !is_over(open.expires_at, now));
        if let Some(open) = Open::of(hold) {
            let place = list.partition_point(|other| other.place() < open.place());
            list.insert(place, open);
        }
        *self = Self::of(list);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::asset::Asset;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_unix_ms(ms)
    }

    fn hold(number: u64, remaining: i128, expires_at: i64) -> Hold {
        let usd = Asset::iso("USD").unwrap();
        let [wallet, target] = [1, 2].map(|id| WalletId::from_raw(id).unwrap());
        Hold {
            id: HoldId::from_raw(number).unwrap(),
            wallet,
            target,
            amount: usd.minor(remaining),
            tolerance: usd.minor(0),
            captured: usd.minor(0),
            remaining: usd.minor(remaining),
            expires_at: at(expires_at),
            state: HoldState::Open,
        }
    }

    #[test]
    fn a_hold_counts_until_the_very_millisecond_it_expires() {
        let mut reserved = Reserved::default();
        assert!(reserved.is_empty());
        reserved.update(&hold(1, 500, 2_000), at(0));
        reserved.update(&hold(2, 70, 1_000), at(0));
        let seen = [0, 999, 1_000, 1_001, 1_999, 2_000, i64::MAX, i64::MIN];
        let seen = seen.map(|ms| reserved.at(at(ms)).minor());
        assert_eq!(seen, [570, 570, 500, 500, 500, 0, 0, 570]);
        let one = hold(1, 500, 2_000);
        assert_eq!(one.at(at(1_999)), one);
        assert_eq!(one.at(at(2_000)).state, HoldState::Expired);
        assert!(!one.at(at(2_000)).remaining.is_positive());
    }

    #[test]
    fn what_has_expired_never_takes_from_what_is_live() {
        let most = i128::MAX;
        let holds = [hold(1, most, 1_000), hold(2, most, 1_000), hold(3, most, 2_000)];
        let loaded = Reserved::by(&holds);
        assert_eq!([1_000, 1_999, 2_000].map(|ms| loaded.at(at(ms)).minor()), [most, most, 0]);
        let two = Reserved::by(&[hold(1, most - 5, 1_000), hold(2, 7, 2_000), hold(3, 9, 3_000)]);
        assert_eq!([1_000, 2_000, 3_000].map(|ms| two.at(at(ms)).minor()), [16, 9, 0]);
    }

    #[test]
    fn a_hold_counts_once_however_often_it_changes() {
        let mut reserved = Reserved::default();
        for (remaining, expires_at) in [(500, 2_000), (300, 2_000), (300, 9_000), (300, 500)] {
            reserved.update(&hold(1, remaining, expires_at), at(0));
            assert_eq!(reserved.at(at(0)).minor(), remaining);
        }
        reserved.update(&hold(2, 5, 9_000), at(500));
        assert_eq!(reserved.at(at(0)).minor(), 5, "what has expired is forgotten");
        reserved.update(&hold(2, 5, 9_000).ended(HoldState::Released), at(600));
        assert!(reserved.is_empty());
    }
}
