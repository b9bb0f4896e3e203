//! Choices out of bytes: the same bytes, the same choices. Behind their end there are zeros.

/// What is left of the bytes.
#[derive(Debug)]
pub struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    /// Chooses by these.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether there are no more.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next so many, or as many as there are.
    pub fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// All that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        self.take(usize::MAX)
    }

    fn fixed<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        let taken = self.take(N);
        bytes[..taken.len()].copy_from_slice(taken);
        bytes
    }

    /// Any byte.
    pub fn u8(&mut self) -> u8 {
        u8::from_le_bytes(self.fixed())
    }

    /// Any number.
    pub fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.fixed())
    }

    /// Any number.
    pub fn i64(&mut self) -> i64 {
        i64::from_le_bytes(self.fixed())
    }

    /// Any number.
    pub fn i128(&mut self) -> i128 {
        i128::from_le_bytes(self.fixed())
    }

    /// Below a bound of at most 65,536, and not zero.
    pub fn below(&mut self, bound: usize) -> usize {
        if bound <= 256 {
            usize::from(self.u8()) % bound
        } else {
            usize::from(u16::from_le_bytes(self.fixed())) % bound
        }
    }

    /// One time in so many, more or less.
    pub fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }

    /// Some of the next bytes, as text.
    pub fn text(&mut self, bytes_max: usize) -> String {
        let length = self.below(bytes_max + 1);
        String::from_utf8_lossy(self.take(length)).into_owned()
    }
}
