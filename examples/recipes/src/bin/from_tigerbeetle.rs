//! Moving from TigerBeetle: its transfers, exported as CSV, with those that are pending.

use std::collections::HashSet;
use std::time::Duration;

use ledger_core::{
    Asset, Command, HoldSpec, Ledger, Metadata, Result, Timestamp, Wallet, WalletSpec,
};
use ledger_sqlite::SqliteLedger;

/// Text that is no number, a line that is not as below, and what the ledger says.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Accounts of ledger 840, and whether their debits must not exceed their credits.
const ACCOUNTS: [(&str, bool); 3] = [("1", false), ("2", true), ("3", true)];
/// When the export was made. What is pending longer than its timeout is over, and has no line that says so.
const EXPORTED: &str = "2026-01-01T12:02:10Z";
/// As queried in order of their timestamps. Amounts are smallest units, timeouts seconds, times nanoseconds.
const TRANSFERS: &str = "\
id,debit,credit,amount,code,flag,pending_id,timeout,timestamp
101,1,2,10000,1,,,,1767261600000000000
102,2,3,3000,7,pending,,3600,1767265200000000000
103,2,3,2500,7,post_pending,102,,1767268800000000000
104,2,3,400,7,pending,,3600,1767268900000000000
105,2,3,400,7,void_pending,104,,1767268910000000000
106,2,3,1500,7,pending,,86400,1767268920000000000
107,2,3,900,7,pending,,5,1767268921000000000
";

fn wallet(ledger: &Ledger, account: &str) -> Outcome<Wallet> {
    let known = ledger.wallet(&format!("tb:{account}"))?;
    Ok(known.ok_or_else(|| format!("account {account} is not in the export"))?)
}

/// The command that one line of the export becomes; none for what no longer matters.
fn command(ledger: &Ledger, line: &[&str], ended: &HashSet<&str>) -> Outcome<Option<Command>> {
    let [id, debit, credit, amount, code, flag, _, timeout, at] = *line else {
        return Err(format!("a line must have 9 fields: {line:?}").into());
    };
    let (from, to) = (wallet(ledger, debit)?, wallet(ledger, credit)?);
    let (key, amount) = (format!("tb:{id}").parse()?, from.asset.minor(amount.parse()?));
    let at = Timestamp::from_unix_ms(at.parse::<i64>()? / 1_000_000);
    let command = match flag {
        // What was pending and has been posted or voided is history: its end says what moved.
        "void_pending" => return Ok(None),
        "pending" if ended.contains(id) => return Ok(None),
        "pending" => {
            let end = at.unix_ms() + timeout.parse::<i64>()? * 1_000;
            let rest = end - EXPORTED.parse::<Timestamp>()?.unix_ms();
            match u64::try_from(rest) {
                Ok(rest @ 1..) => {
                    let rest = Duration::from_millis(rest);
                    Command::hold(key, HoldSpec::new(&from, &to, amount, rest))
                }
                _ => return Ok(None),
            }
        }
        _ => Command::transfer(key, &from, &to, amount).effective_at(at),
    };
    Ok(Some(command.meta(Metadata::new(&serde_json::json!({ "code": code }))?)))
}

fn main() -> Outcome<()> {
    let ledger = SqliteLedger::open("from-tigerbeetle.ledger")?;
    let usd = Asset::iso("USD")?;
    for (account, has_floor) in ACCOUNTS {
        let spec = WalletSpec::new(format!("tb:{account}"), usd)?;
        ledger.open_wallet(if has_floor { spec } else { spec.no_floor() })?;
    }
    let lines: Vec<Vec<&str>> = TRANSFERS.lines().map(|it| it.split(',').collect()).collect();
    let ended = lines.iter().filter_map(|line| line.get(6).copied()).collect();
    // Run again, it moves nothing: each transfer's id is its key.
    for line in lines.iter().skip(1).chain(lines.iter().skip(1)) {
        if let Some(command) = command(&ledger, line, &ended)? {
            ledger.submit(command)?;
        }
    }
    let (second, third) = (wallet(&ledger, "2")?, wallet(&ledger, "3")?);
    assert_eq!(ledger.balance(&second)?.posted, usd.money("75.00")?);
    assert_eq!(ledger.balance(&second)?.held, usd.money("15.00")?);
    assert_eq!(ledger.balance(&third)?.posted, usd.money("25.00")?);
    let too_early = Timestamp::from_unix_ms(1_767_261_599_999);
    assert_eq!(ledger.balance_effective_at(&second, too_early)?, usd.money("0.00")?);
    Ok(())
}
