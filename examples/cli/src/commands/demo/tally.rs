//! What was asked for, and what came of it.

use std::collections::BTreeMap;
use std::iter::Sum;

use ledger_core::{Class, Error, Receipt};

use crate::failure::Failure;
use crate::record::Record;

/// Counts by what was asked for.
#[derive(Debug, Default)]
pub(super) struct Tally(BTreeMap<&'static str, Count>);

#[derive(Debug, Default)]
struct Count {
    done: u64,
    refused: u64,
    replayed: u64,
}

impl Tally {
    /// Counts an answer. A no of the rules is an answer like others; anything else ends the work.
    pub(super) fn take(
        &mut self,
        what: &'static str,
        answer: Result<Receipt, Error>,
    ) -> Result<Option<Receipt>, Failure> {
        let count = self.0.entry(what).or_default();
        match answer {
            Ok(receipt) if receipt.replayed => {
                count.replayed += 1;
                Ok(None)
            }
            Ok(receipt) => {
                count.done += 1;
                Ok(Some(receipt))
            }
            Err(error) if error.class() == Class::Rejected => {
                let replayed = u64::from(error.is_replay());
                count.replayed += replayed;
                count.refused += 1 - replayed;
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// As it is shown.
    pub(super) fn records(&self) -> Vec<Record> {
        let rows = self.0.iter().map(|(what, count)| {
            Record::default()
                .with("what", *what)
                .with("done", count.done)
                .with("refused", count.refused)
                .with("answered_again", count.replayed)
        });
        rows.collect()
    }
}

impl Sum for Tally {
    fn sum<I: Iterator<Item = Self>>(tallies: I) -> Self {
        let mut all = Self::default();
        for (what, count) in tallies.flat_map(|tally| tally.0) {
            let sum = all.0.entry(what).or_default();
            sum.done += count.done;
            sum.refused += count.refused;
            sum.replayed += count.replayed;
        }
        all
    }
}
