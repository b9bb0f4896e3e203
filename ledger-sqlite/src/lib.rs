//! The ledger in one SQLite file, inside your own process.
//!
//! [`SqliteLedger`] is a [`Ledger`](ledger_core::Ledger) with a file: all of its verbs are there. Any number of
//! threads and of processes on one machine may have the file open. What was answered is on the disk, unless less
//! [`Durability`] was chosen.
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
//! - [`SqliteLedger::builder`] has what can be set: [`Durability`], exclusive use, waits, how long keys are kept.
//! - [`backup`](SqliteLedger::backup) copies the file while it is in use. The copy knows that it is one.
//! - [`head`](SqliteLedger::head) says how the journal ends. Keep it elsewhere.
//! - [`verify`](SqliteLedger::verify) and [`verify_with`](SqliteLedger::verify_with) check everything in the file,
//!   against heads too; [`verify_file`](SqliteLedger::verify_file) does so without opening it.
//! - [`rebuild`](SqliteLedger::rebuild) makes anew what is derived from the journal.
//! - [`query`](SqliteLedger::query) asks in SQL, and can only read. Don't open the file with another SQLite in
//!   the same process.
//! - After a `fork`, open the file in the child: what it inherited is `Forked`.
//! - Keep the file on a local disk.
//!
//! # Errors
//!
//! They are those of [`ledger_core`]. `StoreBusy` and `StoreFull` are for now: nothing was written. `StoreRefused`
//! is what may not be done. `StoreBroken` is for good: close the ledger, read the text, and see `operations.md`.
//!
//! # Features
//!
//! - `bundled` (on by default): SQLite is built in. Without it the system's is linked, and refused below 3.51.3.
//!
//! # More
//!
//! The repository's `docs` have the format of the file (`file-format.md`), backups, failures and deployment
//! (`operations.md`), and how hard it was tried to lose money (`safety.md`).
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
