//! Pages of transactions found by their metadata, the oldest first.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::id::TransactionId;
use crate::base::invalid::{Field, Invalid};
use crate::error::report::Result;
use crate::input::meta_key::{MetaKey, MetaValue};
use crate::model::transaction::Transaction;
use crate::read::history::page_limit;
use crate::store::backend::{FindFilter, Store};

/// Which transactions to find: those with this value under this key of their metadata.
///
/// Transactions are found by `reference` and by the keys that
/// [`index_metadata`](crate::Ledger::index_metadata) names. They come in the order in which they were
/// recorded.
///
/// ```
/// use ledger_core::{Asset, Command, FindQuery, Ledger, Metadata, WalletSpec};
/// let ledger = Ledger::in_memory();
/// let usd = Asset::iso("USD")?;
/// let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
/// ledger.index_metadata(["order"], "index:1")?;
/// let meta = Metadata::from_json(r#"{"reference": "invoice:77", "order": 12}"#)?;
/// let paid = ledger.submit(Command::deposit("d1".parse()?, &alice, usd.money("1")?).meta(meta))?;
///
/// let found = ledger.find(&FindQuery::reference("invoice:77"))?.transactions;
/// assert_eq!(found[0].id, paid.id);
/// assert_eq!(ledger.find(&FindQuery::new("order", 12)?)?.transactions, found);
/// # Ok::<(), ledger_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a query finds nothing until it is asked"]
pub struct FindQuery {
    key: MetaKey,
    value: MetaValue,
    after: Option<TransactionId>,
    limit: Option<usize>,
}

impl FindQuery {
    /// Those with this value under this key.
    pub fn new(key: impl AsRef<str>, value: impl Into<MetaValue>) -> Result<Self, Invalid> {
        let (key, value) = (MetaKey::new(key)?, value.into());
        Ok(Self { key, value, after: None, limit: None })
    }

    /// Those with this text under `reference`.
    pub fn reference(reference: impl AsRef<str>) -> Self {
        let (key, value) = (MetaKey::reference(), MetaValue::from(reference.as_ref()));
        Self { key, value, after: None, limit: None }
    }

    /// Goes on after this transaction: the `next` of a page.
    pub fn after(self, transaction: impl Into<Option<TransactionId>>) -> Self {
        Self { after: transaction.into(), ..self }
    }

    /// At most so many transactions on the page: 1 to 1,000, or 50 if nothing is said.
    pub fn limit(self, limit: usize) -> Self {
        Self { limit: Some(limit), ..self }
    }
}

/// A page of transactions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FindPage {
    /// The transactions.
    pub transactions: Vec<Arc<Transaction>>,
    /// The transaction to go on after; none at the end.
    pub next: Option<TransactionId>,
}

/// Reads one page.
pub(crate) fn page(store: &dyn Store, query: &FindQuery) -> Result<FindPage> {
    let limit = page_limit(query.limit)?;
    let key = query.key.as_str();
    check_indexed(store, key)?;
    let (value, after) = (&query.value, query.after);
    let mut transactions = store.tagged(&FindFilter { key, value, after, limit: limit + 1 })?;
    // Someone may have changed that meanwhile, and then something may be missing.
    check_indexed(store, key)?;
    let more = transactions.len() > limit;
    transactions.truncate(limit);
    let next = transactions.last().filter(|_| more).map(|last| last.id);
    Ok(FindPage { transactions, next })
}

fn check_indexed(store: &dyn Store, key: &str) -> Result<()> {
    if store.terms()?.is_indexed(key) {
        return Ok(());
    }
    let problem = format!(
        "transactions can't be found by the metadata key {key:?}; name it with index_metadata first"
    );
    Err(Invalid::new(Field::Metadata, problem).into())
}
