//! Every way in which the calls of a run can fail, in the order in which they are tried.

use std::collections::HashMap;

use fastrand::Rng;

use crate::disk::calls::{Call, Failure};
use crate::disk::watch;

/// A call of a run, and how it fails.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault {
    /// Which beginning the run has.
    pub(super) beginning: usize,
    pub(super) call: Call,
    pub(super) plan: watch::Plan,
}

impl Fault {
    /// Whether all is as it was once the disk is well again: nothing that was said to be done was lost. Of a
    /// flush that failed that is not known.
    pub(super) fn passes(&self) -> bool {
        let is_kept = !matches!(self.call, Call::Flush | Call::Folder);
        let is_mild = match self.plan.failure {
            Failure::Busy => true,
            Failure::Full | Failure::Short => !self.plan.for_ever,
            _ => false,
        };
        is_kept && is_mild
    }

    fn kind(&self) -> (Call, Failure, bool) {
        (self.call, self.plan.failure, self.plan.for_ever)
    }
}

/// Every way in which these calls, which a run from that beginning makes, can fail.
pub(super) fn ways<'a>(
    beginning: usize,
    calls: &'a [Call],
    failures: &'a [Failure],
) -> impl Iterator<Item = Fault> + 'a {
    calls.iter().enumerate().flat_map(move |(at, &call)| {
        let fitting = failures.iter().filter(move |failure| failure.fits(call));
        fitting.flat_map(move |&failure| {
            let once_or_for_ever = [false, true].into_iter();
            once_or_for_ever.filter(move |&it| it || !failure.is_another_once()).map(
                move |for_ever| Fault {
                    beginning,
                    call,
                    plan: watch::Plan { at, call: Some(call), failure, for_ever },
                },
            )
        })
    })
}

/// In a random order, but kinds take turns: one of each, then another of each.
pub(super) fn in_turns(mut faults: Vec<Fault>, rng: &mut Rng) -> Vec<Fault> {
    rng.shuffle(&mut faults);
    let mut met: HashMap<_, usize> = HashMap::new();
    let mut turns: Vec<(usize, Fault)> = Vec::with_capacity(faults.len());
    for fault in faults {
        let turn = met.entry(fault.kind()).or_default();
        turns.push((*turn, fault));
        *turn += 1;
    }
    turns.sort_by_key(|(turn, _)| *turn);
    turns.into_iter().map(|(_, fault)| fault).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn one_of_each_kind_comes_before_another_of_any() {
        let calls = [[Call::Flush; 9], [Call::Write; 9], [Call::Lock; 9]].concat();
        let faults: Vec<Fault> = ways(0, &calls, &Failure::ALL).collect();
        let kinds: HashSet<_> = faults.iter().map(Fault::kind).collect();
        let (whole, count) = (faults.len(), kinds.len());
        let faults = in_turns(faults, &mut Rng::with_seed(1));
        for turn in faults.chunks(count) {
            assert_eq!(turn.iter().map(Fault::kind).collect::<HashSet<_>>(), kinds);
        }
        assert_eq!(whole, 9 * count);
    }

    #[test]
    fn no_fault_is_there_twice_under_two_names() {
        let faults: Vec<Fault> = ways(0, &[Call::Flush, Call::Folder], &Failure::ALL).collect();
        let mut once: Vec<_> = faults.iter().filter(|it| !it.plan.for_ever).collect();
        let number = |it: &Fault| (it.plan.at, it.plan.failure.number());
        once.sort_by_key(|it| number(it));
        once.dedup_by_key(|it| number(it));
        assert_eq!(once.len(), faults.iter().filter(|it| !it.plan.for_ever).count());
        assert!(faults.iter().any(|it| it.plan.failure == Failure::NoFlush));
    }
}
