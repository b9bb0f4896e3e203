//! Rolling windows limit what moves within a time.

use std::sync::Arc;
use std::time::Duration;

use crate::contract::shop::{Shop, key, kind_of, rejection_of};
use crate::store::Store;
use crate::{
    Asset, CaptureSpec, Command, ErrorKind, HoldSpec, Leg, LimitsSpec, Receipt, Rejection, Result,
    ReversalSpec, Wallet, Window,
};

const HOUR: Duration = Duration::from_hours(1);
/// Below a second a window's slots are a millisecond each, so that it frees up exactly.
const HALF_SECOND: Duration = Duration::from_millis(500);

impl Shop {
    fn limit(&self, wallet: &Wallet, windows: &[Window], key: &str) -> Result<Receipt> {
        self.ledger.set_limits(LimitsSpec::of(wallet).windows(windows.to_vec()), key)
    }

    fn leaving(&self, lasting: Duration, most: &str) -> Window {
        Window::leaving(lasting).amount(self.usd(most))
    }

    fn hold_of(&self, amount: &str, lasting: Duration, key: &str) -> Result<crate::Hold> {
        let spec = HoldSpec::new(&self.alice, &self.bob, self.usd(amount), lasting);
        self.ledger.hold(spec, key)
    }
}

pub fn what_moved_frees_up_when_its_time_has_passed(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let window = shop.leaving(HALF_SECOND, "10");
    shop.limit(&shop.alice, &[window], "limit").unwrap();
    shop.pay("4", "first").unwrap();
    shop.clock.advance(Duration::from_millis(100));
    shop.pay("6", "second").unwrap();
    let first = shop.ledger.transaction_by_key("first").unwrap().unwrap().at();
    let second = shop.ledger.transaction_by_key("second").unwrap().unwrap().at();
    let no = |amount: &str, key: &str| rejection_of(shop.pay(amount, key));
    let exceeded = |amount: &str, frees_at| Rejection::WindowExceeded {
        wallet: shop.alice.id,
        window,
        used: shop.usd("10"),
        used_count: 2,
        amount: shop.usd(amount),
        frees_at,
    };
    assert_eq!(no("0.01", "a"), exceeded("0.01", first.checked_add(HALF_SECOND)));
    assert_eq!(no("4.01", "b"), exceeded("4.01", second.checked_add(HALF_SECOND)));
    assert_eq!(no("10.01", "c"), exceeded("10.01", None));
    shop.clock.set(first.checked_add(Duration::from_millis(499)).unwrap());
    assert_eq!(kind_of(shop.pay("0.01", "too early")), ErrorKind::WindowExceeded);
    shop.clock.set(first.checked_add(HALF_SECOND).unwrap());
    assert_eq!(kind_of(shop.pay("4.01", "still too much")), ErrorKind::WindowExceeded);
    shop.pay("4", "in time").unwrap();
    // The no was an answer too.
    assert_eq!(no("0.01", "a"), exceeded("0.01", first.checked_add(HALF_SECOND)));
    let alice = shop.ledger.wallet_by_id(&shop.alice).unwrap().unwrap();
    assert_eq!(alice.windows, [window]);
    shop.ledger.set_limits(LimitsSpec::of(&shop.alice).no_windows(), "none").unwrap();
    shop.pay("50", "any").unwrap();
}

pub fn movements_are_counted_in_each_direction(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let windows = [Window::leaving(HOUR).count(2), Window::entering(HOUR).amount(shop.usd("7"))];
    shop.limit(&shop.alice, &windows, "limit").unwrap();
    shop.ledger.deposit(&shop.alice, shop.usd("7"), "in").unwrap();
    let more = shop.ledger.deposit(&shop.alice, shop.usd("0.01"), "more");
    let Rejection::WindowExceeded { window, used, used_count, .. } = rejection_of(more) else {
        panic!()
    };
    assert_eq!((window, used, used_count), (windows[1], shop.usd("7"), 1));
    shop.pay("1", "one").unwrap();
    shop.pay("1", "two").unwrap();
    assert_eq!(kind_of(shop.pay("1", "three")), ErrorKind::WindowExceeded);
    // Another wallet's payments are its own.
    shop.ledger.withdraw(&shop.bob, shop.usd("1"), "out").unwrap();
    shop.clock.advance(HOUR + Duration::from_millis(3_600));
    shop.pay("1", "later").unwrap();
    shop.ledger.deposit(&shop.alice, shop.usd("7"), "in later").unwrap();
}

pub fn what_is_reserved_counts_as_if_it_had_moved(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    shop.limit(&shop.alice, &[shop.leaving(HOUR, "10").count(3)], "limit").unwrap();
    let minute = Duration::from_mins(1);
    let hold = shop.hold_of("6", minute, "hold").unwrap();
    let Rejection::WindowExceeded { used, used_count, frees_at, .. } =
        rejection_of(shop.pay("5", "pay"))
    else {
        panic!()
    };
    assert_eq!((used, used_count, frees_at), (shop.usd("6"), 1, Some(hold.expires_at)));
    assert_eq!(kind_of(shop.hold_of("4.01", minute, "other")), ErrorKind::WindowExceeded);
    let uses = shop.ledger.window_use(&shop.alice).unwrap();
    let left = uses.iter().map(|it| (it.used, it.used_count, it.room, it.room_count));
    assert!(left.eq([(shop.usd("6"), 1, Some(shop.usd("4")), Some(2))]));
    // What was promised is captured, and has moved from then on; what is given back is free.
    shop.ledger.capture(CaptureSpec::of(&hold).amount(shop.usd("2")), "capture").unwrap();
    assert_eq!(kind_of(shop.pay("4.01", "pay 2")), ErrorKind::WindowExceeded);
    shop.ledger.release(&hold, "release").unwrap();
    shop.pay("8", "pay 3").unwrap();
    assert_eq!(kind_of(shop.pay("0.01", "pay 4")), ErrorKind::WindowExceeded);
    shop.clock.advance(HOUR + minute);
    // An expired hold is free at its deadline, with nobody tidying up.
    shop.hold_of("10", minute, "again").unwrap();
    assert_eq!(kind_of(shop.pay("1", "pay 5")), ErrorKind::WindowExceeded);
    shop.clock.advance(minute);
    shop.pay("10", "pay 6").unwrap();
}

pub fn a_request_is_counted_with_all_its_postings(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let ten = shop.leaving(HOUR, "10");
    shop.limit(&shop.alice, &[ten], "limit").unwrap();
    let leg = |amount: &str| Leg::new(&shop.alice, &shop.bob, shop.usd(amount));
    let both = shop.ledger.post([leg("6"), leg("4.01")], "both");
    let Rejection::WindowExceeded { used, used_count, amount, .. } = rejection_of(both) else {
        panic!()
    };
    assert_eq!((used, used_count, amount), (shop.usd("6"), 1, shop.usd("4.01")));
    shop.ledger.post([leg("6"), leg("4")], "fit").unwrap();
    // A batch that fails as a whole has used nothing.
    shop.limit(&shop.bob, &[ten], "limit bob").unwrap();
    let back = |amount: &str, text: &str| {
        Command::transfer(key(text), &shop.bob, &shop.alice, shop.usd(amount))
    };
    shop.ledger.submit_all([back("6", "b1"), back("5", "b2")]).unwrap_err();
    shop.ledger.submit_all([back("6", "b3"), back("4", "b4")]).unwrap();
    assert_eq!(kind_of(shop.ledger.submit(back("0.01", "b5"))), ErrorKind::WindowExceeded);
}

pub fn reversals_are_no_matter_of_windows_and_captures_only_of_those_they_enter(
    store: Arc<dyn Store>,
) {
    let shop = Shop::funded(store);
    let paid = shop.pay("10", "paid").unwrap();
    let hold = shop.hold_of("30", HOUR, "hold").unwrap();
    shop.limit(&shop.alice, &[shop.leaving(HOUR, "10")], "limit").unwrap();
    let entering = Window::entering(HOUR).amount(shop.usd("25"));
    shop.limit(&shop.bob, &[entering, shop.leaving(HOUR, "1")], "limit bob").unwrap();
    assert_eq!(kind_of(shop.ledger.capture(&hold, "all")), ErrorKind::WindowExceeded);
    let part = CaptureSpec::of(&hold).amount(shop.usd("25"));
    shop.ledger.capture(part, "part").unwrap();
    shop.ledger.reverse(ReversalSpec::of(paid.id), "undo").unwrap();
    shop.ledger.withdraw(&shop.bob, shop.usd("1"), "bob's own").unwrap();
}

pub fn a_changed_limit_goes_on_counting(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    shop.pay("50", "before").unwrap();
    shop.limit(&shop.alice, &[shop.leaving(HOUR, "10")], "ten").unwrap();
    shop.pay("8", "eight").unwrap();
    let both = [shop.leaving(HOUR * 2, "5"), shop.leaving(HOUR, "20")];
    let change = shop.limit(&shop.alice, &both, "twenty").unwrap();
    let backwards = [both[1], both[0]];
    assert!(shop.limit(&shop.alice, &backwards, "twenty").unwrap().replayed);
    assert_eq!(change.limits().unwrap().to.windows, backwards);
    assert_eq!(kind_of(shop.pay("5.01", "new")), ErrorKind::WindowExceeded);
    shop.pay("5", "five").unwrap();
    let Rejection::WindowExceeded { window, used, .. } = rejection_of(shop.pay("0.01", "full"))
    else {
        panic!()
    };
    assert_eq!((window, used), (both[0], shop.usd("5")));
    shop.limit(&shop.alice, &both[1..], "one").unwrap();
    assert_eq!(kind_of(shop.pay("7.01", "too much")), ErrorKind::WindowExceeded);
    shop.pay("7", "seven").unwrap();
}

pub fn bad_windows_are_refused(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let eur = Asset::iso("EUR").unwrap().minor(1);
    let ok = Window::leaving(HOUR).count(1);
    let day = |n: u64| Duration::from_hours(24 * n);
    for (windows, kind) in [
        (vec![Window::leaving(Duration::ZERO).count(1)], ErrorKind::InvalidLimit),
        (vec![Window::leaving(Duration::from_micros(1_500)).count(1)], ErrorKind::InvalidLimit),
        (vec![Window::leaving(day(401)).count(1)], ErrorKind::InvalidLimit),
        (vec![Window::leaving(Duration::MAX).count(1)], ErrorKind::InvalidLimit),
        (vec![Window::leaving(HOUR)], ErrorKind::InvalidLimit),
        (vec![Window::leaving(HOUR).count(0)], ErrorKind::InvalidLimit),
        (vec![shop.leaving(HOUR, "0")], ErrorKind::InvalidLimit),
        (vec![shop.leaving(HOUR, "-1")], ErrorKind::InvalidLimit),
        (vec![ok, Window::entering(HOUR).count(1), ok.count(2)], ErrorKind::InvalidLimit),
        ((1..=9).map(|n| Window::leaving(day(n)).count(1)).collect(), ErrorKind::InvalidLimit),
        (vec![ok.amount(eur)], ErrorKind::AssetMismatch),
    ] {
        assert_eq!(kind_of(shop.limit(&shop.alice, &windows, "bad")), kind, "{windows:?}");
    }
    let eight: Vec<_> = (1..=8).map(|n| Window::leaving(day(n * 50)).count(1)).collect();
    shop.limit(&shop.alice, &eight, "bad").unwrap();
}

pub fn what_is_captured_beyond_a_hold_is_limited_as_what_is_paid(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let hold = |amount: &str, key: &str| {
        let spec = HoldSpec::new(&shop.alice, &shop.bob, shop.usd(amount), HOUR);
        shop.ledger.hold(spec.tolerance(shop.usd("50")), key).unwrap()
    };
    let capture = |hold: &crate::Hold, amount: &str, key: &str| {
        shop.ledger.capture(CaptureSpec::of(hold).amount(shop.usd(amount)), key)
    };
    let ten = shop.leaving(HOUR, "10").count(2);
    shop.limit(&shop.alice, &[ten], "ten").unwrap();
    let one = hold("4", "one");
    shop.clock.advance(Duration::from_mins(1));
    let paid = shop.pay("3", "pay").unwrap();
    let refused = |amount: &str, key: &str| match rejection_of(capture(&one, amount, key)) {
        Rejection::WindowExceeded { used, used_count, amount, frees_at, .. } => {
            assert_eq!((used, used_count), (shop.usd("7"), 2));
            (amount, frees_at)
        }
        other => panic!("{other:?}"),
    };
    // The hold that is captured is no room for its own capture, whenever it expires.
    let (beyond, frees_at) = refused("7.01", "too much");
    assert!(beyond == shop.usd("3.01") && frees_at >= paid.at.checked_add(HOUR), "{frees_at:?}");
    assert_eq!(refused("10.01", "far too much"), (shop.usd("6.01"), None));
    capture(&one, "7", "all").unwrap();
    shop.ledger.set_limits(LimitsSpec::of(&shop.alice).no_windows(), "no windows").unwrap();
    let (small, other) = (hold("4", "small"), hold("6", "other"));
    shop.ledger.set_limits(LimitsSpec::of(&shop.alice).largest(shop.usd("5")), "five").unwrap();
    assert_eq!(kind_of(capture(&small, "9.01", "large")), ErrorKind::AmountAboveLimit);
    capture(&small, "9", "within").unwrap();
    capture(&other, "6", "promised before").unwrap();
}

pub fn a_window_says_when_it_has_room_however_much_has_moved(store: Arc<dyn Store>) {
    let shop = Shop::new(store);
    let endless = |name: &str| shop.open(shop.spec(name).no_floor());
    let (a, b) = (endless("a"), endless("b"));
    let most = shop.usd.of(crate::Amount::MAX);
    let pay = |from: &Wallet, to: &Wallet, amount, text: &str| {
        shop.ledger.transfer(from, to, amount, text)
    };
    let half = Window::leaving(HALF_SECOND);
    shop.limit(&a, &[half.count(100)], "count").unwrap();
    for n in 0..2 {
        pay(&a, &b, most, &format!("there {n}")).unwrap();
        pay(&b, &a, most, &format!("back {n}")).unwrap();
        shop.clock.advance(Duration::from_millis(100));
    }
    shop.limit(&a, &[half.amount(shop.usd("100"))], "amount").unwrap();
    let refused = rejection_of(pay(&a, &b, shop.usd("1"), "one"));
    let Rejection::WindowExceeded { frees_at: Some(frees_at), .. } = refused else { panic!() };
    shop.clock.set(crate::Timestamp::from_unix_ms(frees_at.unix_ms() - 1));
    assert_eq!(kind_of(pay(&a, &b, shop.usd("1"), "two")), ErrorKind::WindowExceeded);
    shop.clock.set(frees_at);
    pay(&a, &b, shop.usd("1"), "three").unwrap();
}
