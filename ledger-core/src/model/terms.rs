//! What holds for the ledger as a whole.

use std::sync::Arc;

use crate::base::invalid::Invalid;
use crate::base::time::Timestamp;
use crate::input::meta_key::{MetaKey, MetaValue, REFERENCE};
use crate::model::record::Record;
use crate::model::retention::RetentionRecord;
use crate::model::transaction::Transaction;

/// What holds for the whole ledger, as the journal's last records of it say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// How long keys are remembered; none for ever.
    pub retention: Option<RetentionRecord>,
    /// What takes effect before this can't be recorded any more; none where nothing is locked.
    pub locked_until: Option<Timestamp>,
    /// The keys of metadata by which transactions can be found, besides their reference.
    pub indexed: Arc<[MetaKey]>,
}

impl Terms {
    /// Whether transactions can be found by this key of their metadata.
    pub fn is_indexed(&self, key: &str) -> bool {
        key == REFERENCE || self.indexed.iter().any(|indexed| indexed.as_str() == key)
    }

    /// The keys of metadata by which transactions can be found.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        std::iter::once(REFERENCE).chain(self.indexed.iter().map(MetaKey::as_str))
    }

    /// What metadata has under the keys by which transactions can be found.
    pub fn found_in(&self, json: &str) -> Result<Vec<(&str, MetaValue)>, Invalid> {
        MetaValue::found_in(json, self.keys())
    }

    /// Whether a record changes them.
    pub fn are_changed_by(record: &Record) -> bool {
        match record {
            Record::Retention(_) => true,
            Record::Transaction(transaction) => {
                transaction.period_lock().is_some() || transaction.indexed().is_some()
            }
            Record::Asset(_) | Record::Wallet(_) | Record::Refusal(_) => false,
        }
    }

    /// Takes in what a record says of them.
    pub fn take_in(&mut self, record: &Record) {
        match record {
            Record::Retention(retention) => self.retention = Some(*retention),
            Record::Transaction(transaction) => {
                self.take_in_transaction(transaction);
            }
            Record::Asset(_) | Record::Wallet(_) | Record::Refusal(_) => {}
        }
    }

    pub(crate) fn take_in_transaction(&mut self, transaction: &Transaction) {
        if let Some(lock) = transaction.period_lock() {
            self.locked_until = lock.until;
        }
        if let Some(change) = transaction.indexed() {
            self.indexed = change.to.as_slice().into();
        }
    }
}
