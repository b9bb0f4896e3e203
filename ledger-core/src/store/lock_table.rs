//! Who holds which locks.
//!
//! The table is divided into shards by the locks' numbers. A group goes through the shards in ascending
//! order and takes all it wants of a shard at once, as soon as no one else holds any of it. What it
//! holds in a shard is a stretch of its own sorted set, so taking a thousand locks is comparing two
//! sorted lists and keeping one pointer, and nothing is ever evicted from under its holder.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use hashbrown::DefaultHashBuilder;

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

#[derive(Debug, Default)]
struct Shard {
    held: Mutex<Vec<Stretch>>,
    freed: Condvar,
}

/// The part of a group's set that is in one shard.
#[derive(Clone, Debug)]
struct Stretch {
    set: Arc<LockSet>,
    range: Range<usize>,
}

/// A lock was not free in time.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TimedOut;

impl Default for LockTable {
    fn default() -> Self {
        Self::new()
    }
}

impl LockTable {
    /// A table in which nothing is locked.
    pub fn new() -> Self {
        Self::with(DefaultHashBuilder::default())
    }

    /// The same, in which `hasher` gives things their locks.
    pub(crate) fn with(hasher: DefaultHashBuilder) -> Self {
        let shards = (0..1 << SHARD_BITS).map(|_| Shard::default()).collect();
        Self { shards, hasher }
    }

    /// The set of the locks that protect these things, or none if they are too many.
    pub(crate) fn set<'a>(
        &self,
        things: impl IntoIterator<Item = Protected<'a>>,
    ) -> Option<LockSet> {
        LockSet::new(things.into_iter().map(|thing| Lock::of(thing, &self.hasher)))
    }

    /// Takes all locks of `set` in order, or none of them. `on_wait` is called for each shard in
    /// which they are not free at once.
    pub(crate) fn lock(
        &self,
        set: LockSet,
        deadline: Instant,
        mut on_wait: impl FnMut(),
    ) -> Result<Held<'_>, TimedOut> {
        let mut held = Held { table: self, taken: Vec::with_capacity(self.shards.len()) };
        for stretch in stretches(set) {
            self.shard_of(&stretch).ok_or(TimedOut)?.take(&stretch, deadline, &mut on_wait)?;
            held.taken.push(stretch);
        }
        Ok(held)
    }

    /// The shard of a stretch; there always is one.
    fn shard_of(&self, stretch: &Stretch) -> Option<&Shard> {
        self.shards.get(place_of(*stretch.locks().first()?))
    }
}

/// The set, shard by shard in ascending order.
fn stretches(set: LockSet) -> Vec<Stretch> {
    let set = Arc::new(set);
    let in_one_shard = |a: &Lock, b: &Lock| place_of(*a) == place_of(*b);
    let mut end = 0;
    let runs = set.ascending().chunk_by(in_one_shard).map(|run| {
        let start = end;
        end += run.len();
        Stretch { set: set.clone(), range: start..end }
    });
    runs.collect()
}

fn place_of(lock: Lock) -> usize {
    usize::try_from(lock.number() >> (u64::BITS - SHARD_BITS)).unwrap_or(usize::MAX)
}

impl Stretch {
    fn locks(&self) -> &[Lock] {
        self.set.ascending().get(self.range.clone()).unwrap_or_default()
    }
}

impl Shard {
    fn take(
        &self,
        wanted: &Stretch,
        deadline: Instant,
        on_wait: &mut impl FnMut(),
    ) -> Result<(), TimedOut> {
        let mut held = self.held.lock();
        if !is_free(wanted, &held) {
            on_wait();
        }
        let mut late = false;
        while !is_free(wanted, &held) {
            if late {
                return Err(TimedOut);
            }
            late = self.freed.wait_until(&mut held, deadline).timed_out();
        }
        held.push(wanted.clone());
        Ok(())
    }

    fn free(&self, stretch: &Stretch) {
        self.held.lock().retain(|held| !Arc::ptr_eq(&held.set, &stretch.set));
        self.freed.notify_all();
    }
}

fn is_free(wanted: &Stretch, held: &[Stretch]) -> bool {
    held.iter().all(|other| !share_a_lock(wanted.locks(), other.locks()))
}

/// Whether two ascending lists have a lock in common.
fn share_a_lock(mut one: &[Lock], mut two: &[Lock]) -> bool {
    while let ([first, rest @ ..], [other, others @ ..]) = (one, two) {
        match first.cmp(other) {
            Ordering::Less => one = rest,
            Ordering::Greater => two = others,
            Ordering::Equal => return true,
        }
    }
    false
}

/// Locks that are held until this is dropped.
#[derive(Debug)]
pub(crate) struct Held<'a> {
    table: &'a LockTable,
    taken: Vec<Stretch>,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        for stretch in &self.taken {
            if let Some(shard) = self.table.shard_of(stretch) {
                shard.free(stretch);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
    use std::thread;
    use std::time::Duration;

    use super::*;
    use crate::base::id::WalletId;

    fn set(table: &LockTable, wallets: impl IntoIterator<Item = u64>) -> LockSet {
        let wallets = wallets.into_iter().map(|raw| WalletId::from_raw(raw).unwrap());
        table.set(wallets.map(Protected::Wallet)).unwrap()
    }

    #[test]
    fn lists_share_a_lock_or_not() {
        let table = LockTable::new();
        let locks = set(&table, 1..=4);
        let [a, b, c, d] = *locks.ascending() else { panic!("four locks") };
        for (one, two, shared) in [
            (vec![], vec![], false),
            (vec![a], vec![], false),
            (vec![a], vec![a], true),
            (vec![a, c], vec![b, d], false),
            (vec![a, b], vec![c, d], false),
            (vec![a, b, d], vec![c, d], true),
            (vec![b], vec![a, b, c], true),
        ] {
            assert_eq!(share_a_lock(&one, &two), shared);
            assert_eq!(share_a_lock(&two, &one), shared);
        }
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(20)
    }

    fn late() -> Instant {
        Instant::now() + Duration::from_mins(1)
    }

    fn held_count(table: &LockTable) -> usize {
        let count =
            |shard: &Shard| shard.held.lock().iter().map(|it| it.locks().len()).sum::<usize>();
        table.shards.iter().map(count).sum()
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
    fn freeing_one_set_leaves_the_others_held() {
        let table = LockTable::new();
        let lock = |wallets: std::ops::Range<u64>| table.lock(set(&table, wallets), soon(), || ());
        let (one, two) = (lock(1..300).unwrap(), lock(300..600).unwrap());
        drop(one);
        for wallet in 300..340 {
            let mut waits = 0;
            let refused = table.lock(set(&table, [wallet]), Instant::now(), || waits += 1);
            assert_eq!((refused.unwrap_err(), waits), (TimedOut, 1), "{wallet}");
        }
        drop(lock(1..300).unwrap());
        drop(two);
        drop(lock(1..600).unwrap());
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
                        assert_eq!(inside.fetch_add(1, SeqCst), 0);
                        entered.fetch_add(1, SeqCst);
                        inside.fetch_sub(1, SeqCst);
                        drop(held);
                    }
                });
            }
        });
        assert_eq!(entered.load(SeqCst), 8 * 500);
        assert_eq!(held_count(&table), 0);
    }
}
