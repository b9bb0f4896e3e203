//! What is remembered under keys, and where to find it.

use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::base::time::Timestamp;
use crate::input::key::Key;
use crate::model::fingerprint::Fingerprint;
use crate::model::record::{Record, Refusal};
use crate::model::transaction::{Receipt, Transaction};

/// What is remembered under a key.
///
/// ```
/// # use ledger_core::{Asset, Ledger, WalletSpec};
/// use ledger_core::Answer;
/// # let ledger = Ledger::in_memory();
/// # let usd = Asset::iso("USD")?;
/// # let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
/// ledger.withdraw(&alice, usd.money("5.00")?, "payout:1").unwrap_err();
/// let Some(Answer::Refused { refusal, .. }) = ledger.transaction_by_key("payout:1")? else { panic!() };
/// assert_eq!(Answer::Refused { refusal, position: 0 }.receipt(), None);
/// # Ok::<(), ledger_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The request was carried out.
    Done(Arc<Transaction>),
    /// The request was refused.
    Refused {
        /// The refusal, of one request or of a batch.
        refusal: Arc<Refusal>,
        /// Which of its requests has the key.
        position: usize,
    },
}

impl Answer {
    /// The receipt again, if the request was carried out.
    pub fn receipt(&self) -> Option<Receipt> {
        match self {
            Self::Done(transaction) => {
                Some(Receipt { transaction: transaction.clone(), replayed: true })
            }
            Self::Refused { .. } => None,
        }
    }

    /// When it was given.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Done(transaction) => transaction.at,
            Self::Refused { refusal, .. } => refusal.at,
        }
    }

    /// The fingerprint of the request that was answered.
    pub fn fingerprint(&self) -> Option<&Fingerprint> {
        match self {
            Self::Done(transaction) => Some(&transaction.fingerprint),
            Self::Refused { refusal, position } => {
                refusal.items.get(*position).map(|item| &item.fingerprint)
            }
        }
    }
}

/// Finds answers in a list of records by their keys. The keys are kept in the records only.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    places: HashTable<Place>,
    hasher: DefaultHashBuilder,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    /// The key's hash, so that the table can grow without looking at keys.
    hash: u64,
    record: u32,
    /// Which of the requests of a refused batch it is.
    position: u32,
}

impl Place {
    fn key(self, records: &[Record]) -> Option<&Key> {
        match records.get(usize::try_from(self.record).ok()?)? {
            Record::Transaction(transaction) => Some(&transaction.key),
            Record::Refusal(refusal) => {
                refusal.items.get(usize::try_from(self.position).ok()?).map(|item| &item.key)
            }
            Record::Asset(_) | Record::Wallet(_) | Record::Retention(_) => None,
        }
    }

    fn answer(self, records: &[Record]) -> Option<Answer> {
        match records.get(usize::try_from(self.record).ok()?)? {
            Record::Transaction(transaction) => Some(Answer::Done(transaction.clone())),
            Record::Refusal(refusal) => {
                let position = usize::try_from(self.position).ok()?;
                Some(Answer::Refused { refusal: refusal.clone(), position })
            }
            Record::Asset(_) | Record::Wallet(_) | Record::Retention(_) => None,
        }
    }
}

impl Answers {
    /// None yet, with room for so many.
    pub(crate) fn with_capacity(answers: usize) -> Self {
        Self { places: HashTable::with_capacity(answers), hasher: DefaultHashBuilder::default() }
    }

    pub(crate) fn find(&self, key: &Key, records: &[Record]) -> Option<Answer> {
        let hash = self.hasher.hash_one(key);
        let is_it = |place: &&Place| place.hash == hash && place.key(records) == Some(key);
        let places = self.places.iter_hash(hash).filter(is_it);
        // A key that was forgotten may have been used again: the last answer counts.
        places.max_by_key(|place| place.record)?.answer(records)
    }

    /// Takes in the record that stands at `place` in the list.
    pub(crate) fn add_record(&mut self, record: &Record, place: u32) {
        match record {
            Record::Transaction(transaction) => self.add(&transaction.key, place, 0),
            Record::Refusal(refusal) => {
                for (position, item) in (0..).zip(&refusal.items) {
                    self.add(&item.key, place, position);
                }
            }
            Record::Asset(_) | Record::Wallet(_) | Record::Retention(_) => {}
        }
    }

    /// It may be there already, if it was forgotten since.
    fn add(&mut self, key: &Key, record: u32, position: u32) {
        let hash = self.hasher.hash_one(key);
        self.places.insert_unique(hash, Place { hash, record, position }, |place| place.hash);
    }
}
