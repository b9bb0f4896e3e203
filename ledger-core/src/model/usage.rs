//! What was used of a wallet's rolling windows.

use serde::{Deserialize, Serialize};

use crate::base::time::Timestamp;
use crate::model::window::{Direction, Window};
use crate::money::amount::Amount;

/// Movements that leave a window at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Used {
    /// When they no longer count.
    pub frees_at: Timestamp,
    /// Their sum.
    pub amount: Amount,
    /// How many there are.
    pub count: u32,
}

/// A window, and what was used of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// The window.
    pub window: Window,
    /// What counts or counted not long ago, in the order in which it frees up.
    pub used: Vec<Used>,
}

impl Usage {
    fn of(window: Window) -> Self {
        Self { window, used: Vec::new() }
    }

    /// What still counts at `now`.
    pub(crate) fn at(&self, now: Timestamp) -> &[Used] {
        let gone = self.used.partition_point(|used| used.frees_at <= now);
        self.used.get(gone..).unwrap_or_default()
    }

    /// Takes in what moved at `now`, and forgets what no longer counts.
    fn note(&mut self, amount: Amount, now: Timestamp) {
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
            Some(usage) => Usage { window: *window, used: usage.used.clone() },
            None => Usage::of(*window),
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
