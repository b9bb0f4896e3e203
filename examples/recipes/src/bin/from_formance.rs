//! Moving from Formance: its transactions, exported as lines of JSON.

use ledger_core::{
    Asset, Command, ErrorKind, Ledger, Leg, LimitsSpec, Metadata, Result, Wallet, WalletId,
    WalletQuery, WalletSpec,
};
use ledger_sqlite::SqliteLedger;
use serde::Deserialize;

/// Text that is no number, JSON that is not as below, and what the ledger says.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const TRANSACTIONS: &str = r#"
{"id": 1, "timestamp": "2026-01-01T10:00:00Z", "metadata": {}, "postings": [
  {"source": "world", "destination": "users:alice", "amount": 10000, "asset": "USD/2"}]}
{"id": 2, "timestamp": "2026-01-02T10:00:00Z", "metadata": {"reference": "order-7"}, "postings": [
  {"source": "users:alice", "destination": "orders:7", "amount": 2500, "asset": "USD/2"},
  {"source": "orders:7", "destination": "fees", "amount": 250, "asset": "USD/2"},
  {"source": "orders:7", "destination": "shops:42", "amount": 2250, "asset": "USD/2"}]}"#;

#[derive(Deserialize)]
struct Transaction {
    id: u64,
    timestamp: String,
    metadata: serde_json::Value,
    postings: Vec<Posting>,
}

#[derive(Deserialize)]
struct Posting {
    source: String,
    destination: String,
    amount: i128,
    asset: String,
}

/// `USD/2` is a code and a scale. What ISO 4217 knows needs no definition.
fn asset(ledger: &Ledger, text: &str) -> Outcome<Asset> {
    let (code, scale) = text.split_once('/').unwrap_or((text, "0"));
    Ok(ledger.define_asset(Asset::new(code, scale.parse()?)?)?)
}

/// An account can hold many assets, a wallet holds one: it is an account and an asset.
fn wallet(ledger: &Ledger, account: &str, asset: Asset) -> Result<WalletId> {
    if account == "world" {
        return Ok(ledger.world(asset)?.id);
    }
    // Accounts may have been below zero on the way; floors come when all is there.
    let spec = WalletSpec::new(format!("{account}/{}", asset.code()), asset)?.no_floor();
    Ok(ledger.open_wallet(spec)?.id)
}

fn command(ledger: &Ledger, old: &Transaction) -> Outcome<Command> {
    let legs = old.postings.iter().map(|posting| {
        let asset = asset(ledger, &posting.asset)?;
        let from = wallet(ledger, &posting.source, asset)?;
        let to = wallet(ledger, &posting.destination, asset)?;
        Ok(Leg::new(from, to, asset.minor(posting.amount)))
    });
    let legs = legs.collect::<Outcome<Vec<_>>>()?;
    let command = Command::post(format!("formance:{}", old.id).parse()?, legs);
    Ok(command.effective_at(old.timestamp.parse()?).meta(Metadata::new(&old.metadata)?))
}

/// All wallets, page after page, but for those that stand for everything outside.
fn inside(ledger: &Ledger) -> Result<Vec<Wallet>> {
    let mut page = ledger.wallets(&WalletQuery::all())?;
    let mut wallets = page.wallets;
    while page.next.is_some() {
        page = ledger.wallets(&WalletQuery::all().after(page.next))?;
        wallets.extend(page.wallets);
    }
    wallets.retain(|wallet| !wallet.name.is_world());
    Ok(wallets)
}

fn main() -> Outcome<()> {
    let ledger = SqliteLedger::open("from-formance.ledger")?;
    for old in serde_json::Deserializer::from_str(TRANSACTIONS).into_iter::<Transaction>() {
        ledger.submit(command(&ledger, &old?)?)?;
    }
    let usd = ledger.asset("USD")?;
    assert_eq!(ledger.balance(wallet(&ledger, "users:alice", usd)?)?.posted, usd.money("75.00")?);
    assert_eq!(ledger.balance(wallet(&ledger, "orders:7", usd)?)?.posted, usd.money("0.00")?);

    // All is there. From now on nobody goes below zero.
    let accounts = inside(&ledger)?;
    for account in &accounts {
        let zero = LimitsSpec::of(account).floor(account.asset.minor(0));
        ledger.set_limits(zero, format!("formance:floor:{}", account.name))?;
        let more = ledger.balance(account)?.posted.checked_add(account.asset.minor(1));
        let refused =
            ledger.withdraw(account, more.ok_or("too large")?, format!("check:{}", account.name));
        assert!(refused.is_err_and(|error| error.kind() == ErrorKind::InsufficientFunds));
    }
    assert_eq!(accounts.len(), 4);
    Ok(())
}
