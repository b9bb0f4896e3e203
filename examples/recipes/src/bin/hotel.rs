//! A hotel reserves money, captures it in parts, gives the rest back, and forgets one booking.

use std::sync::Arc;
use std::time::Duration;

use ledger_core::{Asset, CaptureSpec, ErrorKind, HoldSpec, ManualClock, Result, WalletSpec};
use ledger_sqlite::SqliteLedger;

fn main() -> Result<()> {
    // A clock to set shows what a week does; leave it out and the machine's is used.
    let clock = Arc::new(ManualClock::new("2026-03-01T12:00:00Z".parse()?));
    let ledger = SqliteLedger::builder("hotel.ledger").clock(Arc::clone(&clock)).open()?;
    let usd = Asset::iso("USD")?;
    let guest = ledger.open_wallet(WalletSpec::new("guest:7", usd)?)?;
    let hotel = ledger.open_wallet(WalletSpec::new("hotel:1", usd)?)?;
    ledger.deposit(&guest, usd.money("500.00")?, "card:1")?;
    let week = Duration::from_hours(7 * 24);

    // Three nights are reserved, and up to 50.00 more may be captured: for the minibar.
    let stay = HoldSpec::new(&guest, &hotel, usd.money("300.00")?, week);
    let booking = ledger.hold(stay.tolerance(usd.money("50.00")?), "booking:7")?;
    let balance = ledger.balance(&guest)?;
    assert_eq!((balance.posted, balance.held), (usd.money("500.00")?, usd.money("300.00")?));
    assert_eq!(balance.available, Some(usd.money("200.00")?));

    // The first night is captured at check-in, the rest and the minibar at check-out.
    ledger.capture(CaptureSpec::of(&booking).amount(usd.money("100.00")?), "stay:7:night:1")?;
    ledger.capture(CaptureSpec::of(&booking).amount(usd.money("218.40")?), "stay:7:bill")?;
    assert_eq!(ledger.balance(&hotel)?.posted, usd.money("318.40")?);
    let late = ledger.capture(&booking, "stay:7:towels");
    assert!(late.is_err_and(|error| error.kind() == ErrorKind::HoldFinished));

    // A cheaper room than was booked: what is not needed is given back with the last capture.
    let second =
        ledger.hold(HoldSpec::new(&guest, &hotel, usd.money("90.00")?, week), "booking:8")?;
    let bill = CaptureSpec::of(&second).amount(usd.money("70.00")?).release_rest();
    ledger.capture(bill, "stay:8:bill")?;
    // A booking that is cancelled.
    let third =
        ledger.hold(HoldSpec::new(&guest, &hotel, usd.money("90.00")?, week), "booking:9")?;
    ledger.release(&third, "booking:9:cancel")?;
    assert_eq!(ledger.balance(&guest)?.available, Some(usd.money("111.60")?));

    // And one that nobody came for. No job must run: its time is up, so its money is free.
    let fourth =
        ledger.hold(HoldSpec::new(&guest, &hotel, usd.money("90.00")?, week), "booking:10")?;
    clock.advance(week);
    assert_eq!(ledger.balance(&guest)?.available, Some(usd.money("111.60")?));
    let late = ledger.capture(&fourth, "stay:10:bill");
    assert!(late.is_err_and(|error| error.kind() == ErrorKind::HoldExpired));
    Ok(())
}
