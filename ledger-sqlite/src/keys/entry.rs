//! A key's entry: 7 bytes of its hash, 5 bytes of the line it stands in.

use std::hash::Hasher;

use ledger_core::Key;
use ledger_core::store::StoreResult;
use rusqlite::Connection;
use siphasher::sip::SipHasher13;

use crate::schema::secret;

/// An entry as one number of 96 bits, so that sorting entries is sorting numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Entry(u128);

/// A key's hash, of 56 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct KeyHash(u64);

/// Bytes of an entry.
pub(crate) const ENTRY_BYTES: usize = 12;
const ROW_BITS: u32 = 40;
const HASH_BITS: u32 = 56;

/// Hashes keys in a way only this file knows, so that no one can choose keys that all meet.
#[derive(Clone, Debug)]
pub(crate) struct KeyHasher([u8; 16]);

impl KeyHasher {
    #[cfg(test)]
    pub(crate) fn new(secret: [u8; 16]) -> Self {
        Self(secret)
    }

    /// The hasher of the file that a connection is open on.
    pub(crate) fn load(connection: &Connection) -> StoreResult<Self> {
        secret::load(connection).map(Self)
    }

    pub(crate) fn hash(&self, key: &Key) -> KeyHash {
        let mut hasher = SipHasher13::new_with_key(&self.0);
        hasher.write(key.as_str().as_bytes());
        KeyHash(hasher.finish() >> (u64::BITS - HASH_BITS))
    }
}

impl KeyHash {
    /// The hash as a fraction of all there are, in 64 bits.
    pub(crate) fn spread(self) -> u64 {
        self.0 << (u64::BITS - HASH_BITS)
    }
}

impl Entry {
    /// The entry of a key in the line `row`. 2^40 lines are more than a file can hold.
    pub(crate) fn new(hash: KeyHash, row: u64) -> Self {
        Self((u128::from(hash.0) << ROW_BITS) | u128::from(row & ((1 << ROW_BITS) - 1)))
    }

    /// The least entry of that hash.
    pub(crate) fn first_of(hash: KeyHash) -> Self {
        Self::new(hash, 0)
    }

    pub(crate) fn hash(self) -> KeyHash {
        KeyHash(u64::try_from(self.0 >> ROW_BITS).unwrap_or(u64::MAX))
    }

    pub(crate) fn row(self) -> u64 {
        u64::try_from(self.0 & ((1 << ROW_BITS) - 1)).unwrap_or(u64::MAX)
    }

    pub(crate) fn bytes(self) -> [u8; ENTRY_BYTES] {
        let [_, _, _, _, bytes @ ..] = self.0.to_be_bytes();
        bytes
    }

    pub(crate) fn from_bytes(bytes: [u8; ENTRY_BYTES]) -> Self {
        let number = bytes.iter().fold(0, |number, byte| (number << 8) | u128::from(*byte));
        Self(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_comes_back_and_sorts_by_hash() {
        let hasher = KeyHasher::new([7; 16]);
        let [a, b] = ["a", "b"].map(|key| hasher.hash(&Key::new(key).unwrap()));
        let last = (1 << ROW_BITS) - 1;
        let entry = Entry::new(a, last);
        assert_eq!((entry.hash(), entry.row()), (a, last));
        assert_eq!(Entry::from_bytes(entry.bytes()), entry);
        assert!(Entry::first_of(a) < entry);
        assert_eq!(a < b, entry < Entry::first_of(b));
        assert_ne!(a, KeyHasher::new([8; 16]).hash(&Key::new("a").unwrap()));
    }
}
