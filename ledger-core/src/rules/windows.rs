//! Rolling windows: refusing what would be too much within a time, and saying when it no longer is.

use crate::base::id::HoldId;
use crate::base::time::Timestamp;
use crate::model::hold::Hold;
use crate::model::rejection::Rejection;
use crate::model::row::WalletRow;
use crate::model::usage::{Total, Usage, Used};
use crate::model::window::{Direction, Window};
use crate::money::amount::Amount;
use crate::money::value::Money;
use crate::rules::Decided;
use crate::rules::limits::check_largest;

/// Refuses `amount` where a window of the wallet has no room for it at `now`. `earlier` is what the same
/// request moves the same way before it.
#[inline]
pub(super) fn check_windows<E: Iterator<Item = Money> + Clone>(
    row: &WalletRow,
    direction: Direction,
    amount: Money,
    earlier: &E,
    now: Timestamp,
) -> Decided<()> {
    let counting = row.usages().iter().filter(|usage| usage.window().direction == direction);
    for usage in counting {
        let used = row.used(usage, now);
        let used = earlier.clone().fold(used, |sum, money| sum.and(Some(money.amount()), 1));
        check_room(row, usage, used, amount, None, now)?;
    }
    Ok(())
}

/// Refuses what is captured beyond what was reserved: nothing of it was counted when it was reserved. The
/// capture takes the hold's place in the count.
pub(super) fn check_beyond(
    row: &WalletRow,
    hold: &Hold,
    amount: Money,
    now: Timestamp,
) -> Decided<()> {
    let Some(beyond) = amount.checked_sub(hold.remaining).filter(Money::is_positive) else {
        return Ok(());
    };
    check_largest(row, beyond)?;
    let leaving = row.usages().iter().filter(|usage| usage.window().direction == Direction::Out);
    for usage in leaving {
        check_room(row, usage, row.used(usage, now), beyond, Some(hold), now)?;
    }
    Ok(())
}

/// Refuses `amount` where this window has no room for it beside what is `used`. A hold that it captures is
/// part of that, and is no movement of its own any more.
fn check_room(
    row: &WalletRow,
    usage: &Usage,
    used: Total,
    amount: Money,
    captured: Option<&Hold>,
    now: Timestamp,
) -> Decided<()> {
    let added = Total::NOTHING.and(Some(amount.amount()), u32::from(captured.is_none()));
    if has_room(usage.window(), used.and(added.amount, added.count)) {
        return Ok(());
    }
    let own = captured.map_or(added, |hold| added.and(Some(hold.remaining.amount()), 1));
    Err(Box::new(Rejection::WindowExceeded {
        wallet: row.id,
        window: *usage.window(),
        used: row.asset.of(used.amount.unwrap_or(Amount::MAX)),
        used_count: used.count,
        amount,
        frees_at: frees_at(row, usage, own, captured.map(|hold| hold.id), now),
    }))
}

fn has_room(window: &Window, all: Total) -> bool {
    let fits = |most: Money| all.amount.is_some_and(|sum| sum <= most.amount());
    window.amount.is_none_or(fits) && window.count.is_none_or(|most| all.count <= most)
}

/// When there is room for all of `own` if nothing else moves: the earliest time after which what still counts
/// leaves enough of it. What the same request moves stays as long as this would, and so does the hold that it
/// captures.
fn frees_at(
    row: &WalletRow,
    usage: &Usage,
    own: Total,
    captured: Option<HoldId>,
    now: Timestamp,
) -> Option<Timestamp> {
    let mut counting = usage.at(now).to_vec();
    if usage.window().direction == Direction::Out {
        let others = row.live(now).iter().filter(|hold| Some(hold.id) != captured);
        counting.extend(others.map(|hold| Used {
            frees_at: hold.expires_at,
            amount: hold.remaining,
            count: 1,
        }));
        counting.sort_by_key(|used| used.frees_at);
    }
    // From the last to free up back to the first that may not stay.
    let mut staying = own;
    if !has_room(usage.window(), staying) {
        return None;
    }
    for used in counting.iter().rev() {
        staying = staying.and(Some(used.amount), used.count);
        if !has_room(usage.window(), staying) {
            return Some(used.frees_at);
        }
    }
    // Only what the same request moves before it is in the way.
    None
}
