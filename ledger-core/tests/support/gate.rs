//! A gate that one thread waits at and another opens. Nobody waits for ever: a test that goes wrong
//! must fail, not hang.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Clone, Debug, Default)]
pub struct Gate {
    reached: Arc<AtomicBool>,
    open: Arc<AtomicBool>,
}

impl Gate {
    pub fn new() -> Self {
        Self::default()
    }

    /// Comes to the gate and waits until it opens.
    pub fn pass(&self) {
        self.reached.store(true, Ordering::SeqCst);
        wait_until(|| self.open.load(Ordering::SeqCst));
    }

    pub fn wait_until_reached(&self) {
        wait_until(|| self.reached.load(Ordering::SeqCst));
    }

    pub fn open(&self) {
        self.open.store(true, Ordering::SeqCst);
    }
}

pub fn wait_until(condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain");
        thread::sleep(Duration::from_micros(200));
    }
}
