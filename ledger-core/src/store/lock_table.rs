//! Who holds which lock. An entry exists only while its lock is held, so the table is as small as
//! what is going on, and nothing is ever evicted from under its holder.

use std::time::Instant;

use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};

use crate::base::sync::{Condvar, Mutex};
use crate::store::lock_set::{Lock, LockSet, Protected};

const SHARD_BITS: u32 = 6;

/// The locks of a store with several lanes. The store owns it, so that every ledger on the store
/// shares it.
#[derive(Debug)]
pub struct LockTable {
    /// By the highest bits of a lock's number, so that locks in order come shard by shard.
    shards: Box<[Shard]>,
    hasher: DefaultHashBuilder,
}

impl Default for LockTable {
    fn default() -> Self {
        Self::new()
    }
}

#[derive(Debug, Default)]
struct Shard {
    held: Mutex<HashTable<Lock>>,
    freed: Condvar,
}

/// A lock was not free in time.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TimedOut;

impl LockTable {
    /// A table in which nothing is locked.
    pub fn new() -> Self {
        let shards = (0..1 << SHARD_BITS).map(|_| Shard::default()).collect();
        Self { shards, hasher: DefaultHashBuilder::default() }
    }

    /// The set of the locks that protect these things, or none if they are too many.
    pub(crate) fn set<'a>(
        &self,
        things: impl IntoIterator<Item = Protected<'a>>,
    ) -> Option<LockSet> {
        LockSet::new(things.into_iter().map(|thing| Lock::of(thing, &self.hasher)))
    }

    /// Takes all locks of `set` in order, or none of them. `on_wait` is called for each that is
    /// not free at once.
    pub(crate) fn lock(
        &self,
        set: LockSet,
        deadline: Instant,
        mut on_wait: impl FnMut(),
    ) -> Result<Held<'_>, TimedOut> {
        let mut held = Held { table: self, set, taken: 0 };
        while let Some(run) = self.run_at(&held.set, held.taken) {
            let (taken, outcome) = run.shard.take(run.locks, deadline, &mut on_wait);
            held.taken += taken;
            outcome?;
        }
        if held.taken < held.set.ascending().len() { Err(TimedOut) } else { Ok(held) }
    }

    /// The locks of `set` from `start` on that are in one shard; none at the end.
    fn run_at<'a>(&'a self, set: &'a LockSet, start: usize) -> Option<Run<'a>> {
        let rest = set.ascending().get(start..)?;
        let shard = self.shard_of(*rest.first()?)?;
        let is_other =
            |lock: &Lock| !self.shard_of(*lock).is_some_and(|it| std::ptr::eq(it, shard));
        let end = rest.iter().position(is_other).unwrap_or(rest.len());
        Some(Run { shard, locks: rest.get(..end)? })
    }

    /// The shard of a lock; there always is one.
    fn shard_of(&self, lock: Lock) -> Option<&Shard> {
        let place = lock.number() >> (u64::BITS - SHARD_BITS);
        self.shards.get(usize::try_from(place).ok()?)
    }
}

/// Locks in one shard, in ascending order.
struct Run<'a> {
    shard: &'a Shard,
    locks: &'a [Lock],
}

impl Shard {
    /// Takes locks in order until one is not free in time; says how many it took.
    fn take(
        &self,
        locks: &[Lock],
        deadline: Instant,
        on_wait: &mut impl FnMut(),
    ) -> (usize, Result<(), TimedOut>) {
        let mut held = self.held.lock();
        for (taken, &lock) in locks.iter().enumerate() {
            if insert(&mut held, lock) {
                continue;
            }
            on_wait();
            loop {
                let late = self.freed.wait_until(&mut held, deadline).timed_out();
                if insert(&mut held, lock) {
                    break;
                }
                if late {
                    return (taken, Err(TimedOut));
                }
            }
        }
        (locks.len(), Ok(()))
    }

    fn free(&self, locks: &[Lock]) {
        let mut held = self.held.lock();
        for &lock in locks {
            if let Ok(entry) = held.find_entry(lock.number(), |other| *other == lock) {
                entry.remove();
            }
        }
        drop(held);
        self.freed.notify_all();
    }
}

/// Whether the lock was free.
fn insert(held: &mut HashTable<Lock>, lock: Lock) -> bool {
    match held.entry(lock.number(), |other| *other == lock, |other| other.number()) {
        Entry::Occupied(_) => false,
        Entry::Vacant(free) => {
            free.insert(lock);
            true
        }
    }
}

/// Locks that are held until this is dropped.
#[derive(Debug)]
pub(crate) struct Held<'a> {
    table: &'a LockTable,
    set: LockSet,
    /// How many of the set have been taken.
    taken: usize,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let mut freed = 0;
        while let Some(run) = self.table.run_at(&self.set, freed).filter(|_| freed < self.taken) {
            let count = run.locks.len().min(self.taken - freed);
            run.shard.free(run.locks.get(..count).unwrap_or_default());
            freed += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread;
    use std::time::Duration;

    use super::*;
    use crate::base::id::WalletId;

    fn set(table: &LockTable, wallets: impl IntoIterator<Item = u64>) -> LockSet {
        let wallets = wallets.into_iter().map(|raw| WalletId::from_raw(raw).unwrap());
        table.set(wallets.map(Protected::Wallet)).unwrap()
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(20)
    }

    fn late() -> Instant {
        Instant::now() + Duration::from_mins(1)
    }

    fn held_count(table: &LockTable) -> usize {
        table.shards.iter().map(|shard| shard.held.lock().len()).sum()
    }

    #[test]
    fn a_held_lock_is_waited_for_and_a_timeout_frees_what_was_taken() {
        let table = LockTable::new();
        for contested in 1..=300 {
            let first = table.lock(set(&table, [contested]), late(), || panic!("no one else"));
            let mut waits = 0;
            let deadline = Instant::now() + Duration::from_micros(10);
            let refused = table.lock(set(&table, 1..=300), deadline, || waits += 1);
            assert_eq!((refused.unwrap_err(), waits), (TimedOut, 1));
            assert_eq!(held_count(&table), 1);
            drop(first.unwrap());
        }
        let all = table.lock(set(&table, 1..=300), soon(), || panic!("all free")).unwrap();
        assert_eq!(held_count(&table), 300);
        drop(all);
        assert_eq!(held_count(&table), 0);
    }

    #[test]
    fn threads_that_want_the_same_locks_in_every_order_all_get_them() {
        let table = LockTable::new();
        let (inside, entered) = (AtomicU64::new(0), AtomicU64::new(0));
        let start = Barrier::new(8);
        thread::scope(|scope| {
            for thread in 0..8_u64 {
                let (table, start) = (&table, &start);
                let (inside, entered) = (&inside, &entered);
                scope.spawn(move || {
                    start.wait();
                    for round in 1..=500 {
                        // Every set has wallet 7, so at most one thread is ever inside.
                        let wanted =
                            set(table, [round % 5 + thread + 1, 7, (round * thread) % 11 + 1]);
                        let held = table.lock(wanted, late(), || ()).unwrap();
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        entered.fetch_add(1, Ordering::SeqCst);
                        inside.fetch_sub(1, Ordering::SeqCst);
                        drop(held);
                    }
                });
            }
        });
        assert_eq!(entered.load(Ordering::SeqCst), 8 * 500);
        assert_eq!(held_count(&table), 0);
    }
}
