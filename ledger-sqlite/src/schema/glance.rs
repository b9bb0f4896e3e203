//! What a file is, seen before anything in it or beside it is touched.

use ledger_core::store::{StoreError, StoreResult};

use crate::file::log;
use crate::file::place::Place;
use crate::schema::connect;
use crate::schema::create::{self, Content};

/// The schema of the ledger in the file; none where there is nothing yet. Refuses a file of someone else's, and
/// leaves it as it is.
pub(crate) fn schema(place: &Place) -> StoreResult<Option<i32>> {
    match look(place) {
        // Whoever makes a ledger there at this moment may be seen half.
        Err(StoreError::Broken(_)) => look(place),
        seen => seen,
    }
}

fn look(place: &Place) -> StoreResult<Option<i32>> {
    let still = connect::still(place.path())?;
    if create::is_marked(&still).unwrap_or(false) {
        return create::schema(&still).map(Some);
    }
    // After a crash, and until the first checkpoint, what makes it a ledger may be in the log only.
    let connection = if log::is_left(place) { connect::reader(place.path())? } else { still };
    let content = create::recognize(&connection)?;
    (content != Content::Nothing).then(|| create::schema(&connection)).transpose()
}

/// Refuses a copy that was put where another file was, whose log is still there: SQLite would take that for the copy's,
/// and undo what was restored.
pub(crate) fn log_is_its_own(place: &Place) -> StoreResult<()> {
    let is_copy = || connect::still(place.path()).and_then(|still| create::is_copy(&still));
    // In a database that was being written to, the mark may not be readable; a copy is whole.
    if !log::has_content(place, "-wal") || !is_copy().unwrap_or(false) {
        return Ok(());
    }
    let path = place.path().display();
    Err(StoreError::Refused(format!(
        "{path} is a backup that was not opened yet, and {path}-wal is the log of the file that was there before, which \
         would be carried out in it; move {path}-wal and {path}-shm away, then open it again"
    )))
}
