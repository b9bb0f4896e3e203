//! A filter says of a hash that it is certainly not in a run, or that it may be: a blocked Bloom
//! filter, so that one answer costs one line of the processor's cache.

use crate::keys::entry::KeyHash;

/// One bit of each word is set for a hash.
const WORDS: usize = 8;
type Block = [u64; WORDS];

/// Bits for each hash: 24 make about one absent hash in 4,000 look present.
const BITS_PER_KEY: usize = 24;

#[derive(Debug)]
pub(crate) struct Filter {
    blocks: Box<[Block]>,
}

impl Filter {
    pub(crate) fn for_keys(keys: usize) -> Self {
        let blocks = (keys * BITS_PER_KEY).div_ceil(WORDS * 64).max(1);
        Self { blocks: vec![[0; WORDS]; blocks].into() }
    }

    pub(crate) fn add(&mut self, hash: KeyHash) {
        let probe = Probe::of(hash);
        let place = self.place(probe);
        if let Some(block) = self.blocks.get_mut(place) {
            for (index, word) in block.iter_mut().enumerate() {
                *word |= probe.bit(index);
            }
        }
    }

    pub(crate) fn may_have(&self, probe: Probe) -> bool {
        let block = self.blocks.get(self.place(probe));
        let has_all = |block: &Block| {
            block.iter().enumerate().all(|(index, word)| word & probe.bit(index) != 0)
        };
        block.is_some_and(has_all)
    }

    /// Puts a mark on those that may be there.
    ///
    /// First one word is looked at for each, in so few steps and so free of branches that the
    /// processor waits for many places in memory at once; then the others for those that are left.
    pub(crate) fn mark(&self, probes: &[Probe], marks: &mut [bool]) {
        let mut left = vec![0; probes.len()];
        let mut count = 0;
        for (number, &probe) in probes.iter().enumerate() {
            let word = self.blocks.get(self.place(probe)).map_or(0, |[first, ..]| *first);
            if let Some(place) = left.get_mut(count) {
                *place = number;
            }
            count += usize::from(word & probe.bit(0) != 0);
        }
        for &number in left.iter().take(count) {
            if let (Some(mark), Some(&probe)) = (marks.get_mut(number), probes.get(number)) {
                *mark |= self.may_have(probe);
            }
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.blocks)
    }

    fn place(&self, probe: Probe) -> usize {
        let scaled = u128::from(probe.place) * self.blocks.len() as u128;
        usize::try_from(scaled >> u64::BITS).unwrap_or(usize::MAX)
    }
}

/// Where a hash is to be looked for, in any filter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Probe {
    /// Which block, as a fraction of all there are.
    place: u64,
    /// Which bit of each word, six bits each.
    bits: u64,
}

impl Probe {
    pub(crate) fn of(hash: KeyHash) -> Self {
        let place = hash.spread();
        // The block is chosen by the upper bits of the hash, so these must come from all of them.
        let mixed = place.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32);
        Self { place, bits: mixed.wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 16 }
    }

    fn bit(self, word: usize) -> u64 {
        1 << ((self.bits >> (6 * word)) & 63)
    }
}

#[cfg(test)]
mod tests {
    use ledger_core::Key;

    use super::*;
    use crate::keys::entry::KeyHasher;

    fn hash(number: u32) -> KeyHash {
        KeyHasher::new([1; 16]).hash(&Key::new(format!("key {number}")).unwrap())
    }

    #[test]
    fn what_was_added_is_there_and_hardly_anything_else() {
        let mut filter = Filter::for_keys(100_000);
        for number in 0..100_000 {
            filter.add(hash(number));
        }
        let may_have = |number| filter.may_have(Probe::of(hash(number)));
        assert!((0..100_000).all(may_have));
        let wrong = (100_000..300_000).filter(|&number| may_have(number)).count();
        // One in 1,000 would let ten runs stay within one in a hundred.
        assert!(wrong < 200, "{wrong} of 200,000");
        assert!(filter.bytes() <= 100_000 * 3 + 64);
    }

    #[test]
    fn many_at_once_are_marked_as_they_are_one_by_one() {
        let mut filter = Filter::for_keys(1_000);
        for number in (0..1_000).map(|number| 3 * number) {
            filter.add(hash(number));
        }
        let probes: Vec<Probe> = (0..3_000).map(|number| Probe::of(hash(number))).collect();
        let mut marks = vec![false; probes.len()];
        marks[1] = true;
        filter.mark(&probes, &mut marks);
        for (number, (&mark, &probe)) in marks.iter().zip(&probes).enumerate() {
            assert_eq!(mark, number == 1 || filter.may_have(probe), "{number}");
        }
        filter.mark(&[], &mut []);
    }

    #[test]
    fn an_empty_filter_has_nothing() {
        assert!(!Filter::for_keys(0).may_have(Probe::of(hash(1))));
    }
}
