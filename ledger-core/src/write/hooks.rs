//! A caller whose hook panics while it waits: the others go on.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::base::interrupt::Interrupt;
use crate::write::queue::{Limits, Patience, Queue};

/// As heavy as a group may be, so that nobody else is in its group.
const HEAVY: usize = 3;
const LIMITS: Limits = Limits { leaders: 1, waiting: 10, group: HEAVY };
static NOBODY: Interrupt = Interrupt::NONE;
const PATIENT: Patience<'_> = Patience { deadline: None, interrupt: &NOBODY };

fn wait_until(condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < Duration::from_mins(1), "waited in vain");
        thread::sleep(Duration::from_micros(200));
    }
}

fn serve(items: &[u64]) -> Vec<u64> {
    items.iter().map(|item| item * 10).collect()
}

/// Item 1 is being served when the hook of item 2, behind it, panics; item 3 waits behind both.
fn check(is_leading_by_then: bool) {
    let queue = Arc::new(Queue::new(LIMITS));
    let asked = Arc::new(AtomicBool::new(false));
    let (of_hook, was_asked) = (queue.clone(), asked.clone());
    let interrupt = Interrupt::new(move || {
        wait_until(|| of_hook.waiting() == 1 + HEAVY);
        was_asked.store(true, Ordering::SeqCst);
        if is_leading_by_then {
            wait_until(|| of_hook.waiting() == HEAVY);
        }
        panic!("planted")
    });
    let hooked = || {
        let patience = Patience { interrupt: &interrupt, ..PATIENT };
        queue.submit(2, 1, patience, |_| panic!("served"))
    };
    let is_over =
        || asked.load(Ordering::SeqCst) && (is_leading_by_then || queue.waiting() == HEAVY);
    let led = |items: &[u64]| {
        wait_until(is_over);
        serve(items)
    };
    let last = Patience { deadline: Some(Instant::now() + Duration::from_mins(1)), ..PATIENT };
    thread::scope(|scope| {
        let first = scope.spawn(|| queue.submit(1, HEAVY, PATIENT, led));
        wait_until(|| queue.leaders() == 1);
        let second = scope.spawn(|| catch_unwind(AssertUnwindSafe(hooked)).is_err());
        wait_until(|| queue.waiting() == 1);
        let third = scope.spawn(|| queue.submit(3, HEAVY, last, serve));
        assert_eq!((first.join().unwrap(), third.join().unwrap()), (Ok(10), Ok(30)));
        assert!(second.join().unwrap(), "the panic comes out of its own call");
    });
    assert_eq!((queue.waiting(), queue.leaders()), (0, 0));
}

#[test]
fn a_hook_that_panics_in_the_line_keeps_nobody_waiting() {
    check(false);
}

#[test]
fn a_hook_that_panics_once_its_caller_leads_keeps_nobody_waiting() {
    check(true);
}
