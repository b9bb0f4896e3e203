//! A sale on a marketplace: the price is divided between seller, platform and affiliate.

use ledger_core::{Asset, ErrorKind, Leg, Rate, Result, WalletQuery, WalletSpec};
use ledger_sqlite::SqliteLedger;

fn main() -> Result<()> {
    let ledger = SqliteLedger::open("marketplace.ledger")?;
    let usd = Asset::iso("USD")?;
    let open = |name| ledger.open_wallet(WalletSpec::new(name, usd)?);
    let (buyer, seller) = (open("user:7/main")?, open("seller:3/main")?);
    let (fees, affiliate) = (open("platform/fees")?, open("affiliate:5/main")?);
    ledger.deposit(&buyer, usd.money("49.99")?, "stripe:ch_1")?;

    // The parts always add up to the price: what can't be divided is given out by the cent, and never lost.
    let price = usd.money("49.99")?;
    let parts = price.split_rates(&[Rate::percent("12.5")?, Rate::percent("2.5")?])?;
    let shares = [&fees, &affiliate, &seller].into_iter().zip(parts);
    let legs = shares.map(|(to, part)| Leg::new(&buyer, to, part));
    // A rate so small that its part is nothing moves nothing.
    let legs: Vec<Leg> = legs.filter(|leg| leg.amount.is_positive()).collect();

    // One transaction: the buyer pays all three or none. Sent again, it is the same one.
    let sale = ledger.post(legs.clone(), "order:7")?;
    assert!(ledger.post(legs, "order:7")?.replayed);
    let received: Vec<String> = sale.postings.iter().map(|it| it.amount.to_string()).collect();
    assert_eq!(received, ["6.25 USD", "1.25 USD", "42.49 USD"]);

    // The seller is paid out. Cancelling the order now would take from an empty wallet, so nothing of it
    // happens: not the seller's part, and not the others' either.
    ledger.withdraw(&seller, usd.money("42.49")?, "payout:3:1")?;
    let cancelled = ledger.reverse(&sale, "order:7:cancel");
    assert!(cancelled.is_err_and(|error| error.kind() == ErrorKind::InsufficientFunds));
    assert_eq!(ledger.balance(&fees)?.posted, usd.money("6.25")?);

    // The seller pays it back, and all three give back their part: under a new key, for a no is an answer.
    ledger.deposit(&seller, usd.money("42.49")?, "payin:3:1")?;
    ledger.reverse(&sale, "order:7:cancel:2")?;
    assert_eq!(ledger.balance(&buyer)?.posted, price);
    let platform = ledger.totals(&WalletQuery::all().prefix("platform/"))?;
    assert!(platform.iter().all(|total| !total.posted.is_positive()));
    Ok(())
}
