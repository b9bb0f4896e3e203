//! The locks the crate uses, named in one place so that a model checker can stand in for them.

#[cfg(not(all(test, shuttle)))]
pub(crate) use parking_lot::{Condvar, Mutex, MutexGuard, RwLock};

#[cfg(all(test, shuttle))]
pub(crate) use crate::base::schedule::{Condvar, Mutex, MutexGuard, RwLock};
