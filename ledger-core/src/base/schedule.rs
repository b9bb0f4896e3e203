//! Locks of a model checker's, which tries the orders in which threads may run. Only tests have it.
//!
//! There is no time in it: whoever waits for a moment only may find its time up at any point, and whoever
//! waits for longer than [`LONG`] waits until it is woken.

#![allow(clippy::expect_used, reason = "a test's")]

use std::cell::Cell;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use shuttle::sync as checked;

/// A wait as long as this does not end by itself.
const LONG: Duration = Duration::from_secs(10);

thread_local! {
    /// A fault that is planted: nobody is woken.
    pub(crate) static FORGETS_TO_WAKE: Cell<bool> = const { Cell::new(false) };
}

/// More orders than this are too many to try them all.
const ORDERS_MAX: usize = 1_000_000;

/// Runs it in every order in which its threads may run.
pub(crate) fn in_every_order(run: impl Fn() + Send + Sync + 'static) {
    let tried = Arc::new(AtomicUsize::new(0));
    let count = tried.clone();
    let one = move || {
        count.fetch_add(1, SeqCst);
        run();
    };
    shuttle::check_dfs(one, Some(ORDERS_MAX));
    let tried = tried.load(SeqCst);
    assert!(tried < ORDERS_MAX, "there are more orders");
    eprintln!("all {tried} orders were tried");
}

#[derive(Debug, Default)]
pub(crate) struct Mutex<T>(checked::Mutex<T>);

pub(crate) struct MutexGuard<'a, T> {
    mutex: &'a Mutex<T>,
    /// None only while it waits.
    held: Option<checked::MutexGuard<'a, T>>,
}

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(checked::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        MutexGuard { mutex: self, held: Some(self.take()) }
    }

    pub(crate) fn into_inner(self) -> T {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> checked::MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.held.as_ref().expect("held while it does not wait")
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.held.as_mut().expect("held while it does not wait")
    }
}

#[derive(Debug, Default)]
pub(crate) struct Condvar(checked::Condvar);

pub(crate) struct Waited(bool);

impl Waited {
    pub(crate) fn timed_out(&self) -> bool {
        self.0
    }
}

impl Condvar {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
        if let Some(held) = guard.held.take() {
            guard.held = Some(self.0.wait(held).unwrap_or_else(PoisonError::into_inner));
        }
    }

    pub(crate) fn wait_until<T>(&self, guard: &mut MutexGuard<'_, T>, deadline: Instant) -> Waited {
        if deadline > Instant::now() + LONG {
            self.wait(guard);
            return Waited(false);
        }
        // Others may do anything before it has the lock again.
        guard.held = None;
        guard.held = Some(guard.mutex.take());
        Waited(true)
    }

    pub(crate) fn notify_one(&self) {
        if !FORGETS_TO_WAKE.get() {
            self.0.notify_one();
        }
    }

    pub(crate) fn notify_all(&self) {
        if !FORGETS_TO_WAKE.get() {
            self.0.notify_all();
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct RwLock<T>(checked::RwLock<T>);

impl<T> RwLock<T> {
    pub(crate) fn read(&self) -> checked::RwLockReadGuard<'_, T> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> checked::RwLockWriteGuard<'_, T> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}
