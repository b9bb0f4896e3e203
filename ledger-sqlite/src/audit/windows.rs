//! Checks rolling windows line by line, by rules of its own.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use ledger_core::bounds::{WINDOW_LASTING_MAX, WINDOW_LASTING_MIN, WINDOWS_MAX};
use ledger_core::store::WalletRow;
use ledger_core::{Amount, Asset, Direction, Timestamp, WalletId, Window};

/// The windows of the lines so far.
#[derive(Debug, Default)]
pub(crate) struct WindowCheck {
    wallets: HashMap<WalletId, Vec<Counted>>,
}

/// A window, and the sums and numbers of movements by the millisecond at which they leave it.
#[derive(Debug)]
struct Counted {
    window: Window,
    moved: BTreeMap<i64, (i128, u64)>,
}

/// What is reserved on a wallet: how much, in how many holds.
pub(crate) type Reserved = (Option<Amount>, usize);

impl WindowCheck {
    /// The windows of a wallet.
    pub(crate) fn of(&self, wallet: WalletId) -> Vec<Window> {
        let windows = self.wallets.get(&wallet);
        windows.into_iter().flatten().map(|counted| counted.window).collect()
    }

    /// Other windows of a wallet; false if it can't have them.
    pub(crate) fn set(&mut self, wallet: WalletId, asset: Asset, windows: &[Window]) -> bool {
        let mut before = self.wallets.remove(&wallet).unwrap_or_default();
        let mut after: Vec<Counted> = Vec::new();
        for window in windows {
            let alike = |other: &Counted| {
                other.window.direction == window.direction && other.window.lasting == window.lasting
            };
            let lets_some = window.amount.is_none_or(|it| it.is_positive() && it.asset() == asset)
                && window.count.is_none_or(|count| count > 0);
            let bounds = WINDOW_LASTING_MIN..=WINDOW_LASTING_MAX;
            let is_long = bounds.contains(&window.lasting) && after.len() < WINDOWS_MAX;
            if !lets_some || !is_long || after.iter().any(alike) {
                return false;
            }
            let known = before.iter().position(alike).map(|place| before.swap_remove(place).moved);
            after.push(Counted { window: *window, moved: known.unwrap_or_default() });
        }
        if !after.is_empty() {
            self.wallets.insert(wallet, after);
        }
        true
    }

    /// Whether another `amount` may move. What is reserved must not be more, with it, than may leave.
    pub(crate) fn lets(
        &mut self,
        wallet: WalletId,
        direction: Direction,
        amount: Amount,
        reserved: Reserved,
        now: Timestamp,
    ) -> bool {
        let windows = self.wallets.get_mut(&wallet).into_iter().flatten();
        windows.filter(|counted| counted.window.direction == direction).all(|counted| {
            let (moved, times) = counted.at(now);
            let (held, holds) = match direction {
                Direction::Out => reserved,
                Direction::In => (Some(Amount::ZERO), 0),
            };
            let all =
                held.and_then(|held| held.minor().checked_add(amount.minor())?.checked_add(moved?));
            let times = times + holds as u64 + u64::from(amount.is_positive());
            let most = counted.window.amount.map(|most| most.amount().minor());
            most.is_none_or(|most| all.is_some_and(|all| all <= most))
                && counted.window.count.is_none_or(|most| times <= u64::from(most))
        })
    }

    /// Takes in what moved.
    pub(crate) fn moved(
        &mut self,
        wallet: WalletId,
        direction: Direction,
        amount: Amount,
        now: Timestamp,
    ) {
        let windows = self.wallets.get_mut(&wallet).into_iter().flatten();
        for counted in windows.filter(|counted| counted.window.direction == direction) {
            let leaves = leaves(&counted.window, now);
            let (sum, times) = counted.moved.entry(leaves).or_default();
            *sum = sum.saturating_add(amount.minor());
            *times += 1;
        }
    }

    /// Whether a wallet's row says the same of what was used by then.
    pub(crate) fn agrees(&mut self, row: &WalletRow, now: Timestamp) -> bool {
        let windows = self.wallets.get_mut(&row.id).map_or(&mut [][..], Vec::as_mut_slice);
        let usages = row.usages();
        windows.len() == usages.len()
            && windows.iter_mut().zip(usages).all(|(counted, usage)| {
                counted.at(now);
                let said = usage.at(now).iter().map(|used| {
                    (used.frees_at.unix_ms(), (used.amount.minor(), u64::from(used.count)))
                });
                counted.window == *usage.window()
                    && said.eq(counted.moved.iter().map(|(at, moved)| (*at, *moved)))
            })
    }
}

impl Counted {
    /// What counts at `now`; no sum past 128 bits. Times never run back.
    fn at(&mut self, now: Timestamp) -> (Option<i128>, u64) {
        self.moved = self.moved.split_off(&now.unix_ms().saturating_add(1));
        let sum = self.moved.values().try_fold(0_i128, |sum, (amount, _)| sum.checked_add(*amount));
        (sum, self.moved.values().map(|(_, times)| times).sum())
    }
}

/// The millisecond at which what moves at `now` no longer counts. Windows have a thousand slots, and a
/// slot counts until its end has left the window.
fn leaves(window: &Window, now: Timestamp) -> i64 {
    let lasting = i64::try_from(window.lasting.as_millis()).unwrap_or(i64::MAX / 4);
    let slot = lasting.saturating_add(999) / 1_000;
    let begun = now.unix_ms() - now.unix_ms().rem_euclid(slot.max(1));
    begun + slot - 1 + lasting
}
