//! Checks holds line by line, by rules of its own.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use ledger_core::{Amount, Hold, HoldId, HoldState, Kind, Money, Timestamp, WalletId, bounds};

/// The holds of the lines so far.
#[derive(Debug, Default)]
pub(crate) struct HoldCheck {
    holds: HashMap<HoldId, Hold>,
    /// What each wallet's open holds reserve, by the time at which they expire.
    open: HashMap<WalletId, BTreeMap<(Timestamp, HoldId), Amount>>,
}

impl HoldCheck {
    /// What is reserved on a wallet at a time; none past 128 bits. Times never run back.
    pub(crate) fn held(&mut self, wallet: WalletId, now: Timestamp) -> Option<Amount> {
        let Some(open) = self.open.get_mut(&wallet) else { return Some(Amount::ZERO) };
        while let Some(first) = open.first_entry().filter(|first| first.key().0 <= now) {
            first.remove();
        }
        open.values().try_fold(Amount::ZERO, |sum, remaining| sum.checked_add(*remaining))
    }

    /// How many holds are open on a wallet, of those that `held` has counted.
    pub(crate) fn open(&self, wallet: WalletId) -> usize {
        self.open.get(&wallet).map_or(0, BTreeMap::len)
    }

    /// Takes in what a line says of a hold, unless it can't be so.
    pub(crate) fn take(&mut self, kind: Kind, hold: &Hold, moved: Amount, now: Timestamp) -> bool {
        let known = self.holds.get(&hold.id);
        let possible = match (kind, known) {
            (Kind::Hold, None) => is_new(hold, now),
            (Kind::Hold, Some(_)) | (_, None) => false,
            (Kind::Expire, Some(before)) => {
                is_open(before)
                    && before.expires_at <= now
                    && *hold == ended(before, HoldState::Expired)
            }
            (_, Some(before)) if !is_open(before) || before.expires_at <= now => false,
            (Kind::Release, Some(before)) => *hold == ended(before, HoldState::Released),
            (Kind::Extend, Some(before)) => {
                hold.expires_at > before.expires_at
                    && is_soon(hold, now)
                    && *hold == Hold { expires_at: hold.expires_at, ..*before }
            }
            (Kind::Capture, Some(before)) => is_captured(before, hold, moved),
            _ => false,
        };
        if possible {
            self.put(hold);
        }
        possible
    }

    fn put(&mut self, hold: &Hold) {
        let before = self.holds.insert(hold.id, *hold);
        let open = self.open.entry(hold.wallet).or_default();
        if let Some(before) = before {
            open.remove(&(before.expires_at, before.id));
        }
        if is_open(hold) {
            open.insert((hold.expires_at, hold.id), hold.remaining.amount());
        }
    }

    /// Whether these are all holds there are.
    pub(crate) fn is_all(&self, holds: &[Hold]) -> bool {
        holds.len() == self.holds.len()
            && holds.iter().all(|hold| self.holds.get(&hold.id) == Some(hold))
    }
}

fn is_open(hold: &Hold) -> bool {
    hold.state == HoldState::Open
}

fn is_new(hold: &Hold, now: Timestamp) -> bool {
    is_open(hold)
        && hold.amount.is_positive()
        && hold.remaining == hold.amount
        && hold.captured.amount() == Amount::ZERO
        && !hold.tolerance.is_negative()
        && hold.wallet != hold.target
        && hold.expires_at > now
        && is_soon(hold, now)
}

fn is_soon(hold: &Hold, now: Timestamp) -> bool {
    now.checked_add(bounds::HOLD_DURATION_MAX).is_some_and(|last| hold.expires_at <= last)
}

fn ended(hold: &Hold, state: HoldState) -> Hold {
    Hold { state, remaining: hold.amount.asset().of(Amount::ZERO), ..*hold }
}

fn is_captured(before: &Hold, hold: &Hold, moved: Amount) -> bool {
    let zero = before.amount.asset().of(Amount::ZERO);
    let amount = before.amount.asset().of(moved);
    let Some(captured) = before.captured.checked_add(amount) else { return false };
    let most = before.amount.checked_add(before.tolerance);
    let left = before.remaining.checked_sub(amount).filter(Money::is_positive).unwrap_or(zero);
    let open = Hold { captured, remaining: left, ..*before };
    let within = most.is_some_and(|most| captured.amount() <= most.amount());
    within && (*hold == ended(&open, HoldState::Captured) || (left.is_positive() && *hold == open))
}
