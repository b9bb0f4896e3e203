//! How a file is to be opened.

/// What a commit that was answered survives.
///
/// | level | the process dies | the machine loses power |
/// |---|---|---|
/// | [`Full`](Self::Full) | everything is there | everything is there |
/// | [`Normal`](Self::Normal) | everything is there | the last moments may be gone, nothing is half done |
/// | [`Memory`](Self::Memory) | everything is there | the file may be damaged |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Durability {
    /// Each commit is flushed to the disk before it is answered. The default.
    #[default]
    Full,
    /// Commits are flushed from time to time. Survives the death of the process; a power cut may take
    /// back the last moments, although they were answered.
    Normal,
    /// Nothing is ever flushed. For tests, and for data that can be made again.
    Memory,
}

impl Durability {
    pub(crate) fn synchronous(self) -> &'static str {
        match self {
            Self::Full => "FULL",
            Self::Normal => "NORMAL",
            Self::Memory => "OFF",
        }
    }
}
