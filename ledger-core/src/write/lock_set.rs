//! The locks of a group. Deadlock is not avoided by care: a `LockSet` can only be built sorted, and
//! locks are only taken through it, so two groups can't wait for each other.

/// What a lock protects. The order of the variants and of their numbers is the order of locking.
///
/// Names and keys are locked by their hash; two with one hash share a lock, which does no harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum LockKey {
    Asset(u64),
    Name(u64),
    Key(u64),
    Wallet(u64),
}

/// More than any group within the limits can ask for.
pub(super) const LOCKS_MAX: usize = 1 << 19;

/// Locks in ascending order, each once, and not too many.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LockSet(Box<[LockKey]>);

impl LockSet {
    /// The set of these locks, or none if they are more than [`LOCKS_MAX`].
    pub(super) fn new(mut keys: Vec<LockKey>) -> Option<Self> {
        keys.sort_unstable();
        keys.dedup();
        (keys.len() <= LOCKS_MAX).then(|| Self(keys.into_boxed_slice()))
    }

    pub(super) fn ascending(&self) -> impl Iterator<Item = LockKey> {
        self.0.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_set_is_sorted_without_repetition_and_bounded() {
        let keys = [LockKey::Wallet(2), LockKey::Key(9), LockKey::Wallet(1), LockKey::Wallet(2)];
        let set = LockSet::new(keys.to_vec()).unwrap();
        let order: Vec<LockKey> = set.ascending().collect();
        assert_eq!(order, [LockKey::Key(9), LockKey::Wallet(1), LockKey::Wallet(2)]);
        let many = |count: u64| LockSet::new((0..count).map(LockKey::Wallet).collect());
        assert!(many(LOCKS_MAX as u64).is_some());
        assert!(many(LOCKS_MAX as u64 + 1).is_none());
    }
}
