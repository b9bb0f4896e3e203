//! Mixed business from a seed: what is asked, and what was told.

pub mod clerk;
pub mod spelled;
pub mod told;
