//! Changing a wallet's limits, and the one on a single amount.

use crate::model::limits::{Limits, LimitsChange, LimitsSpec};
use crate::model::rejection::Rejection;
use crate::model::row::WalletRow;
use crate::model::wallet::Status;
use crate::money::value::Money;
use crate::rules::Decided;
use crate::rules::scratch::{Draft, Scratch};

pub(super) fn check_assets(spec: &LimitsSpec, scratch: &mut Scratch<'_>) -> Decided<()> {
    let (wallet, expected) = (spec.wallet, scratch.draft(spec.wallet)?.row.asset);
    match spec.amounts().find(|limit| limit.asset() != expected) {
        None => Ok(()),
        Some(other) => {
            Err(Rejection::AssetMismatch { wallet, expected, given: other.asset() }.into())
        }
    }
}

/// Limits may leave the wallet outside of them: it then only moves back within.
pub(super) fn set(spec: &LimitsSpec, draft: &mut Draft<'_>) -> Decided<LimitsChange> {
    let row = draft.row;
    let wallet = row.id;
    if row.is_world {
        return Err(Rejection::WorldWallet { wallet }.into());
    }
    if row.status == Status::Closed {
        return Err(Rejection::WalletClosed { wallet }.into());
    }
    let from = row.limits();
    let to = spec.after(&from);
    if let Limits { floor: Some(floor), ceiling: Some(ceiling), .. } = to
        && floor > ceiling
    {
        let [floor, ceiling] = [floor, ceiling].map(|limit| row.asset.of(limit));
        return Err(Rejection::LimitsCross { wallet, floor, ceiling }.into());
    }
    Ok(LimitsChange { wallet, from, to, version: draft.next_version() })
}

/// Refuses what is too much to leave the wallet at once.
#[inline]
pub(super) fn check_largest(row: &WalletRow, amount: Money) -> Decided<()> {
    match row.largest() {
        Some(largest) if amount.amount() > largest => {
            let largest = row.asset.of(largest);
            Err(Rejection::AmountAboveLimit { wallet: row.id, largest, amount }.into())
        }
        _ => Ok(()),
    }
}
