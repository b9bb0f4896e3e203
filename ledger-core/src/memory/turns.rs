//! Keeps lanes in line: groups publish in the order in which they took their stamps, so that the
//! journal's order is id order however many lanes there are.

use std::collections::BTreeSet;

use crate::base::id::{Stamp, Stamps};
use crate::base::sync::{Condvar, Mutex};
use crate::base::time::Timestamp;

#[derive(Debug, Default)]
pub(super) struct Turns {
    line: Mutex<Line>,
    moved: Condvar,
}

#[derive(Debug, Default)]
struct Line {
    last_stamp: Option<Stamp>,
    next_ticket: u64,
    /// The ticket whose turn it is.
    serving: u64,
    /// Tickets behind it that were given up or are done with.
    done: BTreeSet<u64>,
}

impl Line {
    fn finish(&mut self, ticket: u64) {
        self.done.insert(ticket);
        while self.done.remove(&self.serving) {
            self.serving += 1;
        }
    }
}

impl Turns {
    /// Takes stamps and, with them, a place in the line.
    pub(super) fn reserve(
        &self,
        now: Timestamp,
        node: u8,
        count: usize,
    ) -> Option<(Turn<'_>, Stamps)> {
        let mut line = self.line.lock();
        let stamps = Stamps::after(line.last_stamp, now, node, count)?;
        line.last_stamp = stamps.end().or(line.last_stamp);
        let ticket = line.next_ticket;
        line.next_ticket += 1;
        Some((Turn { turns: self, ticket }, stamps))
    }

    /// Notes that there is a record with this stamp.
    pub(super) fn note(&self, stamp: Stamp) {
        let mut line = self.line.lock();
        line.last_stamp = line.last_stamp.max(Some(stamp));
    }
}

/// A place in the line. Dropping it lets the next one go.
pub(super) struct Turn<'a> {
    turns: &'a Turns,
    ticket: u64,
}

impl Turn<'_> {
    /// Waits until every earlier group has published or given up. That can't deadlock: a group takes
    /// its place only after it holds all its locks.
    pub(super) fn wait(&self) {
        let mut line = self.turns.line.lock();
        while line.serving != self.ticket {
            self.turns.moved.wait(&mut line);
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.turns.line.lock().finish(self.ticket);
        self.turns.moved.notify_all();
    }
}
