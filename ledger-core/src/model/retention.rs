//! How long keys are remembered.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::bounds::{KEY_RETENTION_MAX, KEY_RETENTION_MIN};
use crate::base::id::TransactionId;
use crate::base::invalid::{Field, Invalid};
use crate::base::time::Timestamp;

/// How long a key is remembered after it was answered. A retry that comes later is carried out as a
/// new request: choose longer than anyone retries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Option<u64>", into = "Option<u64>")]
pub struct KeyRetention(Option<u64>);

impl TryFrom<Option<u64>> for KeyRetention {
    type Error = Invalid;

    /// So many milliseconds, or for ever.
    fn try_from(ms: Option<u64>) -> Result<Self, Invalid> {
        ms.map_or(Ok(Self::FOREVER), |ms| Self::lasting(Duration::from_millis(ms)))
    }
}

impl From<KeyRetention> for Option<u64> {
    fn from(retention: KeyRetention) -> Self {
        retention.0
    }
}

impl KeyRetention {
    /// Never forgotten.
    pub const FOREVER: Self = Self(None);

    /// So long, to the millisecond.
    pub fn lasting(duration: Duration) -> Result<Self, Invalid> {
        if !(KEY_RETENTION_MIN..=KEY_RETENTION_MAX).contains(&duration) {
            let problem = format!(
                "key retention must be {KEY_RETENTION_MIN:?} to {KEY_RETENTION_MAX:?}, or for ever; \
                 not {duration:?}"
            );
            return Err(Invalid::new(Field::Config, problem));
        }
        let ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Ok(Self(Some(ms)))
    }

    /// Keys answered up to then are forgotten at `now`.
    fn forgotten_until(self, now: Timestamp) -> Option<Timestamp> {
        self.0.map(|ms| Timestamp::from_unix_ms(now.unix_ms().saturating_sub_unsigned(ms)))
    }
}

impl From<KeyRetention> for Option<Duration> {
    fn from(retention: KeyRetention) -> Self {
        retention.0.map(Duration::from_millis)
    }
}

/// The journal's record of how long keys are remembered from then on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetentionRecord {
    /// Its place in the journal.
    pub id: TransactionId,
    /// How long.
    pub keep: KeyRetention,
    /// Keys answered up to then were forgotten when this was recorded, and stay so: they may be gone
    /// from the store.
    pub forgotten_until: Option<Timestamp>,
}

impl RetentionRecord {
    /// The record of remembering keys for `keep` after `last` held.
    pub fn after(last: Option<&Self>, id: TransactionId, keep: KeyRetention) -> Self {
        let until = last.and_then(|last| last.keep.forgotten_until(id.time()));
        Self { id, keep, forgotten_until: until.max(last.and_then(|last| last.forgotten_until)) }
    }

    /// Keys answered up to then are forgotten at `now`. This is the one place where that is decided.
    pub fn forgotten_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.forgotten_until.max(self.keep.forgotten_until(now))
    }

    /// Whether an answer that was given after `since` may be forgotten at `now`, by a clock that the journal may be far
    /// ahead of: what is forgotten by that time says nothing of what was answered by this one.
    pub(crate) fn may_forget(&self, since: Timestamp, now: Timestamp) -> bool {
        let gone = self.forgotten_until.filter(|until| *until < now);
        gone.max(self.keep.forgotten_until(now)).is_some_and(|until| since <= until)
    }

    /// Whether a key that was answered at `at` is forgotten at `now`.
    pub fn forgets(&self, at: Timestamp, now: Timestamp) -> bool {
        self.forgotten_at(now).is_some_and(|until| at <= until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_remembered_until_its_time_is_up() {
        let [before, at, end] = [999, 1_000, 61_000].map(Timestamp::from_unix_ms);
        let last = Timestamp::from_unix_ms(i64::MAX);
        let id = TransactionId::from_raw(1 << 40).unwrap();
        let minute = KeyRetention::lasting(Duration::from_mins(1)).unwrap();
        let minute = RetentionRecord::after(None, id, minute);
        assert!(!minute.forgets(at, at) && !minute.forgets(at, before));
        assert!(!minute.forgets(at, Timestamp::from_unix_ms(60_999)));
        assert!(minute.forgets(at, end) && !minute.forgets(last, last));
        assert!(!minute.forgets(at, Timestamp::from_unix_ms(i64::MIN)), "no overflow");
        let forever = RetentionRecord::after(None, id, KeyRetention::FOREVER);
        assert!(!forever.forgets(at, last));
    }

    #[test]
    fn what_was_forgotten_stays_so_when_keys_are_kept_longer() {
        let id = |raw: u64| TransactionId::from_raw(raw << 40).unwrap();
        let hour = KeyRetention::lasting(Duration::from_hours(1)).unwrap();
        let first = RetentionRecord::after(None, id(1), hour);
        let forever = RetentionRecord::after(Some(&first), id(100), KeyRetention::FOREVER);
        let until = Timestamp::from_unix_ms(id(100).time().unix_ms() - 3_600_000);
        assert_eq!(forever.forgotten_until, Some(until));
        let later = Timestamp::from_unix_ms(until.unix_ms() + 1);
        for record in [forever, RetentionRecord::after(Some(&forever), id(101), hour)] {
            assert!(record.forgets(until, later) && !record.forgets(later, later));
        }
    }

    #[test]
    fn what_a_journal_ahead_of_the_clock_has_forgotten_says_nothing_of_what_came_by_the_clock() {
        let minute = KeyRetention::lasting(Duration::from_mins(1)).unwrap();
        let id = TransactionId::from_raw(1 << 40).unwrap();
        let [since, soon, late, ahead] =
            [0, 59_999, 60_000, 3_600_000].map(Timestamp::from_unix_ms);
        for forgotten_until in [None, Some(ahead)] {
            let record = RetentionRecord { id, keep: minute, forgotten_until };
            assert!(!record.may_forget(since, soon) && record.may_forget(since, late));
        }
        let lengthened =
            RetentionRecord { id, keep: KeyRetention::FOREVER, forgotten_until: Some(soon) };
        assert!(lengthened.may_forget(since, late) && !lengthened.may_forget(late, ahead));
    }

    #[test]
    fn what_is_too_short_or_too_long_is_refused() {
        for bad in [Duration::ZERO, Duration::from_millis(999), Duration::MAX] {
            let refused = KeyRetention::lasting(bad).unwrap_err();
            assert!(refused.to_string().contains("key retention must be 1s to"), "{refused}");
        }
    }
}
