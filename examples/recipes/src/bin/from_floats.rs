//! Moving from floats: each balance is rounded once, and what that makes of the sum is booked, in sight.

use ledger_core::{Asset, Error, ErrorKind, Result, WalletQuery, WalletSpec};
use ledger_sqlite::SqliteLedger;

/// What the old table has, after years of `balance = balance + 0.1`.
const BALANCES: [(&str, f64); 4] =
    [("ann", 10.125), ("bob", 0.1 + 0.2), ("cid", 1_999.999_999_999_9), ("dee", 12.344_9)];
/// The total that the last report of the old books has, and that people believe.
const REPORTED: &str = "2022.77";

fn main() -> Result<()> {
    let ledger = SqliteLedger::open("from-floats.ledger")?;
    let usd = Asset::iso("USD")?;
    let opening = ledger.open_wallet(WalletSpec::new("migration/opening", usd)?.no_floor())?;
    let rounding = ledger.open_wallet(WalletSpec::new("migration/rounding", usd)?.no_floor())?;
    for (name, balance) in BALANCES {
        let wallet = ledger.open_wallet(WalletSpec::new(format!("user:{name}"), usd)?)?;
        // Rust writes out a float's exact value, rounded once, half to even. What is no number (NaN,
        // infinity) is refused here, with a word, and not somewhere later.
        let amount = usd.money(&format!("{balance:.2}"))?;
        // What is below zero is refused: it needs a floor, as in the recipe before.
        if amount != usd.minor(0) {
            ledger.transfer(&opening, &wallet, amount, format!("migration:1:user:{name}"))?;
        }
    }

    // Rounded one by one, balances add up to something else than the rounded sum. The difference gets a
    // wallet of its own: the total is the reported one to the cent, and everyone sees what it is made of.
    let moved = ledger.totals(&WalletQuery::all().prefix("user:"))?;
    let moved = moved.first().map_or(usd.minor(0), |total| total.posted);
    let difference = usd.money(REPORTED)?.amount().minor() - moved.amount().minor();
    // More than half a cent for each balance is no rounding: somebody should look.
    assert!(2 * difference.unsigned_abs() <= BALANCES.len() as u128);
    let (from, to) = if difference > 0 { (&opening, &rounding) } else { (&rounding, &opening) };
    if difference != 0 {
        ledger.transfer(from, to, usd.minor(difference.abs()), "migration:1:rounding")?;
    }
    assert_eq!(ledger.balance(&rounding)?.posted, usd.money("0.01")?);
    assert_eq!(ledger.balance(&opening)?.posted, usd.money("-2022.77")?);

    let no_number = usd.money(&format!("{:.2}", f64::NAN)).map_err(Error::from);
    assert!(no_number.is_err_and(|error| error.kind() == ErrorKind::InvalidAmount));
    Ok(())
}
