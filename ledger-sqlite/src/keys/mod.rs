//! Where keys are: recent ones in memory, older ones in sorted runs on the disk with a filter each.
//! Nothing is ever inserted at random, and a key that is not there costs no look at the disk.
//!
//! What a look finds is where a key may stand; the line itself decides.

pub(crate) mod entry;
pub(crate) mod filter;
pub(crate) mod index;
pub(crate) mod merge;
pub(crate) mod run;
pub(crate) mod work;
