//! Many commands in one call.

use std::sync::Arc;

use crate::contract::shop::{Shop, key, kind_of};
use crate::store::Store;
use crate::{Answer, Command, ErrorKind};

fn pay(shop: &Shop, amount: &str, name: &str) -> Command {
    Command::transfer(key(name), &shop.alice, &shop.bob, shop.usd(amount))
}

pub fn each_on_its_own_answers_in_order(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let answers = shop
        .ledger
        .submit_each([
            pay(&shop, "0", "a"),
            pay(&shop, "60", "b"),
            pay(&shop, "60", "c"),
            pay(&shop, "-1", "d"),
            pay(&shop, "40", "e"),
        ])
        .unwrap();
    let kinds: Vec<_> =
        answers.iter().map(|answer| answer.as_ref().map_err(crate::Error::kind)).collect();
    assert_eq!(kinds[0], Err(ErrorKind::InvalidAmount));
    assert_eq!(kinds[2], Err(ErrorKind::InsufficientFunds));
    assert_eq!(kinds[3], Err(ErrorKind::InvalidAmount));
    let (b, e) = (kinds[1].as_ref().unwrap(), kinds[4].as_ref().unwrap());
    assert_eq!((b.key.as_str(), e.key.as_str()), ("b", "e"));
    assert!(b.id < e.id);
    shop.assert_posted(&[(&shop.alice, "0"), (&shop.bob, "100")]);
}

pub fn the_same_key_twice_in_a_call_is_carried_out_once(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let answers = shop
        .ledger
        .submit_each([
            pay(&shop, "1", "a"),
            pay(&shop, "1", "a"),
            pay(&shop, "2", "a"),
            pay(&shop, "1000", "b"),
            pay(&shop, "1000", "b"),
        ])
        .unwrap();
    let [first, second, other, no, no_again] = &answers[..] else { panic!("five answers") };
    let (first, second) = (first.as_ref().unwrap(), second.as_ref().unwrap());
    assert_eq!((first.id, first.replayed, second.replayed), (second.id, false, true));
    assert_eq!(other.as_ref().unwrap_err().kind(), ErrorKind::KeyConflict);
    let (no, no_again) = (no.as_ref().unwrap_err(), no_again.as_ref().unwrap_err());
    assert_eq!((no.is_replay(), no_again.is_replay()), (false, true));
    shop.assert_posted(&[(&shop.bob, "1")]);
}

pub fn all_or_nothing_carries_out_all(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let back = Command::transfer(key("c"), &shop.bob, &shop.alice, shop.usd("70"));
    let commands = [pay(&shop, "60", "a"), pay(&shop, "40", "b"), back];
    let receipts = shop.ledger.submit_all(commands).unwrap();
    let keys: Vec<_> = receipts.iter().map(|receipt| receipt.key.as_str()).collect();
    assert_eq!(keys, ["a", "b", "c"]);
    assert!(receipts.windows(2).all(|pair| pair[0].id < pair[1].id));
    shop.assert_posted(&[(&shop.alice, "70"), (&shop.bob, "30")]);
}

pub fn all_or_nothing_leaves_nothing_behind(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let before = shop.ledger.balance(&shop.alice).unwrap();
    let commands = [pay(&shop, "60", "a"), pay(&shop, "50", "b"), pay(&shop, "1", "c")];
    let refused = shop.ledger.submit_all(commands).unwrap_err();
    assert_eq!((refused.kind(), refused.item()), (ErrorKind::InsufficientFunds, Some(1)));
    assert_eq!(shop.ledger.balance(&shop.alice).unwrap(), before);
    shop.assert_posted(&[(&shop.alice, "100"), (&shop.bob, "0")]);
    // All keys remember the one answer.
    for (place, name) in ["a", "b", "c"].into_iter().enumerate() {
        let found = shop.ledger.transaction_by_key(name).unwrap().unwrap();
        let Answer::Refused { refusal, position } = found else { panic!("refused") };
        assert_eq!((position, refusal.batch_item), (place, Some(1)));
    }
    // A no that depends on nothing leaves all keys unused.
    let refused = shop.ledger.submit_all([pay(&shop, "1", "d"), pay(&shop, "0", "e")]).unwrap_err();
    assert_eq!((refused.kind(), refused.item()), (ErrorKind::InvalidAmount, Some(1)));
    assert_eq!(shop.ledger.transaction_by_key("d").unwrap(), None);
    let twice = shop.ledger.submit_all([pay(&shop, "1", "f"), pay(&shop, "1", "f")]);
    assert_eq!(kind_of(twice), ErrorKind::InvalidBatch);
}

pub fn a_retried_batch_gets_the_first_answer(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let good = || [pay(&shop, "10", "a"), pay(&shop, "20", "b")];
    let bad = || [pay(&shop, "60", "c"), pay(&shop, "50", "d")];
    let first = shop.ledger.submit_all(good()).unwrap();
    let first_no = shop.ledger.submit_all(bad()).unwrap_err();
    shop.ledger.deposit(&shop.alice, shop.usd("1000"), "more").unwrap();
    let again = shop.ledger.submit_all(good()).unwrap();
    assert!(again.iter().all(|receipt| receipt.replayed));
    assert_eq!(again[1].transaction(), first[1].transaction());
    let no_again = shop.ledger.submit_all(bad()).unwrap_err();
    assert_eq!(no_again.rejection(), first_no.rejection());
    assert_eq!((no_again.item(), no_again.is_replay()), (Some(1), true));
    shop.assert_posted(&[(&shop.bob, "30")]);
}

pub fn a_part_of_a_batch_is_another_request(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let (a, b) = (|| pay(&shop, "1", "a"), || pay(&shop, "2", "b"));
    shop.ledger.submit_all([a(), b()]).unwrap();
    assert_eq!(kind_of(shop.ledger.submit(a())), ErrorKind::KeyConflict);
    assert_eq!(kind_of(shop.ledger.submit_all([b(), a()])), ErrorKind::KeyConflict);
    assert_eq!(kind_of(shop.ledger.submit_all([a()])), ErrorKind::KeyConflict);
    let with_a_new_one = shop.ledger.submit_all([pay(&shop, "3", "c"), a()]).unwrap_err();
    assert_eq!((with_a_new_one.kind(), with_a_new_one.item()), (ErrorKind::KeyConflict, Some(1)));
    assert_eq!(shop.ledger.transaction_by_key("c").unwrap(), None);
    // Nor are parts of two batches that look alike.
    shop.ledger.submit_all([pay(&shop, "1", "e"), pay(&shop, "2", "f")]).unwrap();
    assert_eq!(
        kind_of(shop.ledger.submit_all([a(), pay(&shop, "2", "f")])),
        ErrorKind::KeyConflict
    );
    // A batch of one is not the same as a single command either.
    shop.ledger.submit_all([pay(&shop, "1", "d")]).unwrap();
    assert_eq!(kind_of(shop.pay("1", "d")), ErrorKind::KeyConflict);
    shop.assert_posted(&[(&shop.bob, "7")]);
}
