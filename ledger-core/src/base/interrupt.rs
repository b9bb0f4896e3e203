//! Stopping to wait: whoever embeds the ledger may be asked, now and then, whether a wait is to end.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often it is asked.
const EVERY: Duration = Duration::from_millis(50);

thread_local! {
    /// Whether a hook is running on this thread.
    static IN_A_HOOK: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is in a hook: what it would write there would wait for the very call that asks.
pub(crate) fn in_a_hook() -> bool {
    IN_A_HOOK.get()
}

/// A thread's time in a hook, also if that ends in a panic.
struct InHook {
    before: bool,
}

impl InHook {
    fn enter() -> Self {
        Self { before: IN_A_HOOK.replace(true) }
    }
}

impl Drop for InHook {
    fn drop(&mut self) {
        IN_A_HOOK.set(self.before);
    }
}

/// A question that is asked on the waiting caller's own thread, about every 50 ms while a call waits
/// and never where none does: whether to stop waiting. An interpreter looks for signals in it.
#[derive(Clone, Default)]
pub struct Interrupt(Option<Arc<dyn Fn() -> bool + Send + Sync>>);

impl Interrupt {
    /// Asks nobody: every wait lasts as long as it may.
    pub const NONE: Self = Self(None);

    /// Asks `hook`; true is to stop.
    ///
    /// The hook must not call the ledger: it runs in the middle of a call, and would wait for that. What it would
    /// write on its own thread is refused, to any ledger. If it panics, the call that asked ends with that panic or as
    /// `internal`, and others go on.
    pub fn new(hook: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(hook)))
    }

    /// When it is to be asked next, if ever.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.0.as_ref().map(|_| Instant::now() + EVERY)
    }

    /// Asks now.
    pub(crate) fn ask(&self) -> bool {
        let Some(hook) = &self.0 else { return false };
        let _in_hook = InHook::enter();
        hook()
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
    fn a_thread_is_in_a_hook_until_that_returns_or_panics() {
        let asked = std::panic::catch_unwind(|| {
            Interrupt::new(|| {
                assert!(!in_a_hook(), "planted");
                false
            })
            .ask()
        });
        assert!(asked.is_err() && !in_a_hook());
        assert!(Interrupt::new(in_a_hook).ask() && !in_a_hook());
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
