//! An embedded, double-entry wallet ledger: the model, the rules, the write path, and a store in
//! memory.
//!
//! - An [`Asset`] is what is counted: a code and a number of digits. [`Money`] is an exact amount of one.
//! - A [`Wallet`] is a named balance in one asset, with limits. Each asset has a wallet that stands for
//!   everything outside, its world.
//! - A [`Transaction`] is one or many [`Posting`]s, each from one wallet to another, all or none. So money
//!   is never made or lost.
//! - A [`Key`] names a request, so that it happens once: send it again, and you get the first answer.
//! - A [`Hold`] reserves money until a deadline. It is captured, released, or expires.
//! - A [`Reversal`] moves back what a transaction moved, never more.
//! - [`Limits`] are a floor, a ceiling, a largest amount, and [`Window`]s of time.
//! - Each movement has two times: when it was recorded, and when it took effect.
//! - Calls that arrive together share one durable commit; each has its own answer.
//! - A [`Command`] is any request as a value, with metadata, actor and preconditions:
//!   [`Ledger::submit`], [`submit_each`](Ledger::submit_each), [`submit_all`](Ledger::submit_all).
//!
//! ```
//! use ledger_core::{Asset, Ledger, WalletSpec};
//!
//! let ledger = Ledger::in_memory();
//! let usd = Asset::iso("USD")?;
//! let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
//! let shop = ledger.open_wallet(WalletSpec::new("shop:42", usd)?)?;
//! ledger.deposit(&alice, usd.money("100.00")?, "stripe:ch_1")?;
//! ledger.transfer(&alice, &shop, usd.money("12.50")?, "order:7")?;
//! assert_eq!(ledger.balance(&alice)?.posted.to_string(), "87.50 USD");
//! # Ok::<(), ledger_core::Error>(())
//! ```
//!
//! # Errors
//!
//! Every call that fails returns an [`Error`]. Its [`Class`] says what is certain: `Rejected` (the rules
//! said no), `Transient` (nothing was written), `Indeterminate` (nobody knows), `Fatal` (stop and look).
//! Its [`ErrorKind`] is a stable code. It is always safe to try again with the same key, for as long as
//! keys are remembered: for ever, or as long as [`set_key_retention`](Ledger::set_key_retention) says.
//!
//! # Features
//!
//! - `tracing`: spans around calls and groups, and events for retries and failures.
//! - `contract`: the suite that every store must pass, for whoever writes one.
//!
//! # More
//!
//! The ledger in a file is the crate `ledger-sqlite`. The repository's `docs` have a cookbook, a glossary,
//! all errors (`errors.md`), all limits (`limits.md`, and [`bounds`]), how to run it (`operations.md`), how
//! it works (`design.md`), and how hard it was tried to lose money (`safety.md`).
//!
//! The folders are layers; each may use those before it, never those behind:
//! `base`, `money`, `input`, `model`, `rules`, `store`, `memory`, `error`, `stats`, `write`, `read`,
//! `ledger`, `contract`.

#![forbid(unsafe_code)]

mod base;
mod error;
mod input;
mod ledger;
mod memory;
mod model;
mod money;
mod read;
mod rules;
mod stats;
pub mod store;
mod write;

#[cfg(feature = "contract")]
pub mod contract;

pub use base::bounds;
pub use base::id::{HoldId, TransactionId, WalletId};
pub use base::interrupt::Interrupt;
pub use base::invalid::{Field, Invalid};
pub use base::time::{Clock, ManualClock, SystemClock, Timestamp};
pub use error::kind::{Class, ErrorKind};
pub use error::report::{Error, Result};
pub use input::actor::{Actor, ActorText};
pub use input::key::Key;
pub use input::meta_key::{MetaKey, MetaValue};
pub use input::metadata::Metadata;
pub use input::name::{Owner, WalletName};
pub use ledger::{Ledger, LedgerBuilder};
pub use memory::MemoryStore;
pub use model::balance::Balance;
pub use model::command::Command;
pub use model::entry::{Entry, Order};
pub use model::expectation::Present;
pub use model::fingerprint::Fingerprint;
pub use model::hold::{Hold, HoldChange, HoldState};
pub use model::hold_spec::{CaptureSpec, HoldSpec};
pub use model::leg::Leg;
pub use model::limits::{Limits, LimitsChange, LimitsSpec};
pub use model::record::{AssetRecord, AssetSpec, Refusal, RefusedItem};
pub use model::rejection::Rejection;
pub use model::retention::{KeyRetention, RetentionRecord};
pub use model::reversal::{Reversal, ReversalSpec};
pub use model::transaction::{
    Change, IndexChange, Kind, PeriodLock, Posting, Postings, Receipt, Reverses, StatusChange,
    Transaction,
};
pub use model::wallet::{Status, Wallet, WalletSpec};
pub use model::window::{Direction, Window};
pub use money::amount::Amount;
pub use money::asset::{Asset, AssetCode};
pub use money::price::Price;
pub use money::rate::{Rate, WithFee};
pub use money::rounding::Rounding;
pub use money::value::Money;
pub use read::cursor::Cursor;
pub use read::find::{FindPage, FindQuery};
pub use read::history::{HistoryPage, HistoryQuery};
pub use read::holds::{HoldPage, HoldQuery};
pub use read::listing::{WalletPage, WalletQuery};
pub use read::totals::Total;
pub use read::windows::WindowUse;
pub use rules::answers::Answer;
pub use stats::meter::Stats;
pub use write::pauses::Retry;
