//! The write path: how many callers' commands become few durable commits.
//!
//! ```text
//! caller     checks its commands, takes their fingerprints, queues them, waits     (ledger)
//! leader     the first caller leads: takes what is queued, in order                (queue)
//!   begin    takes the store's writer place, caught up with other processes        (group)
//!   lock     all the group's locks, ascending, with a time-out                     (group, store)
//!   load     the rows it needs, from one durable state                             (group)
//!   decide   command by command on those rows; a no changes nothing                (round)
//!   commit   one durable write for all; only now does anyone see or hear of it     (group)
//! leader     passes leadership on, then hands each caller its answer               (queue)
//! ```
//!
//! Why each boundary is there: answers wait for the commit, because a crash could take back
//! whatever is told before it. Locks outlive the commit, because another lane may otherwise decide
//! on rows that are about to change. Leadership goes on before the answers go out, because waking
//! callers is slow and the next group need not wait for it. There is no thread of the ledger's own,
//! so there is none to lose in a `fork`, to stop, or to be surprised by.

pub(crate) mod engine;
mod group;
#[cfg(all(test, not(shuttle)))]
mod hooks;
pub(crate) mod pauses;
mod queue;
mod round;
#[cfg(all(test, shuttle))]
mod schedules;
pub(crate) mod unit;
