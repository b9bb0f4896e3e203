//! Holds as their last lines say.

use ledger_core::store::{HoldFilter, StoreError, StoreResult};
use ledger_core::{Asset, Hold, HoldId, HoldState, Timestamp, WalletId};
use rusqlite::{Connection, OptionalExtension, Params, Row};

use crate::base::amount::{ReadAmount, StoredAmount};
use crate::base::failure::{before_commit, damaged, in_row, reading};

const HOLDS: &str = "SELECT hold.id, hold.wallet, target, amount, tolerance, captured, remaining, \
    expires_at, state, asset.code, asset.scale \
    FROM hold JOIN wallet ON wallet.id = hold.wallet JOIN asset ON asset.world = wallet.asset";

/// Writes a hold over what is known of it.
pub(crate) fn save(hold: &Hold, connection: &Connection) -> StoreResult<()> {
    let amounts = [hold.amount, hold.tolerance, hold.captured, hold.remaining];
    let [amount, tolerance, captured, remaining] =
        amounts.map(|money| StoredAmount::from(money.amount()));
    connection
        .prepare_cached("REPLACE INTO hold VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")
        .and_then(|mut replace| {
            replace.execute((
                hold.id.raw(),
                hold.wallet.raw(),
                hold.target.raw(),
                amount,
                tolerance,
                captured,
                remaining,
                hold.expires_at.unix_ms(),
                state_number(hold.state),
            ))
        })
        .map_err(before_commit)?;
    Ok(())
}

pub(crate) fn find(hold: HoldId, connection: &Connection) -> StoreResult<Option<Hold>> {
    let sql = format!("{HOLDS} WHERE hold.id = ?1");
    let mut find = connection.prepare_cached(&sql).map_err(reading)?;
    let found = find.query_row([hold.raw()], |row| Ok(read(row))).optional().map_err(reading)?;
    found.transpose()
}

/// The open holds of a wallet, expired or not.
pub(crate) fn open_of(wallet: WalletId, connection: &Connection) -> StoreResult<Vec<Hold>> {
    find_all(&format!("{HOLDS} WHERE hold.wallet = ?1 AND state = 0"), [wallet.raw()], connection)
}

/// Holds in the order in which they were made.
pub(crate) fn list(filter: &HoldFilter, connection: &Connection) -> StoreResult<Vec<Hold>> {
    let now = filter.now.unix_ms();
    // Whether it is open depends on the time; all other states are as they stand.
    let state = match filter.state {
        None => "TRUE",
        Some(HoldState::Open) => "state = 0 AND expires_at > ?1",
        Some(HoldState::Expired) => "(state = 3 OR state = 0 AND expires_at <= ?1)",
        Some(HoldState::Captured) => "state = 1",
        Some(_) => "state = 2",
    };
    let untidied = if filter.untidied { "state = 0" } else { "TRUE" };
    let wallet = if filter.wallet.is_some() { "hold.wallet = ?2" } else { "?2 IS NULL" };
    let sql = format!(
        "{HOLDS} WHERE {wallet} AND {state} AND {untidied} \
         AND expires_at < ?3 AND hold.id > ?4 ORDER BY hold.id LIMIT ?5"
    );
    let before = filter.expires_before.map_or(i64::MAX, Timestamp::unix_ms);
    let after = filter.after.map_or(0, HoldId::raw);
    let wallet = filter.wallet.map(WalletId::raw);
    find_all(&sql, (now, wallet, before, after, filter.limit), connection)
}

/// Every hold.
pub(crate) fn all(connection: &Connection) -> StoreResult<Vec<Hold>> {
    find_all(&format!("{HOLDS} ORDER BY hold.id"), [], connection)
}

fn find_all(sql: &str, parameters: impl Params, connection: &Connection) -> StoreResult<Vec<Hold>> {
    let mut find = connection.prepare_cached(sql).map_err(reading)?;
    let rows = find.query_map(parameters, |row| Ok(read(row))).map_err(reading)?;
    rows.map(|row| row.map_err(reading)?).collect()
}

fn read(row: &Row<'_>) -> StoreResult<Hold> {
    let broken = in_row("a hold");
    let number = |column| row.get::<_, u64>(column).map_err(broken);
    let wallet = |column| {
        WalletId::from_raw(number(column)?).ok_or_else(|| damaged("a hold without its wallets"))
    };
    let code: String = row.get(9).map_err(broken)?;
    let asset = Asset::new(&code, row.get(10).map_err(broken)?).map_err(damaged)?;
    let money = |column| {
        let ReadAmount(amount) = row.get(column).map_err(broken)?;
        Ok::<_, StoreError>(asset.of(amount))
    };
    let state: i64 = row.get(8).map_err(broken)?;
    Ok(Hold {
        id: HoldId::from_raw(number(0)?).ok_or_else(|| damaged("a hold without an id"))?,
        wallet: wallet(1)?,
        target: wallet(2)?,
        amount: money(3)?,
        tolerance: money(4)?,
        captured: money(5)?,
        remaining: money(6)?,
        expires_at: Timestamp::from_unix_ms(row.get(7).map_err(broken)?),
        state: read_state(state).ok_or_else(|| damaged(format!("a hold in state {state}")))?,
    })
}

fn state_number(state: HoldState) -> i64 {
    match state {
        HoldState::Open => 0,
        HoldState::Captured => 1,
        HoldState::Released => 2,
        _ => 3,
    }
}

fn read_state(number: i64) -> Option<HoldState> {
    HoldState::ALL.iter().copied().find(|&state| state_number(state) == number)
}
