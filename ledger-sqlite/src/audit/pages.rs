//! What SQLite says of its pages, before and after what is derived is made again.

use std::collections::BTreeSet;

use ledger_core::store::{StoreError, StoreResult};
use rusqlite::{Connection, Error, ErrorCode};

use crate::base::failure::{before_commit, damaged, reading};

/// All that is wrong with the pages of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Flaws(BTreeSet<String>);

impl Flaws {
    /// What is wrong now.
    pub(crate) fn find(connection: &Connection) -> StoreResult<Self> {
        match lines(connection) {
            Ok(lines) => Ok(Self(lines)),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => {
                Ok(Self(BTreeSet::from([error.to_string()])))
            }
            Err(error) => Err(reading(error)),
        }
    }

    /// Whether nothing is.
    pub(crate) fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    /// Refuses what is wrong and was not before; pages that nobody uses are given back later.
    pub(crate) fn check_no_more(&self, connection: &Connection) -> StoreResult<()> {
        let mut now = lines(connection).map_err(before_commit)?;
        now.retain(|line| !self.0.contains(line) && !line.ends_with("never used"));
        now.pop_first().map_or(Ok(()), |line| Err(damaged(line)))
    }
}

/// Writes the file anew, without the pages that nobody uses.
pub(crate) fn give_back(connection: &Connection) -> StoreResult<()> {
    // It may be larger than memory.
    connection.execute_batch("PRAGMA temp_store = FILE; VACUUM").map_err(|error: Error| {
        StoreError::Refused(format!(
            "all that is derived was made again, but pages that nobody uses could not be given back ({error}); \
             rebuild once more"
        ))
    })
}

fn lines(connection: &Connection) -> rusqlite::Result<BTreeSet<String>> {
    let mut find = connection.prepare("PRAGMA integrity_check(2000000000)")?;
    let found = find.query_map([], |row| row.get::<_, String>(0))?;
    let found: Vec<String> = found.collect::<rusqlite::Result<_>>()?;
    let lines = found.iter().flat_map(|text| text.lines());
    // Else it says which database it speaks of.
    let said = lines.filter(|line| *line != "ok" && !line.starts_with("***"));
    Ok(said.map(str::to_owned).collect())
}
