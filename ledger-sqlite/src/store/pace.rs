//! How much happens between two pieces of the work that goes on beside the commits.

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
