//! Progress of long work, and how to stop it.

use std::ops::ControlFlow;

/// How far a long piece of work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Lines of the journal that are done.
    pub done: u64,
    /// Lines there are.
    pub total: u64,
}

/// Called now and then during long work; `Break` stops it.
pub type Watch<'a> = &'a mut dyn FnMut(Progress) -> ControlFlow<()>;

/// Lines between two calls.
pub(crate) const STEP: u64 = 8_192;
