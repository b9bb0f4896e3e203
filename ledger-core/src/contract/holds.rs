//! Money is reserved, and every hold ends once.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::contract::shop::{Shop, key, kind_of, rejection_of};
use crate::store::Store;
use crate::{
    CaptureSpec, Clock, Command, ErrorKind, Hold, HoldId, HoldQuery, HoldSpec, HoldState, Kind,
    Money, Rejection, Timestamp, Wallet,
};

const HOUR: Duration = Duration::from_hours(1);
const MS: Duration = Duration::from_millis(1);

impl Shop {
    /// From Alice for Bob.
    fn hold_spec(&self, amount: &str) -> HoldSpec {
        HoldSpec::new(&self.alice, &self.bob, self.usd(amount), HOUR)
    }

    fn hold(&self, amount: &str, key: &str) -> Hold {
        self.ledger.hold(self.hold_spec(amount), key).unwrap()
    }

    /// What a wallet has posted, held and available.
    fn three(&self, wallet: &Wallet) -> [Money; 3] {
        let balance = self.ledger.balance(wallet).unwrap();
        [balance.posted, balance.held, balance.available.unwrap()]
    }

    fn assert_three(&self, wallet: &Wallet, expected: [&str; 3]) {
        assert_eq!(self.three(wallet), expected.map(|amount| self.usd(amount)));
    }

    fn state(&self, hold: &Hold) -> HoldState {
        self.ledger.get_hold(hold).unwrap().unwrap().state
    }
}

pub fn a_hold_reserves_and_a_capture_moves(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let hold = shop.hold("80", "hold");
    assert_eq!((hold.wallet, hold.target), (shop.alice.id, shop.bob.id));
    assert_eq!((hold.amount, hold.remaining), (shop.usd("80"), shop.usd("80")));
    assert_eq!((hold.state, hold.captured), (HoldState::Open, shop.usd("0")));
    let made = hold.id.time();
    assert_eq!(hold.expires_at, made.checked_add(HOUR).unwrap());
    shop.assert_three(&shop.alice, ["100", "80", "20"]);
    shop.assert_three(&shop.bob, ["0", "0", "0"]);
    assert_eq!(kind_of(shop.pay("20.01", "too much")), ErrorKind::InsufficientFunds);
    let second = shop.ledger.hold(shop.hold_spec("20.01"), "second");
    assert_eq!(kind_of(second), ErrorKind::InsufficientFunds);
    shop.pay("20", "the rest").unwrap();
    let captured = shop.ledger.capture(&hold, "capture").unwrap();
    assert_eq!((captured.kind, captured.postings.len()), (Kind::Capture, 1));
    assert_eq!(captured.hold().unwrap().state, HoldState::Captured);
    shop.assert_three(&shop.alice, ["0", "0", "0"]);
    shop.assert_three(&shop.bob, ["100", "0", "100"]);
    shop.assert_balanced();
    assert_eq!(shop.ledger.balance(&shop.alice).unwrap().version, 4);
}

pub fn a_hold_is_captured_in_parts_and_the_rest_given_back(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let hold = shop.hold("50", "hold");
    let part = |amount| CaptureSpec::of(&hold).amount(shop.usd(amount));
    shop.ledger.capture(part("10"), "one").unwrap();
    shop.assert_three(&shop.alice, ["90", "40", "50"]);
    shop.ledger.capture(part("15"), "two").unwrap();
    shop.assert_three(&shop.alice, ["75", "25", "50"]);
    let found = shop.ledger.get_hold(&hold).unwrap().unwrap();
    assert_eq!((found.captured, found.remaining), (shop.usd("25"), shop.usd("25")));
    let last = shop.ledger.capture(part("5").release_rest(), "three").unwrap();
    assert_eq!(last.hold().unwrap().captured, shop.usd("30"));
    shop.assert_three(&shop.alice, ["70", "0", "70"]);
    assert_eq!(shop.state(&hold), HoldState::Captured);
    shop.assert_posted(&[(&shop.alice, "70"), (&shop.bob, "30")]);
}

pub fn more_than_was_held_is_captured_within_the_tolerance(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let spec = shop.hold_spec("50").tolerance(shop.usd("10"));
    let hold = shop.ledger.hold(spec, "hold").unwrap();
    let part = |amount| CaptureSpec::of(&hold).amount(shop.usd(amount));
    let refused = rejection_of(shop.ledger.capture(part("60.01"), "too much"));
    let expected = Rejection::CaptureTooLarge {
        hold: hold.id,
        amount: shop.usd("60.01"),
        captured: shop.usd("0"),
        held: shop.usd("50"),
        tolerance: shop.usd("10"),
    };
    assert_eq!(refused, expected);
    shop.ledger.capture(part("20"), "some").unwrap();
    // What is beyond the hold must be there.
    shop.pay("45", "elsewhere").unwrap();
    shop.assert_three(&shop.alice, ["35", "30", "5"]);
    assert_eq!(kind_of(shop.ledger.capture(part("36"), "poor")), ErrorKind::InsufficientFunds);
    shop.ledger.capture(part("35"), "all").unwrap();
    shop.assert_three(&shop.alice, ["0", "0", "0"]);
    let found = shop.ledger.get_hold(&hold).unwrap().unwrap();
    assert_eq!((found.captured, found.state), (shop.usd("55"), HoldState::Captured));
}

pub fn a_released_hold_is_free_again(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let hold = shop.hold("80", "hold");
    shop.ledger.capture(CaptureSpec::of(&hold).amount(shop.usd("30")), "part").unwrap();
    let released = shop.ledger.release(&hold, "release").unwrap();
    assert_eq!((released.kind, released.postings.len()), (Kind::Release, 0));
    shop.assert_three(&shop.alice, ["70", "0", "70"]);
    assert_eq!(shop.state(&hold), HoldState::Released);
}

pub fn a_hold_ends_once(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let (one, two) = (shop.hold("10", "one"), shop.hold("10", "two"));
    shop.ledger.capture(&one, "capture").unwrap();
    shop.ledger.release(&two, "release").unwrap();
    for (hold, state) in [(&one, HoldState::Captured), (&two, HoldState::Released)] {
        let key = |what: &str| format!("{what} {state}");
        let finished = Rejection::HoldFinished { hold: hold.id, state };
        let ledger = &shop.ledger;
        assert_eq!(rejection_of(ledger.capture(hold, key("c"))), finished);
        assert_eq!(rejection_of(ledger.release(hold, key("r"))), finished);
        assert_eq!(rejection_of(ledger.extend(hold, 2 * HOUR, key("e"))), finished);
        let expire = Command::expire(key("x").parse().unwrap(), hold);
        assert_eq!(rejection_of(ledger.submit(expire)), finished);
    }
    shop.assert_posted(&[(&shop.alice, "90"), (&shop.bob, "10")]);
    let retried = shop.ledger.capture(&one, "capture").unwrap();
    assert!(retried.replayed);
    assert_eq!(kind_of(shop.ledger.capture(&two, "capture")), ErrorKind::KeyConflict);
}

/// One millisecond before, at, and after the deadline, on every path.
pub fn a_hold_expires_at_its_very_millisecond(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    for (late, round) in [(false, -1), (true, 0), (true, 1)] {
        let hold = |what: &str| shop.hold("20", &format!("{what} {round}"));
        let [captured, released, extended, left] = ["c", "r", "e", "l"].map(hold);
        shop.clock.set(Timestamp::from_unix_ms(left.expires_at.unix_ms() + round));
        let key = |what: &str| format!("{what} of {round}");
        let expected =
            |hold: &Hold| Rejection::HoldExpired { hold: hold.id, expired_at: hold.expires_at };
        shop.assert_three(
            &shop.alice,
            if late { ["100", "0", "100"] } else { ["100", "80", "20"] },
        );
        let state = if late { HoldState::Expired } else { HoldState::Open };
        assert_eq!(shop.state(&left), state);
        for answer in [
            (&captured, shop.ledger.capture(&captured, key("c"))),
            (&released, shop.ledger.release(&released, key("r"))),
            (&extended, shop.ledger.extend(&extended, 2 * HOUR, key("e"))),
        ] {
            match answer {
                (hold, Err(error)) if late => {
                    assert_eq!(error.rejection().unwrap(), &expected(hold), "{round}");
                }
                (_, answer) => assert!(!late && answer.is_ok(), "{round}: {answer:?}"),
            }
        }
        // What is left is there for others just then.
        let rest = shop.ledger.balance(&shop.alice).unwrap();
        assert_eq!(rest.available, Some(shop.usd(if late { "100" } else { "40" })));
        shop.clock.advance(3 * HOUR);
        let all = shop.ledger.balance(&shop.alice).unwrap();
        assert_eq!((all.held, all.available), (shop.usd("0"), Some(all.posted)));
        let back = format!("back {round}");
        shop.ledger.deposit(&shop.alice, shop.usd("100"), back).unwrap();
        let rest = all.posted;
        shop.ledger.withdraw(&shop.alice, rest, format!("out {round}")).unwrap();
    }
}

pub fn a_clock_that_steps_back_revives_no_hold(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let hold = shop.hold("80", "hold");
    let made = hold.id.time();
    shop.clock.set(hold.expires_at);
    shop.assert_three(&shop.alice, ["100", "0", "100"]);
    for back in ["2026-03-01T11:00:00Z", "2020-01-01T00:00:00Z"] {
        shop.clock.set(back.parse().unwrap());
        shop.assert_three(&shop.alice, ["100", "0", "100"]);
        assert_eq!(shop.state(&hold), HoldState::Expired);
        assert_eq!(kind_of(shop.ledger.capture(&hold, back)), ErrorKind::HoldExpired);
    }
    shop.clock.set(made);
    shop.pay("100", "all of it").unwrap();
    assert_eq!(kind_of(shop.ledger.capture(&hold, "late")), ErrorKind::HoldExpired);
}

pub fn an_extended_hold_lasts(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let hold = shop.hold("80", "hold");
    for short in [HOUR, HOUR.checked_sub(MS).unwrap()] {
        let answer = shop.ledger.extend(&hold, short, format!("{short:?}"));
        assert_eq!(kind_of(answer), ErrorKind::HoldNotExtended);
    }
    shop.clock.advance(HOUR / 2);
    let extended = shop.ledger.extend(&hold, HOUR, "extend").unwrap();
    let expires_at = shop.clock.now().checked_add(HOUR).unwrap();
    assert_eq!(extended.hold().unwrap().expires_at, expires_at);
    shop.clock.set(Timestamp::from_unix_ms(expires_at.unix_ms() - 1));
    shop.assert_three(&shop.alice, ["100", "80", "20"]);
    shop.ledger.capture(&hold, "capture").unwrap();
    shop.assert_posted(&[(&shop.alice, "20"), (&shop.bob, "80")]);
}

pub fn bad_holds_are_refused(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let refused = |spec| kind_of(shop.ledger.hold(spec, "bad"));
    let lasting = |duration| HoldSpec::new(&shop.alice, &shop.bob, shop.usd("1"), duration);
    for duration in [Duration::ZERO, MS / 2, Duration::from_hours(401 * 24), Duration::MAX] {
        assert_eq!(refused(lasting(duration)), ErrorKind::InvalidHold, "{duration:?}");
    }
    assert_eq!(refused(shop.hold_spec("0")), ErrorKind::InvalidAmount);
    assert_eq!(refused(shop.hold_spec("-1")), ErrorKind::InvalidAmount);
    let tolerant = |tolerance| shop.hold_spec("1").tolerance(tolerance);
    assert_eq!(refused(tolerant(shop.usd("-1"))), ErrorKind::InvalidHold);
    assert_eq!(refused(tolerant(shop.usd.minor(i128::MAX))), ErrorKind::InvalidHold);
    let eur = crate::Asset::iso("EUR").unwrap();
    assert_eq!(refused(tolerant(eur.minor(1))), ErrorKind::InvalidHold);
    let own = HoldSpec::new(&shop.alice, &shop.alice, shop.usd("1"), HOUR);
    assert_eq!(refused(own), ErrorKind::InvalidWallet);
    let euros = HoldSpec::new(&shop.alice, &shop.bob, eur.minor(1), HOUR);
    assert_eq!(refused(euros), ErrorKind::AssetMismatch);
    let hold = shop.hold("10", "good");
    let capture = |amount| shop.ledger.capture(CaptureSpec::of(&hold).amount(amount), "bad");
    assert_eq!(kind_of(capture(shop.usd("0"))), ErrorKind::InvalidAmount);
    assert_eq!(kind_of(capture(eur.minor(1))), ErrorKind::AssetMismatch);
    assert_eq!(kind_of(shop.ledger.extend(&hold, Duration::MAX, "bad")), ErrorKind::InvalidHold);
    let nobody = HoldId::from_raw(7).unwrap();
    assert_eq!(kind_of(shop.ledger.capture(nobody, "bad")), ErrorKind::UnknownHold);
    assert_eq!(shop.ledger.get_hold(nobody).unwrap(), None);
    // None of this has used the key.
    shop.ledger.hold(shop.hold_spec("1"), "bad").unwrap();
}

pub fn frozen_wallets_neither_hold_nor_capture(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let hold = shop.hold("10", "hold");
    for (wallet, round) in [(&shop.alice, 1), (&shop.bob, 2)] {
        let key = |what: &str| format!("{what} {round}");
        shop.ledger.freeze(wallet, key("freeze")).unwrap();
        let answer = shop.ledger.hold(shop.hold_spec("1"), key("hold"));
        assert_eq!(kind_of(answer), ErrorKind::WalletFrozen);
        let captured = shop.ledger.capture(&hold, key("capture"));
        assert_eq!(kind_of(captured), ErrorKind::WalletFrozen);
        shop.ledger.unfreeze(wallet, key("unfreeze")).unwrap();
    }
    shop.ledger.freeze(&shop.alice, "freeze").unwrap();
    shop.ledger.release(&hold, "release").unwrap();
    shop.assert_three(&shop.alice, ["100", "0", "100"]);
}

pub fn a_wallet_with_a_live_hold_is_not_closed(store: Arc<dyn Store>) {
    let shop = Shop::new(store);
    let credit = shop.open(shop.spec("credit").floor(shop.usd("-50")).unwrap());
    let spec = HoldSpec::new(&credit, &shop.bob, shop.usd("50"), HOUR);
    let hold = shop.ledger.hold(spec, "hold").unwrap();
    let refused = rejection_of(shop.ledger.close_wallet(&credit, "close"));
    let (wallet, posted) = (credit.id, shop.usd("0"));
    assert_eq!(refused, Rejection::WalletNotEmpty { wallet, posted, held: shop.usd("50") });
    shop.clock.set(hold.expires_at);
    shop.ledger.close_wallet(&credit, "close now").unwrap();
    assert_eq!(kind_of(shop.ledger.release(&hold, "release")), ErrorKind::HoldExpired);
}

pub fn a_batch_that_fails_leaves_holds_as_they_were(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let (one, two) = (shop.hold("10", "one"), shop.hold("20", "two"));
    let capture = |hold: &Hold, name: &str| Command::capture(key(name), hold);
    let pay = |amount: &str, name: &str| {
        Command::transfer(key(name), &shop.alice, &shop.bob, shop.usd(amount))
    };
    let batch = [capture(&one, "a"), capture(&two, "b"), pay("71", "c")];
    let refused = shop.ledger.submit_all(batch).unwrap_err();
    assert_eq!((refused.item(), refused.kind()), (Some(2), ErrorKind::InsufficientFunds));
    shop.assert_three(&shop.alice, ["100", "30", "70"]);
    let twice = [capture(&one, "d"), capture(&one, "e")];
    let refused = shop.ledger.submit_all(twice).unwrap_err();
    assert_eq!((refused.item(), refused.kind()), (Some(1), ErrorKind::HoldFinished));
    assert_eq!((shop.state(&one), shop.state(&two)), (HoldState::Open, HoldState::Open));
    let each = [capture(&one, "f"), capture(&one, "g"), Command::release(key("h"), &two)];
    let answers = shop.ledger.submit_each(each).unwrap();
    let codes: Vec<_> =
        answers.iter().map(|it| it.as_ref().err().map(crate::Error::kind)).collect();
    assert_eq!(codes, [None, Some(ErrorKind::HoldFinished), None]);
    shop.assert_three(&shop.alice, ["90", "0", "90"]);
}

pub fn holds_are_listed_by_wallet_state_and_deadline(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    shop.ledger.deposit(&shop.bob, shop.usd("10"), "bob").unwrap();
    let made: Vec<Hold> = (0..5).map(|n| shop.hold("1", &format!("hold {n}"))).collect();
    let back = HoldSpec::new(&shop.bob, &shop.alice, shop.usd("1"), 2 * HOUR);
    let back = shop.ledger.hold(back, "back").unwrap();
    shop.ledger.capture(&made[0], "capture").unwrap();
    shop.ledger.release(&made[1], "release").unwrap();
    shop.ledger.extend(&made[2], 3 * HOUR, "extend").unwrap();
    let list = |query: HoldQuery| -> Vec<HoldId> {
        let page = shop.ledger.holds(&query).unwrap();
        page.holds.iter().map(|hold| hold.id).collect()
    };
    let id = |hold: &Hold| hold.id;
    let all: Vec<HoldId> = made.iter().chain([&back]).map(id).collect();
    assert_eq!(list(HoldQuery::all()), all);
    assert_eq!(list(HoldQuery::all().wallet(&shop.bob)), [back.id]);
    let by = |state| HoldQuery::all().wallet(&shop.alice).state(state);
    assert_eq!(list(by(HoldState::Captured)), [made[0].id]);
    assert_eq!(list(by(HoldState::Released)), [made[1].id]);
    assert_eq!(list(by(HoldState::Open)), [made[2].id, made[3].id, made[4].id]);
    assert_eq!(list(by(HoldState::Expired)), []);
    let soon = |time| HoldQuery::all().state(HoldState::Open).expires_before(time);
    assert_eq!(list(soon(back.expires_at)), [made[3].id, made[4].id]);
    shop.clock.set(made[4].expires_at);
    assert_eq!(list(by(HoldState::Open)), [made[2].id]);
    assert_eq!(list(by(HoldState::Expired)), [made[3].id, made[4].id]);
    let first = shop.ledger.holds(&HoldQuery::all().limit(4)).unwrap();
    assert_eq!((first.holds.len(), first.next), (4, Some(made[3].id)));
    let rest = shop.ledger.holds(&HoldQuery::all().limit(4).after(first.next)).unwrap();
    assert_eq!((rest.holds.len(), rest.next), (2, None));
    assert_eq!(kind_of(shop.ledger.holds(&HoldQuery::all().limit(0))), ErrorKind::InvalidPage);
}

pub fn tidying_changes_no_answer(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let holds: Vec<Hold> = (0..5).map(|n| shop.hold("1", &format!("hold {n}"))).collect();
    assert_eq!(shop.ledger.expire_due(10).unwrap(), 0);
    let early = Command::expire(key("early"), &holds[0]);
    assert_eq!(kind_of(shop.ledger.submit(early)), ErrorKind::HoldNotDue);
    shop.clock.set(holds[4].expires_at);
    let before = shop.ledger.balance(&shop.alice).unwrap();
    // Someone has used the key that tidying would use.
    shop.ledger.deposit(&shop.alice, shop.usd("1"), format!("expire:{}", holds[0].id)).unwrap();
    let before = crate::Balance { posted: shop.posted(&shop.alice), ..before };
    assert_eq!(shop.ledger.expire_due(2).unwrap(), 2);
    assert_eq!(shop.ledger.expire_due(10).unwrap(), 3);
    assert_eq!(shop.ledger.expire_due(10).unwrap(), 0);
    let after = shop.ledger.balance(&shop.alice).unwrap();
    assert_eq!((after.posted, after.held), (before.posted, before.held));
    assert!(holds.iter().all(|hold| shop.state(hold) == HoldState::Expired));
    assert_eq!(kind_of(shop.ledger.capture(&holds[0], "late")), ErrorKind::HoldExpired);
}

pub fn holds_of_many_threads_never_reserve_too_much(store: Arc<dyn Store>) {
    let mut shop = Shop::funded(store.clone());
    shop.ledger = crate::LedgerBuilder::on(store).build().unwrap();
    let captured: usize = thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|thread| {
                let shop = &shop;
                scope.spawn(move || (0..30).filter(|round| shop.one_stay(thread, *round)).count())
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    // A dollar each: of 100 there were, so many came to Bob, and no more.
    let expected = shop.usd.minor(i128::try_from(captured).unwrap() * 100);
    assert_eq!(shop.posted(&shop.bob), expected);
    let balance = shop.ledger.balance(&shop.alice).unwrap();
    assert_eq!(balance.held, shop.usd("0"));
    shop.assert_balanced();
}

impl Shop {
    /// Holds a dollar and captures or releases it, twice at once; whether it was captured.
    fn one_stay(&self, thread: u32, round: u32) -> bool {
        let key = |what: &str| format!("{what} {thread} {round}");
        let spec = HoldSpec::new(&self.alice, &self.bob, self.usd("1"), HOUR);
        let hold = match self.ledger.hold(spec, key("hold")) {
            Ok(hold) => hold,
            Err(refused) => {
                assert_eq!(refused.kind(), ErrorKind::InsufficientFunds);
                return false;
            }
        };
        let (captured, released) = thread::scope(|scope| {
            let release = scope.spawn(|| self.ledger.release(&hold, key("release")).is_ok());
            let captured = self.ledger.capture(&hold, key("capture")).is_ok();
            (captured, release.join().unwrap())
        });
        assert!(captured != released, "exactly one wins");
        captured
    }
}
