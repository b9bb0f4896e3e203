//! The locks the crate uses, named in one place so that a model checker can stand in for them.

pub(crate) use parking_lot::{Condvar, Mutex, MutexGuard, RwLock};
