//! Lines as records again.

use std::ops::RangeInclusive;
use std::sync::Arc;

use hashbrown::HashMap;
use ledger_core::store::{Record, StoreError, StoreResult, WalletRecord};
use ledger_core::{Asset, Kind};
use ledger_core::{
    AssetRecord, Change, HoldChange, Key, Posting, Postings, Refusal, RefusedItem, RetentionRecord,
    Timestamp, Transaction, TransactionId, WalletId,
};
use rusqlite::Connection;

use crate::base::failure::damaged;
use crate::journal::encode::Body;
use crate::journal::note::{Note, StoredNote};
use crate::journal::read::{self, ReadLine};
use crate::schema::directory;
use crate::schema::kinds::LineKind;

/// What a record of the file is: one of the ledger's, or one that only a file has.
#[derive(Clone, Debug)]
pub(crate) enum Recorded {
    Record(Record),
    Epoch,
}

/// The rows of a record's lines.
pub(crate) type Rows = RangeInclusive<u64>;

/// Puts lines together to records.
pub(crate) struct RecordReader<'c> {
    connection: &'c Connection,
    assets: HashMap<WalletId, Asset>,
}

impl<'c> RecordReader<'c> {
    pub(crate) fn new(connection: &'c Connection) -> Self {
        Self { connection, assets: HashMap::new() }
    }

    /// The record of which `row` is a line, and the rows of its lines.
    pub(crate) fn at(&mut self, row: u64) -> StoreResult<Option<(Rows, Recorded)>> {
        let Some(line) = read::line(self.connection, row)? else { return Ok(None) };
        let first = row.saturating_sub(line.item.into());
        let mut found = None;
        self.each(first, u64::MAX >> 1, |rows, record| {
            found = Some((rows, record));
            Ok(false)
        })?;
        Ok(found)
    }

    /// Hands the records in the lines from `first` to `last` to `each`, with the rows of their lines,
    /// until it says no.
    pub(crate) fn each(
        &mut self,
        first: u64,
        last: u64,
        mut each: impl FnMut(Rows, Recorded) -> StoreResult<bool>,
    ) -> StoreResult<()> {
        let mut waiting: Vec<ReadLine> = Vec::new();
        let mut goes_on = true;
        read::lines(self.connection, first, last, |line| {
            let begins = line.item == 0;
            if begins && !waiting.is_empty() {
                let (rows, record) = self.record(&waiting)?;
                waiting.clear();
                goes_on = each(rows, record)?;
            }
            let in_place = u64::from(line.item) == waiting.len() as u64
                && waiting.first().is_none_or(|header| header.id == line.id);
            if goes_on && !in_place {
                return Err(line.damaged("does not follow the one before it"));
            }
            waiting.push(line);
            Ok(goes_on)
        })?;
        if goes_on && !waiting.is_empty() {
            let (rows, record) = self.record(&waiting)?;
            each(rows, record)?;
        }
        Ok(())
    }

    fn record(&mut self, lines: &[ReadLine]) -> StoreResult<(Rows, Recorded)> {
        let header = lines.first().ok_or_else(|| damaged("a record without a line"))?;
        let kind = header.kind.ok_or_else(|| header.damaged("has no kind"))?;
        let rows = header.row..=lines.last().map_or(header.row, |line| line.row);
        let recorded = match kind {
            LineKind::Done(kind) => {
                Record::Transaction(Arc::new(self.transaction(kind, header, lines)?))
            }
            LineKind::Refused(_) => Record::Refusal(Arc::new(self.refusal(header, lines)?)),
            LineKind::Asset => Record::Asset(Arc::new(self.asset(header)?)),
            LineKind::Wallet => Record::Wallet(Arc::new(self.wallet(header)?)),
            LineKind::Retention => Record::Retention(retention(header)?),
            LineKind::Epoch => return Ok((rows, Recorded::Epoch)),
        };
        Ok((rows, Recorded::Record(recorded)))
    }

    fn transaction(
        &mut self,
        kind: Kind,
        header: &ReadLine,
        lines: &[ReadLine],
    ) -> StoreResult<Transaction> {
        let id = TransactionId::from_stamp(header.id);
        let moves = lines.iter().filter(|line| line.amount.is_some());
        let postings: Postings =
            moves.map(|line| self.posting(line)).collect::<StoreResult<_>>()?;
        let (effective_at, change) = self.change(header)?;
        let Note { meta, actor } = self.note(header)?;
        Ok(Transaction {
            id,
            at: id.time(),
            effective_at,
            kind,
            key: key(header)?,
            fingerprint: fingerprint(header)?,
            postings,
            change: change.map(Box::new),
            meta,
            actor,
        })
    }

    /// What its first line says of when it took effect, and of what it changed besides moving money.
    fn change(&mut self, header: &ReadLine) -> StoreResult<(Timestamp, Option<Change>)> {
        let Said { effective_at, body } = Said::of(header)?;
        let Some(body) = body else {
            let is_whole = header.amount.is_some();
            return is_whole.then_some((effective_at, None)).ok_or_else(|| no_body(header));
        };
        let change = match (body, header.from) {
            (Body::Status(change), _) => Change::Status(change),
            (Body::Reversal(reverses), _) => Change::Reversal(reverses),
            (Body::Limits(change), _) => Change::Limits(change),
            (Body::PeriodLock(lock), _) => Change::PeriodLock(lock),
            (Body::IndexMetadata(change), _) => Change::IndexMetadata(change),
            (Body::Hold(hold), Some(from)) => {
                let hold = hold.hold(from.wallet, self.asset_of(from.wallet)?);
                Change::Hold(HoldChange { hold, version: from.version })
            }
            _ => return Err(header.damaged("changes nothing that is known")),
        };
        Ok((effective_at, Some(change)))
    }

    pub(crate) fn posting(&mut self, line: &ReadLine) -> StoreResult<Posting> {
        let (Some(from), Some(to), Some(amount)) = (line.from, line.to, line.amount) else {
            return Err(line.damaged("is a posting without its parts"));
        };
        Ok(Posting {
            from: from.wallet,
            to: to.wallet,
            amount: self.asset_of(from.wallet)?.of(amount),
            from_balance: from.balance,
            to_balance: to.balance,
            from_version: from.version,
            to_version: to.version,
        })
    }

    /// What a wallet holds.
    fn asset_of(&mut self, wallet: WalletId) -> StoreResult<Asset> {
        if let Some(asset) = self.assets.get(&wallet) {
            return Ok(*asset);
        }
        let asset = directory::asset_of(self.connection, wallet)?
            .ok_or_else(|| damaged(format!("wallet {wallet} is in the journal only")))?;
        self.assets.insert(wallet, asset);
        Ok(asset)
    }

    fn refusal(&self, header: &ReadLine, lines: &[ReadLine]) -> StoreResult<Refusal> {
        let Body::Refusal { batch_item, rejection } = body(header)? else {
            return Err(header.damaged("is no refusal"));
        };
        let items = lines.iter().map(|line| self.refused_item(line));
        let id = TransactionId::from_stamp(header.id);
        Ok(Refusal {
            id,
            at: id.time(),
            items: items.collect::<StoreResult<_>>()?,
            batch_item,
            rejection,
        })
    }

    fn refused_item(&self, line: &ReadLine) -> StoreResult<RefusedItem> {
        let Some(LineKind::Refused(kind)) = line.kind else {
            return Err(line.damaged("is not refused as the rest of its batch is"));
        };
        let Note { meta, actor } = self.note(line)?;
        Ok(RefusedItem { key: key(line)?, fingerprint: fingerprint(line)?, kind, meta, actor })
    }

    fn asset(&self, line: &ReadLine) -> StoreResult<AssetRecord> {
        match body(line)? {
            Body::Asset(asset) if asset.world.stamp() == line.id => {
                Ok(AssetRecord { attributes: self.note(line)?.meta, ..asset })
            }
            _ => Err(line.damaged("is no asset")),
        }
    }

    fn wallet(&self, line: &ReadLine) -> StoreResult<WalletRecord> {
        match body(line)? {
            Body::Wallet(wallet) if wallet.id.stamp() == line.id => {
                Ok(WalletRecord { meta: self.note(line)?.meta, ..wallet })
            }
            _ => Err(line.damaged("is no wallet")),
        }
    }

    /// The note of a line; empty also where it was erased.
    pub(crate) fn note(&self, line: &ReadLine) -> StoreResult<Note> {
        if line.note.is_none() {
            return Ok(Note::default());
        }
        let found = StoredNote::find(line.row, self.connection)?;
        found.map_or(Ok(Note::default()), |note| note.read())
    }
}

fn retention(line: &ReadLine) -> StoreResult<RetentionRecord> {
    match body(line)? {
        Body::Retention(retention) if retention.id.stamp() == line.id => Ok(retention),
        _ => Err(line.damaged("does not say how long keys are remembered")),
    }
}

/// What a line says as JSON.
pub(crate) struct Said {
    /// When its record took effect.
    pub(crate) effective_at: Timestamp,
    /// The rest.
    pub(crate) body: Option<Body>,
}

impl Said {
    pub(crate) fn of(line: &ReadLine) -> StoreResult<Self> {
        let recorded = line.id.time();
        let Some(json) = &line.body else {
            return Ok(Self { effective_at: recorded, body: None });
        };
        let body = serde_json::from_str(json)
            .map_err(|error| line.damaged(&format!("has a broken body ({error})")))?;
        match body {
            Body::Dated { at, change } if at < recorded => {
                Ok(Self { effective_at: at, body: change.map(|change| *change) })
            }
            Body::Dated { .. } => Err(line.damaged("is dated later than it was recorded")),
            body => Ok(Self { effective_at: recorded, body: Some(body) }),
        }
    }
}

/// What a line says as JSON, besides when it took effect.
pub(crate) fn body(line: &ReadLine) -> StoreResult<Body> {
    Said::of(line)?.body.ok_or_else(|| no_body(line))
}

fn no_body(line: &ReadLine) -> StoreError {
    line.damaged("has no body")
}

fn key(line: &ReadLine) -> StoreResult<Key> {
    line.key.clone().ok_or_else(|| line.damaged("has no key"))
}

fn fingerprint(line: &ReadLine) -> StoreResult<ledger_core::Fingerprint> {
    line.fingerprint.ok_or_else(|| line.damaged("has no fingerprint"))
}
