//! The README's program.

#![allow(clippy::print_stdout)] // It talks to people.

use ledger_core::{Asset, ErrorKind, HistoryQuery, WalletSpec};
use ledger_sqlite::SqliteLedger;

fn main() -> ledger_core::Result<()> {
    let ledger = SqliteLedger::open("shop.ledger")?;
    let usd = Asset::iso("USD")?;
    let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
    let shop = ledger.open_wallet(WalletSpec::new("shop:42", usd)?)?;

    // Every change of money has a key: sending it again is the same change, not a second one.
    ledger.deposit(&alice, usd.money("100.00")?, "stripe:ch_1")?;
    ledger.transfer(&alice, &shop, usd.money("12.50")?, "order:7")?;
    let retry = ledger.transfer(&alice, &shop, usd.money("12.50")?, "order:7")?;
    assert!(retry.replayed);
    assert_eq!(ledger.balance(&alice)?.posted, usd.money("87.50")?);

    // A wallet stops at its floor, whoever asks and however many at once.
    let refused = ledger.withdraw(&alice, usd.money("90.00")?, "payout:1");
    assert!(refused.is_err_and(|error| error.kind() == ErrorKind::InsufficientFunds));

    for entry in ledger.history(&alice, &HistoryQuery::newest_first())?.entries {
        println!("{} {} {} -> {}", entry.at, entry.kind, entry.amount, entry.balance_after);
    }
    Ok(())
}
