//! When something takes effect: never in the future, and not in a period that is locked.

use crate::base::time::Timestamp;
use crate::model::prepared::Prepared;
use crate::model::rejection::Rejection;
use crate::model::transaction::PeriodLock;
use crate::rules::Decided;
use crate::rules::rows::Rows;

/// When `command` takes effect if it is recorded at `now`.
#[inline]
pub(super) fn effective_at(command: &Prepared, rows: &Rows, now: Timestamp) -> Decided<Timestamp> {
    command.effective_at.map_or(Ok(now), |at| backdated(at, rows, now))
}

fn backdated(effective_at: Timestamp, rows: &Rows, now: Timestamp) -> Decided<Timestamp> {
    check_past(effective_at, now)?;
    match rows.terms().locked_until {
        Some(locked_until) if effective_at < locked_until => {
            Err(Rejection::PeriodLocked { effective_at, locked_until }.into())
        }
        _ => Ok(effective_at),
    }
}

/// A lock never reaches into the future, so that what takes effect as it is recorded is never locked. It
/// never unlocks anything, in whatever order two come.
pub(super) fn lock(until: Timestamp, rows: &Rows, now: Timestamp) -> Decided<PeriodLock> {
    check_past(until, now)?;
    let from = rows.terms().locked_until;
    Ok(PeriodLock { from, until: from.max(Some(until)) })
}

/// What is before `until` stays locked. It never locks anything.
pub(super) fn unlock(until: Option<Timestamp>, rows: &Rows) -> PeriodLock {
    let from = rows.terms().locked_until;
    PeriodLock { from, until: from.min(until) }
}

fn check_past(time: Timestamp, now: Timestamp) -> Decided<()> {
    if time > now {
        return Err(Rejection::TimeToCome { time, now }.into());
    }
    Ok(())
}
