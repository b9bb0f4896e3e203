//! Canonical bytes: fixed width or length first, so that no two requests have the same bytes.
//! The format is written down, with test vectors, in `docs/canonical-encoding.md`.

use sha2::{Digest, Sha256};
use smallvec::SmallVec;

/// Collects canonical bytes and hashes them.
#[derive(Default)]
pub(crate) struct Encoder {
    bytes: SmallVec<[u8; 128]>,
}

impl Encoder {
    /// Begins with a tag that says what is encoded and in which version of the format.
    pub(crate) fn tagged(tag: [u8; 2]) -> Self {
        let mut encoder = Self::default();
        encoder.bytes.extend_from_slice(&tag);
        encoder
    }

    pub(crate) fn u8(&mut self, value: u8) -> &mut Self {
        self.bytes.push(value);
        self
    }

    pub(crate) fn u64(&mut self, value: u64) -> &mut Self {
        self.bytes.extend_from_slice(&value.to_be_bytes());
        self
    }

    pub(crate) fn i128(&mut self, value: i128) -> &mut Self {
        self.bytes.extend_from_slice(&value.to_be_bytes());
        self
    }

    /// A count or a length. Everything counted here is bounded far below 32 bits.
    pub(crate) fn len(&mut self, value: usize) -> &mut Self {
        let value = u32::try_from(value).unwrap_or(u32::MAX);
        self.bytes.extend_from_slice(&value.to_be_bytes());
        self
    }

    pub(crate) fn fixed(&mut self, bytes: &[u8; 32]) -> &mut Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.len(text.len());
        self.bytes.extend_from_slice(text.as_bytes());
        self
    }

    pub(crate) fn sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.bytes).into()
    }
}
