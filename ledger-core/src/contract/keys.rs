//! A key is answered once.

use std::sync::Arc;
use std::time::Duration;

use crate::contract::shop::{Shop, key, kind_of};
use crate::store::{Record, Store};
use crate::{
    Actor, Answer, Asset, Command, ErrorKind, KeyRetention, Metadata, Rejection, WalletId,
};

pub fn a_retry_gets_the_first_answer(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let first = shop.pay("1.0", "order").unwrap();
    shop.pay("5", "another").unwrap();
    shop.clock.set("2027-01-01T00:00:00Z".parse().unwrap());
    let again = shop.pay("1.00", "order").unwrap();
    assert_eq!((first.replayed, again.replayed), (false, true));
    assert_eq!(again.transaction(), first.transaction(), "as it was then, not as it is now");
    shop.assert_posted(&[(&shop.bob, "6")]);
    assert_eq!(shop.ledger.stats().replays, 1);
}

pub fn a_retry_gets_the_first_no(store: Arc<dyn Store>) {
    let shop = Shop::new(store);
    let first = shop.pay("1", "order").unwrap_err();
    assert!(!first.is_replay());
    shop.ledger.deposit(&shop.alice, shop.usd("10"), "d").unwrap();
    let again = shop.pay("1", "order").unwrap_err();
    assert!(again.is_replay());
    assert_eq!(again.rejection(), first.rejection());
    assert!(!first.to_string().contains("use a new key"));
    assert!(again.to_string().contains("to ask again, use a new key"));
    assert_eq!(kind_of(shop.pay("2", "order")), ErrorKind::KeyConflict);
    shop.pay("1", "another").unwrap();
    shop.assert_posted(&[(&shop.bob, "1")]);
}

pub fn another_request_is_a_conflict(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let (alice, bob, usd) = (&shop.alice, &shop.bob, |amount| shop.usd(amount));
    let meta = |json| Metadata::from_json(json).unwrap();
    let pay = |amount| Command::transfer(key("order"), alice, bob, usd(amount));
    shop.ledger.submit(pay("1").meta(meta(r#"{"a":1,"b":2}"#))).unwrap();
    for other in [
        pay("2").meta(meta(r#"{"a":1,"b":2}"#)),
        pay("1"),
        pay("1").meta(meta(r#"{"a":1}"#)),
        pay("1").meta(meta(r#"{"a":1,"b":null}"#)),
        Command::transfer(key("order"), bob, alice, usd("1")).meta(meta(r#"{"a":1,"b":2}"#)),
    ] {
        let refused = shop.ledger.submit(other);
        let conflict = Rejection::KeyConflict { key: key("order") };
        assert_eq!(refused.unwrap_err().rejection(), Some(&conflict));
    }
    let same = shop.ledger.submit(pay("1").meta(meta(r#"{ "b":2, "a":1 }"#))).unwrap();
    assert!(same.replayed);
    shop.assert_posted(&[(bob, "1")]);
}

pub fn noes_that_depend_on_nothing_leave_the_key_unused(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let nobody = WalletId::from_raw(12_345).unwrap();
    let (usd, eur) = (shop.usd("1"), Asset::iso("EUR").unwrap().money("1").unwrap());
    let version = shop.ledger.balance(&shop.alice).unwrap().version;
    let pay = |to: WalletId, amount| Command::transfer(key("order"), &shop.alice, to, amount);
    for (command, kind) in [
        (pay(shop.bob.id, shop.usd("0")), ErrorKind::InvalidAmount),
        (pay(shop.alice.id, usd), ErrorKind::InvalidWallet),
        (pay(nobody, usd), ErrorKind::UnknownWallet),
        (pay(shop.bob.id, eur), ErrorKind::AssetMismatch),
        (
            pay(shop.bob.id, usd).expect_version(&shop.alice, version + 1),
            ErrorKind::VersionMismatch,
        ),
    ] {
        assert_eq!(kind_of(shop.ledger.submit(command)), kind);
        assert_eq!(shop.ledger.transaction_by_key("order").unwrap(), None, "{kind}");
    }
    let receipt = shop.ledger.submit(pay(shop.bob.id, usd)).unwrap();
    assert!(!receipt.replayed);
}

pub fn preconditions_and_actor_are_no_part_of_a_request(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let pay = || Command::transfer(key("order"), &shop.alice, &shop.bob, shop.usd("1"));
    let version = shop.ledger.balance(&shop.alice).unwrap().version;
    let first = shop.ledger.submit(pay().expect_version(&shop.alice, version)).unwrap();
    // The version has moved on; the retry is answered all the same.
    let retry = pay().expect_version(&shop.alice, version).actor(Actor::new("other").unwrap());
    let again = shop.ledger.submit(retry).unwrap();
    assert_eq!((again.id, again.replayed), (first.id, true));
}

pub fn a_key_serves_one_verb_only(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    shop.ledger.freeze(&shop.bob, "k").unwrap();
    assert!(shop.ledger.freeze(&shop.bob, "k").unwrap().replayed);
    assert_eq!(kind_of(shop.ledger.unfreeze(&shop.bob, "k")), ErrorKind::KeyConflict);
    assert_eq!(kind_of(shop.ledger.freeze(&shop.alice, "k")), ErrorKind::KeyConflict);
    let deposit = shop.ledger.deposit(&shop.alice, shop.usd("1"), "k");
    assert_eq!(kind_of(deposit), ErrorKind::KeyConflict);
}

pub fn answers_are_found_by_key_and_by_id(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let receipt = shop.pay("1", "yes").unwrap();
    assert_eq!(kind_of(shop.pay("1000", "no")), ErrorKind::InsufficientFunds);
    let by_key = shop.ledger.transaction_by_key("yes").unwrap().unwrap();
    assert_eq!(by_key, Answer::Done(Arc::new(receipt.transaction().clone())));
    assert_eq!(shop.ledger.transaction(receipt.id).unwrap(), Some(by_key));
    let refused = shop.ledger.transaction_by_key("no").unwrap().unwrap();
    let Answer::Refused { refusal, position: 0 } = &refused else { panic!("{refused:?}") };
    assert!(matches!(refusal.rejection, Rejection::InsufficientFunds { .. }));
    assert_eq!(shop.ledger.transaction(refusal.id).unwrap(), Some(refused.clone()));
    assert_eq!(shop.ledger.transaction_by_key("never").unwrap(), None);
    let no_such = crate::TransactionId::from_raw(7).unwrap();
    assert_eq!(shop.ledger.transaction(no_such).unwrap(), None);
    let wallet = crate::TransactionId::from_stamp(shop.alice.id.stamp());
    assert_eq!(shop.ledger.transaction(wallet).unwrap(), None, "a wallet is no transaction");
}

pub fn keys_are_forgotten_when_their_time_is_up(store: Arc<dyn Store>) {
    let shop = Shop::funded(store.clone());
    let minute = KeyRetention::lasting(Duration::from_mins(1)).unwrap();
    assert_eq!(shop.ledger.key_retention().unwrap(), KeyRetention::FOREVER);
    shop.ledger.set_key_retention(minute).unwrap();
    shop.ledger.set_key_retention(minute).unwrap();
    assert_eq!(shop.ledger.key_retention().unwrap(), minute);
    let (paid, _) = (shop.pay("1", "yes").unwrap(), shop.pay("1000", "no").unwrap_err());
    shop.clock.advance(Duration::from_millis(59_999));
    assert!(shop.pay("1", "yes").unwrap().replayed);
    assert!(shop.ledger.transaction_by_key("yes").unwrap().is_some());
    shop.clock.advance(Duration::from_millis(1));
    assert_eq!(shop.ledger.transaction_by_key("yes").unwrap(), None);
    assert!(shop.ledger.transaction_by_key("no").unwrap().is_none());
    // What is forgotten is carried out again, and that is remembered in its stead.
    let again = shop.pay("2", "yes").unwrap();
    assert!(!again.replayed && again.id != paid.id);
    assert!(shop.pay("2", "yes").unwrap().replayed);
    assert_eq!(kind_of(shop.pay("1", "yes")), ErrorKind::KeyConflict);
    let Some(Answer::Done(found)) = shop.ledger.transaction_by_key("yes").unwrap() else {
        panic!()
    };
    assert_eq!(found.id, again.id);
    assert!(shop.ledger.transaction(paid.id).unwrap().is_some(), "the journal keeps all");
    // Nothing more is forgotten, and what was stays so.
    shop.ledger.set_key_retention(KeyRetention::FOREVER).unwrap();
    shop.clock.advance(Duration::from_hours(24));
    assert!(shop.pay("2", "yes").unwrap().replayed);
    assert_eq!(shop.ledger.transaction_by_key("no").unwrap(), None);
    let records = store.records(None, 100).unwrap();
    let changes = records.iter().filter(|record| matches!(record, Record::Retention(_)));
    assert_eq!(changes.count(), 2);
}
