//! Stopping to wait: whoever embeds the ledger may be asked, now and then, whether a wait is to end.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often it is asked.
const EVERY: Duration = Duration::from_millis(50);

/// A question that is asked on the waiting caller's own thread, about every 50 ms while a call waits
/// and never where none does: whether to stop waiting. An interpreter looks for signals in it.
#[derive(Clone, Default)]
pub struct Interrupt(Option<Arc<dyn Fn() -> bool + Send + Sync>>);

impl Interrupt {
    /// Asks nobody: every wait lasts as long as it may.
    pub const NONE: Self = Self(None);

    /// Asks `hook`; true is to stop.
    pub fn new(hook: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(hook)))
    }

    /// When it is to be asked next, if ever.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.0.as_ref().map(|_| Instant::now() + EVERY)
    }

    /// Asks now.
    pub(crate) fn ask(&self) -> bool {
        self.0.as_ref().is_some_and(|hook| hook())
    }

    /// For one wait that begins now: may be asked as often as one likes, and passes it on about every
    /// 50 ms. Once the answer was to stop, it stays so.
    pub fn paced(&self) -> impl Fn() -> bool + Send + use<> {
        let interrupt = self.clone();
        let due = Cell::new(self.next());
        move || {
            let Some(next) = due.get() else { return interrupt.0.is_some() };
            if Instant::now() < next {
                return false;
            }
            let stop = interrupt.ask();
            due.set(if stop { None } else { interrupt.next() });
            stop
        }
    }
}

impl fmt::Debug for Interrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Interrupt").field(&self.0.is_some()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn nobody_to_ask_never_stops() {
        let paced = Interrupt::default().paced();
        assert!(!paced() && !paced());
    }

    #[test]
    fn it_is_asked_now_and_then_until_it_says_stop() {
        let asked = Arc::new(AtomicU32::new(0));
        let count = asked.clone();
        let interrupt = Interrupt::new(move || count.fetch_add(1, Ordering::SeqCst) == 1);
        let paced = interrupt.paced();
        assert!(!paced() && asked.load(Ordering::SeqCst) == 0, "not at once");
        while !paced() {
            thread::yield_now();
        }
        assert!(paced());
        assert_eq!(asked.load(Ordering::SeqCst), 2, "and not again");
    }
}
