//! How far the derived tables are.

use ledger_core::store::StoreResult;
use rusqlite::Connection;

use crate::base::failure::{before_commit, reading};

/// What is derived and may be behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// All wallets' states take in every line up to this.
    Balances,
    /// All keys up to this line are in runs.
    Keys,
    /// Counts the changes of the list of runs.
    Runs,
    /// The line that began the epoch.
    Epoch,
    /// The line that says how long keys are remembered; 0 if none does.
    Retention,
}

impl Progress {
    fn name(self) -> &'static str {
        match self {
            Self::Balances => "balances",
            Self::Keys => "keys",
            Self::Runs => "runs",
            Self::Epoch => "epoch",
            Self::Retention => "retention",
        }
    }

    pub(crate) fn get(self, connection: &Connection) -> StoreResult<u64> {
        connection
            .prepare_cached("SELECT value FROM progress WHERE what = ?1")
            .and_then(|mut find| find.query_row([self.name()], |row| row.get(0)))
            .map_err(reading)
    }

    pub(crate) fn set(self, value: u64, connection: &Connection) -> StoreResult<()> {
        connection
            .prepare_cached("UPDATE progress SET value = ?2 WHERE what = ?1")
            .and_then(|mut update| update.execute((self.name(), value)))
            .map_err(before_commit)?;
        Ok(())
    }
}
