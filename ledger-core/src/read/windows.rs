//! What is used of a wallet's windows, and what is left.

use serde::{Deserialize, Serialize};

use crate::base::time::Timestamp;
use crate::model::row::WalletRow;
use crate::model::usage::Usage;
use crate::model::window::Window;
use crate::money::amount::Amount;
use crate::money::value::Money;

/// A window of a wallet, and what is used of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WindowUse {
    /// The window.
    pub window: Window,
    /// How much moved within it, or is reserved.
    pub used: Money,
    /// How many movements and open holds that is.
    pub used_count: u32,
    /// How much more may move now; none for no limit.
    pub room: Option<Money>,
    /// How often something may move now; none for no limit.
    pub room_count: Option<u32>,
}

/// What is used of a wallet's windows at `now`.
pub(crate) fn of(row: &WalletRow, now: Timestamp) -> Vec<WindowUse> {
    row.usages().iter().map(|usage| used(row, usage, now)).collect()
}

fn used(row: &WalletRow, usage: &Usage, now: Timestamp) -> WindowUse {
    let (window, total) = (*usage.window(), row.used(usage, now));
    let used = total.amount.unwrap_or(Amount::MAX);
    let left = |most: Money| most.amount().saturating_sub(used).max(Amount::ZERO);
    WindowUse {
        window,
        used: row.asset.of(used),
        used_count: total.count,
        room: window.amount.map(|most| row.asset.of(left(most))),
        room_count: window.count.map(|most| most.saturating_sub(total.count)),
    }
}
