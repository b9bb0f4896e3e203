//! A group on its way into the file.

use std::time::{Duration, Instant};

use ledger_core::store::{
    Group, Record, Rows, Stamp, Stamps, StoreError, StoreResult, Terms, Wants,
};
use ledger_core::{Timestamp, WalletId};
use parking_lot::MutexGuard;
use rusqlite::{Connection, ErrorCode};

use crate::base::failure::{before_commit, damaged, in_commit};
use crate::chain::account::{Account, Accounts};
use crate::file::turn::{Stop, Turn, unsettled};
use crate::journal::append::Appender;
use crate::journal::encode::Encoder;
use crate::journal::read::{self, Tip};
use crate::journal::tags;
use crate::keys::entry::Entry;
use crate::keys::index::Change;
use crate::schema::progress::Progress;
use crate::schema::{directory, holds, registry, reversals};
use crate::state::key_entries;
use crate::store::SqliteStore;
use crate::store::look::Look;
use crate::store::sweep::Sweep;
use crate::store::writer::Writer;

/// Bytes of the index that a key makes, merges included, about.
const KEY_BYTES: u64 = 60;
/// Bytes that opening a wallet or changing a hold changes: a page of each table and index.
const OPENED_BYTES: u64 = 5 * 4_096;
/// Bytes that a note of when something took effect changes, about: many share a page.
const DATED_BYTES: u64 = 256;
/// Pages that a commit writes, at least.
const COMMIT_BYTES: u64 = 2 * 4_096;

pub(crate) struct SqliteGroup<'a> {
    store: &'a SqliteStore,
    /// Given back before the writer's place, which the next group in this process would else take with the same
    /// lock on the same file, and lose it as this one gives it back.
    _turn: Option<Turn<'a>>,
    writer: MutexGuard<'a, Writer>,
    /// Copies of what the group works on.
    accounts: Accounts,
    tip: Tip,
    /// Whether the transaction is open and must be taken back.
    open: bool,
}

/// What a commit changes in memory once it is durable.
struct Committed {
    accounts: Accounts,
    keys: Vec<Entry>,
    terms: Option<Terms>,
    tip: Tip,
    saved: Option<u64>,
    change: Option<Change>,
}

impl SqliteStore {
    /// Takes the writer's place, and catches up with what others wrote.
    pub(super) fn begin_group(&self, stop: Stop<'_>) -> StoreResult<SqliteGroup<'_>> {
        self.health.check_to_write()?;
        let mut writer = self.writer.lock();
        self.health.check()?;
        let turn = self.take_turn(stop)?;
        if !self.settings.exclusive {
            // In files that were replaced, this would write over what others were answered.
            self.health.note(self.identity.check())?;
        }
        self.checkpointed(writer.check_log())?;
        if !self.settings.exclusive {
            // Others may have written to the log meanwhile.
            writer.room.forget();
        }
        writer.look_for_room()?;
        begin(&writer.connection, self.settings.wait, stop)?;
        let mut group = SqliteGroup {
            store: self,
            _turn: turn,
            writer,
            accounts: Accounts::default(),
            tip: self.state.read().tip,
            open: true,
        };
        group.catch_up()?;
        Ok(group)
    }

    /// Waits for the writers' turn. There is none any more without its lock file, or once a checkpoint failed
    /// wherever the ledger is open.
    pub(super) fn take_turn(&self, stop: Stop<'_>) -> StoreResult<Option<Turn<'_>>> {
        self.turns.take(stop).or_else(|error| {
            self.health.note(self.turns.check())?;
            Err(error)
        })
    }

    /// What becomes of a checkpoint that failed. Without room everything stays in the log, which grows until there
    /// is, or is too long. If a flush failed, everyone has to close the file. What an earlier checkpoint moved
    /// beside a reader was not flushed, may be in memory only, and counts as moved in the log's index, which lives
    /// as long as anyone has the file open. To flush it again would say that all is well.
    pub(super) fn checkpointed<T>(&self, done: StoreResult<T>) -> StoreResult<T> {
        done.map_err(|error| match error {
            StoreError::Broken(_) => {
                self.turns.mark_unsettled();
                self.health.ail(unsettled());
                unsettled()
            }
            StoreError::InDoubt(_) => {
                self.health.ail(error.clone());
                error
            }
            other => other,
        })
    }
}

/// How long SQLite waits by itself, in which nobody can stop it.
const DEAF: Duration = Duration::from_millis(20);

fn begin(connection: &Connection, wait: Duration, stop: Stop<'_>) -> StoreResult<()> {
    let begun = Instant::now();
    connection.busy_timeout(wait.min(DEAF)).map_err(before_commit)?;
    let result = loop {
        let run = connection.prepare_cached("BEGIN IMMEDIATE").and_then(|mut it| it.execute([]));
        let is_busy =
            |error: &rusqlite::Error| error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy);
        match run {
            Err(error) if is_busy(&error) && begun.elapsed() < wait && !stop() => {}
            result => break result,
        }
    };
    connection.busy_timeout(wait).map_err(before_commit)?;
    result.map(|_| ()).map_err(before_commit)
}

impl SqliteGroup<'_> {
    /// Only now, inside of the transaction, is it certain that nobody else writes.
    fn catch_up(&mut self) -> StoreResult<()> {
        if self.store.settings.exclusive {
            return Ok(());
        }
        let connection = &self.writer.connection;
        // A look may have taken in the lines already, but not what became of the runs.
        let is_behind = read::last_row(connection)? != self.tip.row;
        let runs = Progress::Runs.get(connection)?;
        if !is_behind && runs == self.store.state.read().keys.generation() {
            return Ok(());
        }
        let mut state = self.store.state.write();
        state.catch_up(connection)?;
        state.refresh_derived(connection)?;
        self.tip = state.tip;
        Ok(())
    }

    /// A wallet's account, from memory or from the file.
    fn account(&self, wallet: WalletId) -> StoreResult<Option<Account>> {
        if let Some(account) = self.store.state.read().account(wallet) {
            return Ok(Some(account.clone()));
        }
        registry::load(wallet, &self.writer.connection)
    }

    fn look(&self) -> Look<'_> {
        Look::inside(self.store, &self.writer.connection)
    }

    fn load_wallets(&mut self, wants: &Wants<'_>, rows: &mut Rows) -> StoreResult<()> {
        self.accounts = Accounts::with_capacity(wants.wallets.len());
        let state = self.store.state.read();
        let mut missing = Vec::new();
        for &wallet in &wants.wallets {
            match state.account(wallet) {
                Some(account) => {
                    rows.insert_wallet(&account.row);
                    self.accounts.insert(account.clone());
                }
                None => missing.push(wallet),
            }
        }
        drop(state);
        for wallet in missing {
            if let Some(account) = self.account(wallet)? {
                rows.insert_wallet(&account.row);
                self.accounts.insert(account);
            }
        }
        Ok(())
    }

    fn load_names(&mut self, wants: &Wants<'_>, rows: &mut Rows) -> StoreResult<()> {
        for &name in &wants.names {
            let Some(place) = directory::find_name(name, &self.writer.connection)? else {
                continue;
            };
            let record = self.look().wallet_record(place)?;
            let account = self.account(record.id)?.ok_or_else(|| damaged("a name of no wallet"))?;
            rows.insert_wallet(&account.row);
            rows.insert_name(record);
            self.accounts.insert(account);
        }
        Ok(())
    }

    /// Writes the records and does a piece of the work that is due, in the open transaction.
    fn write(&mut self, records: &[Record]) -> StoreResult<Committed> {
        check_order(records, self.tip.id)?;
        let mut accounts = std::mem::take(&mut self.accounts);
        let writer = &mut *self.writer;
        let connection = &writer.connection;
        let state = self.store.state.read();
        let load = |wallet: WalletId| match state.account(wallet) {
            Some(account) => Ok(Some(account.clone())),
            None => registry::load(wallet, connection),
        };
        let appender = Appender::new(connection, self.tip.row, &self.tip.seal);
        let mut encoder = Encoder::new(appender, &mut accounts, connection, &load);
        let mut keys = Vec::with_capacity(records.len());
        let (mut terms, mut registered) = (None, 0);
        for record in records {
            let row = encoder.next_row();
            if !is_plain(record) {
                if Terms::are_changed_by(record) {
                    terms.get_or_insert_with(|| state.terms.clone()).take_in(record);
                }
                registered += registered_bytes(record);
                registry::register(record, row, connection)?;
            }
            key_entries(&state.keys, record, row, |entry| keys.push(entry));
            encoder.record(record)?;
        }
        let bytes = encoder.bytes();
        let (row, seal) = encoder.finish()?;
        let id = records.last().map_or(self.tip.id, Record::stamp);
        let tip = Tip { row, id, seal };
        let lines = usize::try_from(row - self.tip.row).unwrap_or(usize::MAX);
        let change = writer.keys.step(&state.keys, keys.len(), self.tip.row, connection, || {
            state.forgotten(connection)
        })?;
        let terms_now = terms.as_ref().unwrap_or(&state.terms);
        let tagged = writer.tags.step(connection, terms_now, self.tip.row)?;
        let pace = &self.store.settings.pace;
        writer.sweep.begin_if_due(&state.accounts, state.saved, self.tip.row, pace.sweep_lines);
        let wallets = lines.max(pace.sweep_wallets);
        let saved = writer.sweep.step(wallets, &accounts, &state.accounts, connection)?;
        let swept = writer.sweep.take_bytes();
        let flushed = if change.is_some() { KEY_BYTES * state.keys.recent() as u64 } else { 0 };
        let journaled = bytes + KEY_BYTES * keys.len() as u64 + flushed + registered;
        let work = 2 * journaled + tagged;
        writer.since_checkpoint += work.max(COMMIT_BYTES);
        writer.room.make(work + swept, self.store.anchor.as_deref())?;
        Ok(Committed { accounts, keys, terms, tip, saved, change })
    }

    fn commit_transaction(&mut self) -> StoreResult<()> {
        let connection = &self.writer.connection;
        let run = |sql| connection.prepare_cached(sql).and_then(|mut commit| commit.execute([]));
        run("COMMIT").map_err(in_commit)?;
        self.open = false;
        let store = self.store;
        // Else a commit goes into the log alone, and who comes next looks at all.
        if store.settings.exclusive { store.identity.check() } else { store.identity.check_log() }
    }

    /// Writes all wallets' states down, so that the next opening is quick.
    pub(super) fn settle(mut self) -> StoreResult<()> {
        let saved = {
            let state = self.store.state.read();
            let mut sweep = Sweep::over(&state.accounts, state.saved, state.tip.row);
            tags::finish(&self.writer.connection, &state.terms, state.tip.row)?;
            sweep.finish(&state.accounts, &self.writer.connection)?
        };
        self.commit_or_doubt()?;
        self.store.state.write().saved = saved;
        self.checkpoint()
    }

    /// Whether closing has nothing to write down.
    pub(super) fn is_settled(&self) -> bool {
        self.store.state.read().saved == self.tip.row && self.writer.since_checkpoint == 0
    }

    fn publish(&self, committed: Committed) {
        let mut state = self.store.state.write();
        if let Some(change) = committed.change {
            state.keys.apply(change);
        }
        state.saved = state.saved.max(committed.saved.unwrap_or(0));
        // A reader may have been faster, and taken it all from the file.
        if state.tip.row < committed.tip.row {
            committed.keys.into_iter().for_each(|entry| state.keys.add(entry));
            state.accounts.absorb(committed.accounts);
            if let Some(terms) = committed.terms {
                state.terms = terms;
            }
            state.tip = committed.tip;
        }
    }

    /// What was committed is durable already, so a failure here is none of the group's.
    fn checkpoint_if_due(&mut self) {
        if self.writer.since_checkpoint >= self.store.settings.pace.checkpoint_bytes {
            let _none_of_its = self.checkpoint();
        }
    }

    fn checkpoint(&mut self) -> StoreResult<()> {
        // What is moved into another file counts as moved.
        self.store.health.note(self.store.identity.check_database())?;
        let done = self.writer.checkpoint();
        self.store.checkpointed(done)
    }

    /// Commits. From here on nobody knows, until the commit has returned; a panic counts as doubt.
    fn commit_or_doubt(&mut self) -> StoreResult<()> {
        let doubt = Doubt(self.store);
        let done = self.commit_transaction();
        std::mem::forget(doubt);
        done.map_err(|error| {
            let doubt = in_doubt(error.clone());
            let is_lost = matches!(error, StoreError::Broken(_));
            self.store.health.ail(if is_lost { error } else { doubt.clone() });
            doubt
        })
    }
}

/// Whether a record changes nothing but balances; nearly all are so.
#[inline]
fn is_plain(record: &Record) -> bool {
    matches!(record, Record::Transaction(transaction) if transaction.is_plain())
}

/// Bytes of derived tables that change as a record is written, about.
fn registered_bytes(record: &Record) -> u64 {
    match record {
        Record::Wallet(_) | Record::Asset(_) => OPENED_BYTES,
        Record::Transaction(transaction) => {
            let changed = if transaction.change.is_some() { OPENED_BYTES } else { 0 };
            changed + DATED_BYTES * transaction.backdated().count() as u64
        }
        _ => 0,
    }
}

fn check_order(records: &[Record], last: Stamp) -> StoreResult<()> {
    let stamps = records.iter().map(Record::stamp);
    if std::iter::once(last).chain(stamps).is_sorted_by(|earlier, later| earlier < later) {
        return Ok(());
    }
    let problem = "records must come in the order of their ids, behind those there are";
    Err(StoreError::Refused(problem.to_owned()))
}

impl Group for SqliteGroup<'_> {
    fn load(&mut self, wants: &Wants<'_>) -> StoreResult<Rows> {
        self.store.health.check()?;
        let mut rows = Rows::with_room_for(wants);
        rows.set_terms(self.store.state.read().terms.clone());
        self.load_wallets(wants, &mut rows)?;
        self.load_names(wants, &mut rows)?;
        let look = self.look();
        let suspects = self.store.state.read().keys.suspects(&wants.keys);
        for key in suspects {
            if let Some(answer) = look.answer(key)? {
                rows.insert_answer(key.clone(), answer);
            }
        }
        for &hold in &wants.holds {
            if let Some(hold) = holds::find(hold, &self.writer.connection)? {
                rows.insert_hold(hold);
            }
        }
        for &transaction in &wants.reversed {
            let so_far = reversals::of(transaction, &self.writer.connection)?;
            rows.insert_reversals(transaction, so_far);
        }
        for &code in &wants.assets {
            if let Some(asset) = look.asset(code)? {
                rows.insert_asset(asset);
            }
        }
        Ok(rows)
    }

    fn reserve(&mut self, now: Timestamp, node: u8, count: usize) -> StoreResult<Option<Stamps>> {
        Ok(Stamps::after(Some(self.tip.id), now, node, count))
    }

    fn commit(mut self: Box<Self>, records: Vec<Record>) -> StoreResult<()> {
        self.store.health.check()?;
        // After a panic, what was begun besides the rows can't be told from what was done.
        let doubt = Doubt(self.store);
        let written = self.write(&records);
        std::mem::forget(doubt);
        let committed = written.inspect_err(|_| self.writer.forget_work())?;
        self.commit_or_doubt()?;
        self.publish(committed);
        self.checkpoint_if_due();
        Ok(())
    }
}

/// Whatever went wrong in a commit, of this one nobody knows.
fn in_doubt(error: StoreError) -> StoreError {
    match error {
        StoreError::InDoubt(_) => error,
        other => StoreError::InDoubt(other.to_string()),
    }
}

/// Makes the store doubt, unless it is forgotten.
struct Doubt<'a>(&'a SqliteStore);

impl Drop for Doubt<'_> {
    fn drop(&mut self) {
        self.0.health.ail(StoreError::InDoubt("a commit was interrupted".to_owned()));
    }
}

impl Drop for SqliteGroup<'_> {
    fn drop(&mut self) {
        if !self.open || self.store.health.is_forked() {
            return;
        }
        // After a doubtful commit the connection is not used again.
        if self.store.health.is_in_doubt() {
            return;
        }
        if let Err(error) = self.writer.connection.execute_batch("ROLLBACK")
            && !self.writer.connection.is_autocommit()
        {
            let problem = format!("a write could not be taken back ({error})");
            self.store.health.ail(StoreError::InDoubt(problem));
        }
    }
}
