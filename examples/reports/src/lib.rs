//! What leaves a ledger for people and other tools: exports of the whole journal, and a wallet's
//! statement.
//!
//! It uses nothing but what `ledger-core` and `ledger-sqlite` offer to everyone, so it is also an
//! example of how to read a ledger: one moment of it, in a bounded memory, while others write.
//!
//! The parts are layers; each may use those before it, never those behind:
//! `error`, `names`, `snapshot`, `export`, `statement`.

mod error;
mod export;
mod names;
mod snapshot;
mod statement;

pub use error::ReportError;
pub use export::format::{Format, UnknownFormat};
pub use export::{Exported, export};
pub use snapshot::Progress;
pub use statement::{StatementSpec, statement, statement_with};
