//! Leader and followers. Whoever comes first leads: it serves all that is queued, in order, passes
//! leadership to the first who still waits, and hands out the answers. No thread of its own.
//!
//! What keeps it right:
//!
//! - While anyone waits in the line, as many lead as may lead. A leader leaves only by naming a
//!   successor or by finding the line empty, under the line's lock, so no wake-up is lost.
//! - An item leaves the line under the line's lock, once: to its leader, or with its caller.
//! - A leader that panics answers nobody; its [`Lead`] tells the followers so, and passes on.
//! - A caller whose hook panics leaves the line, and passes on what it was to lead.

use std::collections::VecDeque;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::Instant;

use crate::base::interrupt::Interrupt;
use crate::base::sync::{Condvar, Mutex, MutexGuard};

/// Why an item has no answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Missed {
    /// There was no room; the item was not queued.
    Full,
    /// The caller's time was up before anyone took the item; it will not be served.
    Withdrawn,
    /// The caller's time was up while the item was being served, or its leader panicked.
    Unknown,
}

#[derive(Debug)]
pub(super) struct Queue<T, R> {
    line: Mutex<Line<T, R>>,
    limits: Limits,
}

/// How much may wait and be served at once. Weights are postings.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// How many may lead at once.
    pub(super) leaders: usize,
    /// What may wait in the line.
    pub(super) waiting: usize,
    /// What one leader serves, unless its own item is heavier.
    pub(super) group: usize,
}

#[derive(Debug)]
struct Line<T, R> {
    waiting: VecDeque<Arc<Slot<T, R>>>,
    weight: usize,
    leaders: usize,
}

#[derive(Debug)]
struct Slot<T, R> {
    stage: Mutex<Stage<T, R>>,
    changed: Condvar,
    weight: usize,
}

#[derive(Debug)]
enum Stage<T, R> {
    /// In the line.
    Waiting(T),
    /// Out of the line, to be served by its own caller, who now leads.
    Leading(T),
    /// Being served by another caller, or done with.
    Taken,
    /// Served.
    Answered(R),
    /// Its leader panicked.
    Abandoned,
}

/// How long a caller waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience<'a> {
    pub(super) deadline: Option<Instant>,
    pub(super) interrupt: &'a Interrupt,
}

impl Patience<'_> {
    /// When to look whether it is at its end.
    fn next(self) -> Option<Instant> {
        let asked = self.interrupt.next();
        asked.into_iter().chain(self.deadline).min()
    }

    fn is_over(self) -> bool {
        let is_late = self.deadline.is_some_and(|deadline| deadline <= Instant::now());
        is_late || self.interrupt.ask()
    }
}

/// What a caller is to do next.
enum Call<T, R> {
    Lead(T),
    Answer(R),
}

impl<T, R> Queue<T, R> {
    pub(super) fn new(limits: Limits) -> Self {
        let line = Line { waiting: VecDeque::new(), weight: 0, leaders: 0 };
        Self { line: Mutex::new(line), limits }
    }

    /// Has `item` served, by this caller or another. `serve` gets items in the order in which they
    /// were queued and gives an answer for each.
    pub(super) fn submit(
        &self,
        item: T,
        weight: usize,
        patience: Patience<'_>,
        serve: impl FnOnce(&[T]) -> Vec<R>,
    ) -> Result<R, Missed> {
        let call = match self.enter(item, weight)? {
            Ok(item) => Call::Lead(item),
            Err(slot) => self.wait(&slot, patience)?,
        };
        match call {
            Call::Answer(answer) => Ok(answer),
            Call::Lead(item) => self.lead(item, weight, serve).ok_or(Missed::Unknown),
        }
    }

    /// The weight of what waits in the line.
    pub(super) fn waiting(&self) -> usize {
        self.line.lock().weight
    }

    /// How many lead.
    #[cfg(all(test, not(shuttle)))]
    pub(super) fn leaders(&self) -> usize {
        self.line.lock().leaders
    }

    /// Leads at once where that is possible, else joins the line.
    fn enter(&self, item: T, weight: usize) -> Result<Result<T, Arc<Slot<T, R>>>, Missed> {
        let mut line = self.line.lock();
        if line.leaders < self.limits.leaders {
            line.leaders += 1;
            return Ok(Ok(item));
        }
        let fits = line.weight.saturating_add(weight) <= self.limits.waiting;
        if !fits && !line.waiting.is_empty() {
            return Err(Missed::Full);
        }
        let stage = Mutex::new(Stage::Waiting(item));
        let slot = Arc::new(Slot { stage, changed: Condvar::new(), weight });
        line.weight += weight;
        line.waiting.push_back(slot.clone());
        Ok(Err(slot))
    }

    fn wait(&self, slot: &Arc<Slot<T, R>>, patience: Patience<'_>) -> Result<Call<T, R>, Missed> {
        let mut stage = slot.stage.lock();
        loop {
            if let Some(call) = next_call(&mut stage)? {
                return Ok(call);
            }
            let Some(next) = patience.next() else {
                slot.changed.wait(&mut stage);
                continue;
            };
            if slot.changed.wait_until(&mut stage, next).timed_out() {
                // Whoever is asked may take locks of its own.
                drop(stage);
                match catch_unwind(AssertUnwindSafe(|| patience.is_over())) {
                    Ok(false) => stage = slot.stage.lock(),
                    Ok(true) => return self.leave(slot),
                    Err(panic) => {
                        self.forsake(slot);
                        resume_unwind(panic);
                    }
                }
            }
        }
    }

    /// Stops waiting. What has happened to the item by now decides what that means.
    fn leave(&self, slot: &Arc<Slot<T, R>>) -> Result<Call<T, R>, Missed> {
        let mut line = self.line.lock();
        if let Some(place) = line.waiting.iter().position(|other| Arc::ptr_eq(other, slot)) {
            line.waiting.remove(place);
            line.weight -= slot.weight;
            return Err(Missed::Withdrawn);
        }
        drop(line);
        next_call(&mut slot.stage.lock())?.ok_or(Missed::Unknown)
    }

    /// Leaves for a caller that goes down, so that nobody waits for it and nobody serves it.
    fn forsake(&self, slot: &Arc<Slot<T, R>>) {
        if let Ok(Call::Lead(_)) = self.leave(slot) {
            Lead::of(self).pass_on();
        }
    }

    fn lead(&self, own: T, weight: usize, serve: impl FnOnce(&[T]) -> Vec<R>) -> Option<R> {
        let mut lead = Lead::of(self);
        let items = lead.gather(own, weight);
        let mut answers = serve(&items).into_iter();
        let own = answers.next();
        lead.finish(answers);
        own
    }
}

/// Takes what has happened to an item, if anything has.
fn next_call<T, R>(stage: &mut MutexGuard<'_, Stage<T, R>>) -> Result<Option<Call<T, R>>, Missed> {
    match mem::replace(&mut **stage, Stage::Taken) {
        Stage::Answered(answer) => Ok(Some(Call::Answer(answer))),
        Stage::Leading(item) => Ok(Some(Call::Lead(item))),
        Stage::Abandoned => Err(Missed::Unknown),
        waiting @ (Stage::Waiting(_) | Stage::Taken) => {
            **stage = waiting;
            Ok(None)
        }
    }
}

/// Leadership: whatever happens to the leader, it goes on and no follower is left waiting.
struct Lead<'a, T, R> {
    queue: &'a Queue<T, R>,
    followers: Vec<Arc<Slot<T, R>>>,
    leading: bool,
}

impl<'a, T, R> Lead<'a, T, R> {
    fn of(queue: &'a Queue<T, R>) -> Self {
        Self { queue, followers: Vec::new(), leading: true }
    }

    /// The leader's own item and what is in the line, as far as it fits.
    fn gather(&mut self, own: T, weight: usize) -> Vec<T> {
        let mut line = self.queue.line.lock();
        let mut room = self.queue.limits.group.saturating_sub(weight);
        let mut items = vec![own];
        while let Some(next) = line.waiting.front() {
            let Some(left) = room.checked_sub(next.weight) else { break };
            room = left;
            let Some(slot) = line.waiting.pop_front() else { break };
            line.weight -= slot.weight;
            let stage = mem::replace(&mut *slot.stage.lock(), Stage::Taken);
            if let Stage::Waiting(item) = stage {
                items.push(item);
                self.followers.push(slot);
            }
        }
        items
    }

    fn finish(&mut self, mut answers: impl Iterator<Item = R>) {
        self.pass_on();
        for slot in self.followers.drain(..) {
            slot.settle(answers.next().map_or(Stage::Abandoned, Stage::Answered));
        }
    }

    /// Makes the first in the line the leader, or leaves if there is none.
    fn pass_on(&mut self) {
        if !mem::replace(&mut self.leading, false) {
            return;
        }
        let mut line = self.queue.line.lock();
        let Some(next) = line.waiting.pop_front() else {
            line.leaders -= 1;
            return;
        };
        line.weight -= next.weight;
        // Still under the line's lock: a caller whose time is up must find itself either in the
        // line or leading, never between the two.
        let mut stage = next.stage.lock();
        if let Stage::Waiting(item) = mem::replace(&mut *stage, Stage::Taken) {
            *stage = Stage::Leading(item);
        }
        drop(stage);
        drop(line);
        next.changed.notify_one();
    }
}

impl<T, R> Slot<T, R> {
    fn settle(&self, settled: Stage<T, R>) {
        *self.stage.lock() = settled;
        self.changed.notify_one();
    }
}

impl<T, R> Drop for Lead<'_, T, R> {
    fn drop(&mut self) {
        self.pass_on();
        self.followers.drain(..).for_each(|slot| slot.settle(Stage::Abandoned));
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use super::*;

    const LIMITS: Limits = Limits { leaders: 1, waiting: 3, group: 3 };

    static NOBODY: Interrupt = Interrupt::NONE;
    const PATIENT: Patience<'_> = Patience { deadline: None, interrupt: &NOBODY };

    fn until(deadline: Instant) -> Patience<'static> {
        Patience { deadline: Some(deadline), ..PATIENT }
    }

    fn serve(items: &[u64]) -> Vec<u64> {
        items.iter().map(|item| item * 10).collect()
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(20)
    }

    /// Runs `others` while a leader is in the middle of serving item 1, then lets it go on.
    fn while_leading<T: Send>(
        queue: &Queue<u64, u64>,
        others: impl FnOnce() -> T + Send,
        ending: impl FnOnce() + Send,
    ) -> T {
        let (entered, has_entered) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        thread::scope(|scope| {
            scope.spawn(move || {
                let led = catch_unwind(AssertUnwindSafe(|| {
                    queue.submit(1, 1, PATIENT, |items| {
                        entered.send(()).unwrap();
                        released.recv().unwrap();
                        ending();
                        serve(items)
                    })
                }));
                assert!(led.is_err() || led.unwrap() == Ok(10));
            });
            has_entered.recv().unwrap();
            let result = others();
            release.send(()).unwrap();
            result
        })
    }

    fn waiting(queue: &Queue<u64, u64>) -> usize {
        queue.line.lock().waiting.len()
    }

    fn wait_until(condition: impl Fn() -> bool) {
        let begun = Instant::now();
        while !condition() {
            assert!(begun.elapsed() < Duration::from_mins(1), "waited in vain");
            thread::yield_now();
        }
    }

    fn assert_idle(queue: &Queue<u64, u64>) {
        let line = queue.line.lock();
        assert_eq!((line.waiting.len(), line.weight, line.leaders), (0, 0, 0));
    }

    #[test]
    fn one_caller_serves_itself() {
        let queue = Queue::new(LIMITS);
        assert_eq!(queue.submit(7, 1, until(soon()), serve), Ok(70));
        assert_idle(&queue);
    }

    #[test]
    fn what_waits_together_is_served_together_in_order() {
        let queue = Queue::new(LIMITS);
        let groups = Mutex::new(Vec::new());
        thread::scope(|scope| {
            while_leading(
                &queue,
                || {
                    for item in 2..=4 {
                        let (queue, groups) = (&queue, &groups);
                        scope.spawn(move || {
                            let answer = queue.submit(item, 1, PATIENT, |items| {
                                groups.lock().push(items.to_vec());
                                serve(items)
                            });
                            assert_eq!(answer, Ok(item * 10));
                        });
                        wait_until(|| waiting(queue) == usize::try_from(item).unwrap() - 1);
                    }
                },
                || (),
            );
        });
        assert_eq!(*groups.lock(), [vec![2, 3, 4]]);
        assert_idle(&queue);
    }

    #[test]
    fn a_full_line_refuses_but_takes_one_heavy_item_when_empty() {
        let queue = Queue::new(LIMITS);
        thread::scope(|scope| {
            while_leading(
                &queue,
                || {
                    let queue = &queue;
                    scope.spawn(move || assert_eq!(queue.submit(2, 100, PATIENT, serve), Ok(20)));
                    wait_until(|| waiting(queue) == 1);
                    assert_eq!(queue.submit(3, 1, PATIENT, serve), Err(Missed::Full));
                },
                || (),
            );
        });
        assert_idle(&queue);
    }

    #[test]
    fn a_caller_whose_time_is_up_leaves_the_line_unserved() {
        let queue = Queue::new(LIMITS);
        while_leading(
            &queue,
            || {
                assert_eq!(
                    queue.submit(2, 1, until(soon()), |_| panic!("served")),
                    Err(Missed::Withdrawn)
                );
            },
            || (),
        );
        assert_idle(&queue);
    }

    #[test]
    fn a_caller_who_is_told_to_stop_leaves_the_line_and_asks_outside_of_all_locks() {
        let queue = Arc::new(Queue::new(LIMITS));
        let asked_of = queue.clone();
        let interrupt = Interrupt::new(move || waiting(&asked_of) == 1);
        let patience = Patience { interrupt: &interrupt, ..PATIENT };
        while_leading(
            &queue,
            || {
                let answer = queue.submit(2, 1, patience, |_| panic!("served"));
                assert_eq!(answer, Err(Missed::Withdrawn));
            },
            || (),
        );
        assert_idle(&queue);
    }

    #[test]
    fn a_caller_who_is_told_to_wait_on_is_answered() {
        let queue = Queue::new(LIMITS);
        let asked = Arc::new(AtomicU32::new(0));
        let count = asked.clone();
        let interrupt = Interrupt::new(move || count.fetch_add(1, Ordering::SeqCst) == u32::MAX);
        let patience = Patience { interrupt: &interrupt, ..PATIENT };
        thread::scope(|scope| {
            while_leading(
                &queue,
                || {
                    let queue = &queue;
                    scope.spawn(move || assert_eq!(queue.submit(2, 1, patience, serve), Ok(20)));
                    wait_until(|| asked.load(Ordering::SeqCst) >= 2);
                },
                || (),
            );
        });
        assert_idle(&queue);
    }

    #[test]
    fn a_caller_whose_item_is_being_served_hears_that_nobody_knows() {
        let queue = Queue::new(LIMITS);
        let (serving, is_serving) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        thread::scope(|scope| {
            let queue = &queue;
            while_leading(
                queue,
                || {
                    scope.spawn(move || {
                        let slow = queue.submit(2, 1, PATIENT, move |items| {
                            serving.send(items.len()).unwrap();
                            released.recv().unwrap();
                            serve(items)
                        });
                        assert_eq!(slow, Ok(20));
                    });
                    wait_until(|| waiting(queue) == 1);
                    scope.spawn(move || {
                        let patience = until(Instant::now() + Duration::from_secs(2));
                        assert_eq!(queue.submit(3, 1, patience, serve), Err(Missed::Unknown));
                        release.send(()).unwrap();
                    });
                    wait_until(|| waiting(queue) == 2);
                },
                || (),
            );
            assert_eq!(is_serving.recv().unwrap(), 2);
        });
        assert_idle(&queue);
    }

    #[test]
    fn a_leader_that_panics_leaves_nobody_waiting() {
        let queue = Queue::new(Limits { waiting: 10, ..LIMITS });
        thread::scope(|scope| {
            let queue = &queue;
            // Item 2 leads item 3 into a panic; item 4 does not fit into their group.
            let items = [(2, 1), (3, 2), (4, 1)];
            while_leading(
                queue,
                || {
                    for (place, (item, weight)) in items.into_iter().enumerate() {
                        scope.spawn(move || {
                            let answer = catch_unwind(AssertUnwindSafe(|| {
                                queue.submit(item, weight, PATIENT, |items| {
                                    assert!(!items.contains(&2), "planted");
                                    serve(items)
                                })
                            }));
                            match item {
                                2 => assert!(answer.is_err()),
                                3 => assert_eq!(answer.unwrap(), Err(Missed::Unknown)),
                                _ => assert_eq!(answer.unwrap(), Ok(40)),
                            }
                        });
                        wait_until(|| waiting(queue) == place + 1);
                    }
                },
                || (),
            );
        });
        assert_idle(&queue);
    }

    #[test]
    fn nothing_is_lost_or_served_twice_among_many_impatient_threads() {
        for leaders in [1, 2] {
            let queue = Queue::new(Limits { leaders, waiting: 1_000, group: 4 });
            let served = Mutex::new(Vec::new());
            let withdrawn = Mutex::new(Vec::new());
            thread::scope(|scope| {
                for thread in 0..16_u64 {
                    let (queue, served, withdrawn) = (&queue, &served, &withdrawn);
                    scope.spawn(move || {
                        for round in 0..200 {
                            let item = thread * 1_000 + round;
                            let patience = Duration::from_micros(item % 7 * 20);
                            let answer =
                                queue.submit(item, 1, until(Instant::now() + patience), |items| {
                                    served.lock().extend(items.iter().copied());
                                    serve(items)
                                });
                            match answer {
                                Ok(answer) => assert_eq!(answer, item * 10),
                                Err(Missed::Withdrawn) => withdrawn.lock().push(item),
                                Err(missed) => assert_eq!(missed, Missed::Unknown),
                            }
                        }
                    });
                }
            });
            assert_idle(&queue);
            let mut all = served.into_inner();
            all.extend(withdrawn.into_inner());
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), 16 * 200, "each item served once or withdrawn");
        }
    }
}
