//! Reserving money, and what becomes of it.

use crate::base::id::{HoldId, Stamp};
use crate::base::time::Timestamp;
use crate::model::hold::{Hold, HoldChange, HoldState};
use crate::model::hold_spec::HoldSpec;
use crate::model::leg::Leg;
use crate::model::prepared::{HoldAct, OnHold};
use crate::model::rejection::Rejection;
use crate::model::transaction::Postings;
use crate::money::amount::Amount;
use crate::money::value::Money;
use crate::rules::Decided;
use crate::rules::moves::{
    check_assets, check_both_open, check_entering, check_funds, check_open, check_spending,
    move_one, overflow,
};
use crate::rules::scratch::Scratch;
use crate::rules::windows::check_beyond;

/// Reserves money for a target that is open as well, so that it is not reserved in vain.
pub(super) fn reserve(
    spec: &HoldSpec,
    stamp: Stamp,
    scratch: &mut Scratch<'_>,
) -> Decided<HoldChange> {
    check_open(scratch.draft(spec.wallet)?.row)?;
    check_open(scratch.draft(spec.target)?.row)?;
    check_spending(&spec.leg(), &[], scratch)?;
    let draft = scratch.draft(spec.wallet)?;
    check_funds(draft, spec.amount)?;
    let sum = draft.held.checked_add(spec.amount.amount());
    sum.ok_or_else(|| overflow(draft.row, draft.held, spec.amount))?;
    let nothing = spec.amount.asset().of(Amount::ZERO);
    let hold = Hold {
        id: HoldId::from_stamp(stamp),
        wallet: spec.wallet,
        target: spec.target,
        amount: spec.amount,
        tolerance: spec.extra(),
        captured: nothing,
        remaining: spec.amount,
        expires_at: deadline(stamp.time(), spec.expires_in),
        state: HoldState::Open,
    };
    Ok(HoldChange { hold, version: draft.next_version() })
}

/// What is asked of a hold that there is.
pub(super) fn change(
    on: &OnHold,
    hold: &Hold,
    now: Timestamp,
    scratch: &mut Scratch<'_>,
) -> Decided<(Postings, HoldChange)> {
    let current = hold.at(now);
    if let HoldAct::Expire = on.act {
        let hold = expired(hold, &current)?;
        let version = scratch.draft(hold.wallet)?.next_version();
        return Ok((Postings::default(), HoldChange { hold, version }));
    }
    check_live(&current)?;
    let (postings, hold) = match on.act {
        HoldAct::Capture { amount, release_rest } => {
            return capture(&current, amount.unwrap_or(current.remaining), release_rest, scratch);
        }
        HoldAct::Extend(by) => (Postings::default(), extended(&current, deadline(now, by))?),
        HoldAct::Release | HoldAct::Expire => {
            (Postings::default(), current.ended(HoldState::Released))
        }
    };
    let version = scratch.draft(hold.wallet)?.next_version();
    Ok((postings, HoldChange { hold, version }))
}

fn check_live(hold: &Hold) -> Decided<()> {
    match hold.state {
        HoldState::Open => Ok(()),
        HoldState::Expired => {
            Err(Rejection::HoldExpired { hold: hold.id, expired_at: hold.expires_at }.into())
        }
        state => Err(Rejection::HoldFinished { hold: hold.id, state }.into()),
    }
}

/// Money moves out of what is reserved first; what is captured beyond it must be available.
fn capture(
    hold: &Hold,
    amount: Money,
    release_rest: bool,
    scratch: &mut Scratch<'_>,
) -> Decided<(Postings, HoldChange)> {
    let leg = Leg { from: hold.wallet, to: hold.target, amount };
    check_assets(&leg, scratch)?;
    let (captured, remaining) = after_capture(hold, amount)?;
    let draft = scratch.draft(hold.wallet)?;
    let used = hold.remaining.amount().saturating_sub(remaining);
    draft.held = draft.held.saturating_sub(used);
    check_both_open(&leg, scratch)?;
    check_beyond(scratch.draft(hold.wallet)?.row, hold, amount, scratch.now)?;
    check_entering(&leg, &[], scratch)?;
    let posting = move_one(&leg, scratch)?;
    let asset = amount.asset();
    let hold = Hold { captured, remaining: asset.of(remaining), ..*hold };
    let is_done = release_rest || remaining == Amount::ZERO;
    let hold = if is_done { hold.ended(HoldState::Captured) } else { hold };
    let change = HoldChange { hold, version: posting.from_version };
    Ok((Postings::from_iter([posting]), change))
}

/// What is captured in all after `amount`, and what then remains.
fn after_capture(hold: &Hold, amount: Money) -> Decided<(Money, Amount)> {
    let most = hold.amount.checked_add(hold.tolerance);
    let captured = hold
        .captured
        .checked_add(amount)
        .filter(|all| most.is_some_and(|most| all.amount() <= most.amount()));
    let captured = captured.ok_or(Rejection::CaptureTooLarge {
        hold: hold.id,
        amount,
        captured: hold.captured,
        held: hold.amount,
        tolerance: hold.tolerance,
    })?;
    let remaining = hold.remaining.amount().saturating_sub(amount.amount());
    Ok((captured, remaining.max(Amount::ZERO)))
}

fn extended(hold: &Hold, expires_at: Timestamp) -> Decided<Hold> {
    if expires_at > hold.expires_at {
        return Ok(Hold { expires_at, ..*hold });
    }
    let Hold { id, expires_at: until, .. } = *hold;
    Err(Rejection::HoldNotExtended { hold: id, until, asked: expires_at }.into())
}

/// Tidying changes no answer: the hold was expired already.
fn expired(hold: &Hold, current: &Hold) -> Decided<Hold> {
    match (hold.state, current.state) {
        (HoldState::Open, HoldState::Expired) => Ok(*current),
        (HoldState::Open, _) => {
            Err(Rejection::HoldNotDue { hold: hold.id, expires_at: hold.expires_at }.into())
        }
        (state, _) => Err(Rejection::HoldFinished { hold: hold.id, state }.into()),
    }
}

/// Durations are bounded, so this never comes near the end of time.
fn deadline(now: Timestamp, duration: std::time::Duration) -> Timestamp {
    now.checked_add(duration).unwrap_or(Timestamp::from_unix_ms(i64::MAX))
}
