//! What must hold whenever a ledger is opened again: everything that was told is true.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::SystemTime;

use ledger_core::store::{Record, Stamp, Store};
use ledger_core::{
    Amount, Asset, AssetCode, Balance, Change, Error, Hold, HoldId, Ledger, Limits, Money, Status,
    Timestamp, Transaction, Wallet, WalletId, WalletSpec,
};
use ledger_sqlite::{SqliteLedger, SqliteLedgerBuilder};

use crate::workload::clerk::{self, Clerk};
use crate::workload::spelled;
use crate::workload::told::{Copy, Said, Tell, Told};

/// Records read at once.
const PAGE: usize = 1_000;

/// How it is said that something is lost that was told, and no more than that.
pub const GONE: &str = "is not there";

/// Something that was told is not so, in words.
pub type Loss = String;

/// What a journal says.
#[derive(Debug, Default)]
struct Journal {
    done: BTreeMap<String, Transaction>,
    refused: BTreeMap<String, String>,
    wallets: BTreeMap<String, WalletId>,
    balances: BTreeMap<(AssetCode, WalletId), i128>,
    /// How often each wallet was changed.
    versions: BTreeMap<WalletId, u64>,
    statuses: BTreeMap<WalletId, Status>,
    limits: BTreeMap<WalletId, Limits>,
    holds: BTreeMap<HoldId, Hold>,
    last: Option<Stamp>,
}

/// Opens the file and compares it with what was told; gives the ledger back, still open.
pub fn reopened(path: &Path, told: &Told) -> Result<SqliteLedger, Loss> {
    if told.is_open && !path.exists() {
        return Err(format!("the file {GONE}"));
    }
    let ledger = open(path).map_err(|error| format!("it can't be opened: {error}"))?;
    same(&ledger, told)?;
    Ok(ledger)
}

/// Whether a file is sound, and nothing is open in it.
pub fn is_whole(path: &Path) -> Result<(), Loss> {
    let name = path.display();
    let found = SqliteLedger::verify_file(path, &[], &mut |_| ControlFlow::Continue(()))
        .map_err(|error| format!("{name}: {error}"))?;
    found.problem.map_or(Ok(()), |problem| Err(format!("{name}: {problem}")))
}

/// Whether a copy is sound, and has what had been said before it was asked for.
pub fn copy_holds(path: &Path, copy: &Copy) -> Result<(), Loss> {
    is_whole(path)?;
    let ledger = open(path).map_err(|error| format!("a copy can't be opened: {error}"))?;
    let journal = Journal::read(ledger.store().as_ref())?;
    for (key, said) in &copy.before {
        journal.has(key, said).map_err(|loss| format!("in a copy: {loss}"))?;
    }
    Ok(())
}

/// Opens a file with few keys in memory and in small steps, so that there are runs and merges of the key index,
/// checkpoints and sweeps to lose.
pub fn open(path: &Path) -> Result<SqliteLedger, Error> {
    builder(path).open()
}

/// The settings for that.
pub fn builder(path: &Path) -> SqliteLedgerBuilder {
    SqliteLedger::builder(path).recent_keys(40).in_small_steps()
}

/// Compares a ledger in a file with what was told, and has it checked in full.
pub fn same(ledger: &SqliteLedger, told: &Told) -> Result<(), Loss> {
    let found = ledger.verify().map_err(|error| format!("it can't be verified: {error}"))?;
    if let Some(problem) = found.problem {
        return Err(format!("verify says: {problem}"));
    }
    let store: &dyn Store = ledger.store().as_ref();
    same_store(store, ledger, told)
}

/// Compares any store with what was told.
pub fn same_store(store: &dyn Store, ledger: &Ledger, told: &Told) -> Result<(), Loss> {
    let journal = Journal::read(store)?;
    journal.has_what_was_told(told)?;
    journal.has_no_more(told)?;
    journal.agrees_with(ledger)
}

/// Looks some keys up: there must be what was told.
pub fn keys_are_found(ledger: &Ledger, told: &Told, every: usize) -> Result<(), Loss> {
    for (key, said) in told.answers.iter().step_by(every.max(1)) {
        let known = ledger.transaction_by_key(key.as_str()).map_err(|error| error.to_string())?;
        let is_open = matches!(said, Said::Sent | Said::Maybe | Said::There);
        if !is_open && *said != Said::found(known.as_ref()) {
            return Err(format!("under the key {key} is {known:?}, and it was told: {said:?}"));
        }
    }
    Ok(())
}

impl Journal {
    fn read(store: &dyn Store) -> Result<Self, Loss> {
        let mut journal = Self::default();
        loop {
            let records = store.records(journal.last, PAGE).map_err(|error| error.to_string())?;
            if records.is_empty() {
                return Ok(journal);
            }
            records.iter().try_for_each(|record| journal.add(record))?;
        }
    }

    fn add(&mut self, record: &Record) -> Result<(), Loss> {
        if self.last.is_some_and(|last| last >= record.stamp()) {
            return Err(format!("the journal runs back at {:?}", record.stamp()));
        }
        self.last = Some(record.stamp());
        let twice = |known: bool, what: &str| {
            if known { Err(format!("{what} is there twice")) } else { Ok(()) }
        };
        match record {
            Record::Transaction(it) => {
                self.move_money(it)?;
                self.change(it);
                let key = it.key.to_string();
                let known = self.done.insert(key.clone(), (**it).clone()).is_some();
                twice(known || self.refused.contains_key(&key), &key)
            }
            Record::Refusal(refusal) => {
                let kind = Error::from(refusal.rejection.clone()).kind().code();
                refusal.items.iter().try_for_each(|item| {
                    let key = item.key.to_string();
                    let known = self.refused.insert(key.clone(), kind.to_owned()).is_some();
                    twice(known || self.done.contains_key(&key), &key)
                })
            }
            Record::Wallet(wallet) => {
                let name = wallet.name.to_string();
                twice(self.wallets.insert(name.clone(), wallet.id).is_some(), &name)
            }
            _ => Ok(()),
        }
    }

    /// Adds up on its own, and looks whether each line says the same.
    fn move_money(&mut self, transaction: &Transaction) -> Result<(), Loss> {
        for it in transaction.postings.iter() {
            let (asset, amount) = (it.amount.asset().code(), it.amount.amount().minor());
            self.changed(it.from, it.from_version);
            self.changed(it.to, it.to_version);
            for (wallet, change, said) in
                [(it.from, -amount, it.from_balance), (it.to, amount, it.to_balance)]
            {
                let balance = self.balances.entry((asset, wallet)).or_default();
                *balance += change;
                if Amount::from_minor(*balance) != said {
                    return Err(format!("{}: {said:?} should be {balance}", transaction.id));
                }
            }
        }
        Ok(())
    }

    fn change(&mut self, transaction: &Transaction) {
        let Some(change) = transaction.change.as_deref() else { return };
        if let Some((wallet, version)) = change.wallet() {
            self.changed(wallet, version);
        }
        match change {
            Change::Hold(change) => drop(self.holds.insert(change.hold.id, change.hold)),
            Change::Status(change) => drop(self.statuses.insert(change.wallet, change.to)),
            Change::Limits(change) => drop(self.limits.insert(change.wallet, change.to.clone())),
            _ => {}
        }
    }

    fn changed(&mut self, wallet: WalletId, version: u64) {
        let known = self.versions.entry(wallet).or_default();
        *known = version.max(*known);
    }

    fn has(&self, key: &str, said: &Said) -> Result<(), Loss> {
        let is_there = match said {
            Said::Done(told) => self.done.get(key) == Some(told),
            Said::Refused(kind) => self.refused.get(key) == Some(kind),
            Said::There => self.done.contains_key(key) || self.refused.contains_key(key),
            Said::Nothing | Said::No | Said::Sent | Said::Maybe => true,
        };
        if is_there {
            return Ok(());
        }
        match (self.done.get(key), self.refused.get(key)) {
            (None, None) => Err(format!("the key {key} was told {said:?}, and {GONE}")),
            found => Err(format!("the key {key} was told {said:?}, and there is {found:?}")),
        }
    }

    fn has_what_was_told(&self, told: &Told) -> Result<(), Loss> {
        if let Some(contradiction) = told.contradictions.first() {
            return Err(contradiction.clone());
        }
        for (key, said) in &told.answers {
            self.has(key, said)?;
            let is_there = self.done.contains_key(key) || self.refused.contains_key(key);
            if *said == Said::Nothing && is_there {
                return Err(format!(
                    "the key {key} was told that nothing was written, and is there"
                ));
            }
        }
        for (name, id) in &told.wallets {
            if id.is_some_and(|id| self.wallets.get(name) != Some(&id)) {
                return Err(format!("the wallet {name} was opened, and {GONE}"));
            }
        }
        for keys in &told.together {
            let there: BTreeSet<bool> =
                keys.iter().map(|key| self.done.contains_key(key)).collect();
            if there.len() > 1 {
                return Err(format!("of {keys:?} some are there and some are not"));
            }
        }
        Ok(())
    }

    fn has_no_more(&self, told: &Told) -> Result<(), Loss> {
        let unknown =
            |key: &&String| !told.answers.contains_key(*key) && !key.starts_with(clerk::TIDIED);
        if let Some(key) = self.done.keys().chain(self.refused.keys()).find(unknown) {
            return Err(format!("the key {key} was never sent, and is there"));
        }
        match self.wallets.keys().find(|name| !told.wallets.contains_key(*name)) {
            Some(name) => Err(format!("the wallet {name} was never opened, and is there")),
            None => Ok(()),
        }
    }

    /// What the ledger shows is what the journal says; and nothing came from nowhere.
    fn agrees_with(&self, ledger: &Ledger) -> Result<(), Loss> {
        for ((_, wallet), balance) in &self.balances {
            let shown = ledger.balance(*wallet).map_err(|error| error.to_string())?.posted;
            if shown.amount().minor() != *balance {
                return Err(format!("{wallet} shows {shown}, and the journal says {balance}"));
            }
        }
        self.wallets_agree(ledger)?;
        self.others_are_empty(ledger)?;
        self.holds_agree(ledger)
    }

    /// Wallets that the journal never touched: they are as they were opened.
    fn others_are_empty(&self, ledger: &Ledger) -> Result<(), Loss> {
        let others: Vec<WalletId> =
            self.wallets.values().copied().filter(|id| !self.versions.contains_key(id)).collect();
        let shown = ledger.balances(&others).map_err(|error| error.to_string())?;
        let is_empty = |it: &Money| it.amount() == Amount::ZERO;
        let is_new = |it: &Balance| is_empty(&it.posted) && is_empty(&it.held) && it.version == 0;
        match shown.iter().find(|it| !is_new(it)) {
            Some(shown) => Err(format!("the journal has nothing of {shown:?}")),
            None => Ok(()),
        }
    }

    fn wallets_agree(&self, ledger: &Ledger) -> Result<(), Loss> {
        for (&id, &version) in &self.versions {
            let shown = ledger.balance(id).map_err(|error| error.to_string())?;
            let (at_least, at_most) = (self.held(id, self.now()), self.held(id, self.last_time()));
            let held = shown.held.amount().minor();
            if shown.version != version || held < at_least || held > at_most {
                return Err(format!(
                    "{id} is {shown:?}, and the journal says version {version}, {at_least} to {at_most} held"
                ));
            }
        }
        for (&id, status) in &self.statuses {
            let shown = ledger.wallet_by_id(id).map_err(|error| error.to_string())?;
            if shown.as_ref().map(|wallet| wallet.status) != Some(*status) {
                return Err(format!("{shown:?}, and the journal says {status:?}"));
            }
        }
        for (&id, limits) in &self.limits {
            let shown = ledger.wallet_by_id(id).map_err(|error| error.to_string())?;
            if shown.as_ref().map(limits_of).as_ref() != Some(limits) {
                return Err(format!("{shown:?}, and the journal says {limits:?}"));
            }
        }
        Ok(())
    }

    fn holds_agree(&self, ledger: &Ledger) -> Result<(), Loss> {
        for (&id, hold) in &self.holds {
            let shown = ledger.get_hold(id).map_err(|error| error.to_string())?;
            let is_same = shown == Some(*hold) || shown == Some(hold.at(self.now()));
            if !is_same {
                return Err(format!("the hold is {shown:?}, and the journal says {hold:?}"));
            }
        }
        Ok(())
    }

    /// What is reserved of a wallet at a time.
    fn held(&self, wallet: WalletId, now: Timestamp) -> i128 {
        let of_wallet = self.holds.values().filter(|hold| hold.wallet == wallet);
        of_wallet.map(|hold| hold.at(now).remaining.amount().minor()).sum()
    }

    fn last_time(&self) -> Timestamp {
        self.last.map_or(Timestamp::from_unix_ms(0), Stamp::time)
    }

    /// No earlier than any time at which the ledger was asked.
    fn now(&self) -> Timestamp {
        self.last_time().max(SystemTime::now().into())
    }
}

fn limits_of(wallet: &Wallet) -> Limits {
    let amount = |money: Option<Money>| money.map(|money| money.amount());
    Limits {
        floor: amount(wallet.floor),
        ceiling: amount(wallet.ceiling),
        largest: amount(wallet.largest),
        windows: wallet.windows.clone(),
    }
}

/// The ledger can be worked with: what is asked for again is answered as it was, and what is new is carried out.
pub fn goes_on(ledger: &SqliteLedger, told: &Told) -> Result<(), Loss> {
    let mut told = told.clone();
    told.failures.clear();
    spelled::send_again(ledger, &spelled::keys(&told), &mut |tell| told.hear(&tell))?;
    // A name that nobody had before.
    let name = format!("afterwards {}", told.answers.len());
    let tell = &mut |tell: Tell| told.hear(&tell);
    let worked = work(ledger, &name, tell).map_err(|error| error.to_string());
    worked.and_then(|()| told.has_no_failures()).map_err(|it| format!("it can't go on: {it}"))?;
    same(ledger, &told)
}

fn work(ledger: &SqliteLedger, name: &str, tell: &mut dyn FnMut(Tell)) -> Result<(), Error> {
    let mut clerk = Clerk::new(name, 1, ledger, tell)?;
    for _ in 0..4 {
        clerk.work(ledger, tell)?;
    }
    let usd = Asset::iso("USD")?;
    tell(Tell::SentWallet(name.to_owned()));
    let wallet = ledger.open_wallet(WalletSpec::new(name, usd)?)?;
    tell(Tell::Wallet(name.to_owned(), wallet.id));
    tell(Tell::Sent(name.to_owned()));
    let receipt = ledger.deposit(&wallet, usd.minor(1), name)?;
    tell(Tell::Said(name.to_owned(), Said::of(&Ok(receipt))));
    Ok(())
}
