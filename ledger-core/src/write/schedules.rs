//! The hand-over of leadership in every order in which two callers may run, and in many in which more may.
//! Nobody waits for ever (the checker would say "deadlock"), and nothing is lost or served twice.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use shuttle::thread;

use crate::base::interrupt::Interrupt;
use crate::base::schedule::{FORGETS_TO_WAKE, in_every_order};
use crate::write::queue::{Limits, Missed, Patience, Queue};

/// Orders of more than two callers that are tried.
const ORDERS: usize = 20_000;

static NOBODY: Interrupt = Interrupt::NONE;

/// A caller: its item, and whether it waits for as long as it takes.
type Caller = (u64, bool);

/// All callers at once, in a line with room for all; then what they were told must be what was done.
fn all_at_once(limits: Limits, callers: &[Caller]) {
    let queue = Arc::new(Queue::new(limits));
    // Not one of the checker's: when it is noted makes no difference.
    let served = Arc::new(Mutex::new(Vec::new()));
    let [first, others @ ..] = callers else { return };
    let others: Vec<_> = others
        .iter()
        .map(|&caller| {
            let (queue, served) = (queue.clone(), served.clone());
            thread::spawn(move || call(&queue, &served, caller))
        })
        .collect();
    let first = call(&queue, &served, *first);
    let answers = others.into_iter().map(|other| other.join().unwrap());
    for (&(item, is_patient), answer) in callers.iter().zip([first].into_iter().chain(answers)) {
        let times = served.lock().unwrap().iter().filter(|it| **it == item).count();
        match answer {
            Ok(answer) => assert_eq!((answer, times), (item * 10, 1)),
            Err(missed) if is_patient => panic!("{item} waited in vain: {missed:?}"),
            Err(Missed::Withdrawn) => assert_eq!(times, 0, "{item} was withdrawn and served"),
            Err(missed) => assert!(missed == Missed::Unknown && times <= 1, "{item}: {missed:?}"),
        }
    }
    // Nobody leads any more and nobody waits: else this would wait for ever.
    assert_eq!(queue.waiting(), 0);
    assert_eq!(call(&queue, &served, (99, true)), Ok(990));
}

fn call(
    queue: &Queue<u64, u64>,
    served: &Mutex<Vec<u64>>,
    (item, is_patient): Caller,
) -> Result<u64, Missed> {
    let deadline = (!is_patient).then(Instant::now);
    queue.submit(item, 1, Patience { deadline, interrupt: &NOBODY }, |items| {
        served.lock().unwrap().extend(items);
        items.iter().map(|item| item * 10).collect()
    })
}

fn limits(leaders: usize, group: usize) -> Limits {
    Limits { leaders, waiting: 8, group }
}

#[test]
fn two_callers_in_every_order() {
    for patient in [true, false] {
        let callers = [(1, true), (2, patient)];
        in_every_order(move || all_at_once(limits(1, 4), &callers));
    }
}

#[test]
fn more_callers_in_many_orders() {
    for (leaders, group) in [(1, 1), (1, 4), (2, 1), (2, 4)] {
        let callers = [(1, true), (2, false), (3, true), (4, false)];
        shuttle::check_pct(move || all_at_once(limits(leaders, group), &callers), ORDERS, 4);
        shuttle::check_random(move || all_at_once(limits(leaders, group), &callers), ORDERS);
    }
}

#[test]
fn a_deadline_that_is_far_away_is_as_good_as_none() {
    let late = || Instant::now() + Duration::from_mins(1);
    let both = move || {
        let queue = Arc::new(Queue::new(limits(1, 1)));
        let other = queue.clone();
        let call = move |queue: &Queue<u64, u64>, item: u64| {
            let patience = Patience { deadline: Some(late()), interrupt: &NOBODY };
            queue.submit(item, 1, patience, |items| items.to_vec())
        };
        let caller = thread::spawn(move || call(&other, 1));
        assert_eq!((call(&queue, 2), caller.join().unwrap()), (Ok(2), Ok(1)));
    };
    in_every_order(both);
}

#[test]
fn whoever_follows_a_leader_that_panics_is_told_so() {
    let both = || {
        let queue = Arc::new(Queue::new(limits(1, 4)));
        let call = |queue: &Queue<u64, u64>, item| {
            let patience = Patience { deadline: None, interrupt: &NOBODY };
            catch_unwind(AssertUnwindSafe(|| {
                queue.submit(item, 1, patience, |items: &[u64]| {
                    // Without the checker's words about a panic that is not meant.
                    if items.contains(&1) {
                        resume_unwind(Box::new("planted"))
                    }
                    items.to_vec()
                })
            }))
        };
        let other = queue.clone();
        let second = thread::spawn(move || call(&other, 2));
        let (first, second) = (call(&queue, 1), second.join().unwrap());
        assert!(first.is_err() || first.unwrap() == Err(Missed::Unknown));
        assert!(second.is_err() || matches!(second.unwrap(), Ok(2) | Err(Missed::Unknown)));
        assert_eq!(queue.waiting(), 0);
    };
    in_every_order(both);
}

#[test]
#[should_panic(expected = "deadlock")]
fn a_wake_up_that_is_forgotten_is_found() {
    FORGETS_TO_WAKE.set(true);
    in_every_order(|| all_at_once(limits(1, 4), &[(1, true), (2, true)]));
}
