//! Days, in UTC.

use std::fmt;

use ledger_core::Timestamp;

const DAY_MS: i64 = 86_400_000;

/// The day of a time, printed as in `2026-03-01`.
#[derive(Clone, Copy)]
pub(super) struct Day(Timestamp);

impl Day {
    pub(super) fn of(time: Timestamp) -> Self {
        Self(time)
    }

    pub(super) fn next(self) -> Self {
        Self(Timestamp::from_unix_ms(self.0.unix_ms().saturating_add(DAY_MS)))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        f.write_str(text.split('T').next().unwrap_or(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_at_midnight_in_utc() {
        for (time, day, next) in [
            ("2026-02-28T23:59:59.999Z", "2026-02-28", "2026-03-01"),
            ("2026-03-01T00:00:00Z", "2026-03-01", "2026-03-02"),
            ("1900-01-01T00:00:00Z", "1900-01-01", "1900-01-02"),
        ] {
            let found = Day::of(time.parse().unwrap());
            assert_eq!(
                (found.to_string().as_str(), found.next().to_string().as_str()),
                (day, next)
            );
        }
    }
}
