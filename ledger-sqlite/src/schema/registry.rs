//! Noting what is found by something else than its place, and wallets' states as last written.

use hashbrown::HashMap;
use ledger_core::store::{
    Record, Reserved, StoreError, StoreResult, Usage, WalletRecord, WalletRow,
};
use ledger_core::{Asset, AssetRecord, Limits, Status, Transaction, WalletId};
use rusqlite::{Connection, Row};

use crate::base::amount::{ReadAmount, StoredAmount};
use crate::base::failure::{before_commit, damaged, in_row, reading};
use crate::chain::account::Account;
use crate::chain::roots::Roots;
use crate::schema::directory::find_asset;
use crate::schema::progress::Progress;
use crate::schema::{backdated, holds, reversals};

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

/// A wallet's account as it was last written.
pub(crate) fn load(wallet: WalletId, connection: &Connection) -> StoreResult<Option<Account>> {
    let mut find = connection.prepare_cached(ACCOUNT).map_err(reading)?;
    let mut rows = find.query([wallet.raw()]).map_err(reading)?;
    rows.next().map_err(reading)?.map(|row| account(wallet, row, connection)).transpose()
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
