//! Checks reversals against what they reverse, by rules of its own.

use hashbrown::HashMap;
use ledger_core::store::{Position, StoreResult};
use ledger_core::{Amount, Reverses, WalletId};
use rusqlite::Connection;

use crate::journal::read::{self, ReadLine};
use crate::schema::kinds::LineKind;
use crate::schema::reversals::Part;

/// What the lines so far reversed.
#[derive(Debug, Default)]
pub(crate) struct ReversalCheck {
    parts: Vec<Part>,
    /// How many lines of a reversal are still to come.
    due: usize,
    /// What is left of each posting of which a part was reversed.
    left: HashMap<(u64, u32), Amount>,
}

impl ReversalCheck {
    /// Takes in a line of a reversal, whose first line says that it `reverses`.
    pub(crate) fn take(
        &mut self,
        line: &ReadLine,
        reverses: &Reverses,
        asset: WalletId,
        connection: &Connection,
    ) -> StoreResult<()> {
        let wrong = || line.damaged("reverses what can't be reversed");
        let item = usize::try_from(line.item).unwrap_or(usize::MAX);
        let (Some(&posting), Some(amount)) = (reverses.postings.get(item), line.amount) else {
            return Err(wrong());
        };
        let original = reverses.transaction.raw();
        let found = find(original, posting, line.row, connection)?;
        let (found, moved) =
            found.and_then(|found| Some((found.amount?, found))).ok_or_else(wrong)?;
        let wallet = |end: Option<read::End>| end.map(|end| end.wallet);
        let is_back =
            (wallet(line.from), wallet(line.to)) == (wallet(moved.to), wallet(moved.from));
        let left = self.left.entry((original, posting)).or_insert(found);
        let rest = left.checked_sub(amount).filter(|rest| !rest.is_negative());
        *left = rest.filter(|_| is_back).ok_or_else(wrong)?;
        self.parts.push((original, line.id.raw(), posting, amount, asset.raw()));
        self.due = reverses.postings.len() - item - 1;
        Ok(())
    }

    /// Whether all lines of the last reversal were there.
    pub(crate) fn is_whole(&self) -> bool {
        self.due == 0
    }

    /// Whether these are all parts there are.
    pub(crate) fn is_all(&mut self, mut parts: Vec<Part>) -> bool {
        parts.sort_unstable();
        self.parts.sort_unstable();
        self.parts == parts
    }
}

/// The line of a posting that was made before the line `row`, unless it is a reversal itself.
fn find(
    transaction: u64,
    posting: u32,
    row: u64,
    connection: &Connection,
) -> StoreResult<Option<ReadLine>> {
    let position = Position { stamp: transaction, posting };
    let first = read::first_from(connection, Position { posting: 0, ..position }, row)?;
    let header = read::line(connection, first)?.filter(|line| line.id.raw() == transaction);
    let is_reversal = |line: &ReadLine| {
        matches!(line.kind, Some(LineKind::Done(ledger_core::Kind::Reversal)) | None)
    };
    if header.is_none_or(|header| is_reversal(&header)) {
        return Ok(None);
    }
    let found = read::line(connection, first + u64::from(posting))?;
    Ok(found.filter(|line| line.position() == position && line.row < row))
}
