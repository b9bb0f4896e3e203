//! Moving from a `balance` column: opening balances under keys that make the migration repeatable.

use ledger_core::{Asset, Command, ErrorKind, Ledger, Money, Result, WalletQuery, WalletSpec};
use ledger_sqlite::SqliteLedger;

/// A row of the old table: `SELECT id, balance_cents FROM users ORDER BY id`, all in one snapshot.
type Row = (i64, i64);

/// The old table. For PostgreSQL only this function differs.
fn old_rows() -> rusqlite::Result<Vec<Row>> {
    let old = rusqlite::Connection::open_in_memory()?;
    old.execute_batch(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, balance_cents INTEGER NOT NULL);
         INSERT INTO users VALUES (1, 1250), (2, 0), (3, -300), (4, 99999)",
    )?;
    let mut select = old.prepare("SELECT id, balance_cents FROM users ORDER BY id")?;
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// Moves rows; it can be stopped and run again at any time. Says how many were new.
fn migrate(ledger: &Ledger, rows: &[Row]) -> Result<usize> {
    let usd = Asset::iso("USD")?;
    // The other side of every opening balance: in the end it owes what the users have.
    let opening = ledger.open_wallet(WalletSpec::new("migration/opening", usd)?.no_floor())?;
    let mut new = 0;
    for rows in rows.chunks(1_000) {
        let mut commands = Vec::new();
        for &(id, cents) in rows {
            let spec = WalletSpec::new(format!("user:{id}/main"), usd)?;
            // Who is in the red already may stay there, and no deeper.
            let debt = usd.minor(i128::from(cents.min(0)));
            let wallet = ledger.open_wallet(spec.floor(debt)?)?;
            let key = format!("migration:1:user:{id}").parse()?;
            let amount = usd.minor(i128::from(cents).abs());
            match cents {
                0 => {}
                1.. => commands.push(Command::transfer(key, &opening, &wallet, amount)),
                _ => commands.push(Command::transfer(key, &wallet, &opening, amount)),
            }
        }
        // All of a piece or none. A row that changed since the last run is a conflict of its key: somebody
        // still writes to the old table.
        if !commands.is_empty() {
            new += ledger.submit_all(commands)?.iter().filter(|receipt| !receipt.replayed).count();
        }
    }
    Ok(new)
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let ledger = SqliteLedger::open("from-balance-column.ledger")?;
    let mut rows = old_rows()?;
    migrate(&ledger, &rows)?;
    assert_eq!(migrate(&ledger, &rows)?, 0, "run again, it moves nothing");

    // Nothing was lost: the sum is that of the column, and the other side owes exactly as much.
    let sum: i64 = rows.iter().map(|(_, cents)| cents).sum();
    let total = ledger.totals(&WalletQuery::all().prefix("user:"))?;
    let posted: Vec<Money> = total.iter().map(|total| total.posted).collect();
    assert_eq!(posted, [Asset::iso("USD")?.minor(sum.into())]);

    // Somebody wrote to the old table meanwhile.
    rows.iter_mut().take(1).for_each(|(_, cents)| *cents += 1);
    assert!(migrate(&ledger, &rows).is_err_and(|error| error.kind() == ErrorKind::KeyConflict));
    Ok(())
}
