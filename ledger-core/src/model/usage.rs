//! What was used of a wallet's rolling windows.

use serde::{Deserialize, Serialize};

use crate::base::time::Timestamp;
use crate::model::window::{Direction, Window};
use crate::money::amount::Amount;

/// Movements that leave a window at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(i64, Amount, u32)", into = "(i64, Amount, u32)")]
pub struct Used {
    /// When they no longer count.
    pub frees_at: Timestamp,
    /// Their sum.
    pub amount: Amount,
    /// How many there are.
    pub count: u32,
}

// As short as can be: a wallet that pays all the time has a thousand of them for each window.
impl From<(i64, Amount, u32)> for Used {
    fn from((ms, amount, count): (i64, Amount, u32)) -> Self {
        Self { frees_at: Timestamp::from_unix_ms(ms), amount, count }
    }
}

impl From<Used> for (i64, Amount, u32) {
    fn from(used: Used) -> Self {
        (used.frees_at.unix_ms(), used.amount, used.count)
    }
}

/// A window, and what was used of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "UsageText", into = "UsageText")]
pub struct Usage {
    window: Window,
    /// What counts or counted not long ago, in the order in which it frees up.
    used: Vec<Used>,
    /// What all of it comes to, so that a payment need not add it up.
    total: Total,
}

/// How much moved, and how often; no amount past 128 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Total {
    pub(crate) amount: Option<Amount>,
    pub(crate) count: u32,
}

impl Total {
    pub(crate) const NOTHING: Self = Self { amount: Some(Amount::ZERO), count: 0 };

    pub(crate) fn of<'a>(all: impl IntoIterator<Item = &'a Used>) -> Self {
        all.into_iter().fold(Self::NOTHING, |sum, used| sum.and(Some(used.amount), used.count))
    }

    pub(crate) fn and(self, amount: Option<Amount>, count: u32) -> Self {
        let sum = self.amount.zip(amount).and_then(|(sum, amount)| sum.checked_add(amount));
        Self { amount: sum, count: self.count.saturating_add(count) }
    }
}

#[derive(Serialize, Deserialize)]
struct UsageText {
    window: Window,
    used: Vec<Used>,
}

impl From<UsageText> for Usage {
    fn from(text: UsageText) -> Self {
        let total = Total::of(&text.used);
        Self { window: text.window, used: text.used, total }
    }
}

impl From<Usage> for UsageText {
    fn from(usage: Usage) -> Self {
        Self { window: usage.window, used: usage.used }
    }
}

impl Usage {
    fn of(window: Window, used: Vec<Used>) -> Self {
        UsageText { window, used }.into()
    }

    /// The window.
    pub fn window(&self) -> &Window {
        &self.window
    }

    /// What still counts at `now`, in the order in which it frees up.
    pub fn at(&self, now: Timestamp) -> &[Used] {
        let gone = self.used.partition_point(|used| used.frees_at <= now);
        self.used.get(gone..).unwrap_or_default()
    }

    /// What that comes to.
    pub(crate) fn total_at(&self, now: Timestamp) -> Total {
        let counting = self.at(now);
        let gone = self.used.get(..self.used.len() - counting.len()).unwrap_or_default();
        let (all, gone) = (self.total, Total::of(gone));
        match all.amount.zip(gone.amount) {
            Some((sum, past)) if gone.count < all.count => {
                Total { amount: sum.checked_sub(past), count: all.count - gone.count }
            }
            _ => Total::of(counting),
        }
    }

    /// Takes in what moved at `now`, and forgets what no longer counts.
    fn note(&mut self, amount: Amount, now: Timestamp) {
        self.total = self.total_at(now).and(Some(amount), 1);
        let gone = self.used.len() - self.at(now).len();
        self.used.drain(..gone);
        let frees_at = frees_at(&self.window, now);
        match self.used.last_mut().filter(|last| last.frees_at == frees_at) {
            Some(last) => {
                last.amount = last.amount.saturating_add(amount);
                last.count = last.count.saturating_add(1);
            }
            None => self.used.push(Used { frees_at, amount, count: 1 }),
        }
    }
}

/// When what moves at `now` leaves the window: as its slot's last millisecond does.
fn frees_at(window: &Window, now: Timestamp) -> Timestamp {
    let lasting = window.lasting_ms();
    let slots = i64::try_from(Window::SLOTS).unwrap_or(i64::MAX);
    let width = (lasting / slots + i64::from(lasting % slots > 0)).max(1);
    let slot_ends = now.unix_ms().div_euclid(width).saturating_add(1).saturating_mul(width) - 1;
    Timestamp::from_unix_ms(slot_ends.saturating_add(lasting))
}

/// The windows of a wallet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Windows(Vec<Usage>);

impl Windows {
    /// Windows of which so much was used.
    pub fn used(usages: Vec<Usage>) -> Self {
        Self(usages)
    }

    /// Each window, and what was used of it.
    pub fn usages(&self) -> &[Usage] {
        &self.0
    }

    /// Other windows. One that counts what a window did that was there goes on from what that one
    /// counted.
    pub(crate) fn set(&mut self, windows: &[Window]) {
        let before = std::mem::take(&mut self.0);
        let known = |window: &Window| before.iter().find(|it| it.window.counts_like(window));
        let usage = |window: &Window| match known(window) {
            Some(usage) => Usage { window: *window, ..usage.clone() },
            None => Usage::of(*window, Vec::new()),
        };
        self.0 = windows.iter().map(usage).collect();
    }

    /// Takes in what moved at `now`.
    pub(crate) fn note(&mut self, direction: Direction, amount: Amount, now: Timestamp) {
        let counting = self.0.iter_mut().filter(|usage| usage.window.direction == direction);
        counting.for_each(|usage| usage.note(amount, now));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_unix_ms(ms)
    }

    fn amount(minor: i128) -> Amount {
        Amount::from_minor(minor)
    }

    #[test]
    fn what_moved_counts_for_the_whole_window_and_less_than_a_slot_longer() {
        for (lasting, width) in [(1, 1), (999, 1), (1_000, 1), (1_001, 2), (3_600_000, 3_600)] {
            let window = Window::leaving(Duration::from_millis(lasting)).count(1);
            let lasting = i64::try_from(lasting).unwrap();
            for now in [0, 1, 1_001, 3_599, 3_600, 3_601, 1_700_000_000_123, -5] {
                let frees = frees_at(&window, at(now)).unix_ms();
                assert!((now + lasting..now + lasting + width).contains(&frees), "{lasting} {now}");
                assert_eq!((frees - lasting + 1) % width, 0);
            }
        }
    }

    #[test]
    fn a_window_keeps_a_bounded_number_of_slots() {
        let mut windows = Windows::default();
        windows.set(&[Window::leaving(Duration::from_secs(10)).count(1)]);
        for ms in 0..50_000 {
            windows.note(Direction::Out, amount(1), at(ms));
            windows.note(Direction::In, amount(1), at(ms));
        }
        let usage = &windows.usages()[0];
        for now in [49_999, 55_000, 59_998, 60_000] {
            assert_eq!(usage.total_at(at(now)), Total::of(usage.at(at(now))));
        }
        assert!((1_000..=1_001).contains(&usage.used.len()), "{}", usage.used.len());
        assert_eq!(usage.at(at(49_999)).iter().map(|used| used.count).sum::<u32>(), 10_000);
        assert_eq!(usage.at(at(59_998)).iter().map(|used| used.count).sum::<u32>(), 10);
        assert!(usage.at(at(59_999)).is_empty());
    }

    #[test]
    fn a_window_with_another_limit_goes_on_counting() {
        let hour = Window::leaving(Duration::from_hours(1));
        let mut windows = Windows::default();
        windows.set(&[hour.count(1)]);
        windows.note(Direction::Out, amount(7), at(0));
        windows.set(&[Window::leaving(Duration::from_hours(2)).count(5), hour.count(9)]);
        let counted = windows.usages().iter().map(|usage| (usage.window.count, usage.used.len()));
        assert_eq!(counted.collect::<Vec<_>>(), [(Some(5), 0), (Some(9), 1)]);
    }
}
