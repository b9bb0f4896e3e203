//! A wallet's row: what rules look at and transactions change.

use std::sync::Arc;

use crate::base::id::WalletId;
use crate::base::time::Timestamp;
use crate::model::hold::{Hold, Open, Reserved};
use crate::model::limits::Limits;
use crate::model::usage::{Total, Usage, Windows};
use crate::model::wallet::{Status, Wallet, WalletRecord};
use crate::model::window::Direction;
use crate::money::amount::Amount;
use crate::money::asset::Asset;

/// What rules look at and transactions change: derived from the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletRow {
    /// The wallet.
    pub id: WalletId,
    /// What it holds.
    pub asset: Asset,
    /// Whether it stands for everything outside.
    pub is_world: bool,
    /// Whether it may be used.
    pub status: Status,
    /// How often it has changed.
    pub version: u64,
    /// The sum of its postings.
    pub posted: Amount,
    /// The least it may hold; none for no limit.
    pub floor: Option<Amount>,
    /// What few wallets have, apart: rows are copied all the time, and small ones quickly.
    extra: Option<Arc<Extra>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Extra {
    reserved: Reserved,
    ceiling: Option<Amount>,
    largest: Option<Amount>,
    windows: Windows,
}

impl WalletRow {
    /// The row of a wallet that was just opened.
    pub fn opened(record: &WalletRecord) -> Self {
        let mut row = Self::new(record.id, record.asset, record.name.is_world());
        let WalletRecord { floor, ceiling, .. } = *record;
        row.set_limits(&Limits { floor, ceiling, ..Limits::default() });
        row
    }

    /// The row of a wallet that nothing happened to, without limits.
    pub fn new(id: WalletId, asset: Asset, is_world: bool) -> Self {
        Self {
            id,
            asset,
            is_world,
            status: Status::Open,
            version: 0,
            posted: Amount::ZERO,
            floor: None,
            extra: None,
        }
    }

    /// How much of it is reserved at `now`.
    #[inline]
    pub fn held(&self, now: Timestamp) -> Amount {
        self.extra.as_ref().map_or(Amount::ZERO, |extra| extra.reserved.at(now))
    }

    /// Its holds that are not known to have ended, expired or not.
    pub fn reserved(&self) -> Option<&Reserved> {
        self.extra.as_ref().map(|extra| &extra.reserved).filter(|it| !it.is_empty())
    }

    /// These holds instead of those it has.
    pub fn set_reserved(&mut self, reserved: Reserved) {
        self.change(|extra| extra.reserved = reserved);
    }

    /// Takes in what `hold` is from `now` on.
    pub(crate) fn update_hold(&mut self, hold: &Hold, now: Timestamp) {
        self.change(|extra| extra.reserved.update(hold, now));
    }

    /// The most it may hold; none for no limit.
    #[inline]
    pub fn ceiling(&self) -> Option<Amount> {
        self.extra.as_ref().and_then(|extra| extra.ceiling)
    }

    /// The most that may leave it at once; none for no limit.
    #[inline]
    pub fn largest(&self) -> Option<Amount> {
        self.extra.as_ref().and_then(|extra| extra.largest)
    }

    /// Its windows, and what was used of them.
    #[inline]
    pub fn usages(&self) -> &[Usage] {
        self.extra.as_ref().map_or(&[], |extra| extra.windows.usages())
    }

    /// What counts in one of its windows at `now`: what moved, and what is reserved as if it had.
    pub(crate) fn used(&self, usage: &Usage, now: Timestamp) -> Total {
        let moved = usage.total_at(now);
        match usage.window().direction {
            Direction::In => moved,
            Direction::Out => {
                let live = self.live(now).iter();
                live.fold(moved, |sum, hold| sum.and(Some(hold.remaining), 1))
            }
        }
    }

    /// The wallet that was opened like that and now has this row.
    pub fn wallet(&self, record: &WalletRecord) -> Wallet {
        Wallet {
            id: record.id,
            name: record.name.clone(),
            asset: record.asset,
            owner: record.owner.clone(),
            status: self.status,
            floor: self.floor.map(|floor| record.asset.of(floor)),
            ceiling: self.ceiling().map(|ceiling| record.asset.of(ceiling)),
            largest: self.largest().map(|largest| record.asset.of(largest)),
            windows: self.limits().windows,
            meta: record.meta.clone(),
            opened_at: record.id.time(),
        }
    }

    /// What is reserved at `now`, by the time at which it becomes free.
    pub(crate) fn live(&self, now: Timestamp) -> &[Open] {
        self.reserved().map_or(&[], |reserved| reserved.live(now))
    }

    /// These windows instead, of which that much was used.
    pub fn set_usages(&mut self, usages: Vec<Usage>) {
        self.change(|extra| extra.windows = Windows::used(usages));
    }

    /// Takes in that money moved at `now`.
    #[inline]
    pub(crate) fn moved(&mut self, direction: Direction, amount: Amount, now: Timestamp) {
        if self.extra.is_some() {
            self.note_moved(direction, amount, now);
        }
    }

    fn note_moved(&mut self, direction: Direction, amount: Amount, now: Timestamp) {
        if !self.usages().is_empty() {
            self.change(|extra| extra.windows.note(direction, amount, now));
        }
    }

    /// Its limits.
    pub fn limits(&self) -> Limits {
        Limits {
            floor: self.floor,
            ceiling: self.ceiling(),
            largest: self.largest(),
            windows: self.usages().iter().map(|usage| *usage.window()).collect(),
        }
    }

    /// Other limits instead.
    pub fn set_limits(&mut self, limits: &Limits) {
        self.floor = limits.floor;
        self.change(|extra| {
            (extra.ceiling, extra.largest) = (limits.ceiling, limits.largest);
            extra.windows.set(&limits.windows);
        });
    }

    fn change(&mut self, change: impl FnOnce(&mut Extra)) {
        let mut extra = self.extra.take().unwrap_or_default();
        change(Arc::make_mut(&mut extra));
        self.extra = Some(extra).filter(|extra| **extra != Extra::default());
    }

    /// What can be spent at `now`; none where there is no floor. For an extreme credit line this
    /// stops at the largest amount there is.
    pub fn available(&self, now: Timestamp) -> Option<Amount> {
        self.available_of(self.posted, self.held(now))
    }

    /// The same with other amounts posted and held.
    pub(crate) fn available_of(&self, posted: Amount, held: Amount) -> Option<Amount> {
        self.floor.map(|floor| posted.saturating_sub(held).saturating_sub(floor))
    }
}
