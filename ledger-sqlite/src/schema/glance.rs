//! What a file is, seen before anything in it or beside it is touched.

use ledger_core::store::StoreResult;

use crate::file::log;
use crate::file::place::Place;
use crate::schema::connect;
use crate::schema::create::{self, Content};

/// Whether there is a ledger in the file, or nothing yet. Refuses a file of someone else's, and leaves it
/// as it is.
pub(crate) fn is_ledger(place: &Place) -> StoreResult<bool> {
    let still = connect::still(place.path())?;
    if create::is_marked(&still).unwrap_or(false) {
        return Ok(true);
    }
    // After a crash, what makes it a ledger may be in the log only.
    let content = if log::is_left(place) {
        create::recognize(&connect::reader(place.path())?)
    } else {
        create::recognize(&still)
    };
    Ok(content? != Content::Nothing)
}
