//! Looking. Lines never change, so what memory says of wallets and keys, and lines read later, always
//! fit together; what must not happen is to miss what another process has committed.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use ledger_core::store::{
    FindFilter, HoldFilter, Position, Record, Span, Stamp, StoreError, StoreResult, WalletFilter,
    WalletRecord, WalletRow,
};
use ledger_core::{
    Amount, Answer, AssetCode, AssetRecord, Entry, Hold, HoldId, Key, Order, Reversal, Timestamp,
    Transaction, TransactionId, Wallet, WalletId, WalletName,
};
use parking_lot::Mutex;
use rusqlite::Connection;

use crate::base::failure::damaged;
use crate::chain::account::Account;
use crate::file::forked::Own;
use crate::journal::history::History;
use crate::journal::read;
use crate::journal::records::{RecordReader, Recorded, Rows};
use crate::journal::tags;
use crate::schema::connect::in_snapshot;
use crate::schema::{backdated, connect, directory, holds, registry, reversals};
use crate::store::SqliteStore;

/// Read connections that are not in use; more are opened as more threads look at once.
#[derive(Debug, Default)]
pub(crate) struct Readers(Mutex<Vec<Own<Connection>>>);

/// How many are kept.
const READERS_MAX: usize = 16;

impl Readers {
    /// One that is not in use, or a new one, as `open` makes it.
    fn take(&self, open: impl FnOnce() -> StoreResult<Connection>) -> StoreResult<Own<Connection>> {
        let waiting = self.0.lock().pop();
        waiting.map_or_else(|| open().map(Own::new), Ok)
    }

    fn give_back(&self, connection: Own<Connection>) {
        let mut waiting = self.0.lock();
        if waiting.len() < READERS_MAX {
            waiting.push(connection);
        }
    }

    /// Takes all that are not in use.
    pub(crate) fn drain(&self) -> Vec<Own<Connection>> {
        std::mem::take(&mut *self.0.lock())
    }
}

impl SqliteStore {
    /// Looks at the file as it is now.
    pub(super) fn look<T>(&self, what: impl FnOnce(&Look<'_>) -> StoreResult<T>) -> StoreResult<T> {
        self.with_reader(|connection| {
            self.refresh(connection)?;
            what(&Look::inside(self, connection))
        })
    }

    /// A connection that reads, and is given back.
    pub(super) fn reader(&self) -> StoreResult<Own<Connection>> {
        self.readers.take(|| self.connect(connect::reader))
    }

    /// Connects to the file that was opened, and to no other that is in its place by now.
    pub(super) fn connect<T>(&self, how: impl FnOnce(&Path) -> StoreResult<T>) -> StoreResult<T> {
        let connection = how(self.place.path());
        self.health.note(self.identity.check())?;
        connection
    }

    fn with_reader<T>(&self, what: impl FnOnce(&Connection) -> StoreResult<T>) -> StoreResult<T> {
        self.health.check()?;
        // A connection that was open already shows the old file for as long as it is used.
        self.health.note(self.identity.check_database())?;
        let connection = self.reader()?;
        let result = what(&connection);
        // What was read meanwhile may be in doubt as well.
        self.health.check()?;
        if result.is_ok() {
            self.readers.give_back(connection);
        }
        result
    }

    /// Takes in what other processes have committed.
    fn refresh(&self, connection: &Connection) -> StoreResult<()> {
        if self.settings.exclusive || read::last_row(connection)? <= self.state.read().tip.row {
            return Ok(());
        }
        in_snapshot(connection, || {
            let mut state = self.state.write();
            state.catch_up(connection)?;
            if state.keys.recent() >= self.settings.recent_keys {
                // Else a process that only looks would keep every key in memory.
                state.refresh_derived(connection)?;
            }
            Ok(())
        })
    }

    /// The rows of wallets, all of one state.
    pub(super) fn find_rows(&self, wallets: &[WalletId]) -> StoreResult<Vec<Option<WalletRow>>> {
        self.health.check()?;
        if self.settings.exclusive
            && let Some(rows) = self.rows_in_memory(wallets)
        {
            self.health.check()?;
            return Ok(rows);
        }
        self.with_reader(|connection| {
            self.refresh(connection)?;
            match self.rows_in_memory(wallets) {
                Some(rows) => Ok(rows),
                None => self.load_rows(wallets, connection),
            }
        })
    }

    /// The row of one wallet, which needs nothing but memory in exclusive mode.
    pub(super) fn find_row(&self, wallet: WalletId) -> StoreResult<Option<WalletRow>> {
        if self.settings.exclusive {
            self.health.check()?;
            let row = self.state.read().account(wallet).map(|account| account.row.clone());
            if row.is_some() {
                self.health.check()?;
                return Ok(row);
            }
        }
        Ok(self.find_rows(&[wallet])?.pop().flatten())
    }

    /// None if memory lacks one of them.
    fn rows_in_memory(&self, wallets: &[WalletId]) -> Option<Vec<Option<WalletRow>>> {
        let state = self.state.read();
        wallets.iter().map(|&wallet| state.account(wallet).map(|it| Some(it.row.clone()))).collect()
    }

    /// Loads what memory lacks. Nobody publishes meanwhile, and what was committed and is not
    /// published is taken from the file, so all is of one state.
    fn load_rows(
        &self,
        wallets: &[WalletId],
        connection: &Connection,
    ) -> StoreResult<Vec<Option<WalletRow>>> {
        let mut state = self.state.write();
        in_snapshot(connection, || {
            state.catch_up(connection)?;
            let mut rows = Vec::with_capacity(wallets.len());
            for &wallet in wallets {
                if state.account(wallet).is_none()
                    && let Some(account) = registry::load(wallet, connection)?
                {
                    state.accounts.insert(account);
                }
                rows.push(state.account(wallet).map(|account| account.row.clone()));
            }
            Ok(rows)
        })
    }

    fn find_account(&self, wallet: WalletId) -> StoreResult<Option<Account>> {
        if self.find_rows(&[wallet])?.first().is_none_or(Option::is_none) {
            return Ok(None);
        }
        let account = self.state.read().account(wallet).cloned();
        // A doubt may have ended just now, and memory begun anew.
        let lost = || StoreError::Busy("the ledger was being opened anew; try again".to_owned());
        account.map(Some).ok_or_else(lost)
    }

    pub(super) fn find_asset(&self, code: AssetCode) -> StoreResult<Option<Arc<AssetRecord>>> {
        self.health.check()?;
        if let Some(asset) = self.state.read().assets.get(&code) {
            return Ok(Some(asset.clone()));
        }
        let asset = self.look(|look| look.asset(code))?;
        if let Some(asset) = &asset {
            self.state.write().assets.insert(code, asset.clone());
        }
        Ok(asset)
    }

    pub(super) fn find_entries(
        &self,
        wallet: WalletId,
        span: Span,
        order: Order,
        limit: usize,
    ) -> StoreResult<Vec<Entry>> {
        // The account first: lines that are read later are at least as new.
        let Some(account) = self.find_account(wallet)? else { return Ok(Vec::new()) };
        let last = self.state.read().tip.row;
        self.with_reader(|connection| {
            in_snapshot(connection, || {
                History::of(&account, last, connection)?.entries(span, order, limit)
            })
        })
    }
}

/// A connection that reads, and the memory it belongs to.
pub(crate) struct Look<'a> {
    store: &'a SqliteStore,
    connection: &'a Connection,
    /// The record that was read last: a refused batch is one record for all its keys.
    last: RefCell<Option<(Rows, Recorded)>>,
}

impl<'a> Look<'a> {
    /// Looks through a connection, which in an open write sees what nobody else does.
    pub(super) fn inside(store: &'a SqliteStore, connection: &'a Connection) -> Self {
        Self { store, connection, last: RefCell::new(None) }
    }

    pub(super) fn records(&self, after: Option<Stamp>, limit: usize) -> StoreResult<Vec<Record>> {
        let last = self.store.state.read().tip.row;
        let from = Position { stamp: after.map_or(0, Stamp::raw) + 1, posting: 0 };
        let mut records = Vec::new();
        if limit == 0 {
            return Ok(records);
        }
        in_snapshot(self.connection, || {
            let first = read::first_from(self.connection, from, last)?;
            RecordReader::new(self.connection).each(first, last, |_, recorded| {
                if let Recorded::Record(record) = recorded {
                    records.push(record);
                }
                Ok(records.len() < limit)
            })
        })?;
        Ok(records)
    }

    pub(super) fn asset(&self, code: AssetCode) -> StoreResult<Option<Arc<AssetRecord>>> {
        let known = self.store.state.read().assets.get(&code).cloned();
        if known.is_some() {
            return Ok(known);
        }
        let place = directory::find_asset(code, self.connection)?;
        let Some((_, row)) = place else { return Ok(None) };
        let asset = self.asset_record(row)?;
        Ok(Some(asset))
    }

    pub(super) fn assets(
        &self,
        after: Option<AssetCode>,
        limit: usize,
    ) -> StoreResult<Vec<Arc<AssetRecord>>> {
        let places = directory::list_assets(after, limit, self.connection)?;
        places.into_iter().map(|(_, row)| self.asset_record(row)).collect()
    }

    fn asset_record(&self, row: u64) -> StoreResult<Arc<AssetRecord>> {
        match RecordReader::new(self.connection).at(row)? {
            Some((_, Recorded::Record(Record::Asset(asset)))) => Ok(asset),
            _ => Err(damaged(format!("line {row} of the journal is no asset"))),
        }
    }

    pub(super) fn wallet_record(
        &self,
        (wallet, row): directory::WalletLine,
    ) -> StoreResult<Arc<WalletRecord>> {
        match RecordReader::new(self.connection).at(row)? {
            Some((_, Recorded::Record(Record::Wallet(record)))) if record.id == wallet => {
                Ok(record)
            }
            Some((_, Recorded::Record(Record::Asset(asset)))) if asset.world == wallet => {
                Ok(Arc::new(asset.world_wallet()))
            }
            _ => Err(damaged(format!("line {row} of the journal does not open wallet {wallet}"))),
        }
    }

    pub(super) fn wallet(&self, wallet: WalletId) -> StoreResult<Option<Wallet>> {
        let place = directory::find_wallet(wallet, self.connection)?;
        Ok(self.wallets_at(place.as_slice())?.pop())
    }

    pub(super) fn wallet_named(&self, name: &WalletName) -> StoreResult<Option<Wallet>> {
        let place = directory::find_name(name, self.connection)?;
        Ok(self.wallets_at(place.as_slice())?.pop())
    }

    pub(super) fn wallets(&self, filter: &WalletFilter) -> StoreResult<Vec<Wallet>> {
        let places = directory::list_wallets(filter, self.connection)?;
        self.wallets_at(&places)
    }

    fn wallets_at(&self, places: &[directory::WalletLine]) -> StoreResult<Vec<Wallet>> {
        let ids: Vec<WalletId> = places.iter().map(|(wallet, _)| *wallet).collect();
        let rows = match self.store.rows_in_memory(&ids) {
            Some(rows) => rows,
            None => self.store.load_rows(&ids, self.connection)?,
        };
        let wallets = places.iter().zip(rows).map(|(&place, row)| {
            let row = row.ok_or_else(|| damaged(format!("wallet {} has no state", place.0)))?;
            Ok(row.wallet(&*self.wallet_record(place)?))
        });
        wallets.collect()
    }

    pub(super) fn hold(&self, hold: HoldId) -> StoreResult<Option<Hold>> {
        holds::find(hold, self.connection)
    }

    pub(super) fn holds(&self, filter: &HoldFilter) -> StoreResult<Vec<Hold>> {
        holds::list(filter, self.connection)
    }

    pub(super) fn reversals(&self, transaction: TransactionId) -> StoreResult<Vec<Reversal>> {
        reversals::of(transaction, self.connection)
    }

    pub(super) fn backdated(
        &self,
        wallet: WalletId,
        effective: Timestamp,
        recorded: Span,
        each: &mut dyn FnMut(Amount),
    ) -> StoreResult<()> {
        backdated::each(wallet, effective, recorded, self.connection, each)
    }

    pub(super) fn tagged(&self, filter: &FindFilter<'_>) -> StoreResult<Vec<Arc<Transaction>>> {
        let last = self.store.state.read().tip.row;
        let mut found = Vec::new();
        in_snapshot(self.connection, || {
            let after = filter.after.map_or(Ok(0), |after| {
                let position = Position { stamp: after.raw(), posting: u32::MAX };
                Ok(read::first_from(self.connection, position, last)?.saturating_sub(1))
            })?;
            tags::find(self.connection, filter.key, filter.value, after, |row| {
                let record = RecordReader::new(self.connection).at(row)?;
                if let Some((rows, Recorded::Record(Record::Transaction(transaction)))) = record
                    && *rows.start() == row
                    && filter.passes(&transaction)
                {
                    found.push(transaction);
                }
                Ok(found.len() < filter.limit)
            })
        })?;
        Ok(found)
    }

    pub(super) fn find(&self, id: TransactionId) -> StoreResult<Option<Answer>> {
        let last = self.store.state.read().tip.row;
        let position = Position { stamp: id.raw(), posting: 0 };
        let row = read::first_from(self.connection, position, last)?;
        let Some((_, recorded)) = RecordReader::new(self.connection).at(row)? else {
            return Ok(None);
        };
        Ok(match recorded {
            Recorded::Record(Record::Transaction(transaction)) if transaction.id == id => {
                Some(Answer::Done(transaction))
            }
            Recorded::Record(Record::Refusal(refusal)) if refusal.id == id => {
                let position = refusal.batch_item.unwrap_or(0);
                Some(Answer::Refused { refusal, position })
            }
            _ => None,
        })
    }

    pub(super) fn answer(&self, key: &Key) -> StoreResult<Option<Answer>> {
        for row in self.lines_of(key)? {
            let answer = self.answer_in(key, row)?;
            if answer.is_some() {
                return Ok(answer);
            }
        }
        Ok(None)
    }

    /// The lines in which the key may stand, the youngest first.
    fn lines_of(&self, key: &Key) -> StoreResult<Vec<u64>> {
        const TRIES: usize = 8;
        for _ in 0..TRIES {
            let found = self.store.state.read().keys.find(key, self.connection)?;
            if let Ok(rows) = found {
                return Ok(rows);
            }
            // Another process has merged runs. While nobody publishes, the file's list is at least
            // as new as ours.
            let mut state = self.store.state.write();
            in_snapshot(self.connection, || state.keys.reload(self.connection))?;
        }
        Err(StoreError::Busy("the key index kept changing; try again".to_owned()))
    }

    fn answer_in(&self, key: &Key, row: u64) -> StoreResult<Option<Answer>> {
        let line = read::line(self.connection, row)?;
        if line.and_then(|line| line.key).as_ref() != Some(key) {
            return Ok(None);
        }
        if self.last.borrow().as_ref().is_none_or(|(rows, _)| !rows.contains(&row)) {
            *self.last.borrow_mut() = RecordReader::new(self.connection).at(row)?;
        }
        let last = self.last.borrow();
        let Some((rows, Recorded::Record(record))) = &*last else { return Ok(None) };
        Ok(match record {
            Record::Transaction(transaction) => Some(Answer::Done(transaction.clone())),
            Record::Refusal(refusal) => {
                let position = usize::try_from(row - rows.start()).unwrap_or(usize::MAX);
                Some(Answer::Refused { refusal: refusal.clone(), position })
            }
            _ => None,
        })
    }
}
