//! The journal and what is derived from it.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use hashbrown::HashMap;

use crate::base::id::{HoldId, Stamp, TransactionId, WalletId};
use crate::base::time::Timestamp;
use crate::input::key::Key;
use crate::input::name::{Owner, WalletName};
use crate::model::entry::{Entry, Order, Position, Span};
use crate::model::hold::Hold;
use crate::model::record::{AssetRecord, Record};
use crate::model::reversal::Reversal;
use crate::model::row::WalletRow;
use crate::model::terms::Terms;
use crate::model::transaction::Transaction;
use crate::model::wallet::{Wallet, WalletRecord};
use crate::money::amount::Amount;
use crate::money::asset::AssetCode;
use crate::rules::answers::{Answer, Answers};
use crate::rules::apply::{WalletRows, apply};
use crate::rules::rows::{Rows, Wants};
use crate::store::backend::{FindFilter, HoldFilter, WalletFilter};
use crate::store::failure::{StoreError, StoreResult};

#[derive(Debug, Default)]
pub(super) struct State {
    /// In the order of stamps.
    journal: Vec<Record>,
    accounts: Accounts,
    names: Names,
    owners: HashMap<Owner, Names>,
    assets: BTreeMap<AssetCode, Arc<AssetRecord>>,
    answers: Answers,
    terms: Terms,
    holds: BTreeMap<HoldId, Hold>,
    reversals: HashMap<TransactionId, Vec<Reversal>>,
    backdated: BTreeMap<(WalletId, Timestamp, Position), Amount>,
}

type Names = BTreeMap<WalletName, WalletId>;
type Accounts = HashMap<WalletId, Account>;

#[derive(Debug)]
struct Account {
    record: Arc<WalletRecord>,
    row: WalletRow,
    /// Places of the wallet's postings in the journal, oldest first.
    places: Vec<Place>,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    record: u32,
    posting: u32,
}

impl Place {
    fn record(self, journal: &[Record]) -> Option<&Record> {
        journal.get(usize::try_from(self.record).ok()?)
    }
}

/// The accounts while a record is applied to them.
struct Publishing<'a> {
    accounts: &'a mut Accounts,
    /// The record's place in the journal.
    record: u32,
}

impl WalletRows for Publishing<'_> {
    fn touch(&mut self, wallet: WalletId, posting: Option<u32>) -> Option<&mut WalletRow> {
        let account = self.accounts.get_mut(&wallet)?;
        account.places.extend(posting.map(|posting| Place { record: self.record, posting }));
        Some(&mut account.row)
    }
}

impl State {
    pub(super) fn records(&self, after: Option<Stamp>, limit: usize) -> Vec<Record> {
        let start = self.journal.partition_point(|record| Some(record.stamp()) <= after);
        self.journal.iter().skip(start).take(limit).cloned().collect()
    }

    pub(super) fn asset(&self, code: AssetCode) -> Option<&Arc<AssetRecord>> {
        self.assets.get(&code)
    }

    pub(super) fn assets(&self, after: Option<AssetCode>, limit: usize) -> Vec<Arc<AssetRecord>> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let rest = self.assets.range((start, Bound::Unbounded));
        rest.take(limit).map(|(_, asset)| asset.clone()).collect()
    }

    pub(super) fn row(&self, wallet: WalletId) -> Option<&WalletRow> {
        self.accounts.get(&wallet).map(|account| &account.row)
    }

    pub(super) fn wallet(&self, wallet: WalletId) -> Option<Wallet> {
        let account = self.accounts.get(&wallet)?;
        Some(account.row.wallet(&account.record))
    }

    pub(super) fn wallet_named(&self, name: &WalletName) -> Option<Wallet> {
        self.wallet(*self.names.get(name)?)
    }

    pub(super) fn hold(&self, hold: HoldId) -> Option<&Hold> {
        self.holds.get(&hold)
    }

    pub(super) fn holds(&self, filter: &HoldFilter) -> Vec<Hold> {
        let start = filter.after.map_or(Bound::Unbounded, Bound::Excluded);
        let rest = self.holds.range((start, Bound::Unbounded)).map(|(_, hold)| *hold);
        rest.filter(|hold| filter.passes(hold)).take(filter.limit).collect()
    }

    pub(super) fn reversals(&self, transaction: TransactionId) -> &[Reversal] {
        self.reversals.get(&transaction).map_or(&[], Vec::as_slice)
    }

    pub(super) fn last(&self) -> Option<Stamp> {
        self.journal.last().map(Record::stamp)
    }

    /// Looks at every transaction: memory keeps no index of metadata.
    pub(super) fn tagged(&self, filter: &FindFilter<'_>) -> Vec<Arc<Transaction>> {
        let transactions = self.journal.iter().filter_map(|record| match record {
            Record::Transaction(transaction) => Some(transaction),
            _ => None,
        });
        let found = transactions.filter(|transaction| filter.passes(transaction));
        found.take(filter.limit).cloned().collect()
    }

    pub(super) fn terms(&self) -> &Terms {
        &self.terms
    }

    pub(super) fn backdated(
        &self,
        wallet: WalletId,
        effective: Timestamp,
        recorded: Span,
        each: &mut dyn FnMut(Amount),
    ) {
        let first = Position { stamp: 0, posting: 0 };
        let last = Position { stamp: u64::MAX, posting: u32::MAX };
        let begin = Timestamp::from_unix_ms(i64::MIN);
        let all = (wallet, begin, first)..=(wallet, effective, last);
        let within = |at: &Position| recorded.after < *at && *at < recorded.before;
        for (_, amount) in self.backdated.range(all).filter(|((.., at), _)| within(at)) {
            each(*amount);
        }
    }

    pub(super) fn answer(&self, key: &Key) -> Option<Answer> {
        self.answers.find(key, &self.journal)
    }

    pub(super) fn find(&self, id: TransactionId) -> Option<Answer> {
        let found = self.journal.binary_search_by_key(&id.stamp(), Record::stamp).ok()?;
        match self.journal.get(found)? {
            Record::Transaction(transaction) => Some(Answer::Done(transaction.clone())),
            Record::Refusal(refusal) => Some(Answer::Refused {
                refusal: refusal.clone(),
                position: refusal.batch_item.unwrap_or(0),
            }),
            Record::Asset(_) | Record::Wallet(_) | Record::Retention(_) => None,
        }
    }

    pub(super) fn wallets(&self, filter: &WalletFilter) -> Vec<Wallet> {
        let start = match &filter.after {
            Some(after) if after.as_str() >= &filter.prefix => Bound::Excluded(after.as_str()),
            _ => Bound::Included(filter.prefix.as_str()),
        };
        let Some(names) = filter.owner.as_ref().map_or(Some(&self.names), |o| self.owners.get(o))
        else {
            return Vec::new();
        };
        names
            .range::<str, _>((start, Bound::Unbounded))
            .take_while(|(name, _)| name.as_str().starts_with(&filter.prefix))
            .filter_map(|(_, wallet)| self.wallet(*wallet))
            .take(filter.limit)
            .collect()
    }

    pub(super) fn entries(
        &self,
        wallet: WalletId,
        span: Span,
        order: Order,
        limit: usize,
    ) -> Vec<Entry> {
        let Some(account) = self.accounts.get(&wallet) else { return Vec::new() };
        let places = account.places.as_slice();
        let start = places.partition_point(|place| self.position(*place) <= span.after);
        let end = places.partition_point(|place| self.position(*place) < span.before);
        let within = places.get(start..end).unwrap_or_default();
        let entry = |place: &Place| {
            let transaction = self.transaction(*place)?;
            Entry::new(wallet, transaction, place.posting)
        };
        match order {
            Order::OldestFirst => within.iter().take(limit).filter_map(entry).collect(),
            Order::NewestFirst => within.iter().rev().take(limit).filter_map(entry).collect(),
        }
    }

    fn transaction(&self, place: Place) -> Option<&Transaction> {
        match place.record(&self.journal)? {
            Record::Transaction(transaction) => Some(transaction),
            _ => None,
        }
    }

    fn position(&self, place: Place) -> Position {
        let stamp = place.record(&self.journal).map_or(0, |record| record.stamp().raw());
        Position { stamp, posting: place.posting }
    }

    pub(super) fn load(&self, wants: &Wants<'_>) -> Rows {
        let mut rows = Rows::with_room_for(wants);
        rows.set_terms(self.terms.clone());
        for wallet in wants.wallets.iter().filter_map(|&wallet| self.row(wallet)) {
            rows.insert_wallet(wallet);
        }
        for &hold in wants.holds.iter().filter_map(|&hold| self.hold(hold)) {
            rows.insert_hold(hold);
        }
        for &transaction in &wants.reversed {
            rows.insert_reversals(transaction, self.reversals(transaction).to_vec());
        }
        for &key in &wants.keys {
            if let Some(answer) = self.answer(key) {
                rows.insert_answer(key.clone(), answer);
            }
        }
        for &name in &wants.names {
            let account = self.names.get(name).and_then(|wallet| self.accounts.get(wallet));
            if let Some(account) = account {
                rows.insert_wallet(&account.row);
                rows.insert_name(account.record.clone());
            }
        }
        for asset in wants.assets.iter().filter_map(|code| self.assets.get(code)) {
            rows.insert_asset(asset.clone());
        }
        rows
    }

    /// Shows records to readers, if there is room for them: places are 32 bits, to stay small.
    pub(super) fn publish(&mut self, records: Vec<Record>) -> StoreResult<()> {
        if u32::try_from(self.journal.len() + records.len()).is_err() {
            let problem = "the memory store holds at most 2^32 records; use a store with a file";
            return Err(StoreError::Full(problem.to_owned()));
        }
        let stamps = self.journal.last().into_iter().chain(&records).map(Record::stamp);
        if !stamps.is_sorted_by(|earlier, later| earlier < later) {
            let problem = "records must come in the order of their ids, behind those there are";
            return Err(StoreError::Refused(problem.to_owned()));
        }
        self.journal.reserve(records.len());
        for (place, record) in (self.journal.len()..).zip(records) {
            self.take_in(&record, u32::try_from(place).unwrap_or(u32::MAX));
            self.journal.push(record);
        }
        Ok(())
    }

    fn take_in(&mut self, record: &Record, place: u32) {
        self.answers.add_record(record, place);
        match record {
            Record::Asset(asset) => {
                self.assets.insert(asset.code(), asset.clone());
                self.open(Arc::new(asset.world_wallet()));
            }
            Record::Wallet(wallet) => self.open(wallet.clone()),
            Record::Transaction(transaction) => {
                let accounts = &mut self.accounts;
                apply(transaction, &mut Publishing { accounts, record: place });
                if !transaction.is_plain() {
                    self.publish_more(transaction);
                }
            }
            Record::Refusal(_) | Record::Retention(_) => {}
        }
        if Terms::are_changed_by(record) {
            self.terms.take_in(record);
        }
    }

    /// What it does besides moving money as it is recorded.
    fn publish_more(&mut self, transaction: &Transaction) {
        let (effective_at, stamp) = (transaction.effective_at, transaction.id.raw());
        let place = |(wallet, posting, amount)| {
            ((wallet, effective_at, Position { stamp, posting }), amount)
        };
        self.backdated.extend(transaction.backdated().map(place));
        self.holds.extend(transaction.hold().map(|hold| (hold.id, *hold)));
        if let Some((original, parts)) = transaction.reversed() {
            self.reversals.entry(original).or_default().extend(parts);
        }
    }

    fn open(&mut self, record: Arc<WalletRecord>) {
        let row = WalletRow::opened(&record);
        self.names.insert(record.name.clone(), record.id);
        if let Some(owner) = &record.owner {
            let owned = self.owners.entry(owner.clone()).or_default();
            owned.insert(record.name.clone(), record.id);
        }
        self.accounts.insert(record.id, Account { record, row, places: Vec::new() });
    }
}
