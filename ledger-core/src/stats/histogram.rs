//! A histogram that many threads fill without a lock. The crates for it want `&mut` or a mutex.
//!
//! Sixteen buckets for each doubling, so a quantile is right to within 1/16.

use std::sync::atomic::{AtomicU64, Ordering};

const SUB_BITS: u32 = 4;
const SUB: u64 = 1 << SUB_BITS;
const BUCKETS: usize = 976;

#[derive(Debug)]
pub(super) struct Histogram {
    buckets: Box<[AtomicU64]>,
    largest: AtomicU64,
}

impl Default for Histogram {
    fn default() -> Self {
        let buckets = (0..BUCKETS).map(|_| AtomicU64::new(0)).collect();
        Self { buckets, largest: AtomicU64::new(0) }
    }
}

impl Histogram {
    pub(super) fn record(&self, value: u64) {
        if let Some(bucket) = self.buckets.get(bucket_of(value)) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.largest.fetch_max(value, Ordering::Relaxed);
    }

    pub(super) fn largest(&self) -> u64 {
        self.largest.load(Ordering::Relaxed)
    }

    /// The value that `percent` of all values are not above, to within a bucket.
    pub(super) fn percentile(&self, percent: u64) -> u64 {
        let counts: Vec<u64> = self.buckets.iter().map(|b| b.load(Ordering::Relaxed)).collect();
        let total: u64 = counts.iter().sum();
        let rank = (total * percent).div_ceil(100).max(1);
        let mut seen = 0;
        for (bucket, count) in counts.into_iter().enumerate() {
            seen += count;
            if seen >= rank {
                return largest_in(bucket).min(self.largest());
            }
        }
        0
    }
}

fn bucket_of(value: u64) -> usize {
    let doublings = value.max(SUB).ilog2() - SUB_BITS;
    // The top bits of the value, counted on from one doubling to the next.
    let index = u64::from(doublings) * SUB + (value >> doublings);
    usize::try_from(index).unwrap_or(usize::MAX)
}

fn largest_in(bucket: usize) -> u64 {
    let bucket = u64::try_from(bucket).unwrap_or(u64::MAX);
    if bucket < 2 * SUB {
        return bucket;
    }
    let doublings = bucket / SUB - 1;
    let top = bucket % SUB + SUB;
    ((top + 1) << doublings).wrapping_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_falls_into_a_bucket_that_ends_at_or_just_above_it() {
        for value in (0..64).flat_map(|bits| [1_u64 << bits, (1 << bits) - 1]).chain([u64::MAX]) {
            let bucket = bucket_of(value);
            assert!(bucket < BUCKETS, "{value}");
            let end = largest_in(bucket);
            assert!(end >= value && end - value <= value / 16, "{value} {end}");
        }
    }

    #[test]
    fn percentiles_are_right_to_a_sixteenth() {
        let histogram = Histogram::default();
        assert_eq!(histogram.percentile(50), 0);
        (1..=1_000).for_each(|value| histogram.record(value));
        for (percent, exact) in [(1, 10), (50, 500), (95, 950), (99, 990), (100, 1_000)] {
            let found = histogram.percentile(percent);
            assert!(found >= exact && found <= exact + exact / 16, "p{percent}: {found}");
        }
        assert_eq!(histogram.largest(), 1_000);
    }
}
