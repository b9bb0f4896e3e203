//! What was moved as of an earlier time than that at which it was recorded.

use ledger_core::store::{Span, StoreError, StoreResult};
use ledger_core::{Amount, Timestamp, Transaction, WalletId};
use rusqlite::Connection;

use crate::base::amount::{ReadAmount, StoredAmount};
use crate::base::failure::{before_commit, in_row, reading};

/// Notes what a transaction moved, if it took effect earlier.
pub(crate) fn save(transaction: &Transaction, connection: &Connection) -> StoreResult<()> {
    let effective = transaction.effective_at.unix_ms();
    for (wallet, posting, amount) in transaction.backdated() {
        let amount = StoredAmount::from(amount);
        connection
            .prepare_cached("INSERT INTO backdated VALUES (?1, ?2, ?3, ?4, ?5)")
            .and_then(|mut insert| {
                insert.execute((wallet.raw(), effective, transaction.id.raw(), posting, amount))
            })
            .map_err(before_commit)?;
    }
    Ok(())
}

/// Hands over what came into a wallet, below zero what left it: of what took effect at `effective` or
/// before, and was recorded within `recorded`.
pub(crate) fn each(
    wallet: WalletId,
    effective: Timestamp,
    recorded: Span,
    connection: &Connection,
    each: &mut dyn FnMut(Amount),
) -> StoreResult<()> {
    // Ids are below 2^63.
    let place = |stamp: u64| i64::try_from(stamp).unwrap_or(i64::MAX);
    let (after, before) = (recorded.after, recorded.before);
    let mut find = connection
        .prepare_cached(
            "SELECT amount FROM backdated WHERE wallet = ?1 AND effective <= ?2 \
             AND (id, posting) > (?3, ?4) AND (id, posting) < (?5, ?6)",
        )
        .map_err(reading)?;
    let mut rows = find
        .query((
            wallet.raw(),
            effective.unix_ms(),
            place(after.stamp),
            after.posting,
            place(before.stamp),
            before.posting,
        ))
        .map_err(reading)?;
    while let Some(row) = rows.next().map_err(reading)? {
        let ReadAmount(amount) = row.get(0).map_err(broken)?;
        each(amount);
    }
    Ok(())
}

/// Whether what a transaction moved is noted just so.
pub(crate) fn is_noted(transaction: &Moved, connection: &Connection) -> StoreResult<bool> {
    let Moved { wallet, effective, id, posting, amount } = *transaction;
    let mut find = connection
        .prepare_cached(
            "SELECT amount FROM backdated \
             WHERE wallet = ?1 AND effective = ?2 AND id = ?3 AND posting = ?4",
        )
        .map_err(reading)?;
    let mut rows = find.query((wallet.raw(), effective.unix_ms(), id, posting)).map_err(reading)?;
    let row = rows.next().map_err(reading)?;
    let noted = row.map(|row| row.get::<_, ReadAmount>(0)).transpose().map_err(broken)?;
    Ok(noted.is_some_and(|ReadAmount(noted)| noted == amount))
}

/// How many notes there are.
pub(crate) fn count(connection: &Connection) -> StoreResult<u64> {
    let count = "SELECT count(*) FROM backdated";
    connection.query_row(count, [], |row| row.get(0)).map_err(reading)
}

/// Money that moved into a wallet, or out of it if below zero.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moved {
    pub(crate) wallet: WalletId,
    pub(crate) effective: Timestamp,
    pub(crate) id: u64,
    pub(crate) posting: u32,
    pub(crate) amount: Amount,
}

fn broken(error: rusqlite::Error) -> StoreError {
    in_row("what was moved as of an earlier time")(error)
}
