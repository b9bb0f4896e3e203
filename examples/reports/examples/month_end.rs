//! A shop's books as accountants want them, and a customer's statement as the customer does.
//!
//! It says where it wrote them: `cargo run --package ledger-reports --example month_end`.

use std::error::Error;
use std::fs::{self, File};
use std::time::Duration;

use ledger_core::{Asset, HoldSpec, Result, WalletSpec};
use ledger_reports::{Format, export, statement};
use ledger_sqlite::SqliteLedger;

fn main() -> std::result::Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("month-end-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let ledger = SqliteLedger::open(folder.join("shop.ledger"))?;
    a_month_passes(&ledger)?;

    for &format in Format::VALUES {
        let mut file = File::create(folder.join(format!("shop.{format}")))?;
        let exported = export(&ledger, format, &mut file, &mut |_| {})?;
        assert_eq!((exported.transactions, exported.postings), (5, 4));
    }
    let alice = ledger.wallet("user:alice")?.ok_or("nobody is called alice")?;
    statement(&ledger, &alice, &mut File::create(folder.join("alice.html"))?)?;
    eprintln!("The journal in four forms, and a statement: {}", folder.display());
    Ok(())
}

/// Alice buys twice, sends one thing back, and has a table reserved.
fn a_month_passes(ledger: &SqliteLedger) -> Result<()> {
    let usd = Asset::iso("USD")?;
    let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?.owner("Alice Adams")?)?;
    let shop = ledger.open_wallet(WalletSpec::new("shop:42", usd)?)?;
    ledger.deposit(&alice, usd.money("100.00")?, "stripe:ch_1")?;
    ledger.transfer(&alice, &shop, usd.money("12.50")?, "order:7")?;
    let order = ledger.transfer(&alice, &shop, usd.money("30.00")?, "order:8")?;
    ledger.reverse(order.id, "refund:8")?;
    let table = HoldSpec::new(&alice, &shop, usd.money("20.00")?, Duration::from_hours(48));
    ledger.hold(table, "table:3")?;
    Ok(())
}
