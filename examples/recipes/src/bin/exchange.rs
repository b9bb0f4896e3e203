//! Foreign exchange: a trade at a price, rounded once and in a direction that is named.

use ledger_core::{Asset, ErrorKind, Leg, Price, Rate, Result, Rounding, WalletSpec};
use ledger_sqlite::SqliteLedger;

fn main() -> Result<()> {
    let ledger = SqliteLedger::open("exchange.ledger")?;
    let (usd, eur) = (Asset::iso("USD")?, Asset::iso("EUR")?);
    let open = |name, asset| ledger.open_wallet(WalletSpec::new(name, asset)?);
    let (dollars, euros) = (open("user:7/usd", usd)?, open("user:7/eur", eur)?);
    let (desk_usd, desk_eur) = (open("desk/usd", usd)?, open("desk/eur", eur)?);
    let fees = open("platform/fees", usd)?;
    ledger.deposit(&dollars, usd.money("1000.00")?, "card:1")?;
    ledger.deposit(&desk_eur, eur.money("5000.00")?, "funding:1")?;

    // A euro costs so many dollars, with as many digits as the market gives. The desk rounds up, once, so
    // that it never gives away a fraction of a cent.
    let market = Price::new("1.084275", usd)?;
    let bought = eur.money("250.00")?;
    let cost = market.cost(bought, Rounding::Up)?;
    assert_eq!(cost, usd.money("271.07")?); // 271.06875
    let quote = Rate::percent("0.5")?.added_to(cost, Rounding::HalfUp)?;
    assert_eq!((quote.fee, quote.gross), (usd.money("1.36")?, usd.money("272.43")?));

    // Dollars, euros and the fee move together or not at all. Keep the quote's id as the key: a quote is
    // carried out once.
    let legs = [
        Leg::new(&dollars, &desk_usd, quote.net),
        Leg::new(&desk_eur, &euros, bought),
        Leg::new(&dollars, &fees, quote.fee),
    ];
    ledger.post(legs, "quote:1")?;
    assert_eq!(ledger.balance(&dollars)?.posted, usd.money("727.57")?);
    assert_eq!(ledger.balance(&euros)?.posted, bought);

    // Without a fee it is a trade of two sides. Here dollars are bought back, at the desk's lower price.
    let back = Price::new("1.081", usd)?.cost(eur.money("100.00")?, Rounding::Down)?;
    let (paid, goods) =
        (Leg::new(&euros, &desk_eur, eur.money("100.00")?), Leg::new(&desk_usd, &dollars, back));
    ledger.trade(paid, goods, "quote:2")?;
    assert_eq!(ledger.balance(&dollars)?.posted, usd.money("835.67")?);

    // What the desk does not have it can't sell: then nothing is paid for it either.
    let all = Leg::new(&dollars, &desk_usd, usd.money("800.00")?);
    let refused = ledger.trade(all, Leg::new(&desk_eur, &euros, eur.money("9000.00")?), "quote:3");
    assert!(refused.is_err_and(|error| error.kind() == ErrorKind::InsufficientFunds));
    assert_eq!(ledger.balance(&dollars)?.posted, usd.money("835.67")?);
    Ok(())
}
