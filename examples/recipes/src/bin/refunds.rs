//! Refunds: in parts, never more than was paid, and goodwill beside them.

use ledger_core::{Asset, Command, ErrorKind, Metadata, Result, ReversalSpec, WalletSpec};
use ledger_sqlite::SqliteLedger;

fn main() -> Result<()> {
    let ledger = SqliteLedger::open("refunds.ledger")?;
    let usd = Asset::iso("USD")?;
    let open = |name| ledger.open_wallet(WalletSpec::new(name, usd)?);
    let (buyer, shop, marketing) = (open("user:7/main")?, open("shop:42")?, open("marketing")?);
    ledger.deposit(&buyer, usd.money("100.00")?, "stripe:ch_1")?;
    ledger.deposit(&marketing, usd.money("50.00")?, "budget:2026")?;
    let order = ledger.transfer(&buyer, &shop, usd.money("80.00")?, "order:7")?;

    // One article comes back. The ticket is the key: clicking twice refunds once.
    let article = ReversalSpec::of(order.id).amount(usd.money("30.00")?);
    let refund = ledger.reverse(article, "ticket:1:refund")?;
    let twice = ledger.reverse(article, "ticket:1:refund")?;
    assert_eq!((twice.id, twice.replayed), (refund.id, true));

    // 50.00 are left of the order, so 60.00 are refused, whoever asks.
    let too_much = ReversalSpec::of(order.id).amount(usd.money("60.00")?);
    let refused = ledger.reverse(too_much, "ticket:2:refund");
    assert!(refused.is_err_and(|error| error.kind() == ErrorKind::ReversalTooLarge));

    // Without an amount it is all that is left; then there is nothing left.
    ledger.reverse(&order, "ticket:3:refund")?;
    let empty = ledger.reverse(&order, "ticket:4:refund");
    assert!(empty.is_err_and(|error| error.kind() == ErrorKind::AlreadyReversed));
    assert_eq!(ledger.balance(&buyer)?.posted, usd.money("100.00")?);

    // What was refunded of an order, and by what.
    let parts: Vec<String> =
        ledger.reversals(order.id)?.iter().map(|part| part.amount.to_string()).collect();
    assert_eq!(parts, ["30.00 USD", "50.00 USD"]);

    // Five dollars for the trouble are no refund: they come from another wallet, and say what they are for.
    let sorry =
        Command::transfer("ticket:3:goodwill".parse()?, &marketing, &buyer, usd.money("5.00")?);
    ledger.submit(sorry.meta(Metadata::from_json(r#"{"reference": "order:7"}"#)?))?;
    assert_eq!(ledger.balance(&buyer)?.posted, usd.money("105.00")?);
    Ok(())
}
