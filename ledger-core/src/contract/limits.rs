//! Limits are changed, and hold from then on.

use std::sync::Arc;
use std::time::Duration;

use crate::contract::shop::{Shop, kind_of, rejection_of};
use crate::store::Store;
use crate::{
    Asset, CaptureSpec, ErrorKind, HoldSpec, Kind, LimitsSpec, Receipt, Rejection, Result,
    ReversalSpec,
};

const HOUR: Duration = Duration::from_hours(1);

impl Shop {
    fn limits(&self) -> LimitsSpec {
        LimitsSpec::of(&self.alice)
    }

    fn set(&self, limits: LimitsSpec, key: &str) -> Result<Receipt> {
        self.ledger.set_limits(limits, key)
    }
}

pub fn a_credit_line_is_given_and_taken_away(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let given = shop.set(shop.limits().floor(shop.usd("-50")), "give").unwrap();
    assert_eq!((given.kind, given.postings.len()), (Kind::Limits, 0));
    let change = given.limits().unwrap();
    assert_eq!((change.from.floor, change.version), (Some(shop.usd("0").amount()), 2));
    assert_eq!(change.to.floor, Some(shop.usd("-50").amount()));
    assert_eq!(change.to.ceiling, None);
    let alice = shop.ledger.wallet_by_id(&shop.alice).unwrap().unwrap();
    assert_eq!(alice.floor, Some(shop.usd("-50")));
    shop.pay("140", "on credit").unwrap();
    shop.set(shop.limits().floor(shop.usd("0")), "take away").unwrap();
    // What is owed stays; no more can be spent, and what comes in counts.
    let balance = shop.ledger.balance(&shop.alice).unwrap();
    assert_eq!((balance.posted, balance.available), (shop.usd("-40"), Some(shop.usd("-40"))));
    assert_eq!(kind_of(shop.pay("0.01", "no more")), ErrorKind::InsufficientFunds);
    shop.ledger.deposit(&shop.alice, shop.usd("45"), "back").unwrap();
    shop.pay("5", "again").unwrap();
    assert!(shop.set(shop.limits().floor(shop.usd("-50")), "give").unwrap().replayed);
    assert_eq!(kind_of(shop.pay("0.01", "still none")), ErrorKind::InsufficientFunds);
    shop.set(shop.limits().no_floor(), "endless").unwrap();
    shop.pay("1000000", "much").unwrap();
    assert_eq!(shop.ledger.balance(&shop.alice).unwrap().available, None);
}

pub fn a_ceiling_is_changed(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let bob = || LimitsSpec::of(&shop.bob);
    shop.set(bob().ceiling(shop.usd("10")), "ten").unwrap();
    assert_eq!(kind_of(shop.pay("10.01", "too much")), ErrorKind::CeilingExceeded);
    shop.pay("10", "full").unwrap();
    shop.set(bob().ceiling(shop.usd("5")), "five").unwrap();
    assert_eq!(kind_of(shop.pay("0.01", "over")), ErrorKind::CeilingExceeded);
    shop.ledger.withdraw(&shop.bob, shop.usd("7"), "less").unwrap();
    shop.pay("2", "to the rim").unwrap();
    shop.set(bob().no_ceiling(), "any").unwrap();
    shop.pay("50", "anything").unwrap();
    let crossing = shop.limits().floor(shop.usd("7")).ceiling(shop.usd("6.99"));
    let (wallet, floor, ceiling) = (shop.alice.id, shop.usd("7"), shop.usd("6.99"));
    let expected = Rejection::LimitsCross { wallet, floor, ceiling };
    assert_eq!(rejection_of(shop.set(crossing, "crossing")), expected);
}

pub fn no_more_than_the_largest_amount_leaves_at_once(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let (usd, ledger) = (|text: &str| shop.usd(text), &shop.ledger);
    let spec = |amount| HoldSpec::new(&shop.alice, &shop.bob, usd(amount), HOUR);
    let large = ledger.hold(spec("40").tolerance(usd("10")), "before").unwrap();
    let paid = ledger.transfer(&shop.alice, &shop.bob, usd("30"), "early").unwrap().id;
    for (wallet, key) in [(&shop.alice, "a"), (&shop.bob, "b")] {
        shop.set(LimitsSpec::of(wallet).largest(usd("20")), key).unwrap();
    }
    let (wallet, largest, amount) = (shop.alice.id, usd("20"), usd("20.01"));
    let expected = Rejection::AmountAboveLimit { wallet, largest, amount };
    assert_eq!(rejection_of(shop.pay("20.01", "pay")), expected);
    assert_eq!(rejection_of(ledger.hold(spec("20.01"), "hold")), expected);
    let out = ledger.withdraw(&shop.alice, usd("20.01"), "out");
    assert_eq!(rejection_of(out), expected);
    // The limit comes before the money, which is not there either.
    assert_eq!(kind_of(shop.pay("1000", "poor")), ErrorKind::AmountAboveLimit);
    // What comes in, what was promised before and what is undone are no matter of it.
    ledger.deposit(&shop.alice, usd("500"), "in").unwrap();
    ledger.capture(CaptureSpec::of(&large).amount(usd("45")), "capture").unwrap();
    ledger.reverse(ReversalSpec::of(paid), "undo").unwrap();
    shop.pay("20", "within").unwrap();
    shop.set(shop.limits().no_largest(), "none").unwrap();
    shop.pay("20.02", "any").unwrap();
    let bob = ledger.wallet_by_id(&shop.bob).unwrap().unwrap();
    assert_eq!(bob.largest, Some(usd("20")));
}

pub fn bad_limits_are_refused(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let eur = Asset::iso("EUR").unwrap().minor(1);
    let world = shop.ledger.world(shop.usd).unwrap();
    let closed = shop.open(shop.spec("closed"));
    shop.ledger.close_wallet(&closed, "close").unwrap();
    for (limits, kind) in [
        (shop.limits(), ErrorKind::InvalidLimit),
        (shop.limits().largest(shop.usd("0")), ErrorKind::InvalidLimit),
        (shop.limits().largest(shop.usd("-1")), ErrorKind::InvalidLimit),
        (shop.limits().floor(eur), ErrorKind::AssetMismatch),
        (shop.limits().floor(shop.usd("0")).largest(eur), ErrorKind::AssetMismatch),
        (LimitsSpec::of(&world).no_floor(), ErrorKind::WorldWallet),
    ] {
        assert_eq!(kind_of(shop.set(limits.clone(), "bad")), kind, "{limits:?}");
    }
    let late = LimitsSpec::of(&closed).no_ceiling();
    assert_eq!(kind_of(shop.set(late, "late")), ErrorKind::WalletClosed);
    let nobody = crate::WalletId::from_raw(7).unwrap();
    let unknown = LimitsSpec::of(nobody).no_floor();
    assert_eq!(kind_of(shop.set(unknown, "bad")), ErrorKind::UnknownWallet);
    // None of the bad ones has used the key, and a frozen wallet's limits can be changed.
    shop.ledger.freeze(&shop.alice, "freeze").unwrap();
    shop.set(shop.limits().no_floor(), "bad").unwrap();
}
