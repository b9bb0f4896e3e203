//! Rolling windows: refusing what would be too much within a time, and saying when it no longer is.

use crate::base::time::Timestamp;
use crate::model::rejection::Rejection;
use crate::model::row::WalletRow;
use crate::model::usage::{Usage, Used};
use crate::model::window::{Direction, Window};
use crate::money::amount::Amount;
use crate::money::value::Money;
use crate::rules::Decided;

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
    let counting = row.usages().iter().filter(|usage| usage.window.direction == direction);
    for usage in counting {
        check_window(row, usage, amount, earlier.clone(), now)?;
    }
    Ok(())
}

fn check_window(
    row: &WalletRow,
    usage: &Usage,
    amount: Money,
    earlier: impl Iterator<Item = Money>,
    now: Timestamp,
) -> Decided<()> {
    let before = counted(row, usage, now);
    let within = earlier.map(|money| Used { frees_at: now, amount: money.amount(), count: 1 });
    let (used, count) = sum(before.iter().copied().chain(within));
    let room = |used, count| has_room(&usage.window, amount.amount(), used, count);
    if room(used, count) {
        return Ok(());
    }
    let (mut left, mut left_count) = (used, count);
    let frees = before.iter().find(|freed| {
        left = left.saturating_sub(freed.amount);
        left_count = left_count.saturating_sub(freed.count);
        room(left, left_count)
    });
    Err(Box::new(Rejection::WindowExceeded {
        wallet: row.id,
        window: usage.window,
        used: row.asset.of(used),
        used_count: count,
        amount,
        frees_at: frees.map(|freed| freed.frees_at),
    }))
}

/// What counts at `now`, in the order in which it frees up: what moved, and what is reserved.
fn counted(row: &WalletRow, usage: &Usage, now: Timestamp) -> Vec<Used> {
    let mut counted = usage.at(now).to_vec();
    if usage.window.direction == Direction::Out {
        let live = row.reserved().map_or(&[][..], |reserved| reserved.live(now));
        counted.extend(live.iter().map(|hold| Used {
            frees_at: hold.expires_at,
            amount: hold.remaining,
            count: 1,
        }));
        counted.sort_by_key(|used| used.frees_at);
    }
    counted
}

fn sum(all: impl Iterator<Item = Used>) -> (Amount, u32) {
    all.fold((Amount::ZERO, 0), |(amount, count), used| {
        (amount.saturating_add(used.amount), count.saturating_add(used.count))
    })
}

fn has_room(window: &Window, amount: Amount, used: Amount, count: u32) -> bool {
    let fits = |most: Money| used.checked_add(amount).is_some_and(|sum| sum <= most.amount());
    window.amount.is_none_or(fits) && window.count.is_none_or(|most| count < most)
}
