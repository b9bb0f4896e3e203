//! Judges a history. The journal says in which order everything happened; it must explain each answer.

use std::collections::HashMap;

use ledger_core::store::{Record, Store};
use ledger_core::{Transaction, WalletId};

use crate::check::Loss;
use crate::history::note::{Note, What};

/// Records read at once.
const PAGE: usize = 1_000;

/// The journal, replayed by rules of our own.
#[derive(Default)]
struct Order {
    /// Where each key was answered, and by which record if it was paid.
    places: HashMap<String, (usize, Option<u64>)>,
    /// By wallet: where each version began, and what it held then.
    versions: HashMap<WalletId, Vec<(usize, i64)>>,
    length: usize,
}

/// Finds what the journal's order does not explain; says how many calls it explains.
pub fn judge(store: &dyn Store, wallets: &[WalletId], notes: &[Note]) -> Result<u64, Loss> {
    let order = Order::replay(store)?;
    let calls = order.calls(notes)?;
    check_time(&calls)?;
    check_looks(&order, wallets, notes, &calls)?;
    Ok(notes.len() as u64)
}

impl Order {
    fn replay(store: &dyn Store) -> Result<Self, Loss> {
        let mut order = Self::default();
        let mut last = None;
        loop {
            let records = store.records(last, PAGE).map_err(|error| error.to_string())?;
            let Some(end) = records.last() else { return Ok(order) };
            last = Some(end.stamp());
            records.iter().try_for_each(|record| order.add(record))?;
        }
    }

    fn add(&mut self, record: &Record) -> Result<(), Loss> {
        self.length += 1;
        match record {
            Record::Transaction(it) => {
                self.move_money(it)?;
                self.answer(it.key.as_str(), Some(it.id.raw()))
            }
            Record::Refusal(refusal) => {
                refusal.items.iter().try_for_each(|it| self.answer(it.key.as_str(), None))
            }
            Record::Wallet(wallet) => {
                self.versions.insert(wallet.id, vec![(self.length, 0)]);
                Ok(())
            }
            Record::Asset(asset) => {
                self.versions.insert(asset.world, vec![(self.length, 0)]);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn answer(&mut self, key: &str, id: Option<u64>) -> Result<(), Loss> {
        match self.places.insert(key.to_owned(), (self.length, id)) {
            None => Ok(()),
            Some(_) => Err(format!("{key} was answered twice")),
        }
    }

    fn move_money(&mut self, transaction: &Transaction) -> Result<(), Loss> {
        for it in transaction.postings.iter() {
            let amount = i64::try_from(it.amount.amount().minor()).unwrap_or(i64::MAX);
            let is_world = transaction.kind == ledger_core::Kind::Deposit;
            for (wallet, change, version) in
                [(it.from, -amount, it.from_version), (it.to, amount, it.to_version)]
            {
                let states = self.versions.entry(wallet).or_default();
                let held = states.last().map_or(0, |last| last.1) + change;
                if states.len() as u64 != version {
                    return Err(format!("{wallet} has version {version} after {}", states.len()));
                }
                if held < 0 && !(is_world && change < 0) {
                    return Err(format!("{wallet} holds {held} after {}", transaction.id));
                }
                states.push((self.length, held));
            }
        }
        Ok(())
    }

    /// Every payment: when it can have happened, and where it stands.
    fn calls(&self, notes: &[Note]) -> Result<Vec<Placed>, Loss> {
        let mut calls: HashMap<&str, Placed> = HashMap::new();
        for Note { began, ended, what } in notes {
            let (key, id, replayed) = match what {
                What::Paid { key, id, replayed } => (key, Some(*id), *replayed),
                What::Refused { key, replayed } => (key, None, *replayed),
                What::Looked(_) => continue,
            };
            let place = self.places.get(key).filter(|place| place.1 == id);
            let place = place.ok_or_else(|| format!("{key}: the journal does not say {what:?}"))?.0;
            let call =
                calls.entry(key).or_insert(Placed { place, began: 0, ended: *ended, firsts: 0 });
            // Whoever was told early knows that it had happened; only one of them made it happen.
            call.ended = call.ended.min(*ended);
            if !replayed {
                call.began = *began;
                call.firsts += 1;
            }
        }
        if let Some((key, call)) = calls.iter().find(|(_, call)| call.firsts > 1) {
            return Err(format!("{key} was carried out {} times", call.firsts));
        }
        let mut calls: Vec<Placed> = calls.into_values().collect();
        calls.sort_unstable_by_key(|call| call.place);
        Ok(calls)
    }
}

/// A call and its place in the order.
#[derive(Clone, Copy, Debug)]
struct Placed {
    place: usize,
    began: u64,
    ended: u64,
    firsts: u32,
}

/// Nothing comes before what had ended before it began.
fn check_time(calls: &[Placed]) -> Result<(), Loss> {
    let mut latest = 0;
    for call in calls {
        if call.ended < latest {
            return Err(format!("line {} had ended before one before it began", call.place));
        }
        latest = latest.max(call.began);
    }
    Ok(())
}

/// Each look shows one moment of the order, after all that had ended before it began, before all that began
/// after it ended, and not before what an earlier look had shown.
fn check_looks(
    order: &Order,
    wallets: &[WalletId],
    notes: &[Note],
    calls: &[Placed],
) -> Result<(), Loss> {
    let mut looks: Vec<(u64, u64, usize, usize)> = Vec::new();
    for Note { began, ended, what } in notes {
        let What::Looked(seen) = what else { continue };
        let total: i64 = seen.iter().map(|it| it.1).sum();
        if total != 1_000 * i64::try_from(wallets.len()).unwrap_or(0) {
            return Err(format!("a look adds up to {total}: {seen:?}"));
        }
        let (from, until) = order.moment(wallets, seen)?;
        looks.push((*began, *ended, from, until));
    }
    looks.sort_unstable();
    // The last place of what had ended by a time, and the first of what began after a time.
    let ended = running(calls.iter().map(|it| (it.ended, it.place)), usize::max);
    let began = running(calls.iter().map(|it| (u64::MAX - it.began, it.place)), usize::min);
    let mut shown: Vec<(u64, usize)> = Vec::new();
    for (begin, end, from, until) in looks {
        let after = before(&ended, begin).unwrap_or(0);
        let upto = before(&began, u64::MAX - end).unwrap_or(usize::MAX);
        let seen = shown.iter().filter(|it| it.0 < begin).map(|it| it.1).max().unwrap_or(0);
        let moment = from.max(after).max(seen);
        if moment >= until || moment >= upto {
            return Err(format!(
                "a look shows lines {from} to {until}; by its time it must show {after} to {upto}, \
                 and {seen} was shown before"
            ));
        }
        shown.retain(|it| it.0 >= begin || it.1 == seen);
        shown.push((end, moment));
    }
    Ok(())
}

impl Order {
    /// From which line on, and until which, the wallets were all as they were seen.
    fn moment(&self, wallets: &[WalletId], seen: &[(u64, i64)]) -> Result<(usize, usize), Loss> {
        let (mut from, mut until) = (0, usize::MAX);
        for (wallet, (version, held)) in wallets.iter().zip(seen) {
            let version = usize::try_from(*version).unwrap_or(usize::MAX);
            let states = self.versions.get(wallet).map(Vec::as_slice).unwrap_or_default();
            let state = states.get(version).filter(|state| state.1 == *held);
            let state = state.ok_or_else(|| format!("{wallet} never was {version}, {held}"))?;
            from = from.max(state.0);
            until = until.min(states.get(version + 1).map_or(usize::MAX, |next| next.0));
        }
        if from < until { Ok((from, until)) } else { Err(format!("never at one moment: {seen:?}")) }
    }
}

/// By time: the best place so far.
fn running(
    calls: impl Iterator<Item = (u64, usize)>,
    best: fn(usize, usize) -> usize,
) -> Vec<(u64, usize)> {
    let mut calls: Vec<(u64, usize)> = calls.collect();
    calls.sort_unstable();
    let mut so_far: Option<usize> = None;
    for (_, place) in &mut calls {
        let now = so_far.map_or(*place, |it| best(it, *place));
        (*place, so_far) = (now, Some(now));
    }
    calls
}

/// The entry of the last time before this one.
fn before(list: &[(u64, usize)], time: u64) -> Option<usize> {
    let place = list.partition_point(|it| it.0 < time).checked_sub(1)?;
    list.get(place).map(|it| it.1)
}
