//! The [`Ledger`]: short public verbs over the write path and the reads.

mod builder;
mod reads;
mod writes;

use std::fmt;
use std::sync::Arc;

use crate::memory::MemoryStore;
use crate::stats::meter::Stats;
use crate::store::backend::Store;
use crate::write::engine::Engine;

pub use builder::LedgerBuilder;

/// A ledger: wallets, the money in them, and everything that ever happened to it.
///
/// Cloning is cheap and gives another handle to the same ledger; handles may be used from any
/// number of threads at once.
///
/// ```
/// use ledger_core::{Asset, Ledger, WalletSpec};
/// let ledger = Ledger::in_memory();
/// let usd = Asset::iso("USD")?;
/// let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
/// let shop = ledger.open_wallet(WalletSpec::new("shop:42", usd)?)?;
///
/// ledger.deposit(&alice, usd.money("100.00")?, "stripe:ch_1")?;
/// let receipt = ledger.transfer(&alice, &shop, usd.money("12.50")?, "order:7")?;
///
/// // The same key again is the same transfer, not a second one.
/// let again = ledger.transfer(&alice, &shop, usd.money("12.50")?, "order:7")?;
/// assert_eq!((again.id, again.replayed), (receipt.id, true));
/// assert_eq!(ledger.balance(&alice)?.posted, usd.money("87.50")?);
/// # Ok::<(), ledger_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Ledger {
    engine: Arc<Engine>,
}

impl Ledger {
    /// A ledger on `store`, with everything else as usual.
    pub fn new(store: impl Store + 'static) -> Self {
        Self::builder(store).into_ledger()
    }

    /// A ledger in memory, for tests and trials: what it holds is gone with it.
    pub fn in_memory() -> Self {
        Self::new(MemoryStore::new())
    }

    /// A ledger on `store`, with settings of your own.
    pub fn builder(store: impl Store + 'static) -> LedgerBuilder {
        LedgerBuilder::on(Arc::new(store))
    }

    /// What this handle and its clones have done since the ledger was opened.
    ///
    /// ```
    /// # use ledger_core::{Asset, Ledger, WalletSpec};
    /// # let ledger = Ledger::in_memory();
    /// # let usd = Asset::iso("USD")?;
    /// # let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
    /// ledger.deposit(&alice, usd.money("1.00")?, "d1")?;
    /// ledger.deposit(&alice, usd.money("1.00")?, "d1")?;
    /// assert_eq!(ledger.stats().replays, 1);
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    pub fn stats(&self) -> Stats {
        self.engine.stats()
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").finish_non_exhaustive()
    }
}
