//! A line on a terminal that says how far a part is, and is gone when it is done.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::summary::{Budget, Row};

/// How often it changes.
const EVERY_MS: u128 = 250;
/// Nothing is shown.
const NONE: u64 = u64::MAX;

static SHOWN: AtomicU64 = AtomicU64::new(NONE);

/// Shows it, now and then, if there is someone to see it.
pub fn show(row: &Row, budget: &Budget) {
    let tick = u64::try_from(budget.took().as_millis() / EVERY_MS).unwrap_or(0);
    if SHOWN.load(Ordering::Relaxed) != tick && io::stderr().is_terminal() {
        SHOWN.store(tick, Ordering::Relaxed);
        // Nobody is told less if the terminal is gone.
        let _ = write!(io::stderr(), "\r\x1b[K{}", line(row, budget));
    }
}

/// Takes it away.
pub fn clear() {
    if SHOWN.swap(NONE, Ordering::Relaxed) != NONE {
        let _ = write!(io::stderr(), "\r\x1b[K");
    }
}

fn line(row: &Row, budget: &Budget) -> String {
    let Row { part, count, unit, losses, .. } = row;
    let of = if budget.count_max == u64::MAX {
        String::new()
    } else {
        format!(" of {}", budget.count_max)
    };
    format!("{part}: {count}{of} {unit}, {losses} lost, {} s", budget.took().as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_how_far_a_part_is() {
        let mut row = Row::new("kill", "kills", 1);
        row.count = 7;
        assert_eq!(line(&row, &Budget::counting(10)), "kill: 7 of 10 kills, 0 lost, 0 s");
    }
}
