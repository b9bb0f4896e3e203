//! A wallet's history, read along its chain.

use ledger_core::store::{Position, Span, StoreResult};
use ledger_core::{Entry, Order, Posting, Postings, Transaction, TransactionId, WalletId};
use rusqlite::Connection;

use crate::base::failure::damaged;
use crate::chain::account::Account;
use crate::chain::roots::jump_distance;
use crate::journal::note::Note;
use crate::journal::read::{self, Hop, Hops, Lines, ReadLine};
use crate::journal::records::RecordReader;
use crate::schema::kinds::LineKind;

/// The lines of one wallet.
pub(crate) struct History<'c> {
    wallet: WalletId,
    head: u64,
    version: u64,
    /// The journal's last line.
    last: u64,
    connection: &'c Connection,
    records: RecordReader<'c>,
    hops: Hops<'c>,
    lines: Lines<'c>,
}

/// A line of the wallet, by its row and its place in the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step {
    row: u64,
    version: u64,
}

impl<'c> History<'c> {
    pub(crate) fn of(
        account: &Account,
        last: u64,
        connection: &'c Connection,
    ) -> StoreResult<Self> {
        Ok(Self {
            wallet: account.row.id,
            head: account.head(),
            version: account.roots.len(),
            last: last.max(account.head()),
            connection,
            records: RecordReader::new(connection),
            hops: Hops::new(connection)?,
            lines: Lines::new(connection)?,
        })
    }

    /// At most `limit` entries within `span`.
    pub(crate) fn entries(
        mut self,
        span: Span,
        order: Order,
        limit: usize,
    ) -> StoreResult<Vec<Entry>> {
        // The rows of the span: behind `after`, before `before`.
        let after = self.row_of(next(span.after))?.saturating_sub(1);
        let before = self.row_of(span.before)?;
        let Some(newest) = self.newest_below(before)? else { return Ok(Vec::new()) };
        let mut entries = Vec::new();
        match order {
            Order::NewestFirst => self.walk(newest.row, after, limit, &mut entries)?,
            Order::OldestFirst => self.climb(newest, after, limit, &mut entries)?,
        }
        Ok(entries)
    }

    /// Goes back from `row` as long as rows are above `after`.
    fn walk(
        &mut self,
        mut row: u64,
        after: u64,
        limit: usize,
        entries: &mut Vec<Entry>,
    ) -> StoreResult<()> {
        while row > after && entries.len() < limit {
            let line = self.line(row)?;
            entries.extend(self.entry(&line)?);
            let linked = line.link_of(self.wallet).ok_or_else(|| self.broken(row))?;
            row = linked.previous.unwrap_or(0);
        }
        Ok(())
    }

    /// Goes forward to `newest` from the first row above `after`. Links lead back only, so each
    /// stretch is found from its end.
    fn climb(
        &mut self,
        newest: Step,
        after: u64,
        limit: usize,
        entries: &mut Vec<Entry>,
    ) -> StoreResult<()> {
        // Nothing is passed if the span begins with the journal.
        let passed = if after == 0 { None } else { self.newest_below(after + 1)? };
        let mut passed = passed.unwrap_or(Step { row: 0, version: 0 });
        while entries.len() < limit && passed.version < newest.version {
            let wanted = (limit - entries.len()) as u64;
            let end = self.at_version(newest, newest.version.min(passed.version + wanted))?;
            let mut stretch = Vec::new();
            self.walk(end.row, passed.row, usize::MAX, &mut stretch)?;
            entries.extend(stretch.into_iter().rev());
            passed = end;
        }
        Ok(())
    }

    /// The wallet's youngest line whose row is below `bound`.
    fn newest_below(&mut self, bound: u64) -> StoreResult<Option<Step>> {
        let mut step = Step { row: self.head, version: self.version };
        while step.row >= bound {
            let Hop { version, link } = self.hop(step.row)?;
            let next = match link.jump.filter(|&jump| jump >= bound) {
                Some(jump) => Some((jump, jump_distance(version))),
                None => link.previous.map(|previous| (previous, 1)),
            };
            let Some((row, distance)) = next else { return Ok(None) };
            step = Step { row, version: version.saturating_sub(distance) };
        }
        Ok(Some(step).filter(|step| step.row > 0))
    }

    /// The line of the wallet with that version, going back from `step`.
    fn at_version(&mut self, mut step: Step, version: u64) -> StoreResult<Step> {
        while step.version > version {
            let Hop { link, .. } = self.hop(step.row)?;
            let behind = step.version.saturating_sub(jump_distance(step.version));
            let next = match link.jump.filter(|_| behind >= version) {
                Some(jump) => Step { row: jump, version: behind },
                None => Step { row: link.previous.unwrap_or(0), version: step.version - 1 },
            };
            if next.row == 0 {
                return Err(self.broken(step.row));
            }
            step = next;
        }
        Ok(step)
    }

    /// The first row that is not before a position.
    fn row_of(&self, position: Position) -> StoreResult<u64> {
        match position.stamp {
            0 => Ok(1),
            stamp if i64::try_from(stamp).is_err() => Ok(self.last + 1),
            _ => read::first_from(self.connection, position, self.last),
        }
    }

    fn line(&mut self, row: u64) -> StoreResult<ReadLine> {
        self.lines.at(row)?.ok_or_else(|| self.broken(row))
    }

    fn hop(&mut self, row: u64) -> StoreResult<Hop> {
        self.hops.at(row, self.wallet)?.ok_or_else(|| self.broken(row))
    }

    fn broken(&self, row: u64) -> ledger_core::store::StoreError {
        damaged(format!("the chain of wallet {} breaks at line {row}", self.wallet))
    }

    /// How the wallet sees a line; none if no money moved.
    fn entry(&mut self, line: &ReadLine) -> StoreResult<Option<Entry>> {
        if line.amount.is_none() {
            return Ok(None);
        }
        let posting = self.records.posting(line)?;
        let header = match line.item {
            0 => None,
            item => Some(self.line(line.row.saturating_sub(item.into()))?),
        };
        let header = header.as_ref().unwrap_or(line);
        let transaction = transaction(header, posting, self.records.note(header)?)?;
        let mut entry = Entry::new(self.wallet, &transaction, 0);
        if let Some(entry) = &mut entry {
            entry.posting = line.item;
        }
        Ok(entry)
    }
}

/// The position just behind another.
fn next(position: Position) -> Position {
    match position.posting.checked_add(1) {
        Some(posting) => Position { posting, ..position },
        None => Position { stamp: position.stamp.saturating_add(1), posting: 0 },
    }
}

/// A transaction of which only one posting is known.
fn transaction(header: &ReadLine, posting: Posting, note: Note) -> StoreResult<Transaction> {
    let (Some(LineKind::Done(kind)), Some(key), Some(fingerprint)) =
        (header.kind, header.key.clone(), header.fingerprint)
    else {
        return Err(header.damaged("is no transaction"));
    };
    let id = TransactionId::from_stamp(header.id);
    let postings = Postings::from_iter([posting]);
    let Note { meta, actor } = note;
    Ok(Transaction {
        id,
        at: id.time(),
        kind,
        key,
        fingerprint,
        postings,
        status: None,
        meta,
        actor,
    })
}
