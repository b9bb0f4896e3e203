//! Records as lines. What a line says of money comes from the record alone; its links come from the
//! wallets it touches as they are just then.

use ledger_core::store::{
    Record, Stamp, StoreError, StoreResult, WalletRecord, WalletRow, WalletRows, apply,
};
use ledger_core::{
    Actor, Amount, Asset, AssetRecord, Change, Hold, HoldId, HoldState, IndexChange, LimitsChange,
    Metadata, PeriodLock, Posting, Refusal, Rejection, RetentionRecord, Reverses, StatusChange,
    Timestamp, Transaction, WalletId,
};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::base::amount::StoredAmount;
use crate::base::failure::damaged;
use crate::chain::account::{Account, Accounts};
use crate::chain::links::{Link, Links};
use crate::journal::append::Appender;
use crate::journal::line::Line;
use crate::journal::note::StoredNote;
use crate::journal::seal::Seal;
use crate::schema::kinds::LineKind;

/// The part of a record that has no columns of its own, as JSON.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Body {
    Asset(AssetRecord),
    Wallet(WalletRecord),
    Status(StatusChange),
    Hold(HoldBody),
    Reversal(Reverses),
    Limits(LimitsChange),
    PeriodLock(PeriodLock),
    IndexMetadata(IndexChange),
    /// Of a transaction that took effect earlier than it was recorded: when, and what else it says.
    Dated {
        at: Timestamp,
        change: Option<Box<Body>>,
    },
    Refusal {
        batch_item: Option<usize>,
        rejection: Rejection,
    },
    Epoch(Epoch),
    Retention(RetentionRecord),
}

/// A hold as a line keeps it: the wallet and the asset stand elsewhere on the line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HoldBody {
    id: HoldId,
    target: WalletId,
    amount: Amount,
    tolerance: Amount,
    captured: Amount,
    remaining: Amount,
    expires_at: Timestamp,
    state: HoldState,
}

impl HoldBody {
    fn of(hold: &Hold) -> Self {
        Self {
            id: hold.id,
            target: hold.target,
            amount: hold.amount.amount(),
            tolerance: hold.tolerance.amount(),
            captured: hold.captured.amount(),
            remaining: hold.remaining.amount(),
            expires_at: hold.expires_at,
            state: hold.state,
        }
    }

    /// The hold on `wallet`, which holds `asset`.
    pub(crate) fn hold(&self, wallet: WalletId, asset: Asset) -> Hold {
        Hold {
            id: self.id,
            wallet,
            target: self.target,
            amount: asset.of(self.amount),
            tolerance: asset.of(self.tolerance),
            captured: asset.of(self.captured),
            remaining: asset.of(self.remaining),
            expires_at: self.expires_at,
            state: self.state,
        }
    }
}

/// A life of the file. A copy begins another one, so that it can't be taken for the file it was
/// copied from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Epoch {
    pub(crate) number: u64,
    /// Random, because two copies may begin the same epoch.
    pub(crate) id: String,
}

impl Body {
    fn of(change: &Change) -> StoreResult<Self> {
        Ok(match change {
            Change::Status(change) => Self::Status(*change),
            Change::Hold(change) => Self::Hold(HoldBody::of(&change.hold)),
            Change::Reversal(reverses) => Self::Reversal(reverses.clone()),
            Change::Limits(change) => Self::Limits(change.clone()),
            Change::PeriodLock(lock) => Self::PeriodLock(*lock),
            Change::IndexMetadata(change) => Self::IndexMetadata(change.clone()),
            _ => return Err(StoreError::Refused("this store can't keep such a change".to_owned())),
        })
    }

    /// What a transaction says that has no columns; mostly nothing.
    fn of_transaction(transaction: &Transaction) -> StoreResult<Option<Self>> {
        let change = transaction.change.as_deref().map(Self::of).transpose()?;
        let at = transaction.effective_at;
        let dated = || Self::Dated { at, change: change.clone().map(Box::new) };
        Ok(if at == transaction.at { change } else { Some(dated()) })
    }

    pub(crate) fn to_json(&self) -> StoreResult<String> {
        serde_json::to_string(self).map_err(damaged)
    }
}

/// Finds the account of a wallet that is not yet among those at hand.
pub(crate) type Load<'a> = &'a dyn Fn(WalletId) -> StoreResult<Option<Account>>;

/// Writes records as lines, and changes the accounts they touch on the way.
pub(crate) struct Encoder<'a, 'c> {
    appender: Appender<'a, 'c>,
    accounts: &'a mut Accounts,
    connection: &'c Connection,
    load: Load<'a>,
    /// Bytes of notes.
    noted: u64,
}

impl<'a, 'c> Encoder<'a, 'c> {
    pub(crate) fn new(
        appender: Appender<'a, 'c>,
        accounts: &'a mut Accounts,
        connection: &'c Connection,
        load: Load<'a>,
    ) -> Self {
        Self { appender, accounts, connection, load, noted: 0 }
    }

    /// The row of the next line.
    pub(crate) fn next_row(&self) -> u64 {
        self.appender.next_row()
    }

    /// Bytes written so far, about.
    pub(crate) fn bytes(&self) -> u64 {
        self.appender.bytes() + self.noted
    }

    /// Seals what was written; gives the last line's row and the seal.
    pub(crate) fn finish(self) -> StoreResult<(u64, Seal)> {
        let last = self.appender.next_row() - 1;
        Ok((last, self.appender.finish()?))
    }

    pub(crate) fn record(&mut self, record: &'a Record) -> StoreResult<()> {
        match record {
            Record::Asset(asset) => self.asset(asset),
            Record::Wallet(wallet) => self.wallet(wallet),
            Record::Transaction(transaction) => self.transaction(transaction),
            Record::Refusal(refusal) => self.refusal(refusal),
            Record::Retention(retention) => self.retention(retention),
            _ => Err(StoreError::Refused("this store can't keep such a record".to_owned())),
        }
    }

    fn asset(&mut self, asset: &AssetRecord) -> StoreResult<()> {
        self.accounts.insert(Account::opened(&asset.world_wallet()));
        let body = Body::Asset(AssetRecord { attributes: None, ..asset.clone() });
        self.one_line(asset.world.stamp(), LineKind::Asset, &body, asset.attributes.as_ref())
    }

    fn wallet(&mut self, wallet: &WalletRecord) -> StoreResult<()> {
        self.accounts.insert(Account::opened(wallet));
        let body = Body::Wallet(WalletRecord { meta: None, ..wallet.clone() });
        self.one_line(wallet.id.stamp(), LineKind::Wallet, &body, wallet.meta.as_ref())
    }

    fn retention(&mut self, retention: &RetentionRecord) -> StoreResult<()> {
        let body = Body::Retention(*retention);
        self.one_line(retention.id.stamp(), LineKind::Retention, &body, None)
    }

    /// A record that is all in its body.
    fn one_line(
        &mut self,
        id: Stamp,
        kind: LineKind,
        body: &Body,
        meta: Option<&Metadata>,
    ) -> StoreResult<()> {
        let (body, note) = (body.to_json()?, self.note(meta, None)?);
        self.appender.line(|line| {
            line.id = Some(id);
            line.kind = Some(kind.number());
            line.note = note;
            line.body = Some(body);
        })
    }

    fn transaction(&mut self, transaction: &'a Transaction) -> StoreResult<()> {
        let first = self.appender.next_row();
        let mut touching =
            Touching { accounts: self.accounts, load: self.load, first, touches: SmallVec::new() };
        apply(transaction, &mut touching);
        let mut touches = touching.touches.into_iter();
        let mut next = || touches.next().unwrap_or_else(|| Err(unknown_wallet()));
        let header = |line: &mut Line<'a>| {
            line.kind = Some(LineKind::Done(transaction.kind).number());
            line.key = Some(transaction.key.as_str());
            line.fingerprint = Some(transaction.fingerprint.as_bytes());
        };
        let mut note = self.note(transaction.meta.as_ref(), transaction.actor.as_deref())?;
        let change = transaction.change.as_deref();
        let body = Body::of_transaction(transaction)?;
        let mut body = body.map(|body| body.to_json()).transpose()?;
        for (item, posting) in (0..).zip(transaction.postings.iter()) {
            let (from, to) = (next()?, next()?);
            self.appender.line(|line| {
                line.id = Some(transaction.id.stamp());
                line.item = item;
                line.note = note.take();
                line.body = body.take();
                if item == 0 {
                    header(line);
                }
                fill_posting(line, posting, &from, &to);
            })?;
        }
        // A change that came with a posting stands on its line.
        if let Some(alone) = change.filter(|_| transaction.postings.is_empty()) {
            let its_wallet = alone.wallet().map(|wallet| Ok((wallet, next()?))).transpose()?;
            self.appender.line(|line| {
                line.id = Some(transaction.id.stamp());
                line.note = note;
                line.body = body;
                header(line);
                if let Some((wallet, touch)) = &its_wallet {
                    fill_change(line, *wallet, touch);
                }
            })?;
        }
        Ok(())
    }

    /// One line for each request, so that every key stands in a line of its own.
    fn refusal(&mut self, refusal: &'a Refusal) -> StoreResult<()> {
        let Refusal { batch_item, rejection, .. } = refusal;
        let body = Body::Refusal { batch_item: *batch_item, rejection: rejection.clone() };
        let mut body = Some(body.to_json()?);
        for (place, item) in (0..).zip(&refusal.items) {
            let note = self.note(item.meta.as_ref(), item.actor.as_deref())?;
            self.appender.line(|line| {
                line.id = Some(refusal.id.stamp());
                line.item = place;
                line.kind = Some(LineKind::Refused(item.kind).number());
                line.key = Some(item.key.as_str());
                line.fingerprint = Some(item.fingerprint.as_bytes());
                line.note = note;
                line.body = body.take();
            })?;
        }
        Ok(())
    }

    /// Writes the note of the next line; gives its digest.
    fn note(
        &mut self,
        meta: Option<&Metadata>,
        actor: Option<&Actor>,
    ) -> StoreResult<Option<[u8; 32]>> {
        let Some(note) = StoredNote::new(meta, actor, self.connection)? else { return Ok(None) };
        note.insert(self.appender.next_row(), self.connection)?;
        self.noted += note.bytes();
        Ok(Some(note.digest()))
    }
}

fn fill_posting(line: &mut Line<'_>, posting: &Posting, from: &Touch, to: &Touch) {
    let from_balance = StoredAmount::from(posting.from_balance);
    line.from_wallet = Some(posting.from.raw());
    line.to_wallet = Some(posting.to.raw());
    line.amount = Some(posting.amount.amount().into());
    line.from_balance = Some(from_balance);
    line.to_balance = Some(posting.to_balance.into());
    line.floor = comparable_floor(from.floor, from_balance);
    line.from_version = Some(posting.from_version);
    line.to_version = Some(posting.to_version);
    line.links = Links { from: from.link, to: to.link }.encode(line.row);
}

fn fill_change(line: &mut Line<'_>, (wallet, version): (WalletId, u64), touch: &Touch) {
    line.from_wallet = Some(wallet.raw());
    line.from_balance = Some(touch.posted.into());
    line.from_version = Some(version);
    line.links = Links { from: touch.link, to: Link::default() }.encode(line.row);
}

/// The database compares integers rightly and nothing else.
fn comparable_floor(floor: Option<Amount>, balance: StoredAmount) -> Option<i64> {
    match (floor.map(StoredAmount::from)?, balance) {
        (StoredAmount::Narrow(floor), StoredAmount::Narrow(_)) => Some(floor),
        _ => None,
    }
}

fn unknown_wallet() -> StoreError {
    StoreError::Refused("a record touches a wallet that is not in the journal".to_owned())
}

/// Accounts while a transaction is applied to them, and what each line needs to know of them.
struct Touching<'a> {
    accounts: &'a mut Accounts,
    load: Load<'a>,
    /// The row of the transaction's first line.
    first: u64,
    touches: SmallVec<[StoreResult<Touch>; 2]>,
}

/// What a line needs to know of a wallet it touches.
#[derive(Clone, Copy)]
struct Touch {
    link: Link,
    floor: Option<Amount>,
    /// Its balance before the line.
    posted: Amount,
}

impl Touching<'_> {
    /// Sees to it that the wallet is among the accounts.
    fn load(&mut self, wallet: WalletId) -> StoreResult<()> {
        let account = (self.load)(wallet)?.ok_or_else(unknown_wallet)?;
        self.accounts.insert(account);
        Ok(())
    }
}

impl WalletRows for Touching<'_> {
    fn touch(&mut self, wallet: WalletId, posting: Option<u32>) -> Option<&mut WalletRow> {
        if self.accounts.get(wallet).is_none()
            && let Err(error) = self.load(wallet)
        {
            self.touches.push(Err(error));
            return None;
        }
        // What has no posting has one line.
        let place = posting.map_or(0, u64::from);
        let account = self.accounts.get_mut(wallet)?;
        let link = account.roots.push(self.first + place);
        let WalletRow { floor, posted, .. } = account.row;
        self.touches.push(Ok(Touch { link, floor, posted }));
        Some(&mut account.row)
    }
}
