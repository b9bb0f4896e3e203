//! Why a report was not written.

use std::io;

use ledger_core::store::StoreError;

/// Why a report was not written, or only a part of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The ledger could not be read.
    #[error(transparent)]
    Ledger(#[from] ledger_core::Error),
    /// What was read could not be written.
    #[error("the report could not be written: {0}")]
    Output(#[from] io::Error),
}

impl From<StoreError> for ReportError {
    fn from(error: StoreError) -> Self {
        Self::Ledger(error.into())
    }
}
