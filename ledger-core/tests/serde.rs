//! What is handed out can be written as JSON and read back.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::fmt::Debug;

use ledger_core::store::{Record, Store};
use ledger_core::{
    Actor, Answer, Asset, Balance, Command, HistoryPage, HistoryQuery, ManualClock, MemoryStore,
    Metadata, Receipt, Refusal, Timestamp, Wallet, WalletPage, WalletQuery, WalletSpec,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

fn round_trip<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) -> serde_json::Value {
    let json = serde_json::to_string(value).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&json).unwrap(), value, "{json}");
    serde_json::from_str(&json).unwrap()
}

#[test]
fn everything_a_ledger_hands_out_survives_json() {
    let clock = ManualClock::new(Timestamp::FIRST);
    let store = std::sync::Arc::new(MemoryStore::new());
    let ledger = ledger_core::LedgerBuilder::on(store.clone()).clock(clock).build().unwrap();
    let usd = Asset::iso("USD").unwrap();
    let meta = Metadata::from_json(r#"{"n":1,"s":"é"}"#).unwrap();
    let spec = WalletSpec::new("alice", usd).unwrap().owner("a").unwrap().meta(meta.clone());
    let alice = ledger.open_wallet(spec).unwrap();
    let actor = Actor::new("api").unwrap().origin("here").unwrap();
    let deposit = Command::deposit("d".parse().unwrap(), &alice, usd.money("12.50").unwrap());
    let receipt = ledger.submit(deposit.meta(meta).actor(actor)).unwrap();
    ledger.withdraw(&alice, usd.money("99").unwrap(), "w").unwrap_err();
    ledger.freeze(&alice, "f").unwrap();

    let json = round_trip::<Receipt>(&receipt);
    let transaction = &json["transaction"];
    assert_eq!(transaction["id"], "768");
    assert_eq!(transaction["at"], "2020-01-01T00:00:00.000Z");
    assert_eq!(transaction["kind"], "deposit");
    assert_eq!(transaction["postings"][0]["amount"]["amount"], "12.50");
    assert_eq!(transaction["postings"][0]["to_balance"]["amount"], "12.50");
    assert_eq!(transaction["meta"]["s"], "é");

    let json = round_trip::<Balance>(&ledger.balance(&alice).unwrap());
    assert_eq!(json["posted"]["amount"], "12.50");
    let json = round_trip::<Wallet>(&ledger.wallet_by_id(&alice).unwrap().unwrap());
    assert_eq!((json["status"].as_str(), json["name"].as_str()), (Some("frozen"), Some("alice")));
    round_trip::<HistoryPage>(&ledger.history(&alice, &HistoryQuery::newest_first()).unwrap());
    round_trip::<WalletPage>(&ledger.wallets(&WalletQuery::all().limit(1)).unwrap());
    let Some(Answer::Refused { refusal, .. }) = ledger.transaction_by_key("w").unwrap() else {
        panic!("refused")
    };
    let json = round_trip::<Refusal>(&refusal);
    assert_eq!(json["rejection"]["insufficient_funds"]["shortfall"]["amount"], "86.50");
    for record in store.records(None, 100).unwrap() {
        round_trip::<Record>(&record);
    }
    let stats = serde_json::to_value(ledger.stats()).unwrap();
    assert_eq!(stats["errors"]["insufficient_funds"], 1);
}
