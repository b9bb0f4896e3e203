//! What is done to a file in which the ledger is not open.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use ledger_core::store::{StoreError, StoreResult};
use rusqlite::Connection;

use crate::audit::head::Head;
use crate::audit::pages::{self, Flaws};
use crate::audit::rebuild::rebuild;
use crate::audit::verify::{Verification, verify};
use crate::audit::watch::Watch;
use crate::base::failure::{before_commit, in_commit};
use crate::file::place::Place;
use crate::file::turn::{Turns, unsettled};
use crate::file::{log, registry};
use crate::journal::end;
use crate::journal::epoch::begin_epoch;
use crate::schema::connect;
use crate::schema::create::{self, Content};
use crate::schema::glance;
use crate::store::settings::Settings;

/// The schema of the ledger in a file that is left as it is; none where there is nothing yet.
pub(crate) fn schema_of_file(path: &Path) -> StoreResult<Option<i32>> {
    glance::schema(&find(path)?)
}

/// Checks a file without opening the ledger in it, which may be too damaged for that.
pub(crate) fn verify_file(
    path: &Path,
    anchors: &[Head],
    watch: Watch<'_>,
) -> StoreResult<Verification> {
    let place = find(path)?;
    glance::log_is_its_own(&place)?;
    let is_writable = place.is_writable();
    let is_still = !is_writable && !log::is_left(&place);
    let connect = if is_still { connect::still } else { connect::reader };
    let connection = connect(place.path()).map_err(|error| match error {
        StoreError::Busy(_) if !is_writable => log_unreadable(&place),
        other => other,
    })?;
    check_not_empty(&connection, path)?;
    let found = verify(&connection, anchors, watch)?;
    if is_still && log::is_left(&place) {
        let problem = "others began to write while the file was checked; try again";
        return Err(StoreError::Busy(problem.to_owned()));
    }
    Ok(found)
}

/// SQLite reads a log with the help of a file beside it, and can't open it where that can't be made.
fn log_unreadable(place: &Place) -> StoreError {
    StoreError::Refused(format!(
        "{0} has a log, which can't be read where the folder or the file can't be written; copy it and \
         {0}-wal into a folder of your own, and check the copy",
        place.path().display()
    ))
}

/// Makes everything derived in a file again, which no one else may have open meanwhile.
pub(crate) fn rebuild_file(path: &Path, settings: &Settings, watch: Watch<'_>) -> StoreResult<()> {
    let place = find(path)?;
    place.check_writable()?;
    if glance::schema(&place)?.is_none() {
        return Err(empty(path));
    }
    let mut turns = Turns::open(&place, settings.wait)?;
    turns.settle(&|| false, || move_log_alone(&place, settings.wait))?;
    turns.keep(&|| false)?;
    glance::log_is_its_own(&place)?;
    let _witness = log::settle(&place)?;
    let connection = connect::alone(place.path(), settings.wait)?;
    check_not_empty(&connection, path)?;
    // Once a look at a damaged page has failed, SQLite ends a transaction that writes, so they come before it.
    if !settings.keep_what_is_left {
        end::check(&connection)?;
    }
    let flaws = Flaws::find(&connection)?;
    connection.execute_batch("BEGIN EXCLUSIVE").map_err(before_commit)?;
    if flaws.is_none() {
        rebuild(&connection, settings.recent_keys, watch)?;
        return connection.execute_batch("COMMIT").map_err(in_commit);
    }
    create::forget_derived(&connection)?;
    rebuild(&connection, settings.recent_keys, watch)?;
    flaws.check_no_more(&connection)?;
    connection.execute_batch("COMMIT").map_err(in_commit)?;
    pages::give_back(&connection)
}

/// Moves the whole log into the database, after a checkpoint that failed. It is the last to be read with an index
/// of its own, so nobody else may have the file open.
pub(crate) fn move_log_alone(place: &Place, wait: Duration) -> StoreResult<()> {
    let opening = registry::begin()?;
    if opening.has(place)? {
        return Err(unsettled());
    }
    glance::log_is_its_own(place)?;
    let _witness = log::settle(place)?;
    connect::alone(place.path(), wait).map(drop)
}

/// Makes a ledger of its own of a copy. That goes into the database itself, and not into a log: while a copy is
/// marked as one, what is in a log beside it is another file's.
pub(crate) fn make_own(place: &Place, settings: &Settings) -> StoreResult<()> {
    let connection = connect::alone(place.path(), settings.wait)?;
    connection.execute_batch("BEGIN EXCLUSIVE").map_err(before_commit)?;
    begin_epoch(&connection)?;
    create::unmark_copy(&connection)?;
    connection.execute_batch("COMMIT").map_err(in_commit)
}

/// Brings the file of an earlier schema forward: the journal stays, and all that is derived from it is
/// made again. Nobody else may have it open: they would go on writing as they know it.
pub(crate) fn bring_forward(place: &Place, settings: &Settings) -> StoreResult<()> {
    let connection = connect::alone(place.path(), settings.wait)?;
    connection.execute_batch("BEGIN EXCLUSIVE").map_err(before_commit)?;
    end::check(&connection)?;
    create::replace_derived(&connection)?;
    rebuild(&connection, settings.recent_keys, &mut |_| ControlFlow::Continue(()))?;
    connection.execute_batch("COMMIT").map_err(in_commit)
}

fn check_not_empty(connection: &Connection, path: &Path) -> StoreResult<()> {
    match create::recognize(connection)? {
        Content::Ledger => Ok(()),
        Content::Nothing => Err(empty(path)),
        Content::Earlier => Err(StoreError::Refused(format!(
            "{} has an earlier schema; open the ledger once to bring it forward",
            path.display()
        ))),
    }
}

fn empty(path: &Path) -> StoreError {
    StoreError::Broken(format!("{} is empty: no ledger was made in it yet", path.display()))
}

/// Finds a file that is there, and that this process may open.
fn find(path: &Path) -> StoreResult<Place> {
    connect::check_sqlite()?;
    let opening = registry::begin()?;
    let place = Place::find(path)?;
    opening.check(&place)?;
    Ok(place)
}
