//! Moving money between two drafts: what must be so, and what both hold after it.

use crate::model::leg::Leg;
use crate::model::rejection::Rejection;
use crate::model::row::WalletRow;
use crate::model::transaction::{Posting, Postings};
use crate::model::wallet::Status;
use crate::model::window::Direction;
use crate::money::amount::Amount;
use crate::money::value::Money;
use crate::rules::Decided;
use crate::rules::limits::check_largest;
use crate::rules::scratch::{Draft, Scratch};
use crate::rules::windows::check_windows;

#[inline]
pub(super) fn check_assets(leg: &Leg, scratch: &mut Scratch<'_>) -> Decided<()> {
    let given = leg.amount.asset();
    for wallet in [leg.from, leg.to] {
        let expected = scratch.draft(wallet)?.row.asset;
        if expected != given {
            return Err(Rejection::AssetMismatch { wallet, expected, given }.into());
        }
    }
    Ok(())
}

pub(super) fn move_all(legs: &[Leg], scratch: &mut Scratch<'_>) -> Decided<Postings> {
    let spend = |(place, leg): (usize, &Leg)| {
        let earlier = legs.get(..place).unwrap_or_default();
        check_both_open(leg, scratch)?;
        check_spending(leg, earlier, scratch)?;
        check_entering(leg, earlier, scratch)?;
        move_open(leg, scratch)
    };
    legs.iter().enumerate().map(spend).collect()
}

/// Refuses what is more than the payer may spend at once, or within a time.
#[inline]
pub(super) fn check_spending(leg: &Leg, earlier: &[Leg], scratch: &mut Scratch<'_>) -> Decided<()> {
    let (now, row) = (scratch.now, scratch.draft(leg.from)?.row);
    check_largest(row, leg.amount)?;
    let earlier = earlier.iter().filter(|other| other.from == leg.from).map(|other| other.amount);
    check_windows(row, Direction::Out, leg.amount, &earlier, now)
}

/// Refuses what is more than may come in within a time.
#[inline]
pub(super) fn check_entering(leg: &Leg, earlier: &[Leg], scratch: &mut Scratch<'_>) -> Decided<()> {
    let (now, row) = (scratch.now, scratch.draft(leg.to)?.row);
    let earlier = earlier.iter().filter(|other| other.to == leg.to).map(|other| other.amount);
    check_windows(row, Direction::In, leg.amount, &earlier, now)
}

/// Moves what is not the payer's to decide, and so no matter of how much may be spent.
pub(super) fn move_one(leg: &Leg, scratch: &mut Scratch<'_>) -> Decided<Posting> {
    check_both_open(leg, scratch)?;
    move_open(leg, scratch)
}

/// Both ends' status comes before either's funds, so that a frozen receiver is not reported as a
/// poor sender.
#[inline]
pub(super) fn check_both_open(leg: &Leg, scratch: &mut Scratch<'_>) -> Decided<()> {
    check_open(scratch.draft(leg.from)?.row)?;
    check_open(scratch.draft(leg.to)?.row)
}

#[inline]
fn move_open(leg: &Leg, scratch: &mut Scratch<'_>) -> Decided<Posting> {
    let from = *take(scratch.draft(leg.from)?, leg.amount)?;
    let to = *give(scratch.draft(leg.to)?, leg.amount)?;
    Ok(Posting {
        from: leg.from,
        to: leg.to,
        amount: leg.amount,
        from_balance: from.posted,
        to_balance: to.posted,
        from_version: from.version,
        to_version: to.version,
    })
}

#[inline]
pub(super) fn check_open(row: &WalletRow) -> Decided<()> {
    let wallet = row.id;
    match row.status {
        Status::Open => Ok(()),
        Status::Frozen => Err(Rejection::WalletFrozen { wallet }.into()),
        Status::Closed => Err(Rejection::WalletClosed { wallet }.into()),
    }
}

fn take<'d, 'r>(draft: &'d mut Draft<'r>, amount: Money) -> Decided<&'d Draft<'r>> {
    check_funds(draft, amount)?;
    let balance = draft.posted.checked_sub(amount.amount());
    draft.set(balance.ok_or_else(|| overflow(draft.row, draft.posted, amount))?);
    Ok(draft)
}

/// Refuses an amount that is not available.
#[inline]
pub(super) fn check_funds(draft: &Draft<'_>, amount: Money) -> Decided<()> {
    match draft.available() {
        Some(available) if available < amount.amount() => {
            Err(insufficient(draft.row, available, amount))
        }
        _ => Ok(()),
    }
}

fn insufficient(row: &WalletRow, available: Amount, needed: Money) -> Box<Rejection> {
    // What is missing can be more than a number can say only for a balance far below its floor.
    let shortfall = needed.amount().saturating_sub(available);
    Box::new(Rejection::InsufficientFunds {
        wallet: row.id,
        available: row.asset.of(available),
        needed,
        shortfall: row.asset.of(shortfall),
    })
}

fn give<'d, 'r>(draft: &'d mut Draft<'r>, amount: Money) -> Decided<&'d Draft<'r>> {
    let balance = draft.posted.checked_add(amount.amount());
    let balance = balance.ok_or_else(|| overflow(draft.row, draft.posted, amount))?;
    if let Some(ceiling) = draft.row.ceiling()
        && balance > ceiling
    {
        return Err(Box::new(Rejection::CeilingExceeded {
            wallet: draft.row.id,
            ceiling: draft.row.asset.of(ceiling),
            balance: draft.row.asset.of(balance),
        }));
    }
    draft.set(balance);
    Ok(draft)
}

pub(super) fn overflow(row: &WalletRow, balance: Amount, amount: Money) -> Box<Rejection> {
    Box::new(Rejection::BalanceOverflow { wallet: row.id, balance: row.asset.of(balance), amount })
}
