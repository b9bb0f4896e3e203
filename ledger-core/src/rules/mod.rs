//! The rules about money, pure: no I/O, no clock, no threads. Everything that changes a wallet is
//! decided here and nowhere else, whatever the store.

pub(crate) mod answers;
pub(crate) mod apply;
mod dates;
pub(crate) mod decide;
mod holds;
mod limits;
mod moves;
pub(crate) mod register;
mod reversals;
pub(crate) mod rows;
mod scratch;
mod windows;

use crate::model::rejection::Rejection;

type Decided<T> = Result<T, Box<Rejection>>;
