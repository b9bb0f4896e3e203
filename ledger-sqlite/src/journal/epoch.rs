//! Epochs: the lives of a file. A copy begins another one, so that it can't be taken for the file it
//! was copied from.

use ledger_core::store::{Stamp, StoreResult};
use rusqlite::Connection;

use crate::base::failure::{damaged, reading};
use crate::journal::append::Appender;
use crate::journal::encode::{Body, Epoch};
use crate::journal::{read, seal};
use crate::schema::kinds::LineKind;
use crate::schema::progress::Progress;

/// The epoch that the file is in.
pub(crate) fn last_epoch(connection: &Connection) -> StoreResult<Epoch> {
    let row = Progress::Epoch.get(connection)?;
    let line = read::line(connection, row)?;
    let line = line.filter(|line| line.kind == Some(LineKind::Epoch));
    let body = line.and_then(|line| line.body).and_then(|body| serde_json::from_str(&body).ok());
    match body {
        Some(Body::Epoch(epoch)) => Ok(epoch),
        _ => Err(damaged("the line that begins the epoch is not where it should be")),
    }
}

/// Journals that the file begins a life of its own.
pub(crate) fn begin_epoch(connection: &Connection) -> StoreResult<()> {
    let last = read::tip(connection)?;
    let number = match last {
        None => 1,
        Some(_) => {
            last_epoch(connection)?.number.checked_add(1).ok_or_else(|| damaged("the epoch"))?
        }
    };
    let id = "SELECT lower(hex(randomblob(16)))";
    let id: String = connection.query_row(id, [], |row| row.get(0)).map_err(reading)?;
    // Before every clock, or just behind the last line.
    let stamp = Stamp::from_raw(last.map_or(1, |tip| tip.id.raw() + 1));
    let stamp = stamp.ok_or_else(|| damaged("the journal ends in the far future"))?;
    let (row, seal) = last.map_or((0, seal::FIRST), |tip| (tip.row, tip.seal));
    let body = Body::Epoch(Epoch { number, id }).to_json()?;
    let mut appender = Appender::new(connection, row, &seal);
    appender.line(|line| {
        line.id = Some(stamp);
        line.kind = Some(LineKind::Epoch.number());
        line.body = Some(body);
    })?;
    appender.finish()?;
    Progress::Epoch.set(row + 1, connection)
}
