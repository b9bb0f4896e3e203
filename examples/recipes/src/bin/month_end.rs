//! The end of a month: what came late, the lock, and reports that can be made again.

use std::sync::Arc;

use ledger_core::{
    Asset, Command, ErrorKind, HistoryQuery, ManualClock, Metadata, Result, WalletSpec,
};
use ledger_sqlite::SqliteLedger;

fn main() -> Result<()> {
    let clock = Arc::new(ManualClock::new("2026-01-10T09:00:00Z".parse()?));
    let ledger = SqliteLedger::builder("month-end.ledger").clock(Arc::clone(&clock)).open()?;
    let usd = Asset::iso("USD")?;
    let bank = ledger.open_wallet(WalletSpec::new("bank/main", usd)?)?;
    let rent = ledger.open_wallet(WalletSpec::new("costs/rent", usd)?)?;
    let end_of_january = "2026-01-31T23:59:59.999Z".parse()?;
    let february = "2026-02-01T00:00:00Z".parse()?;
    ledger.deposit(&bank, usd.money("5000.00")?, "income:1")?;

    // On the first of February somebody looks at January.
    clock.set("2026-02-01T08:00:00Z".parse()?);
    let first_report = "2026-02-01T08:00:00Z".parse()?;
    assert_eq!(ledger.balance_at(&bank, end_of_january)?, usd.money("5000.00")?);

    // On the third January's rent arrives: recorded now, it takes effect when it was due.
    clock.set("2026-02-03T10:00:00Z".parse()?);
    let late = Command::transfer("invoice:77".parse()?, &bank, &rent, usd.money("1200.00")?);
    let late = late.effective_at("2026-01-31T12:00:00Z".parse()?);
    ledger.submit(late.meta(Metadata::from_json(r#"{"reference": "invoice:77"}"#)?))?;

    // Three questions, three answers: as January was, as it was recorded, as the first report knew it.
    let effective = ledger.balance_effective_at(&bank, end_of_january)?;
    let recorded = ledger.balance_at(&bank, end_of_january)?;
    let reported = ledger.balance_known_at(&bank, end_of_january, first_report)?;
    assert_eq!(effective, usd.money("3800.00")?);
    assert_eq!((recorded, reported), (usd.money("5000.00")?, usd.money("5000.00")?));

    // On the fifth the books are closed: January does not change any more.
    clock.set("2026-02-05T17:00:00Z".parse()?);
    ledger.lock_periods(february, "close:2026-01")?;
    let later = Command::transfer("invoice:78".parse()?, &bank, &rent, usd.money("50.00")?);
    let refused = ledger.submit(later.effective_at("2026-01-31T12:00:00Z".parse()?));
    assert!(refused.is_err_and(|error| error.kind() == ErrorKind::PeriodLocked));
    assert_eq!(ledger.periods_locked_until()?, Some(february));

    // What comes later still goes into February, under a key of its own, because a no is remembered.
    let next_month =
        Command::transfer("invoice:78:feb".parse()?, &bank, &rent, usd.money("50.00")?);
    ledger.submit(next_month.meta(Metadata::from_json(r#"{"reference": "invoice:78"}"#)?))?;
    assert_eq!(ledger.balance_effective_at(&bank, end_of_january)?, usd.money("3800.00")?);

    // A statement of February's entries, from the balance before them to the one after.
    let query = HistoryQuery::oldest_first().since(february).limit(1_000);
    let entries = ledger.history(&bank, &query)?.entries;
    let balances: Vec<String> = entries.iter().map(|it| it.balance_after.to_string()).collect();
    assert_eq!(balances, ["3800.00 USD", "3750.00 USD"]);
    Ok(())
}
