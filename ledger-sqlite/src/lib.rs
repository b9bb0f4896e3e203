//! The ledger in one SQLite file, inside your own process.
//!
//! ```
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("shop.ledger");
//! use ledger_core::{Asset, WalletSpec};
//! use ledger_sqlite::SqliteLedger;
//!
//! let ledger = SqliteLedger::open(path)?;
//! let usd = Asset::iso("USD")?;
//! let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
//! let receipt = ledger.deposit(&alice, usd.money("100.00")?, "stripe:ch_1")?;
//! assert!(!receipt.replayed);
//! # Ok::<(), ledger_core::Error>(())
//! ```
//!
//! The folders are layers; each may use those before it, never those behind:
//! `base`, `options`, `file`, `chain`, `schema`, `journal`, `keys`, `state`, `audit`, `store`, `ledger`.

mod audit;
mod base;
mod chain;
mod file;
mod journal;
mod keys;
mod ledger;
mod options;
mod schema;
mod state;
mod store;

pub use audit::head::{Head, NotAHead};
pub use audit::query::{QUERY_ROWS_MAX, Table, Value};
pub use audit::verify::Verification;
pub use audit::watch::{Progress, Watch};
pub use file::system::network_file_system;
pub use ledger::{SqliteLedger, SqliteLedgerBuilder};
pub use options::Durability;
pub use schema::create::{APPLICATION_ID, SCHEMA_VERSION};
pub use store::checkpoint::LOG_BYTES_MAX;
pub use store::{FileStats, SqliteStore};
