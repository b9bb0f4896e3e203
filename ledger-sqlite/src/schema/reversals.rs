//! What was reversed of which transaction.

use ledger_core::store::{StoreError, StoreResult};
use ledger_core::{Asset, Reversal, Transaction, TransactionId};
use rusqlite::{Connection, Row};

use crate::base::amount::{ReadAmount, StoredAmount};
use crate::base::failure::{before_commit, damaged, in_row, reading};
use crate::schema::directory::find_asset;

/// Notes what a transaction reversed, if it did.
pub(crate) fn save(transaction: &Transaction, connection: &Connection) -> StoreResult<()> {
    let Some((original, parts)) = transaction.reversed() else { return Ok(()) };
    for part in parts {
        let asset = part.amount.asset();
        let (world, _) = find_asset(asset.code(), connection)?
            .ok_or_else(|| StoreError::Refused(format!("asset {} is unknown", asset.code())))?;
        let amount = StoredAmount::from(part.amount.amount());
        connection
            .prepare_cached("INSERT INTO reversal VALUES (?1, ?2, ?3, ?4, ?5)")
            .and_then(|mut insert| {
                insert.execute((original.raw(), part.by.raw(), part.posting, amount, world.raw()))
            })
            .map_err(before_commit)?;
    }
    Ok(())
}

/// What was reversed of a transaction, in the order in which it was.
pub(crate) fn of(original: TransactionId, connection: &Connection) -> StoreResult<Vec<Reversal>> {
    let mut find = connection
        .prepare_cached(
            "SELECT by, posting, amount, code, scale FROM reversal JOIN asset ON world = asset \
             WHERE original = ?1 ORDER BY by, posting DESC",
        )
        .map_err(reading)?;
    let rows = find.query_map([original.raw()], |row| Ok(read(row))).map_err(reading)?;
    rows.map(|row| row.map_err(reading)?).collect()
}

fn read(row: &Row<'_>) -> StoreResult<Reversal> {
    let (by, posting) = (row.get(0).map_err(broken)?, row.get(1).map_err(broken)?);
    let ReadAmount(amount) = row.get(2).map_err(broken)?;
    let code: String = row.get(3).map_err(broken)?;
    let asset = Asset::new(&code, row.get(4).map_err(broken)?).map_err(damaged)?;
    let by = TransactionId::from_raw(by).ok_or_else(|| damaged("a reversal by nothing"))?;
    Ok(Reversal { by, posting, amount: asset.of(amount) })
}

/// A part that was reversed: of which transaction, by which, which posting, how much, and the asset's
/// world.
pub(crate) type Part = (u64, u64, u32, ledger_core::Amount, u64);

/// Every part.
pub(crate) fn all(connection: &Connection) -> StoreResult<Vec<Part>> {
    let mut find = connection
        .prepare("SELECT original, by, posting, amount, asset FROM reversal")
        .map_err(reading)?;
    let rows = find.query_map([], |row| {
        let ReadAmount(amount) = row.get(3)?;
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, amount, row.get(4)?))
    });
    rows.and_then(Iterator::collect).map_err(broken)
}

fn broken(error: rusqlite::Error) -> StoreError {
    in_row("a reversal")(error)
}
