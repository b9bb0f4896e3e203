//! The disk as this process uses it: every call is seen, may be made to fail, and is noted, so that
//! what a power cut could have left can be made.

pub mod calls;
pub mod image;
mod interpose;
pub mod watch;
