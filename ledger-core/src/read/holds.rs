//! Pages of holds, the oldest first.

use serde::{Deserialize, Serialize};

use crate::base::id::{HoldId, WalletId};
use crate::base::time::Timestamp;
use crate::error::report::Result;
use crate::model::hold::{Hold, HoldState};
use crate::read::history::page_limit;
use crate::store::backend::{HoldFilter, Store};

/// Which holds to list. They come in the order in which they were made.
///
/// ```
/// use ledger_core::{Asset, HoldQuery, HoldSpec, HoldState, Ledger, WalletSpec};
/// use std::time::Duration;
/// let ledger = Ledger::in_memory();
/// let usd = Asset::iso("USD")?;
/// let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
/// let shop = ledger.open_wallet(WalletSpec::new("shop:42", usd)?)?;
/// ledger.deposit(&alice, usd.money("100.00")?, "d1")?;
/// let spec = HoldSpec::new(&alice, &shop, usd.money("7.50")?, Duration::from_hours(1));
/// let hold = ledger.hold(spec, "order:7")?;
/// let page = ledger.holds(&HoldQuery::all().wallet(&alice).state(HoldState::Open))?;
/// assert_eq!(page.holds, [hold]);
/// # Ok::<(), ledger_core::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "a query finds nothing until it is asked"]
pub struct HoldQuery {
    wallet: Option<WalletId>,
    state: Option<HoldState>,
    expires_before: Option<Timestamp>,
    after: Option<HoldId>,
    limit: Option<usize>,
}

impl HoldQuery {
    /// All holds.
    pub fn all() -> Self {
        Self::default()
    }

    /// Only holds on this wallet.
    pub fn wallet(self, wallet: impl Into<WalletId>) -> Self {
        Self { wallet: Some(wallet.into()), ..self }
    }

    /// Only holds in this state.
    pub fn state(self, state: HoldState) -> Self {
        Self { state: Some(state), ..self }
    }

    /// Only holds that expire before this time, or have expired.
    pub fn expires_before(self, time: Timestamp) -> Self {
        Self { expires_before: Some(time), ..self }
    }

    /// Goes on after this hold: the `next` of a page.
    pub fn after(self, hold: impl Into<Option<HoldId>>) -> Self {
        Self { after: hold.into(), ..self }
    }

    /// At most so many holds on the page: 1 to 1,000, or 50 if nothing is said.
    pub fn limit(self, limit: usize) -> Self {
        Self { limit: Some(limit), ..self }
    }
}

/// A page of holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HoldPage {
    /// The holds, as they are now.
    pub holds: Vec<Hold>,
    /// The hold to go on after; none at the end.
    pub next: Option<HoldId>,
}

/// Reads one page, as of `now`.
pub(crate) fn page(store: &dyn Store, query: &HoldQuery, now: Timestamp) -> Result<HoldPage> {
    let limit = page_limit(query.limit)?;
    let mut holds = store.holds(&HoldFilter {
        wallet: query.wallet,
        state: query.state,
        untidied: false,
        expires_before: query.expires_before,
        now,
        after: query.after,
        limit: limit + 1,
    })?;
    let more = holds.len() > limit;
    holds.truncate(limit);
    let holds: Vec<Hold> = holds.into_iter().map(|hold| hold.at(now)).collect();
    let next = holds.last().filter(|_| more).map(|hold| hold.id);
    Ok(HoldPage { holds, next })
}
