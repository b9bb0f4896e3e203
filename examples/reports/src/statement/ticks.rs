//! Where the lines of a chart's scale stand.

/// The least and the most that a chart shows, and the steps between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scale {
    pub(super) low: i128,
    pub(super) high: i128,
    step: i128,
}

impl Scale {
    /// A scale from zero to what is shown, in steps of 1, 2 or 5 and zeros.
    pub(super) fn of(values: impl Iterator<Item = i128> + Clone) -> Self {
        let low = values.clone().min().unwrap_or(0).min(0);
        let high = values.max().unwrap_or(0).max(0);
        let step = step(high.abs_diff(low));
        // The lines around what is shown; where numbers end there are none.
        let below = low.div_euclid(step).saturating_mul(step);
        let above = (high / step + i128::from(high % step > 0)).saturating_mul(step);
        Self { low: below, high: above.max(below.saturating_add(step)), step }
    }

    /// The values at which lines are drawn.
    pub(super) fn lines(self) -> impl Iterator<Item = i128> {
        let first = (self.low / self.step).saturating_mul(self.step);
        let next = move |line: &i128| line.checked_add(self.step);
        std::iter::successors(Some(first), next).take_while(move |line| *line <= self.high)
    }

    /// How far up a value is, from 0 to 1.
    #[allow(clippy::cast_precision_loss, reason = "a place on paper, no money")]
    pub(super) fn height(self, value: i128) -> f64 {
        value.abs_diff(self.low) as f64 / self.high.abs_diff(self.low) as f64
    }
}

/// The least of 1, 2, 5, 10, 20 ... of which four or fewer are as much as `span`.
fn step(span: u128) -> i128 {
    let enough = span.div_ceil(4).max(1);
    let tens = std::iter::successors(Some(1_i128), |ten| ten.checked_mul(10));
    let mut steps = tens.flat_map(|ten| [1, 2, 5].map(|it| ten.saturating_mul(it)));
    steps.find(|step| step.unsigned_abs() >= enough).unwrap_or(i128::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_are_round_and_hold_everything() {
        for (values, low, high, lines) in [
            (&[][..], 0, 1, 2),
            (&[0], 0, 1, 2),
            (&[8_750], 0, 10_000, 3),
            (&[100, 999], 0, 1_000, 3),
            (&[-30, 70], -50, 100, 4),
            (&[-5], -6, 0, 4),
        ] {
            let scale = Scale::of(values.iter().copied());
            assert_eq!((scale.low, scale.high), (low, high), "{values:?}");
            assert_eq!(scale.lines().count(), lines, "{values:?} {scale:?}");
            assert!(scale.lines().any(|line| line == 0));
        }
    }

    #[test]
    fn the_ends_of_all_numbers_are_on_the_paper() {
        for values in [[i128::MIN, i128::MAX], [0, i128::MAX], [i128::MIN, 0], [-1, 1]] {
            let scale = Scale::of(values.into_iter());
            for value in values {
                let height = scale.height(value);
                assert!((0.0..=1.0).contains(&height), "{value} is at {height}");
            }
            assert!((2..=6).contains(&scale.lines().count()), "{values:?}");
        }
    }
}
