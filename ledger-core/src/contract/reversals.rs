//! What was moved is moved back, and never more than it.

use std::sync::Arc;
use std::thread;

use crate::contract::shop::{Shop, key, kind_of, rejection_of};
use crate::store::Store;
use crate::{
    Asset, Command, ErrorKind, Kind, LedgerBuilder, Leg, Receipt, Rejection, Result, Reversal,
    ReversalSpec, TransactionId,
};

impl Shop {
    fn reverse(&self, id: TransactionId, amount: &str, key: &str) -> Result<Receipt> {
        self.ledger.reverse(ReversalSpec::of(id).amount(self.usd(amount)), key)
    }
}

pub fn a_reversal_moves_everything_back_and_links_both_ways(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let paid = shop.pay("30", "pay").unwrap();
    let reversal = shop.ledger.reverse(paid.id, "undo").unwrap();
    assert_eq!((reversal.kind, reversal.postings.len()), (Kind::Reversal, 1));
    assert_eq!((reversal.postings[0].from, reversal.postings[0].to), (shop.bob.id, shop.alice.id));
    assert_eq!(reversal.reverses().unwrap().transaction, paid.id);
    let part = Reversal { by: reversal.id, posting: 0, amount: shop.usd("30") };
    assert_eq!(shop.ledger.reversals(paid.id).unwrap(), [part]);
    assert_eq!(shop.ledger.reversals(reversal.id).unwrap(), []);
    shop.assert_posted(&[(&shop.alice, "100"), (&shop.bob, "0")]);
    let again = Rejection::AlreadyReversed { transaction: paid.id };
    assert_eq!(rejection_of(shop.ledger.reverse(paid.id, "again")), again);
    assert!(shop.ledger.reverse(paid.id, "undo").unwrap().replayed);
}

pub fn parts_never_add_up_to_more_than_the_original(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let paid = shop.pay("30", "pay").unwrap().id;
    shop.reverse(paid, "10", "one").unwrap();
    let refused = rejection_of(shop.reverse(paid, "20.01", "too much"));
    let (amount, left) = (shop.usd("20.01"), shop.usd("20"));
    let expected = Rejection::ReversalTooLarge { transaction: paid, posting: 0, amount, left };
    assert_eq!(refused, expected);
    shop.reverse(paid, "5", "two").unwrap();
    shop.assert_posted(&[(&shop.alice, "85"), (&shop.bob, "15")]);
    // The rest of it, and then nothing.
    shop.ledger.reverse(paid, "three").unwrap();
    shop.assert_posted(&[(&shop.alice, "100"), (&shop.bob, "0")]);
    assert_eq!(kind_of(shop.reverse(paid, "0.01", "four")), ErrorKind::AlreadyReversed);
    let parts = shop.ledger.reversals(paid).unwrap();
    let amounts: Vec<String> = parts.iter().map(|part| part.amount.to_string()).collect();
    assert_eq!(amounts, ["10.00 USD", "5.00 USD", "15.00 USD"]);
}

pub fn several_postings_are_moved_back_from_the_last(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let carol = shop.open(shop.spec("carol"));
    let legs = [
        Leg::new(&shop.alice, &shop.bob, shop.usd("50")),
        Leg::new(&shop.bob, &carol, shop.usd("50")),
        Leg::new(&carol, &shop.alice, shop.usd("20")),
    ];
    let post = shop.ledger.post(legs, "post").unwrap().id;
    let part = |posting, amount| ReversalSpec::of(post).posting(posting).amount(shop.usd(amount));
    let vague = ReversalSpec::of(post).amount(shop.usd("1"));
    assert_eq!(kind_of(shop.ledger.reverse(vague, "vague")), ErrorKind::InvalidReversal);
    assert_eq!(kind_of(shop.ledger.reverse(part(3, "1"), "fourth")), ErrorKind::InvalidReversal);
    shop.ledger.reverse(part(2, "5"), "some of the third").unwrap();
    shop.assert_posted(&[(&shop.alice, "65"), (&shop.bob, "0"), (&carol, "35")]);
    let rest = shop.ledger.reverse(post, "the rest").unwrap();
    let amounts: Vec<String> = rest.postings.iter().map(|it| it.amount.to_string()).collect();
    assert_eq!(amounts, ["15.00 USD", "50.00 USD", "50.00 USD"]);
    assert_eq!(rest.reverses().unwrap().postings, [2, 1, 0]);
    shop.assert_posted(&[(&shop.alice, "100"), (&shop.bob, "0"), (&carol, "0")]);
    assert_eq!(shop.ledger.reversals(post).unwrap().len(), 4);
}

pub fn what_can_not_be_reversed_is_refused(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let paid = shop.pay("30", "pay").unwrap().id;
    let reversal = shop.ledger.reverse(paid, "undo").unwrap().id;
    let frozen = shop.ledger.freeze(&shop.bob, "freeze").unwrap().id;
    for (id, kind) in [(reversal, Kind::Reversal), (frozen, Kind::Freeze)] {
        let expected = Rejection::NotReversible { transaction: id, kind };
        assert_eq!(rejection_of(shop.ledger.reverse(id, "bad")), expected);
    }
    let nothing = TransactionId::from_raw(7).unwrap();
    assert_eq!(kind_of(shop.ledger.reverse(nothing, "bad")), ErrorKind::UnknownTransaction);
    assert_eq!(shop.ledger.reversals(nothing).unwrap(), []);
    let refused = shop.ledger.withdraw(&shop.alice, shop.usd("1000"), "no").unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InsufficientFunds);
    shop.ledger.unfreeze(&shop.bob, "thaw").unwrap();
    let paid = shop.pay("30", "pay again").unwrap().id;
    assert_eq!(kind_of(shop.reverse(paid, "0", "bad")), ErrorKind::InvalidAmount);
    assert_eq!(kind_of(shop.reverse(paid, "-1", "bad")), ErrorKind::InvalidAmount);
    let eur = Asset::iso("EUR").unwrap().minor(1);
    let euros = ReversalSpec::of(paid).amount(eur);
    assert_eq!(kind_of(shop.ledger.reverse(euros, "bad")), ErrorKind::AssetMismatch);
    // The money must be there.
    shop.ledger.withdraw(&shop.bob, shop.usd("1"), "spent").unwrap();
    assert_eq!(kind_of(shop.ledger.reverse(paid, "poor")), ErrorKind::InsufficientFunds);
    // None of the bad ones has used the key.
    shop.reverse(paid, "29", "bad").unwrap();
}

pub fn deposits_and_captures_are_reversed_as_well(store: Arc<dyn Store>) {
    let shop = Shop::new(store);
    let fund = shop.ledger.deposit(&shop.alice, shop.usd("10"), "fund").unwrap().id;
    let world = shop.ledger.world(shop.usd).unwrap();
    shop.reverse(fund, "4", "back").unwrap();
    shop.assert_posted(&[(&shop.alice, "6"), (&world, "-6")]);
    let hour = std::time::Duration::from_hours(1);
    let spec = crate::HoldSpec::new(&shop.alice, &shop.bob, shop.usd("6"), hour);
    let hold = shop.ledger.hold(spec, "hold").unwrap();
    let made_by = TransactionId::from_raw(hold.id.raw()).unwrap();
    assert_eq!(kind_of(shop.ledger.reverse(made_by, "bad")), ErrorKind::NotReversible);
    let captured = shop.ledger.capture(&hold, "capture").unwrap().id;
    shop.ledger.reverse(captured, "undo").unwrap();
    // The money is back; the hold is not.
    shop.assert_posted(&[(&shop.alice, "6"), (&shop.bob, "0")]);
    assert_eq!(shop.ledger.balance(&shop.alice).unwrap().held, shop.usd("0"));
}

pub fn a_batch_that_fails_reverses_nothing(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let paid = shop.pay("30", "pay").unwrap().id;
    let reverse = |amount: &str, name: &str| {
        Command::reverse(key(name), ReversalSpec::of(paid).amount(shop.usd(amount)))
    };
    let refused = shop.ledger.submit_all([reverse("20", "a"), reverse("11", "b")]).unwrap_err();
    assert_eq!((refused.item(), refused.kind()), (Some(1), ErrorKind::ReversalTooLarge));
    assert_eq!(shop.ledger.reversals(paid).unwrap(), []);
    let commands = [reverse("20", "c"), reverse("11", "d"), reverse("10", "e")];
    let answers = shop.ledger.submit_each(commands).unwrap();
    let done: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(done, [true, false, true]);
    shop.assert_posted(&[(&shop.alice, "100"), (&shop.bob, "0")]);
}

pub fn many_threads_reverse_no_more_than_there_was(store: Arc<dyn Store>) {
    let mut shop = Shop::funded(store.clone());
    shop.ledger = LedgerBuilder::on(store).build().unwrap();
    let paid = shop.pay("50", "pay").unwrap().id;
    let done: usize = thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|thread| {
                let shop = &shop;
                let reverse = move |round: &u32| {
                    shop.reverse(paid, "1", &format!("{thread} {round}")).is_ok()
                };
                scope.spawn(move || (0..12).filter(reverse).count())
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(done, 50);
    shop.assert_posted(&[(&shop.alice, "100"), (&shop.bob, "0")]);
}
