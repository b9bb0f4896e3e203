//! The locks of a group. Deadlock is not avoided by care: a `LockSet` can only be built sorted, and
//! locks are only taken through it, so two groups can't wait for each other.

use std::hash::BuildHasher;

use crate::base::id::WalletId;
use crate::input::key::Key;
use crate::input::name::WalletName;
use crate::money::asset::AssetCode;

/// What a lock protects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Protected<'a> {
    Asset(AssetCode),
    Name(&'a WalletName),
    Key(&'a Key),
    Wallet(WalletId),
    Terms,
}

/// A lock, as a number: locks are taken in the order of their numbers. It is a hash, so two things
/// may share a lock, which does no harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Lock(u64);

impl Lock {
    pub(crate) fn of(protected: Protected<'_>, hasher: &impl BuildHasher) -> Self {
        Self(hasher.hash_one(protected))
    }

    pub(crate) fn number(self) -> u64 {
        self.0
    }
}

/// More than any group within the limits can ask for.
pub(crate) const LOCKS_MAX: usize = 1 << 19;

/// Locks in ascending order, each once, and not too many.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LockSet(Box<[Lock]>);

impl LockSet {
    /// The set of these locks, or none if they are more than [`LOCKS_MAX`].
    pub(crate) fn new(locks: impl IntoIterator<Item = Lock>) -> Option<Self> {
        let mut locks: Vec<Lock> = locks.into_iter().collect();
        locks.sort_unstable();
        locks.dedup();
        (locks.len() <= LOCKS_MAX).then(|| Self(locks.into_boxed_slice()))
    }

    pub(crate) fn ascending(&self) -> &[Lock] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_set_is_sorted_without_repetition_and_bounded() {
        let set = LockSet::new([7, 9, 2, 7].map(Lock)).unwrap();
        assert_eq!(set.ascending(), [2, 7, 9].map(Lock));
        let many = |count: u64| LockSet::new((0..count).map(Lock));
        assert!(many(LOCKS_MAX as u64).is_some());
        assert!(many(LOCKS_MAX as u64 + 1).is_none());
    }

    #[test]
    fn different_things_have_different_locks() {
        let hasher = hashbrown::DefaultHashBuilder::default();
        let (name, key) = (WalletName::new("USD").unwrap(), Key::new("USD").unwrap());
        let things = [
            Protected::Asset(AssetCode::new("USD").unwrap()),
            Protected::Name(&name),
            Protected::Key(&key),
            Protected::Wallet(WalletId::from_raw(1).unwrap()),
            Protected::Terms,
        ];
        let set = LockSet::new(things.map(|thing| Lock::of(thing, &hasher))).unwrap();
        assert_eq!(set.ascending().len(), things.len());
        assert_eq!(Lock::of(things[2], &hasher), Lock::of(things[2], &hasher));
    }
}
