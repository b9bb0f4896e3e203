//! Counts panics, those too that the ledger catches and answers with an error.

use std::cell::Cell;
use std::panic;
use std::sync::Once;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

/// How many there were on this thread. Those before the first question don't count.
pub(super) fn count() -> usize {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let earlier = panic::take_hook();
        panic::set_hook(Box::new(move |about| {
            COUNT.set(COUNT.get() + 1);
            earlier(about);
        }));
    });
    COUNT.get()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_that_is_caught_counts() {
        let before = count();
        panic::catch_unwind(|| panic!("a test")).unwrap_err();
        assert_eq!(count(), before + 1);
    }
}
