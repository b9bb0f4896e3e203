//! The far links of a chain, as Myers' skew-binary list lays them ("An applicative random-access
//! stack", 1983): from any line, each earlier one is a number of steps away that grows with the
//! logarithm of the distance.
//!
//! A chain of n lines is a row of complete binary trees. A new line joins the two youngest trees
//! under it if they are of one height, and is a tree of its own otherwise. Its far link leads to the
//! tree behind its own.

use smallvec::SmallVec;

use crate::base::varint::{Bytes, put, take};
use crate::chain::links::Link;

/// The lines at the roots of a chain's trees, the youngest last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Roots(SmallVec<[Root; 8]>);

/// A line, and the height of its tree, which has 2^height - 1 lines. Together in one number, because
/// there are several for each wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Root(u64);

const HEIGHT_BITS: u32 = 6;
/// Higher than any tree can be: 2^40 lines are more than a file can hold.
const HEIGHT_MAX: u32 = 42;

impl Root {
    fn new(row: u64, height: u32) -> Self {
        Self((row << HEIGHT_BITS) | u64::from(height))
    }

    fn row(self) -> u64 {
        self.0 >> HEIGHT_BITS
    }

    fn height(self) -> u32 {
        let [lowest, ..] = self.0.to_le_bytes();
        u32::from(lowest & ((1 << HEIGHT_BITS) - 1))
    }
}

impl Roots {
    /// The youngest line.
    pub(crate) fn head(&self) -> Option<u64> {
        self.0.last().map(|root| root.row())
    }

    /// How many lines the chain has.
    pub(crate) fn len(&self) -> u64 {
        self.0.iter().map(|root| size(root.height())).sum()
    }

    /// Adds the line `row`, which is younger than all there are.
    pub(crate) fn push(&mut self, row: u64) -> Link {
        let previous = self.head();
        let height = match self.0.as_slice() {
            [.., older, younger] if older.height() == younger.height() => {
                let height = younger.height() + 1;
                self.0.truncate(self.0.len() - 2);
                height
            }
            _ => 1,
        };
        let jump = self.head();
        self.0.push(Root::new(row, height));
        Link { previous, jump }
    }

    /// The roots as bytes: the distance from the next younger one and the height of each.
    pub(crate) fn encode(&self) -> Bytes {
        let mut bytes = Bytes::new();
        let mut younger = 0;
        for root in self.0.iter().rev() {
            put(&mut bytes, root.row().abs_diff(younger));
            put(&mut bytes, root.height().into());
            younger = root.row();
        }
        bytes
    }

    /// Reads them back; none if they are not the roots of a chain.
    pub(crate) fn decode(mut bytes: &[u8]) -> Option<Self> {
        let mut roots = SmallVec::<[Root; 8]>::new();
        while !bytes.is_empty() {
            let distance = take(&mut bytes)?;
            let height =
                u32::try_from(take(&mut bytes)?).ok().filter(|it| (1..HEIGHT_MAX).contains(it))?;
            // Trees grow with age; only the two youngest may be of one height.
            let row = match roots.as_slice() {
                [] => distance,
                [youngest] if height == youngest.height() => {
                    youngest.row().checked_sub(distance)?
                }
                [.., younger] if height > younger.height() => {
                    younger.row().checked_sub(distance)?
                }
                _ => return None,
            };
            let fits = row.leading_zeros() > HEIGHT_BITS;
            roots.push(fits.then_some(Root::new(row, height))?);
        }
        roots.reverse();
        let ascending = roots.iter().zip(roots.iter().skip(1)).all(|(a, b)| a.row() < b.row());
        let known = roots.first().is_none_or(|root| root.row() > 0);
        (ascending && known).then_some(Self(roots))
    }
}

fn size(height: u32) -> u64 {
    (1 << height) - 1
}

/// How many lines of a chain lie from its line number `version` to where that line's far link leads.
pub(crate) fn jump_distance(version: u64) -> u64 {
    let mut left = version;
    while left > 0 {
        let largest = size((left + 1).ilog2());
        if largest == left {
            return largest;
        }
        left -= largest;
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_where_their_numbers_say() {
        let mut roots = Roots::default();
        // Row 10 v is the line number v.
        for version in 1..=5_000_u64 {
            let link = roots.push(10 * version);
            assert_eq!(link.previous, Some(10 * (version - 1)).filter(|&row| row > 0));
            let behind = version - jump_distance(version);
            assert_eq!(link.jump, Some(10 * behind).filter(|&row| row > 0), "{version}");
            assert_eq!((roots.head(), roots.len()), (Some(10 * version), version));
        }
    }

    #[test]
    fn every_line_is_a_few_steps_away() {
        let newest = 1_000_000_u64;
        for target in (1..newest).step_by(9_973) {
            let (mut at, mut steps) = (newest, 0);
            while at > target {
                let jump = at - jump_distance(at);
                at = if jump >= target { jump } else { at - 1 };
                steps += 1;
            }
            assert!(steps <= 3 * 20, "{target}: {steps}");
        }
    }

    #[test]
    fn roots_come_back_and_nonsense_does_not() {
        let mut roots = Roots::default();
        assert_eq!(Roots::decode(&roots.encode()), Some(roots.clone()));
        for row in 1..300 {
            roots.push(row * row);
            assert_eq!(Roots::decode(&roots.encode()), Some(roots.clone()));
        }
        for bytes in [
            &[5][..],
            &[5, 0],
            &[5, 64],
            &[0, 1],
            &[5, 2, 1, 1],
            &[5, 1, 5, 1],
            &[5, 1, 0, 1],
            &[9, 2, 1, 2, 1, 2],
            &[9, 42],
        ] {
            assert_eq!(Roots::decode(bytes), None, "{bytes:?}");
        }
    }
}
