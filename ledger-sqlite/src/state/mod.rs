//! What memory holds of the file: a fold of the journal's lines up to some line. Whoever reads
//! further lines may add them, in order; the result is the same.

use std::sync::Arc;

use hashbrown::HashMap;
use ledger_core::store::{Record, StoreResult, Terms, WalletRow, WalletRows, apply};
use ledger_core::{AssetCode, AssetRecord, Transaction, WalletId};
use rusqlite::Connection;
use smallvec::SmallVec;

use crate::base::failure::damaged;
use crate::chain::account::{Account, Accounts};
use crate::journal::end;
use crate::journal::read::{self, Tip};
use crate::journal::records::{RecordReader, Recorded};
use crate::keys::entry::Entry;
use crate::keys::index::KeyIndex;
use crate::schema::progress::Progress;
use crate::schema::registry;

pub(crate) struct State {
    /// The last line that is in.
    pub(crate) tip: Tip,
    /// At least all wallets that were touched since `saved`.
    pub(crate) accounts: Accounts,
    /// Every wallet's state as of this line or later is in its table.
    pub(crate) saved: u64,
    pub(crate) keys: KeyIndex,
    /// Assets never change, so that what was once found stays true.
    pub(crate) assets: HashMap<AssetCode, Arc<AssetRecord>>,
    /// What holds for the ledger as a whole.
    pub(crate) terms: Terms,
}

impl State {
    /// Makes it from the file: what is derived there, and the lines behind that.
    pub(crate) fn load(connection: &Connection) -> StoreResult<Self> {
        end::check(connection)?;
        let mut state = Self::empty(connection)?;
        state.tip.row = state.saved.min(state.keys.upto());
        state.catch_up(connection)?;
        Ok(state)
    }

    /// What is derived in the file, without any line.
    pub(crate) fn empty(connection: &Connection) -> StoreResult<Self> {
        let tip = read::known_tip(connection)?;
        Ok(Self {
            tip: Tip { row: 0, ..tip },
            accounts: Accounts::default(),
            saved: Progress::Balances.get(connection)?,
            keys: KeyIndex::load(connection)?,
            assets: HashMap::new(),
            terms: terms(connection)?,
        })
    }

    /// Takes over how far the derived tables are, when another process has brought them further.
    pub(crate) fn refresh_derived(&mut self, connection: &Connection) -> StoreResult<()> {
        self.saved = self.saved.max(Progress::Balances.get(connection)?);
        if Progress::Runs.get(connection)? != self.keys.generation() {
            self.keys.reload(connection)?;
        }
        Ok(())
    }

    /// Adds the lines behind `tip`, while nobody writes or in a transaction that the caller has open.
    pub(crate) fn catch_up(&mut self, connection: &Connection) -> StoreResult<()> {
        let tip = read::known_tip(connection)?;
        if tip.row < self.tip.row {
            return Err(damaged("the journal has become shorter"));
        }
        if tip.row == self.tip.row {
            self.tip = tip;
            return Ok(());
        }
        let mut records = RecordReader::new(connection);
        records.each(self.tip.row + 1, tip.row, |rows, recorded| {
            if let Recorded::Record(record) = recorded {
                self.add(&record, *rows.start(), connection)?;
            }
            // So that what is added is never added again, should a later line be damaged.
            self.tip.row = *rows.end();
            Ok(true)
        })?;
        self.tip = tip;
        Ok(())
    }

    /// Adds a record that begins in the line `row`. If that fails, it may be added again.
    pub(crate) fn add(
        &mut self,
        record: &Record,
        row: u64,
        connection: &Connection,
    ) -> StoreResult<()> {
        if let Record::Transaction(transaction) = record {
            let mut adding =
                Adding { accounts: &mut self.accounts, transaction, row, connection, failed: None };
            apply(transaction, &mut adding);
            adding.failed.map_or(Ok(()), Err)?;
        }
        let mut entries = SmallVec::<[Entry; 1]>::new();
        key_entries(&self.keys, record, row, |entry| entries.push(entry));
        entries.into_iter().for_each(|entry| self.keys.add(entry));
        self.terms.take_in(record);
        Ok(())
    }

    /// The last line of which the keys are forgotten for ever; 0 if none are.
    pub(crate) fn forgotten(&self, connection: &Connection) -> StoreResult<u64> {
        let until = self.terms.retention.and_then(|it| it.forgotten_at(self.tip.id.time()));
        let Some(until) = until else { return Ok(0) };
        read::last_until(connection, until, self.tip.row)
    }

    /// A wallet's account, if memory holds it.
    pub(crate) fn account(&self, wallet: WalletId) -> Option<&Account> {
        self.accounts.get(wallet)
    }
}

/// What the file says of the ledger as a whole.
pub(crate) fn terms(connection: &Connection) -> StoreResult<Terms> {
    let mut terms = Terms::default();
    for line in Progress::TERMS {
        let row = line.get(connection)?;
        match RecordReader::new(connection).at(row)? {
            Some((_, Recorded::Record(record))) if Terms::are_changed_by(&record) => {
                terms.take_in(&record);
            }
            None if row == 0 => {}
            _ => return Err(damaged(format!("line {row} says nothing of the ledger as a whole"))),
        }
    }
    Ok(terms)
}

/// Hands over the entries of a record's keys, if the record begins in the line `row`.
pub(crate) fn key_entries(keys: &KeyIndex, record: &Record, row: u64, mut each: impl FnMut(Entry)) {
    match record {
        Record::Transaction(transaction) => each(Entry::new(keys.hash(&transaction.key), row)),
        Record::Refusal(refusal) => {
            let lines = (row..).zip(&refusal.items);
            lines.for_each(|(row, item)| each(Entry::new(keys.hash(&item.key), row)));
        }
        _ => {}
    }
}

/// Accounts while a transaction that was read is added to them.
struct Adding<'a> {
    accounts: &'a mut Accounts,
    transaction: &'a Transaction,
    row: u64,
    connection: &'a Connection,
    failed: Option<ledger_core::store::StoreError>,
}

impl Adding<'_> {
    /// The line of one of the changes, and the wallet's version after it.
    fn change(&self, wallet: WalletId, posting: Option<u32>) -> Option<(u64, u64)> {
        let Some(place) = posting else {
            let (_, version) = self.transaction.change.as_deref()?.wallet()?;
            return Some((self.row, version));
        };
        let posting = self.transaction.postings.get(usize::try_from(place).ok()?)?;
        let is_from = posting.from == wallet;
        let version = if is_from { posting.from_version } else { posting.to_version };
        Some((self.row + u64::from(place), version))
    }

    fn find(
        &mut self,
        wallet: WalletId,
        posting: Option<u32>,
    ) -> StoreResult<Option<&mut WalletRow>> {
        let (line, version) =
            self.change(wallet, posting).ok_or_else(|| damaged("a posting of nobody's"))?;
        if self.accounts.get(wallet).is_none() {
            let account = registry::load(wallet, self.connection)?
                .ok_or_else(|| damaged(format!("wallet {wallet} is in the journal only")))?;
            self.accounts.insert(account);
        }
        let Some(account) = self.accounts.get_mut(wallet) else { return Ok(None) };
        // Its state may have been written after this line: then the line is in it.
        if version <= account.row.version {
            return Ok(None);
        }
        if version != account.row.version + 1 || line <= account.head() {
            return Err(damaged(format!("line {line} does not follow the wallet's line before")));
        }
        account.roots.push(line);
        Ok(Some(&mut account.row))
    }
}

impl WalletRows for Adding<'_> {
    fn touch(&mut self, wallet: WalletId, posting: Option<u32>) -> Option<&mut WalletRow> {
        if self.failed.is_some() {
            return None;
        }
        match self.find(wallet, posting) {
            Ok(Some(_)) => self.accounts.get_mut(wallet).map(|account| &mut account.row),
            Ok(None) => None,
            Err(error) => {
                self.failed = Some(error);
                None
            }
        }
    }
}
