//! Looks at all wallets: each must show one moment of the order, and one that fits the time.

use ledger_core::WalletId;

use crate::check::Loss;
use crate::history::calls::Call;
use crate::history::note::{Note, What};
use crate::history::order::Order;
use crate::history::work::EACH;

/// Each look shows one moment of the order, after all that had ended before it began, before all that began
/// after it ended, and not before what an earlier look had shown.
pub fn check_looks(
    order: &Order<'_>,
    wallets: &[WalletId],
    notes: &[Note],
    calls: &[Call],
) -> Result<(), Loss> {
    let mut looks: Vec<(u64, u64, usize, usize)> = Vec::new();
    for Note { began, ended, what } in notes {
        let What::Looked(seen) = what else { continue };
        let total: i64 = seen.iter().map(|it| it.1).sum();
        if total != EACH * i64::try_from(wallets.len()).unwrap_or(0) {
            return Err(format!("a look adds up to {total}: {seen:?}"));
        }
        let (from, until) = moment(order, wallets, seen)?;
        looks.push((*began, *ended, from, until));
    }
    looks.sort_unstable();
    // The last place of what had ended by a time, and the first of what began after a time.
    let ended = running(calls.iter().map(|it| (it.ended, it.place)), usize::max);
    let began = running(calls.iter().map(|it| (u64::MAX - it.began, it.place)), usize::min);
    let mut shown: Vec<(u64, usize)> = Vec::new();
    for (begin, end, from, until) in looks {
        let after = before(&ended, begin).unwrap_or(0);
        let upto = before(&began, u64::MAX - end).unwrap_or(usize::MAX);
        let seen = shown.iter().filter(|it| it.0 < begin).map(|it| it.1).max().unwrap_or(0);
        let moment = from.max(after).max(seen);
        if moment >= until || moment >= upto {
            return Err(format!(
                "a look shows places {from} to {until}; by its time it must show {after} to {upto}, \
                 and {seen} was shown before"
            ));
        }
        shown.retain(|it| it.0 >= begin || it.1 == seen);
        shown.push((end, moment));
    }
    Ok(())
}

/// From which place on, and until which, the wallets were all as they were seen.
fn moment(
    order: &Order<'_>,
    wallets: &[WalletId],
    seen: &[(u64, i64)],
) -> Result<(usize, usize), Loss> {
    let (mut from, mut until) = (0, usize::MAX);
    for (wallet, (version, held)) in wallets.iter().zip(seen) {
        let version = usize::try_from(*version).unwrap_or(usize::MAX);
        let states = order.versions.get(wallet).map(Vec::as_slice).unwrap_or_default();
        let state = states.get(version).filter(|state| state.1 == *held);
        let state = state.ok_or_else(|| format!("{wallet} never was {version}, {held}"))?;
        from = from.max(state.0);
        until = until.min(states.get(version + 1).map_or(usize::MAX, |next| next.0));
    }
    if from < until { Ok((from, until)) } else { Err(format!("never at one moment: {seen:?}")) }
}

/// By time: the best place so far.
fn running(
    calls: impl Iterator<Item = (u64, usize)>,
    best: fn(usize, usize) -> usize,
) -> Vec<(u64, usize)> {
    let mut calls: Vec<(u64, usize)> = calls.collect();
    calls.sort_unstable();
    let mut so_far: Option<usize> = None;
    for (_, place) in &mut calls {
        let now = so_far.map_or(*place, |it| best(it, *place));
        (*place, so_far) = (now, Some(now));
    }
    calls
}

/// The entry of the last time before this one.
fn before(list: &[(u64, usize)], time: u64) -> Option<usize> {
    let place = list.partition_point(|it| it.0 < time).checked_sub(1)?;
    list.get(place).map(|it| it.1)
}
