//! Counts panics, those too that the ledger catches and answers with an error, on every thread.

use std::panic;
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

static COUNT: AtomicUsize = AtomicUsize::new(0);

/// How many there were. Those before the first question don't count.
#[must_use]
pub fn count() -> usize {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let earlier = panic::take_hook();
        panic::set_hook(Box::new(move |about| {
            COUNT.fetch_add(1, Ordering::Relaxed);
            earlier(about);
        }));
    });
    COUNT.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_that_is_caught_counts_on_whichever_thread() {
        let before = count();
        std::thread::spawn(|| panic::catch_unwind(|| panic!("a test")).unwrap_err())
            .join()
            .unwrap();
        assert!(count() > before);
    }
}
