//! The seal: SHA-256 over the seal before and every value of every line that a commit appended. The
//! last line of a commit carries it. `docs/file-format.md` has the bytes and a script that checks
//! them.

use sha2::{Digest, Sha256};

use crate::journal::line::Cell;

/// A seal's 32 bytes.
pub(crate) type Seal = [u8; 32];

/// Before the first commit.
pub(crate) const FIRST: Seal = [0; 32];

/// A seal while lines are added to it. Hashing much at once is faster than little by little.
pub(crate) struct Sealing {
    hash: Sha256,
    waiting: Vec<u8>,
    hashed: u64,
}

const WAITING_MAX: usize = 16 * 1024;

impl Sealing {
    pub(crate) fn after(previous: &Seal) -> Self {
        Self { hash: Sha256::new_with_prefix(previous), waiting: Vec::new(), hashed: 0 }
    }

    pub(crate) fn line(&mut self, cells: &[Cell<'_>]) {
        for cell in cells {
            match *cell {
                Cell::Null => self.waiting.push(b'n'),
                Cell::Integer(number) => {
                    self.waiting.push(b'i');
                    self.waiting.extend_from_slice(&number.to_be_bytes());
                }
                Cell::Text(text) => self.counted(b't', text.as_bytes()),
                Cell::Bytes(content) => self.counted(b'b', content),
            }
        }
        if self.waiting.len() > WAITING_MAX {
            self.hash.update(&self.waiting);
            self.hashed += self.waiting.len() as u64;
            self.waiting.clear();
        }
    }

    /// How many bytes were added.
    pub(crate) fn bytes(&self) -> u64 {
        self.hashed + self.waiting.len() as u64
    }

    /// Content behind its length, so that no two lines have the same bytes.
    fn counted(&mut self, tag: u8, content: &[u8]) {
        // SQLite itself holds no value of 2^32 bytes.
        let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
        self.waiting.push(tag);
        self.waiting.extend_from_slice(&length.to_be_bytes());
        self.waiting.extend_from_slice(content);
    }

    pub(crate) fn finish(mut self) -> Seal {
        self.hash.update(&self.waiting);
        self.hash.finalize().into()
    }
}
