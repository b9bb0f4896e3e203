//! Assets and wallets by code, name and id, and wallets' states as last written.

use hashbrown::HashMap;
use ledger_core::store::{
    Record, Reserved, StoreError, StoreResult, Usage, WalletFilter, WalletRecord, WalletRow,
};
use ledger_core::{
    Asset, AssetCode, AssetRecord, Limits, Status, Transaction, WalletId, WalletName,
};
use rusqlite::{Connection, OptionalExtension, Row};

use crate::base::amount::{ReadAmount, StoredAmount};
use crate::base::failure::{before_commit, damaged, in_row, reading};
use crate::chain::account::Account;
use crate::chain::roots::Roots;
use crate::schema::progress::Progress;
use crate::schema::{backdated, holds, reversals};

/// A wallet's id and its line in the journal.
pub(crate) type Place = (WalletId, u64);

const ACCOUNT: &str = "SELECT asset.code, asset.scale, asset.world, version, posted, \
    EXISTS (SELECT 1 FROM hold WHERE hold.wallet = ?1 AND hold.state = 0), floor, \
    ceiling, status, roots, largest, windows \
    FROM wallet_state AS state \
    JOIN wallet ON wallet.id = state.id JOIN asset ON asset.world = wallet.asset \
    WHERE state.id = ?1";

fn insert_asset(asset: &AssetRecord, row: u64, connection: &Connection) -> StoreResult<()> {
    connection
        .prepare_cached("INSERT INTO asset (world, code, scale, row) VALUES (?1, ?2, ?3, ?4)")
        .and_then(|mut insert| {
            insert.execute((asset.world.raw(), asset.code().as_str(), asset.asset.scale(), row))
        })
        .map_err(before_commit)?;
    insert_wallet(&asset.world_wallet(), asset.world, row, connection)
}

/// Notes a wallet whose asset has that world.
fn insert_wallet(
    wallet: &WalletRecord,
    world: WalletId,
    row: u64,
    connection: &Connection,
) -> StoreResult<()> {
    let owner = wallet.owner.as_ref().map(ledger_core::Owner::as_str);
    connection
        .prepare_cached(
            "INSERT INTO wallet (id, name, owner, asset, row) VALUES (?1, ?2, ?3, ?4, ?5)",
        )
        .and_then(|mut insert| {
            insert.execute((wallet.id.raw(), wallet.name.as_str(), owner, world.raw(), row))
        })
        .map_err(before_commit)?;
    save(&Account::opened(wallet), connection).map(|_| ())
}

/// Notes what is found by something else than its place: assets and wallets by their names, holds,
/// what was reversed, and how long keys are remembered.
pub(crate) fn register(record: &Record, row: u64, connection: &Connection) -> StoreResult<()> {
    match record {
        Record::Asset(asset) => insert_asset(asset, row, connection),
        Record::Wallet(wallet) => {
            let asset = find_asset(wallet.asset.code(), connection)?;
            let (world, _) = asset.ok_or_else(|| {
                StoreError::Refused(format!("wallet {} is in an unknown asset", wallet.name))
            })?;
            insert_wallet(wallet, world, row, connection)
        }
        Record::Retention(_) => Progress::Retention.set(row, connection),
        Record::Transaction(transaction) => {
            transaction.hold().map_or(Ok(()), |hold| holds::save(hold, connection))?;
            reversals::save(transaction, connection)?;
            backdated::save(transaction, connection)?;
            register_terms(transaction, row, connection)
        }
        _ => Ok(()),
    }
}

fn register_terms(transaction: &Transaction, row: u64, connection: &Connection) -> StoreResult<()> {
    if transaction.period_lock().is_some() {
        Progress::PeriodLock.set(row, connection)?;
    }
    if let Some(change) = transaction.indexed() {
        Progress::Indexed.set(row, connection)?;
        if change.to.iter().any(|key| !change.from.contains(key)) {
            // What was written before has to be gone through again for the keys that are new.
            Progress::Tags.set(0, connection)?;
        }
    }
    Ok(())
}

/// The world of an asset and its line in the journal.
pub(crate) fn find_asset(code: AssetCode, connection: &Connection) -> StoreResult<Option<Place>> {
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
) -> StoreResult<Vec<Place>> {
    let after = after.as_ref().map_or("", AssetCode::as_str);
    let mut find = connection
        .prepare_cached("SELECT world, row FROM asset WHERE code > ?1 ORDER BY code LIMIT ?2")
        .map_err(reading)?;
    let places = find.query_map((after, limit), place).map_err(reading)?;
    places.collect::<rusqlite::Result<_>>().map_err(reading)
}

pub(crate) fn find_name(name: &WalletName, connection: &Connection) -> StoreResult<Option<Place>> {
    connection
        .prepare_cached("SELECT id, row FROM wallet WHERE name = ?1")
        .and_then(|mut find| find.query_row([name.as_str()], place).optional())
        .map_err(reading)
}

pub(crate) fn find_wallet(wallet: WalletId, connection: &Connection) -> StoreResult<Option<Place>> {
    connection
        .prepare_cached("SELECT id, row FROM wallet WHERE id = ?1")
        .and_then(|mut find| find.query_row([wallet.raw()], place).optional())
        .map_err(reading)
}

/// Wallets by name.
pub(crate) fn list_wallets(
    filter: &WalletFilter,
    connection: &Connection,
) -> StoreResult<Vec<Place>> {
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

fn place(row: &Row<'_>) -> rusqlite::Result<Place> {
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

/// A wallet's account as it was last written.
pub(crate) fn load(wallet: WalletId, connection: &Connection) -> StoreResult<Option<Account>> {
    let mut find = connection.prepare_cached(ACCOUNT).map_err(reading)?;
    let mut rows = find.query([wallet.raw()]).map_err(reading)?;
    rows.next().map_err(reading)?.map(|row| account(wallet, row, connection)).transpose()
}

fn account(wallet: WalletId, row: &Row<'_>, connection: &Connection) -> StoreResult<Account> {
    let what = format!("the state of wallet {wallet}");
    let broken = in_row(&what);
    let amount = |column| {
        let amount: Option<ReadAmount> = row.get(column).map_err(broken)?;
        Ok::<_, StoreError>(amount.map(|ReadAmount(amount)| amount))
    };
    let there = |column| amount(column)?.ok_or_else(|| damaged("a state without a balance"));
    let code: String = row.get(0).map_err(broken)?;
    let scale = row.get(1).map_err(broken)?;
    let status: i64 = row.get(8).map_err(broken)?;
    let roots: Vec<u8> = row.get(9).map_err(broken)?;
    let version: u64 = row.get(3).map_err(broken)?;
    let roots = Roots::decode(&roots).filter(|roots| roots.len() == version);
    let asset = Asset::new(&code, scale).map_err(damaged)?;
    let is_world = row.get::<_, u64>(2).map_err(broken)? == wallet.raw();
    let mut account_row = WalletRow::new(wallet, asset, is_world);
    account_row.status = read_status(status)
        .ok_or_else(|| damaged(format!("wallet {wallet} has status {status}")))?;
    account_row.version = version;
    account_row.posted = there(4)?;
    if row.get(5).map_err(broken)? {
        account_row.set_reserved(Reserved::by(&holds::open_of(wallet, connection)?));
    }
    let (floor, ceiling, largest) = (amount(6)?, amount(7)?, amount(10)?);
    let windows: Option<String> = row.get(11).map_err(broken)?;
    account_row.set_limits(&Limits { floor, ceiling, largest, windows: Vec::new() });
    if let Some(windows) = windows {
        account_row.set_usages(read_windows(&windows, wallet)?);
    }
    Ok(Account {
        row: account_row,
        roots: roots.ok_or_else(|| damaged(format!("the chain of wallet {wallet}")))?,
    })
}

/// Writes a wallet's account down; says how many bytes its windows take.
pub(crate) fn save(account: &Account, connection: &Connection) -> StoreResult<u64> {
    let WalletRow { id, status, version, posted, .. } = account.row;
    let Limits { floor, ceiling, largest, .. } = account.row.limits();
    let usages = account.row.usages();
    let windows = (!usages.is_empty()).then(|| serde_json::to_string(usages)).transpose();
    let windows = windows.map_err(|error| StoreError::Refused(error.to_string()))?;
    let bytes = windows.as_ref().map_or(0, String::len) as u64;
    let roots = account.roots.encode();
    connection
        .prepare_cached(
            "REPLACE INTO wallet_state \
             (id, version, posted, floor, ceiling, largest, windows, status, roots) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )
        .and_then(|mut replace| {
            replace.execute((
                id.raw(),
                version,
                StoredAmount::from(posted),
                floor.map(StoredAmount::from),
                ceiling.map(StoredAmount::from),
                largest.map(StoredAmount::from),
                windows,
                status_number(status),
                roots.as_slice(),
            ))
        })
        .map_err(before_commit)?;
    Ok(bytes)
}

fn read_windows(text: &str, wallet: WalletId) -> StoreResult<Vec<Usage>> {
    serde_json::from_str(text)
        .map_err(|wrong| damaged(format!("the windows of wallet {wallet}: {wrong}")))
}

fn status_number(status: Status) -> i64 {
    match status {
        Status::Open => 0,
        Status::Frozen => 1,
        Status::Closed => 2,
    }
}

fn read_status(number: i64) -> Option<Status> {
    [Status::Open, Status::Frozen, Status::Closed]
        .into_iter()
        .find(|&status| status_number(status) == number)
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

/// Every wallet's account as it was last written.
pub(crate) fn load_all(connection: &Connection) -> StoreResult<HashMap<WalletId, Account>> {
    let mut find = connection.prepare("SELECT id FROM wallet_state").map_err(reading)?;
    let ids = find.query_map([], |row| row.get::<_, u64>(0)).map_err(reading)?;
    let mut accounts = HashMap::new();
    for id in ids {
        let id = WalletId::from_raw(id.map_err(reading)?)
            .ok_or_else(|| damaged("a state of no wallet"))?;
        let account = load(id, connection)?;
        accounts.insert(
            id,
            account.ok_or_else(|| damaged(format!("the state of {id} has no wallet")))?,
        );
    }
    Ok(accounts)
}
