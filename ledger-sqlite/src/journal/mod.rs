//! The journal: the one table that is the truth. A record is one line or several, a line is a row
//! that is never changed, and a seal runs through all of them.

pub(crate) mod append;
pub(crate) mod encode;
pub(crate) mod end;
pub(crate) mod epoch;
pub(crate) mod history;
pub(crate) mod line;
pub(crate) mod note;
pub(crate) mod read;
pub(crate) mod records;
pub(crate) mod seal;
pub(crate) mod tags;
