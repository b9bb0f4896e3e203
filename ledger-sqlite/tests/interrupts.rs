//! Waits and long queries that are told to stop.

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use ledger_core::{ErrorKind, Interrupt};
use support::{Shop, TestFile};

/// Says stop when it is asked, if it was switched on, and counts.
#[derive(Default)]
struct Asked {
    stop: AtomicBool,
    times: AtomicU32,
}

impl Asked {
    fn interrupt(self: &Arc<Self>) -> Interrupt {
        let asked = self.clone();
        Interrupt::new(move || {
            asked.times.fetch_add(1, Ordering::SeqCst);
            asked.stop.load(Ordering::SeqCst)
        })
    }
}

#[test]
fn a_wait_for_another_process_ends_when_it_is_told_to() {
    let file = TestFile::new();
    let asked = Arc::new(Asked::default());
    let wait = ledger_core::bounds::WAIT_MAX;
    let ledger = file.builder().lock_wait(wait).interrupt(asked.interrupt()).open().unwrap();
    let shop = Shop::on(&ledger);
    shop.fund("10.00", "fund");
    asked.stop.store(true, Ordering::SeqCst);

    let other = file.sql();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(shop.pay("1", "database").unwrap_err().kind(), ErrorKind::StoreBusy);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(asked.times.load(Ordering::SeqCst), 1);

    let lock = std::fs::File::open(file.beside("-lock")).unwrap();
    lock.lock().unwrap();
    assert_eq!(shop.pay("1", "lock file").unwrap_err().kind(), ErrorKind::StoreBusy);
    lock.unlock().unwrap();
    assert_eq!(asked.times.load(Ordering::SeqCst), 2);
    assert!(!shop.pay("1", "database").unwrap().replayed, "nothing was written");
}

#[test]
fn opening_a_file_that_another_holds_ends_when_it_is_told_to() {
    let file = TestFile::with_business();
    let _held = file.builder().exclusive(true).open().unwrap();
    let asked = Arc::new(Asked::default());
    asked.stop.store(true, Ordering::SeqCst);
    let wait = ledger_core::bounds::WAIT_MAX;
    let refused = file.builder().lock_wait(wait).interrupt(asked.interrupt()).open().unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::StoreBusy, "{refused}");
}

#[test]
fn a_query_without_an_end_ends_when_it_is_told_to() {
    let file = TestFile::with_business();
    let asked = Arc::new(Asked::default());
    asked.stop.store(true, Ordering::SeqCst);
    let ledger = file.builder().interrupt(asked.interrupt()).open().unwrap();
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
                   SELECT count(*) FROM n";
    let stopped = ledger.query(endless).unwrap_err();
    assert!(stopped.to_string().contains("interrupted"), "{stopped}");
    assert_eq!(stopped.kind(), ErrorKind::StoreBusy);
    assert_eq!(ledger.query("SELECT 1").unwrap().rows.len(), 1);
}
