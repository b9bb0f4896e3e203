//! The directory: assets and wallets by code, name and id.

use ledger_core::store::{StoreResult, WalletFilter};
use ledger_core::{Asset, AssetCode, WalletId, WalletName};
use rusqlite::{Connection, OptionalExtension, Row};

use crate::base::failure::{damaged, reading};

/// A wallet's id and its line in the journal.
pub(crate) type WalletLine = (WalletId, u64);

/// The world of an asset and its line in the journal.
pub(crate) fn find_asset(
    code: AssetCode,
    connection: &Connection,
) -> StoreResult<Option<WalletLine>> {
    connection
        .prepare_cached("SELECT world, row FROM asset WHERE code = ?1")
        .and_then(|mut find| find.query_row([code.as_str()], place).optional())
        .map_err(reading)
}

/// At most `limit` assets by code after `after`.
pub(crate) fn list_assets(
    after: Option<AssetCode>,
    limit: usize,
    connection: &Connection,
) -> StoreResult<Vec<WalletLine>> {
    let after = after.as_ref().map_or("", AssetCode::as_str);
    let mut find = connection
        .prepare_cached("SELECT world, row FROM asset WHERE code > ?1 ORDER BY code LIMIT ?2")
        .map_err(reading)?;
    let places = find.query_map((after, limit), place).map_err(reading)?;
    places.collect::<rusqlite::Result<_>>().map_err(reading)
}

pub(crate) fn find_name(
    name: &WalletName,
    connection: &Connection,
) -> StoreResult<Option<WalletLine>> {
    connection
        .prepare_cached("SELECT id, row FROM wallet WHERE name = ?1")
        .and_then(|mut find| find.query_row([name.as_str()], place).optional())
        .map_err(reading)
}

pub(crate) fn find_wallet(
    wallet: WalletId,
    connection: &Connection,
) -> StoreResult<Option<WalletLine>> {
    connection
        .prepare_cached("SELECT id, row FROM wallet WHERE id = ?1")
        .and_then(|mut find| find.query_row([wallet.raw()], place).optional())
        .map_err(reading)
}

/// Wallets by name.
pub(crate) fn list_wallets(
    filter: &WalletFilter,
    connection: &Connection,
) -> StoreResult<Vec<WalletLine>> {
    let after = filter.after.as_ref().map_or("", WalletName::as_str);
    let owner = filter.owner.as_ref().map(ledger_core::Owner::as_str);
    // Names from the prefix on, and not past the last text that can begin with it.
    let sql = if owner.is_some() {
        "SELECT id, row FROM wallet WHERE owner = ?4 AND name >= ?1 AND name > ?2 \
         AND substr(name, 1, length(?1)) = ?1 ORDER BY name LIMIT ?3"
    } else {
        "SELECT id, row FROM wallet WHERE ?4 IS NULL AND name >= ?1 AND name > ?2 \
         AND name < ?1 || char(1114111) AND substr(name, 1, length(?1)) = ?1 ORDER BY name LIMIT ?3"
    };
    let mut find = connection.prepare_cached(sql).map_err(reading)?;
    let places =
        find.query_map((&filter.prefix, after, filter.limit, owner), place).map_err(reading)?;
    places.collect::<rusqlite::Result<_>>().map_err(reading)
}

fn place(row: &Row<'_>) -> rusqlite::Result<WalletLine> {
    let raw: u64 = row.get(0)?;
    let id = WalletId::from_raw(raw).ok_or(rusqlite::Error::IntegralValueOutOfRange(0, 0))?;
    Ok((id, row.get(1)?))
}

/// What a wallet holds.
pub(crate) fn asset_of(connection: &Connection, wallet: WalletId) -> StoreResult<Option<Asset>> {
    connection
        .prepare_cached(
            "SELECT code, scale FROM wallet JOIN asset ON world = asset WHERE wallet.id = ?1",
        )
        .and_then(|mut find| {
            find.query_row([wallet.raw()], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, u8>(1)?))
            })
            .optional()
        })
        .map_err(reading)?
        .map(|(code, scale)| Asset::new(&code, scale).map_err(damaged))
        .transpose()
}

/// A wallet as it is found by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Registered {
    pub(crate) name: String,
    pub(crate) owner: Option<String>,
    pub(crate) world: WalletId,
    pub(crate) row: u64,
}

/// Every wallet.
pub(crate) fn list_all(connection: &Connection) -> StoreResult<Vec<(WalletId, Registered)>> {
    let mut find = connection
        .prepare("SELECT id, row, name, owner, asset FROM wallet NOT INDEXED")
        .map_err(reading)?;
    let rows = find.query_map([], |row| {
        let (id, line) = place(row)?;
        let world = WalletId::from_raw(row.get(4)?);
        let world = world.ok_or(rusqlite::Error::IntegralValueOutOfRange(4, 0))?;
        Ok((id, Registered { name: row.get(2)?, owner: row.get(3)?, world, row: line }))
    });
    rows.and_then(Iterator::collect).map_err(reading)
}

/// Every asset, the wallet that is its world, and its line in the journal.
pub(crate) fn list_all_assets(
    connection: &Connection,
) -> StoreResult<Vec<(AssetCode, WalletId, u64)>> {
    let mut find = connection.prepare("SELECT world, row, code FROM asset").map_err(reading)?;
    let rows =
        find.query_map([], |row| Ok((place(row)?, row.get::<_, String>(2)?))).map_err(reading)?;
    rows.map(|row| {
        let ((world, line), code) = row.map_err(reading)?;
        Ok((AssetCode::new(&code).map_err(damaged)?, world, line))
    })
    .collect()
}
