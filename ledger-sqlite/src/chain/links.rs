//! A line's links to earlier lines of its two wallets: to the one before, and to one much further
//! back. They are kept as distances, because those are small.

use crate::base::varint::{Bytes, put, take};

/// Where a wallet's chain goes on behind a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Link {
    /// The wallet's line before; none for its first.
    pub(crate) previous: Option<u64>,
    /// A line further back; none where there is none.
    pub(crate) jump: Option<u64>,
}

/// The links of both ends of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Links {
    pub(crate) from: Link,
    pub(crate) to: Link,
}

impl Links {
    fn rows(&self) -> [Option<u64>; 4] {
        [self.from.previous, self.from.jump, self.to.previous, self.to.jump]
    }

    /// The links of the line `row` as bytes: four distances, 0 for none.
    pub(crate) fn encode(&self, row: u64) -> Bytes {
        let mut bytes = Bytes::new();
        for linked in self.rows() {
            put(&mut bytes, linked.map_or(0, |linked| row.saturating_sub(linked)));
        }
        bytes
    }

    /// Reads them back; none if they are not four distances to earlier lines.
    pub(crate) fn decode(row: u64, mut bytes: &[u8]) -> Option<Self> {
        let mut next = || match take(&mut bytes)? {
            0 => Some(None),
            distance => row.checked_sub(distance).filter(|&linked| linked > 0).map(Some),
        };
        let from = Link { previous: next()?, jump: next()? };
        let to = Link { previous: next()?, jump: next()? };
        bytes.is_empty().then_some(Self { from, to })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_come_back() {
        for links in [
            Links::default(),
            Links {
                from: Link { previous: Some(999_999), jump: Some(1) },
                to: Link { previous: Some(7), jump: None },
            },
        ] {
            let bytes = links.encode(1_000_000);
            assert_eq!(Links::decode(1_000_000, &bytes), Some(links));
        }
    }

    #[test]
    fn links_that_lead_nowhere_are_none() {
        for bytes in [&[][..], &[0, 0, 0], &[0, 0, 0, 0, 0], &[10, 0, 0, 0], &[11, 0, 0, 0]] {
            assert_eq!(Links::decode(10, bytes), None, "{bytes:?}");
        }
    }
}
