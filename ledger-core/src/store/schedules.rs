//! The lock table in every order in which two groups may run, and in many in which more may. Nobody waits
//! for ever (the checker would say "deadlock"), and nobody is in a place where another is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use hashbrown::DefaultHashBuilder;
use shuttle::thread;

use crate::base::id::WalletId;
use crate::base::schedule::{FORGETS_TO_WAKE, in_every_order};
use crate::store::lock_set::{LockSet, Protected};
use crate::store::lock_table::LockTable;

/// Orders of more than two groups that are tried.
const ORDERS: usize = 20_000;

fn set(table: &LockTable, wallets: &[u64]) -> LockSet {
    let wallets = wallets.iter().map(|raw| WalletId::from_raw(*raw).unwrap());
    table.set(wallets.map(Protected::Wallet)).unwrap()
}

fn late() -> Instant {
    Instant::now() + Duration::from_mins(1)
}

/// A group: its wallets, and whether it waits for as long as it takes.
type Wanted = (&'static [u64], bool);

/// How many are at each wallet, and how many were not alone.
#[derive(Default)]
struct Places {
    at: [AtomicU64; 4],
    met: AtomicU64,
}

/// All groups at once, each with a table of its own or all with one.
fn all_at_once(tables: &[Arc<LockTable>], groups: &[Wanted]) {
    let places: Arc<Places> = Arc::default();
    let [first, others @ ..] = groups else { return };
    let others: Vec<_> = others
        .iter()
        .zip(tables.iter().rev().cycle())
        .map(|(&wanted, table)| {
            let (table, places) = (table.clone(), places.clone());
            thread::spawn(move || one(&table, &places, wanted))
        })
        .collect();
    one(&tables[0], &places, *first);
    for other in others {
        other.join().unwrap();
    }
    assert_eq!(places.met.load(SeqCst), 0, "two at one");
    // All is free again.
    for table in tables {
        drop(table.lock(set(table, &[1, 2, 3]), Instant::now(), || panic!("held")).unwrap());
    }
}

fn one(table: &LockTable, places: &Places, (wallets, is_patient): Wanted) {
    let deadline = if is_patient { late() } else { Instant::now() };
    let Ok(held) = table.lock(set(table, wallets), deadline, || ()) else {
        return assert!(!is_patient, "a patient one gave up");
    };
    let at = || wallets.iter().filter_map(|wallet| places.at.get(usize::try_from(*wallet).ok()?));
    let others: u64 = at().map(|place| place.fetch_add(1, SeqCst)).sum();
    places.met.fetch_add(others, SeqCst);
    thread::yield_now();
    for place in at() {
        place.fetch_sub(1, SeqCst);
    }
    drop(held);
}

/// A table for each execution, in which things always have the same locks.
fn same_each_time() -> impl Fn() -> Arc<LockTable> + Send + Sync + Clone {
    let hasher = DefaultHashBuilder::default();
    move || Arc::new(LockTable::with(hasher.clone()))
}

#[test]
fn two_groups_in_every_order() {
    let table = same_each_time();
    for patient in [true, false] {
        let groups: [Wanted; 2] = [(&[1, 2], true), (&[2], patient)];
        let table = table.clone();
        in_every_order(move || all_at_once(&[table()], &groups));
    }
}

#[test]
fn more_groups_in_many_orders() {
    let groups: [Wanted; 4] =
        [(&[1, 2], true), (&[2, 3], true), (&[3, 1], false), (&[3, 2, 1], true)];
    shuttle::check_pct(move || all_at_once(&[Arc::new(LockTable::new())], &groups), ORDERS, 4);
    shuttle::check_random(move || all_at_once(&[Arc::new(LockTable::new())], &groups), ORDERS);
}

#[test]
#[should_panic(expected = "two at one")]
fn two_tables_that_do_not_know_each_other_are_found() {
    let groups: [Wanted; 2] = [(&[1, 2], true), (&[2, 3], true)];
    let table = same_each_time();
    in_every_order(move || all_at_once(&[table(), table()], &groups));
}

#[test]
#[should_panic(expected = "deadlock")]
fn a_wake_up_that_is_forgotten_is_found() {
    FORGETS_TO_WAKE.set(true);
    let (table, groups) = (same_each_time(), [(&[1, 2][..], true), (&[2, 3], true)]);
    in_every_order(move || all_at_once(&[table()], &groups));
}

#[test]
#[should_panic(expected = "deadlock")]
fn locks_that_are_taken_one_by_one_are_found() {
    let table = same_each_time();
    let both = move || {
        let table = table();
        let threads = [[1, 2], [2, 1]].map(|wallets| {
            let table = table.clone();
            thread::spawn(move || {
                let held = wallets.map(|wallet| table.lock(set(&table, &[wallet]), late(), || ()));
                assert!(held.iter().all(Result::is_ok));
            })
        });
        for thread in threads {
            thread.join().unwrap();
        }
    };
    in_every_order(both);
}
