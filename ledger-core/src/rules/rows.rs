//! What a group of commands is decided on: the rows it asked for, as they change from one command
//! to the next. Nothing here is shown to anyone before the store has made it durable.

use std::sync::Arc;

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

use crate::base::id::{HoldId, TransactionId, WalletId};
use crate::input::key::Key;
use crate::input::name::WalletName;
use crate::model::hold::Hold;
use crate::model::prepared::Prepared;
use crate::model::record::AssetRecord;
use crate::model::reversal::Reversal;
use crate::model::row::WalletRow;
use crate::model::terms::Terms;
use crate::model::transaction::Transaction;
use crate::model::wallet::WalletRecord;
use crate::money::asset::AssetCode;
use crate::rules::answers::Answer;
use crate::rules::apply::{WalletRows, apply};

/// What a group needs from the store before it can be decided. Keys may come twice; the rest is
/// sorted, without repetition.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Wants<'a> {
    /// Wallets by id.
    pub wallets: Vec<WalletId>,
    /// Keys that may have an answer already.
    pub keys: Vec<&'a Key>,
    /// Holds by id.
    pub holds: Vec<HoldId>,
    /// Transactions of which it must be known how much was reversed.
    pub reversed: Vec<TransactionId>,
    /// Wallets by name: their opening and their row.
    pub names: Vec<&'a WalletName>,
    /// Assets by code.
    pub assets: Vec<AssetCode>,
    /// Whether it depends on what holds for the ledger as a whole, or changes that.
    pub terms: bool,
}

impl Wants<'_> {
    /// No wants yet, with room for those of so many plain transfers.
    pub(crate) fn with_capacity(transfers: usize) -> Self {
        let (wallets, keys) = (Vec::with_capacity(2 * transfers), Vec::with_capacity(transfers));
        Self { wallets, keys, ..Self::default() }
    }

    /// Sorts what often comes twice and drops what does. Keys hardly ever do.
    pub(crate) fn normalize(&mut self) {
        fn normalize<T: Ord>(list: &mut Vec<T>) {
            list.sort_unstable();
            list.dedup();
        }
        normalize(&mut self.wallets);
        normalize(&mut self.holds);
        normalize(&mut self.reversed);
        normalize(&mut self.names);
        normalize(&mut self.assets);
    }
}

/// The rows of a group. What the store doesn't know is absent.
#[derive(Debug, Default)]
pub struct Rows {
    wallets: Vec<WalletRow>,
    /// Where in `wallets` each wallet is: a map of rows would be mostly empty, large memory.
    places: HashMap<WalletId, usize>,
    answers: HashMap<Key, Answer>,
    holds: HashMap<HoldId, Hold>,
    reversals: HashMap<TransactionId, Vec<Reversal>>,
    names: HashMap<WalletName, Arc<WalletRecord>>,
    assets: HashMap<AssetCode, Arc<AssetRecord>>,
    terms: Terms,
}

impl Rows {
    /// Rows with room for what is wanted.
    pub fn with_room_for(wants: &Wants<'_>) -> Self {
        Self {
            wallets: Vec::with_capacity(wants.wallets.len()),
            places: HashMap::with_capacity(wants.wallets.len()),
            // Nearly all keys are new.
            answers: HashMap::new(),
            holds: HashMap::with_capacity(wants.holds.len()),
            reversals: HashMap::with_capacity(wants.reversed.len()),
            names: HashMap::with_capacity(wants.names.len()),
            assets: HashMap::with_capacity(wants.assets.len()),
            terms: Terms::default(),
        }
    }

    /// Puts a wallet's row in.
    pub fn insert_wallet(&mut self, row: &WalletRow) {
        match self.places.entry(row.id) {
            Entry::Vacant(place) => {
                place.insert(self.wallets.len());
                self.wallets.push(row.clone());
            }
            Entry::Occupied(place) => {
                if let Some(known) = self.wallets.get_mut(*place.get()) {
                    known.clone_from(row);
                }
            }
        }
    }

    /// Puts the answer under a key in.
    pub fn insert_answer(&mut self, key: Key, answer: Answer) {
        self.answers.insert(key, answer);
    }

    /// Puts a hold in.
    pub fn insert_hold(&mut self, hold: Hold) {
        self.holds.insert(hold.id, hold);
    }

    /// Puts in what was reversed of a transaction.
    pub fn insert_reversals(&mut self, transaction: TransactionId, reversals: Vec<Reversal>) {
        self.reversals.insert(transaction, reversals);
    }

    /// Puts a wallet's opening in.
    pub fn insert_name(&mut self, record: Arc<WalletRecord>) {
        self.names.insert(record.name.clone(), record);
    }

    /// Puts an asset in.
    pub fn insert_asset(&mut self, record: Arc<AssetRecord>) {
        self.assets.insert(record.code(), record);
    }

    /// Says what holds for the ledger as a whole.
    pub fn set_terms(&mut self, terms: Terms) {
        self.terms = terms;
    }

    pub(crate) fn terms(&self) -> &Terms {
        &self.terms
    }

    pub(crate) fn terms_mut(&mut self) -> &mut Terms {
        &mut self.terms
    }

    #[inline]
    pub(crate) fn wallet(&self, id: WalletId) -> Option<&WalletRow> {
        self.wallets.get(*self.places.get(&id)?)
    }

    fn wallet_mut(&mut self, id: WalletId) -> Option<&mut WalletRow> {
        self.wallets.get_mut(*self.places.get(&id)?)
    }

    pub(crate) fn answer(&self, key: &Key) -> Option<&Answer> {
        self.answers.get(key)
    }

    pub(crate) fn hold(&self, id: HoldId) -> Option<&Hold> {
        self.holds.get(&id)
    }

    /// What was reversed of a transaction so far.
    pub(crate) fn reversals(&self, transaction: TransactionId) -> &[Reversal] {
        self.reversals.get(&transaction).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn named(&self, name: &WalletName) -> Option<&Arc<WalletRecord>> {
        self.names.get(name)
    }

    pub(crate) fn asset(&self, code: AssetCode) -> Option<&Arc<AssetRecord>> {
        self.assets.get(&code)
    }

    /// Changes rows to what they are after `transaction`.
    pub(crate) fn apply(&mut self, transaction: &Transaction) {
        apply(transaction, self);
        if transaction.change.is_some() {
            self.apply_change(transaction);
        }
    }

    fn apply_change(&mut self, transaction: &Transaction) {
        self.terms.take_in_transaction(transaction);
        if let Some(hold) = transaction.hold() {
            self.insert_hold(*hold);
        }
        if let Some((original, parts)) = transaction.reversed() {
            self.reversals.entry(original).or_default().extend(parts);
        }
    }

    /// Copies of the rows that `commands` may change, to go back to.
    pub(crate) fn save(&self, commands: &[Prepared]) -> Saved {
        let mut wallets = Vec::new();
        let mut save = |id| wallets.extend(self.wallet(id).cloned());
        for command in commands {
            command.each_wallet(&mut save);
        }
        let holds = commands.iter().filter_map(Prepared::hold);
        let reversed = commands.iter().filter_map(Prepared::reverses);
        Saved {
            wallets,
            holds: holds.filter_map(|id| self.hold(id).copied()).collect(),
            reversals: reversed.map(|id| (id, self.reversals(id).to_vec())).collect(),
            terms: self.terms.clone(),
        }
    }

    /// Goes back to rows saved before.
    pub(crate) fn restore(&mut self, saved: Saved) {
        saved.wallets.iter().for_each(|row| self.insert_wallet(row));
        saved.holds.into_iter().for_each(|hold| self.insert_hold(hold));
        self.reversals.extend(saved.reversals);
        self.terms = saved.terms;
    }
}

/// Rows to go back to.
pub(crate) struct Saved {
    wallets: Vec<WalletRow>,
    holds: Vec<Hold>,
    reversals: Vec<(TransactionId, Vec<Reversal>)>,
    terms: Terms,
}

impl WalletRows for Rows {
    fn touch(&mut self, wallet: WalletId, _posting: Option<u32>) -> Option<&mut WalletRow> {
        self.wallet_mut(wallet)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::Stamp;

    #[test]
    fn a_store_is_asked_for_each_thing_once_and_in_order() {
        let wallet = |raw| WalletId::from_stamp(Stamp::from_raw(raw).unwrap());
        let asset = |code| AssetCode::new(code).unwrap();
        let mut wants = Wants {
            wallets: vec![wallet(3), wallet(1), wallet(3)],
            assets: vec![asset("USD"), asset("EUR"), asset("USD")],
            ..Wants::default()
        };
        wants.normalize();
        assert_eq!(wants.wallets, [wallet(1), wallet(3)]);
        assert_eq!(wants.assets, [asset("EUR"), asset("USD")]);
    }
}
