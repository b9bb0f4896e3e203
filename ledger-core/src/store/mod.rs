//! What the write path asks of a backend. A store keeps and finds; it knows no rule about money.
//!
//! Whoever writes a backend needs what is in here, and the suite in `contract`; whoever uses a
//! ledger needs neither.

pub(crate) mod backend;
pub(crate) mod failure;
pub(crate) mod lock_set;
pub(crate) mod lock_table;
#[cfg(all(test, shuttle))]
mod schedules;

pub use crate::base::id::{Stamp, Stamps};
pub use crate::model::entry::{Position, Span};
pub use crate::model::hold::Reserved;
pub use crate::model::record::Record;
pub use crate::model::row::WalletRow;
pub use crate::model::terms::Terms;
pub use crate::model::usage::{Usage, Used};
pub use crate::model::wallet::WalletRecord;
pub use crate::rules::apply::{WalletRows, apply};
pub use crate::rules::rows::{Rows, Wants};
pub use backend::{FindFilter, Group, HoldFilter, Store, WalletFilter};
pub use failure::{StoreError, StoreResult};
pub use lock_table::LockTable;
