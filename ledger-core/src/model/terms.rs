//! What holds for the ledger as a whole.

use crate::base::time::Timestamp;
use crate::model::record::Record;
use crate::model::retention::RetentionRecord;

/// What holds for the whole ledger, as the journal's last records of it say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// How long keys are remembered; none for ever.
    pub retention: Option<RetentionRecord>,
    /// What takes effect before this can't be recorded any more; none where nothing is locked.
    pub locked_until: Option<Timestamp>,
}

impl Terms {
    /// Whether a record changes them.
    pub fn are_changed_by(record: &Record) -> bool {
        match record {
            Record::Retention(_) => true,
            Record::Transaction(transaction) => transaction.period_lock().is_some(),
            Record::Asset(_) | Record::Wallet(_) | Record::Refusal(_) => false,
        }
    }

    /// Takes in what a record says of them.
    pub fn take_in(&mut self, record: &Record) {
        match record {
            Record::Retention(retention) => self.retention = Some(*retention),
            Record::Transaction(transaction) => {
                let lock = transaction.period_lock();
                self.locked_until = lock.map(|lock| lock.until).or(self.locked_until);
            }
            Record::Asset(_) | Record::Wallet(_) | Record::Refusal(_) => {}
        }
    }
}
