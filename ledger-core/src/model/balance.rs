//! What a wallet holds.

use serde::{Deserialize, Serialize};

use crate::base::id::WalletId;
use crate::base::time::Timestamp;
use crate::model::row::WalletRow;
use crate::money::value::Money;

/// What a wallet holds.
///
/// ```
/// # use ledger_core::{Asset, HoldSpec, Ledger, WalletSpec};
/// # use std::time::Duration;
/// # let ledger = Ledger::in_memory();
/// # let usd = Asset::iso("USD")?;
/// # let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
/// # let shop = ledger.open_wallet(WalletSpec::new("shop:42", usd)?)?;
/// # ledger.deposit(&alice, usd.money("100.00")?, "d1")?;
/// let booking = HoldSpec::new(&alice, &shop, usd.money("80.00")?, Duration::from_hours(24));
/// ledger.hold(booking, "booking:7")?;
/// let balance = ledger.balance(&alice)?;
/// let figures = [balance.posted, balance.held].map(|it| it.to_string());
/// assert_eq!(figures, ["100.00 USD", "80.00 USD"]);
/// assert_eq!(balance.available, Some(usd.money("20.00")?));
/// # Ok::<(), ledger_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Balance {
    /// The wallet.
    pub wallet: WalletId,
    /// The sum of its postings.
    pub posted: Money,
    /// The part of it that is reserved.
    pub held: Money,
    /// What can be spent: posted less held, down to the floor. None where there is no floor.
    pub available: Option<Money>,
    /// How often the wallet has changed.
    pub version: u64,
}

impl Balance {
    /// What the wallet with that row holds at `now`.
    pub(crate) fn of(row: &WalletRow, now: Timestamp) -> Self {
        Self {
            wallet: row.id,
            posted: row.asset.of(row.posted),
            held: row.asset.of(row.held(now)),
            available: row.available(now).map(|available| row.asset.of(available)),
            version: row.version,
        }
    }
}
