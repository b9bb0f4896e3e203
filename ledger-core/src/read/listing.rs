//! Pages of wallets, by name.

use serde::{Deserialize, Serialize};

use crate::base::bounds::NAME_BYTES_MAX;
use crate::base::invalid::Field;
use crate::base::text::check_plain;
use crate::error::report::Result;
use crate::input::name::{Owner, WalletName};
use crate::model::wallet::Wallet;
use crate::read::history::page_limit;
use crate::store::backend::{Store, WalletFilter};

/// Which wallets to list. They come sorted by name.
///
/// ```
/// use ledger_core::{Asset, Ledger, WalletQuery, WalletSpec};
/// let ledger = Ledger::in_memory();
/// let usd = Asset::iso("USD")?;
/// for name in ["user:alice", "user:bob", "shop:42"] {
///     ledger.open_wallet(WalletSpec::new(name, usd)?)?;
/// }
/// let page = ledger.wallets(&WalletQuery::all().prefix("user:"))?;
/// let names: Vec<_> = page.wallets.iter().map(|wallet| wallet.name.as_str()).collect();
/// assert_eq!(names, ["user:alice", "user:bob"]);
/// # Ok::<(), ledger_core::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "a query finds nothing until it is asked"]
pub struct WalletQuery {
    prefix: String,
    owner: Option<Owner>,
    after: Option<WalletName>,
    limit: Option<usize>,
}

impl WalletQuery {
    /// All wallets.
    pub fn all() -> Self {
        Self::default()
    }

    /// Only names that begin with this.
    pub fn prefix(self, prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), ..self }
    }

    /// Only wallets of this owner.
    pub fn owner(self, owner: Owner) -> Self {
        Self { owner: Some(owner), ..self }
    }

    /// Goes on after this name: the `next` of a page.
    pub fn after(self, name: impl Into<Option<WalletName>>) -> Self {
        Self { after: name.into(), ..self }
    }

    /// At most so many wallets on the page: 1 to 1,000, or 50 if nothing is said.
    pub fn limit(self, limit: usize) -> Self {
        Self { limit: Some(limit), ..self }
    }
}

impl WalletQuery {
    /// What the store is asked for.
    pub(super) fn filter(&self, limit: usize) -> Result<WalletFilter> {
        if !self.prefix.is_empty() {
            check_plain(Field::Page, "prefix", &self.prefix, NAME_BYTES_MAX)?;
        }
        let (prefix, owner, after) = (self.prefix.clone(), self.owner.clone(), self.after.clone());
        Ok(WalletFilter { prefix, owner, after, limit })
    }
}

/// A page of wallets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WalletPage {
    /// The wallets, by name.
    pub wallets: Vec<Wallet>,
    /// The name to go on after; none at the end.
    pub next: Option<WalletName>,
}

/// Reads one page.
pub(crate) fn page(store: &dyn Store, query: &WalletQuery) -> Result<WalletPage> {
    let limit = page_limit(query.limit)?;
    let mut wallets = store.wallets(&query.filter(limit + 1)?)?;
    let more = wallets.len() > limit;
    wallets.truncate(limit);
    let next = wallets.last().filter(|_| more).map(|wallet| wallet.name.clone());
    Ok(WalletPage { wallets, next })
}
