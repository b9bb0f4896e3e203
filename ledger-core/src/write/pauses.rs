//! How long to wait before trying again: twice as long each time, and never two alike, so that
//! those who collided do not collide again.

use std::time::Duration;

use crate::base::time::Clock;

/// How often and with what pauses something is tried when the store is busy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// How often it is tried in all; at least once.
    pub tries: u32,
    /// The shortest pause.
    pub pause_min: Duration,
    /// The longest pause.
    pub pause_max: Duration,
}

impl Retry {
    /// The pauses between the tries: one fewer than there are tries.
    pub(super) fn pauses(self, clock: &dyn Clock) -> impl Iterator<Item = Duration> {
        (0..self.tries.saturating_sub(1)).map(move |round| {
            let longest = self.pause_min.saturating_mul(2_u32.saturating_pow(round + 1));
            let range = longest.min(self.pause_max).saturating_sub(self.pause_min);
            // A thousandth of the range is fine enough for a pause.
            let thousandths = u32::try_from(clock.random() % 1_000).unwrap_or(0);
            self.pause_min + range / 1_000 * thousandths
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time::{SystemClock, Timestamp};

    const RETRY: Retry = Retry {
        tries: 6,
        pause_min: Duration::from_millis(10),
        pause_max: Duration::from_millis(100),
    };

    #[test]
    fn pauses_stay_within_their_bounds_which_double() {
        for _ in 0..200 {
            let pauses: Vec<Duration> = RETRY.pauses(&SystemClock).collect();
            assert_eq!(pauses.len(), 5);
            for (pause, longest_ms) in pauses.iter().zip([20, 40, 80, 100, 100]) {
                assert!(*pause >= RETRY.pause_min, "{pause:?}");
                assert!(*pause <= Duration::from_millis(longest_ms), "{pause:?}");
            }
        }
    }

    struct Unlucky;

    impl Clock for Unlucky {
        fn now(&self) -> Timestamp {
            SystemClock.now()
        }

        fn sleep(&self, _: Duration) {}

        fn random(&self) -> u64 {
            999
        }
    }

    #[test]
    fn the_longest_pauses_double_up_to_the_last() {
        let pauses: Vec<_> = RETRY.pauses(&Unlucky).map(|it| it.as_micros()).collect();
        assert_eq!(pauses, [19_990, 39_970, 79_930, 99_910, 99_910]);
    }

    #[test]
    fn two_that_collided_pause_differently() {
        let one: Vec<Duration> = RETRY.pauses(&SystemClock).collect();
        let two: Vec<Duration> = RETRY.pauses(&SystemClock).collect();
        assert_ne!(one, two);
    }

    #[test]
    fn one_try_has_no_pause() {
        assert_eq!(Retry { tries: 1, ..RETRY }.pauses(&SystemClock).count(), 0);
        assert_eq!(Retry { tries: 0, ..RETRY }.pauses(&SystemClock).count(), 0);
    }
}
