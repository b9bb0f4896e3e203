//! Every limit in one table. Nothing a caller can send is unbounded.

use std::time::Duration;

/// Bytes in an idempotency key.
pub const KEY_BYTES_MAX: usize = 255;
/// Bytes in a wallet's name.
pub const NAME_BYTES_MAX: usize = 255;
/// Bytes in a wallet's owner.
pub const OWNER_BYTES_MAX: usize = 255;
/// Bytes in each part of an actor: who, from where, why.
pub const ACTOR_BYTES_MAX: usize = 255;
/// Bytes in an asset's code.
pub const ASSET_CODE_BYTES_MAX: usize = 22;
/// Digits after the point of an asset.
pub const ASSET_SCALE_MAX: u8 = 38;
/// Bytes in the text of an amount; 39 digits, a point, a sign and generous zeros.
pub const AMOUNT_TEXT_BYTES_MAX: usize = 96;
/// Bytes of metadata on one record, as canonical JSON.
pub const METADATA_BYTES_MAX: usize = 16 * 1024;
/// Levels of nesting in metadata.
pub const METADATA_DEPTH_MAX: usize = 16;
/// Bytes of metadata that count as much as a posting where postings are limited.
pub const METADATA_BYTES_PER_POSTING: usize = 256;
/// Postings in one transaction.
pub const POSTINGS_MAX: usize = 1_000;
/// Preconditions on one command.
pub const EXPECTATIONS_MAX: usize = 16;
/// Commands in one call.
pub const BATCH_MAX: usize = 10_000;
/// Postings in one call, over all its commands.
pub const BATCH_POSTINGS_MAX: usize = 100_000;
/// Wallets asked for in one `balances` call.
pub const BALANCES_MAX: usize = 10_000;
/// Entries or wallets on one page.
pub const PAGE_MAX: usize = 1_000;
/// Entries or wallets on one page when the caller names no size.
pub const PAGE_DEFAULT: usize = 50;
/// Entries looked at for one page when a filter passes few of them.
pub const SCAN_MAX: usize = 10_000;
/// Postings that may wait in the queue; past it a call is told to come back.
pub const QUEUE_MAX: usize = 262_144;
/// Postings that share one commit, unless a single call has more.
pub const GROUP_MAX: usize = 16_384;
/// How long a group waits for a lock another lane holds.
pub const LOCK_WAIT: Duration = Duration::from_secs(1);
/// How long a call waits for its answer.
pub const CALL_WAIT: Duration = Duration::from_secs(30);
/// How often a group is tried when the store is busy.
pub const TRIES: u32 = 3;
/// The shortest pause between two tries.
pub const PAUSE_MIN: Duration = Duration::from_millis(10);
/// The longest pause between two tries.
pub const PAUSE_MAX: Duration = Duration::from_millis(100);
/// The most tries that can be set.
pub const TRIES_MAX: u32 = 100;
/// The longest wait or pause that can be set.
pub const WAIT_MAX: Duration = Duration::from_hours(1);

/// The shortest time that keys can be remembered.
pub const KEY_RETENTION_MIN: Duration = Duration::from_secs(1);
/// The longest time that keys can be remembered, other than for ever: fifty years.
pub const KEY_RETENTION_MAX: Duration = Duration::from_hours(50 * 365 * 24);

/// The shortest time for which money can be reserved.
pub const HOLD_DURATION_MIN: Duration = Duration::from_millis(1);
/// The longest time for which money can be reserved, or reserved for longer, from now: 400 days.
pub const HOLD_DURATION_MAX: Duration = Duration::from_hours(400 * 24);

/// The shortest time in which a wallet's spending can be limited.
pub const WINDOW_LASTING_MIN: Duration = Duration::from_millis(1);
/// The longest time in which a wallet's spending can be limited: 400 days.
pub const WINDOW_LASTING_MAX: Duration = Duration::from_hours(400 * 24);
/// The most windows that a wallet can have.
pub const WINDOWS_MAX: usize = 8;

/// How long a key of metadata can be by which transactions are found.
pub const META_KEY_BYTES_MAX: usize = 64;
/// By how many keys of metadata transactions can be found, besides their reference.
pub const META_KEYS_MAX: usize = 16;

/// One row of the table of limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// The constant's name.
    pub name: &'static str,
    /// Its value.
    pub value: u64,
    /// What the value counts.
    pub unit: &'static str,
}

macro_rules! table {
    ($($name:ident $unit:literal $value:expr;)*) => {
        &[$(Bound { name: stringify!($name), value: $value, unit: $unit },)*]
    };
}

#[allow(clippy::cast_possible_truncation, reason = "these durations are far below 2^64 ms")]
const fn ms(duration: Duration) -> u64 {
    duration.as_millis() as u64
}

/// All limits, for documentation and tools.
///
/// ```
/// let table = ledger_core::bounds::TABLE;
/// assert!(table.iter().any(|bound| bound.name == "KEY_BYTES_MAX" && bound.value == 255));
/// ```
pub const TABLE: &[Bound] = table! {
    KEY_BYTES_MAX "bytes" KEY_BYTES_MAX as u64;
    NAME_BYTES_MAX "bytes" NAME_BYTES_MAX as u64;
    OWNER_BYTES_MAX "bytes" OWNER_BYTES_MAX as u64;
    ACTOR_BYTES_MAX "bytes" ACTOR_BYTES_MAX as u64;
    ASSET_CODE_BYTES_MAX "bytes" ASSET_CODE_BYTES_MAX as u64;
    ASSET_SCALE_MAX "digits" ASSET_SCALE_MAX as u64;
    AMOUNT_TEXT_BYTES_MAX "bytes" AMOUNT_TEXT_BYTES_MAX as u64;
    METADATA_BYTES_MAX "bytes" METADATA_BYTES_MAX as u64;
    METADATA_DEPTH_MAX "levels" METADATA_DEPTH_MAX as u64;
    METADATA_BYTES_PER_POSTING "bytes" METADATA_BYTES_PER_POSTING as u64;
    POSTINGS_MAX "postings" POSTINGS_MAX as u64;
    EXPECTATIONS_MAX "preconditions" EXPECTATIONS_MAX as u64;
    BATCH_MAX "commands" BATCH_MAX as u64;
    BATCH_POSTINGS_MAX "postings" BATCH_POSTINGS_MAX as u64;
    BALANCES_MAX "wallets" BALANCES_MAX as u64;
    PAGE_MAX "rows" PAGE_MAX as u64;
    PAGE_DEFAULT "rows" PAGE_DEFAULT as u64;
    SCAN_MAX "entries" SCAN_MAX as u64;
    QUEUE_MAX "postings" QUEUE_MAX as u64;
    GROUP_MAX "postings" GROUP_MAX as u64;
    LOCK_WAIT "ms" ms(LOCK_WAIT);
    CALL_WAIT "ms" ms(CALL_WAIT);
    TRIES "tries" TRIES as u64;
    PAUSE_MIN "ms" ms(PAUSE_MIN);
    PAUSE_MAX "ms" ms(PAUSE_MAX);
    TRIES_MAX "tries" TRIES_MAX as u64;
    WAIT_MAX "ms" ms(WAIT_MAX);
    KEY_RETENTION_MIN "ms" ms(KEY_RETENTION_MIN);
    KEY_RETENTION_MAX "ms" ms(KEY_RETENTION_MAX);
    HOLD_DURATION_MIN "ms" ms(HOLD_DURATION_MIN);
    HOLD_DURATION_MAX "ms" ms(HOLD_DURATION_MAX);
    WINDOW_LASTING_MIN "ms" ms(WINDOW_LASTING_MIN);
    WINDOW_LASTING_MAX "ms" ms(WINDOW_LASTING_MAX);
    WINDOWS_MAX "windows" WINDOWS_MAX as u64;
    META_KEY_BYTES_MAX "bytes" META_KEY_BYTES_MAX as u64;
    META_KEYS_MAX "keys" META_KEYS_MAX as u64;
};
