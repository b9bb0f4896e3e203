//! A wallet's history, read along its chain.

use ledger_core::store::{Position, Span, StoreResult};
use ledger_core::{Entry, Order, Posting, Postings, Transaction, TransactionId, WalletId};
use rusqlite::Connection;

use crate::base::failure::damaged;
use crate::chain::account::Account;
use crate::chain::roots::jump_distance;
use crate::journal::note::Note;
use crate::journal::read::{Hop, Hops, Lines, ReadLine};
use crate::journal::records::{RecordReader, Said};
use crate::schema::kinds::LineKind;

/// The lines of one wallet.
pub(crate) struct History<'c> {
    wallet: WalletId,
    head: u64,
    version: u64,
    /// The journal's last line.
    last: u64,
    records: RecordReader<'c>,
    hops: Hops<'c>,
    /// The last hop that was read: it is looked at for where it is, then for where it leads.
    hopped: Option<(u64, Hop)>,
    lines: Lines<'c>,
}

/// Which lines are known to stand before a position.
struct Side {
    wanted: Position,
    /// This row, and so all below it, do.
    before: u64,
    /// This row, and so all above it, do not.
    behind: u64,
}

impl Side {
    fn learn(&mut self, row: u64, found: Position) {
        if found < self.wanted {
            self.before = row;
        } else {
            self.behind = row;
        }
    }
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
            records: RecordReader::new(connection),
            hops: Hops::new(connection)?,
            hopped: None,
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
        let Some(newest) = self.newest_before(span.before)? else { return Ok(Vec::new()) };
        let mut entries = Vec::new();
        match order {
            Order::NewestFirst => {
                let is_over = |line: &ReadLine| line.position() <= span.after;
                self.walk(newest.row, is_over, limit, &mut entries)?;
            }
            Order::OldestFirst => self.climb(newest, span.after, limit, &mut entries)?,
        }
        Ok(entries)
    }

    /// Goes back from `row` to the line at which it is over.
    fn walk(
        &mut self,
        mut row: u64,
        is_over: impl Fn(&ReadLine) -> bool,
        limit: usize,
        entries: &mut Vec<Entry>,
    ) -> StoreResult<()> {
        while row > 0 && entries.len() < limit {
            let line = self.line(row)?;
            if is_over(&line) {
                break;
            }
            entries.extend(self.entry(&line)?);
            let linked = line.link_of(self.wallet).ok_or_else(|| self.broken(row))?;
            row = linked.previous.unwrap_or(0);
        }
        Ok(())
    }

    /// Goes forward to `newest` from the first line behind `after`. Links lead back only, so each
    /// stretch is found from its end.
    fn climb(
        &mut self,
        newest: Step,
        after: Position,
        limit: usize,
        entries: &mut Vec<Entry>,
    ) -> StoreResult<()> {
        // Nothing is passed if the span begins with the journal.
        let is_whole = after.stamp == 0;
        let passed = if is_whole { None } else { self.newest_before(next(after))? };
        let mut passed = passed.unwrap_or(Step { row: 0, version: 0 });
        while entries.len() < limit && passed.version < newest.version {
            let wanted = (limit - entries.len()) as u64;
            let end = self.at_version(newest, newest.version.min(passed.version + wanted))?;
            let mut stretch = Vec::new();
            self.walk(end.row, |line| line.row <= passed.row, usize::MAX, &mut stretch)?;
            entries.extend(stretch.into_iter().rev());
            passed = end;
        }
        Ok(())
    }

    /// The wallet's youngest line before a position.
    fn newest_before(&mut self, position: Position) -> StoreResult<Option<Step>> {
        let mut side = Side { wanted: position, before: 0, behind: self.last + 1 };
        let mut step = Step { row: self.head, version: self.version };
        while step.row > 0 && !self.is_before(&mut side, step.row)? {
            let link = self.hop(step.row)?.link;
            let is_too_far = match link.jump {
                Some(jump) => self.is_before(&mut side, jump)?,
                None => true,
            };
            let (row, distance) = match link.jump.filter(|_| !is_too_far) {
                Some(jump) => (jump, jump_distance(step.version)),
                None => (link.previous.unwrap_or(0), 1),
            };
            step = Step { row, version: step.version.saturating_sub(distance) };
        }
        Ok(Some(step).filter(|step| step.row > 0))
    }

    /// Whether the wallet's line stands before a position. Where lines stand grows with their rows, so
    /// most answers follow from others.
    fn is_before(&mut self, side: &mut Side, row: u64) -> StoreResult<bool> {
        if side.before < row && row < side.behind {
            side.learn(row, self.hop(row)?.position);
        }
        Ok(row <= side.before)
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

    fn line(&mut self, row: u64) -> StoreResult<ReadLine> {
        self.lines.at(row)?.ok_or_else(|| self.broken(row))
    }

    fn hop(&mut self, row: u64) -> StoreResult<Hop> {
        if let Some((_, hop)) = self.hopped.filter(|(hopped, _)| *hopped == row) {
            return Ok(hop);
        }
        let hop = self.hops.at(row, self.wallet)?.ok_or_else(|| self.broken(row))?;
        self.hopped = Some((row, hop));
        Ok(hop)
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
    let effective_at = Said::of(header)?.effective_at;
    let postings = Postings::from_iter([posting]);
    let Note { meta, actor } = note;
    Ok(Transaction {
        id,
        at: id.time(),
        effective_at,
        kind,
        key,
        fingerprint,
        postings,
        change: None,
        meta,
        actor,
    })
}
