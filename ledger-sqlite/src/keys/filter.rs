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
        let place = self.place(hash);
        if let Some(block) = self.blocks.get_mut(place) {
            for (word, bit) in block.iter_mut().zip(bits(hash)) {
                *word |= bit;
            }
        }
    }

    pub(crate) fn may_have(&self, hash: KeyHash) -> bool {
        let block = self.blocks.get(self.place(hash));
        block.is_some_and(|block| block.iter().zip(bits(hash)).all(|(word, bit)| word & bit != 0))
    }

    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.blocks)
    }

    fn place(&self, hash: KeyHash) -> usize {
        let scaled = u128::from(hash.spread()) * self.blocks.len() as u128;
        usize::try_from(scaled >> u64::BITS).unwrap_or(usize::MAX)
    }
}

/// Which bit of each word. The block is chosen by the upper bits of the hash, so these must come
/// from all of them.
fn bits(hash: KeyHash) -> impl Iterator<Item = u64> {
    let mixed = hash.spread().wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32);
    let mixed = mixed.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (0..WORDS).map(move |word| 1 << ((mixed >> (16 + 6 * word)) & 63))
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
        assert!((0..100_000).all(|number| filter.may_have(hash(number))));
        let wrong = (100_000..300_000).filter(|&number| filter.may_have(hash(number))).count();
        // One in 1,000 would let ten runs stay within one in a hundred.
        assert!(wrong < 200, "{wrong} of 200,000");
        assert!(filter.bytes() <= 100_000 * 3 + 64);
    }

    #[test]
    fn an_empty_filter_has_nothing() {
        assert!(!Filter::for_keys(0).may_have(hash(1)));
    }
}
