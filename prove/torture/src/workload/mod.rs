//! Mixed business from a seed: what is asked, and what was told.

pub mod clerk;
pub mod told;
