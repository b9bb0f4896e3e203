//! Who holds which lock. An entry exists only while its lock is held, so the table is as small as
//! what is going on, and nothing is ever evicted from under its holder.

use std::hash::BuildHasher;
use std::time::Instant;

use hashbrown::{DefaultHashBuilder, HashSet};

use crate::base::sync::{Condvar, Mutex};
use crate::write::lock_set::{LockKey, LockSet};

const SHARDS: usize = 64;

#[derive(Debug)]
pub(super) struct LockTable {
    shards: Box<[Shard]>,
    hasher: DefaultHashBuilder,
}

#[derive(Debug, Default)]
struct Shard {
    held: Mutex<HashSet<LockKey>>,
    freed: Condvar,
}

/// The lock that was not free in time.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TimedOut(pub(super) LockKey);

impl LockTable {
    pub(super) fn new() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Shard::default()).collect(),
            hasher: DefaultHashBuilder::default(),
        }
    }

    /// Takes all locks of `set` in order, or none of them. `on_wait` is called for each that is
    /// not free at once.
    pub(super) fn lock(
        &self,
        set: LockSet,
        deadline: Instant,
        mut on_wait: impl FnMut(),
    ) -> Result<Held<'_>, TimedOut> {
        let mut held = Held { table: self, set, taken: 0 };
        let keys: Vec<LockKey> = held.set.ascending().collect();
        for key in keys {
            self.take(key, deadline, &mut on_wait)?;
            held.taken += 1;
        }
        Ok(held)
    }

    fn take(
        &self,
        key: LockKey,
        deadline: Instant,
        on_wait: &mut impl FnMut(),
    ) -> Result<(), TimedOut> {
        let Some(shard) = self.shard(key) else { return Ok(()) };
        let mut held = shard.held.lock();
        if held.insert(key) {
            return Ok(());
        }
        on_wait();
        loop {
            let late = shard.freed.wait_until(&mut held, deadline).timed_out();
            if held.insert(key) {
                return Ok(());
            }
            if late {
                return Err(TimedOut(key));
            }
        }
    }

    fn free(&self, key: LockKey) {
        if let Some(shard) = self.shard(key) {
            shard.held.lock().remove(&key);
            shard.freed.notify_all();
        }
    }

    /// The shard of a key; there always is one.
    fn shard(&self, key: LockKey) -> Option<&Shard> {
        let shard = self.hasher.hash_one(key) % (SHARDS as u64);
        self.shards.get(usize::try_from(shard).ok()?)
    }
}

/// Locks that are held until this is dropped.
#[derive(Debug)]
pub(super) struct Held<'a> {
    table: &'a LockTable,
    set: LockSet,
    taken: usize,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.set.ascending().take(self.taken).for_each(|key| self.table.free(key));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread;
    use std::time::Duration;

    use super::*;

    fn set(wallets: &[u64]) -> LockSet {
        LockSet::new(wallets.iter().map(|&wallet| LockKey::Wallet(wallet)).collect()).unwrap()
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(20)
    }

    fn late() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    fn held_count(table: &LockTable) -> usize {
        table.shards.iter().map(|shard| shard.held.lock().len()).sum()
    }

    #[test]
    fn a_held_lock_is_waited_for_and_a_timeout_frees_what_was_taken() {
        let table = LockTable::new();
        let first = table.lock(set(&[2]), late(), || panic!("no one else")).unwrap();
        let mut waits = 0;
        let refused = table.lock(set(&[1, 2, 3]), soon(), || waits += 1).unwrap_err();
        assert_eq!((refused, waits), (TimedOut(LockKey::Wallet(2)), 1));
        assert_eq!(held_count(&table), 1);
        drop(first);
        drop(table.lock(set(&[1, 2, 3]), soon(), || panic!("all free")).unwrap());
        assert_eq!(held_count(&table), 0);
    }

    #[test]
    fn threads_that_want_the_same_locks_in_every_order_all_get_them() {
        let table = LockTable::new();
        let (inside, entered) = (AtomicU64::new(0), AtomicU64::new(0));
        let start = Barrier::new(8);
        thread::scope(|scope| {
            for thread in 0..8_u64 {
                let (table, inside, entered, start) = (&table, &inside, &entered, &start);
                scope.spawn(move || {
                    start.wait();
                    for round in 0..500 {
                        // Every set has wallet 7, so at most one thread is ever inside.
                        let wallets = [round % 5 + thread, 7, (round * thread) % 11];
                        let held = table.lock(set(&wallets), late(), || ()).unwrap();
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
