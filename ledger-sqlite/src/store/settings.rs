//! How a store is opened, and how much happens between two pieces of the work that goes on beside the commits.

use std::time::Duration;

use ledger_core::bounds;

use crate::keys::index::RECENT_MAX;
use crate::options::Durability;

/// How a store is opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) durability: Durability,
    pub(crate) exclusive: bool,
    /// How long other processes are waited for.
    pub(crate) wait: Duration,
    /// Keys in memory before they are written to the disk.
    pub(crate) recent_keys: usize,
    /// Whether a rebuild takes a journal that has lost its end.
    pub(crate) keep_what_is_left: bool,
    pub(crate) pace: Pace,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            durability: Durability::Full,
            exclusive: false,
            wait: bounds::LOCK_WAIT,
            recent_keys: RECENT_MAX,
            keep_what_is_left: false,
            pace: Pace::USUAL,
        }
    }
}

/// A pace.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Bytes appended between two checkpoints. The log is used again from its beginning afterwards, and
    /// overwriting is faster than growing.
    pub(crate) checkpoint_bytes: u64,
    /// Lines between the beginnings of two sweeps, at least.
    pub(crate) sweep_lines: u64,
    /// Wallets that a sweep writes with a commit, at least.
    pub(crate) sweep_wallets: usize,
}

impl Pace {
    pub(crate) const USUAL: Self =
        Self { checkpoint_bytes: 16 * 1024 * 1024, sweep_lines: 262_144, sweep_wallets: 64 };
    /// So much of everything that a short test meets it all.
    pub(crate) const IN_SMALL_STEPS: Self =
        Self { checkpoint_bytes: 128 * 1024, sweep_lines: 40, sweep_wallets: 2 };
}
