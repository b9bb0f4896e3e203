//! A line that says how far a part is: on a terminal always the same one, gone when it is done; elsewhere, such
//! as in a log, a new one every minute.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::summary::{Budget, Row};

/// How often it changes on a terminal, and how often there is a new one elsewhere.
const CHANGES_MS: u128 = 250;
const REPEATS_MS: u128 = 60_000;
/// Nothing is shown.
const NONE: u64 = u64::MAX;

static SHOWN: AtomicU64 = AtomicU64::new(NONE);

/// Shows it, now and then.
pub fn show(row: &Row, budget: &Budget) {
    let took = budget.took().as_millis();
    let (is_terminal, mut stderr) = (io::stderr().is_terminal(), io::stderr());
    let tick = took / if is_terminal { CHANGES_MS } else { REPEATS_MS };
    let tick = u64::try_from(tick).unwrap_or(0);
    let shown = SHOWN.swap(tick, Ordering::Relaxed);
    // Nobody is told less if the terminal is gone.
    let _ = match is_terminal {
        true if shown != tick => write!(stderr, "\r\x1b[K{}", line(row, budget)),
        false if shown != tick && tick > 0 => writeln!(stderr, "{}", line(row, budget)),
        _ => Ok(()),
    };
}

/// Takes it away.
pub fn clear() {
    if SHOWN.swap(NONE, Ordering::Relaxed) != NONE && io::stderr().is_terminal() {
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
