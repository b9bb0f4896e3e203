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
    /// The line that says which periods are locked; 0 if none does.
    PeriodLock,
    /// The line that says by which keys of their metadata transactions are found; 0 if none does.
    Indexed,
    /// All metadata up to this line is in the index.
    Tags,
}

impl Progress {
    /// All there are.
    const ALL: [Self; 8] = [
        Self::Balances,
        Self::Keys,
        Self::Runs,
        Self::Epoch,
        Self::Retention,
        Self::PeriodLock,
        Self::Indexed,
        Self::Tags,
    ];
    /// The lines that say what holds for the ledger as a whole.
    pub(crate) const TERMS: [Self; 3] = [Self::Retention, Self::PeriodLock, Self::Indexed];

    /// Makes all of them, at their beginning.
    pub(crate) fn begin(connection: &Connection) -> rusqlite::Result<()> {
        let mut insert = connection.prepare("INSERT INTO progress (what, value) VALUES (?1, 0)")?;
        for progress in Self::ALL {
            insert.execute([progress.name()])?;
        }
        Ok(())
    }

    fn name(self) -> &'static str {
        match self {
            Self::Balances => "balances",
            Self::Keys => "keys",
            Self::Runs => "runs",
            Self::Epoch => "epoch",
            Self::Retention => "retention",
            Self::PeriodLock => "period_lock",
            Self::Indexed => "indexed",
            Self::Tags => "tags",
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
