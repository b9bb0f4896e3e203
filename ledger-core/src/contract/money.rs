//! Money moves, and stops where it must.

use std::sync::Arc;

use crate::contract::shop::{Shop, key, kind_of, rejection_of};
use crate::store::Store;
use crate::{
    Actor, Amount, Command, ErrorKind, Kind, Leg, Metadata, Rejection, Status, StatusChange,
};

pub fn deposits_and_withdrawals_are_postings_with_the_world(store: Arc<dyn Store>) {
    let shop = Shop::new(store);
    let world = shop.ledger.world(shop.usd).unwrap();
    let deposit = shop.ledger.deposit(&shop.alice, shop.usd("10"), "d").unwrap();
    assert_eq!((deposit.kind, deposit.replayed), (Kind::Deposit, false));
    assert_eq!((deposit.postings[0].from, deposit.postings[0].to), (world.id, shop.alice.id));
    shop.assert_posted(&[(&shop.alice, "10"), (&world, "-10")]);
    let withdrawal = shop.ledger.withdraw(&shop.alice, shop.usd("4"), "w").unwrap();
    assert_eq!(withdrawal.kind, Kind::Withdrawal);
    assert_eq!((withdrawal.postings[0].from, withdrawal.postings[0].to), (shop.alice.id, world.id));
    shop.assert_posted(&[(&shop.alice, "6"), (&world, "-6")]);
}

pub fn a_transfer_moves_money_and_versions(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let receipt = shop.pay("12.50", "order:7").unwrap();
    assert_eq!(receipt.at, receipt.id.time());
    assert_eq!(receipt.key.as_str(), "order:7");
    let [posting] = &*receipt.postings else { panic!("one posting") };
    assert_eq!(posting.amount, shop.usd("12.50"));
    assert_eq!(posting.from_balance, shop.usd("87.50").amount());
    assert_eq!(posting.to_balance, shop.usd("12.50").amount());
    assert_eq!((posting.from_version, posting.to_version), (2, 1));
    let balance = shop.ledger.balance(&shop.alice).unwrap();
    assert_eq!((balance.posted, balance.version), (shop.usd("87.50"), 2));
    assert_eq!((balance.held, balance.available), (shop.usd("0"), Some(shop.usd("87.50"))));
    shop.assert_balanced();
}

pub fn a_wallet_stops_at_its_floor(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let refused = rejection_of(shop.pay("100.01", "too much"));
    let expected = Rejection::InsufficientFunds {
        wallet: shop.alice.id,
        available: shop.usd("100"),
        needed: shop.usd("100.01"),
        shortfall: shop.usd("0.01"),
    };
    assert_eq!(refused, expected);
    shop.assert_posted(&[(&shop.alice, "100"), (&shop.bob, "0")]);
    shop.pay("100", "all").unwrap();
    shop.assert_posted(&[(&shop.alice, "0"), (&shop.bob, "100")]);
}

pub fn a_credit_line_is_a_floor_below_zero(store: Arc<dyn Store>) {
    let shop = Shop::new(store);
    let credit = shop.open(shop.spec("credit").floor(shop.usd("-50")).unwrap());
    let endless = shop.open(shop.spec("endless").no_floor());
    let spend =
        |from, amount, key| shop.ledger.transfer(from, &shop.bob, shop.usd(amount), key).map(drop);
    spend(&credit, "50", "a").unwrap();
    assert_eq!(kind_of(spend(&credit, "0.01", "b")), ErrorKind::InsufficientFunds);
    spend(&endless, "1000000", "c").unwrap();
    shop.assert_posted(&[(&credit, "-50"), (&endless, "-1000000"), (&shop.bob, "1000050")]);
    assert_eq!(shop.ledger.balance(&credit).unwrap().available, Some(shop.usd("0")));
    assert_eq!(shop.ledger.balance(&endless).unwrap().available, None);
}

pub fn a_wallet_stops_at_its_ceiling(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let jar = shop.open(shop.spec("jar").ceiling(shop.usd("10")).unwrap());
    let fill = |amount, key| shop.ledger.transfer(&shop.alice, &jar, shop.usd(amount), key);
    fill("9", "a").unwrap();
    let expected = Rejection::CeilingExceeded {
        wallet: jar.id,
        ceiling: shop.usd("10"),
        balance: shop.usd("10.01"),
    };
    assert_eq!(rejection_of(fill("1.01", "b")), expected);
    fill("1", "c").unwrap();
    shop.assert_posted(&[(&jar, "10"), (&shop.alice, "90")]);
}

pub fn balances_stop_at_both_ends_of_128_bits(store: Arc<dyn Store>) {
    let shop = Shop::new(store);
    let all = shop.usd.of(Amount::MAX);
    let one = shop.usd.minor(1);
    let debtor = shop.open(shop.spec("debtor").no_floor());
    shop.ledger.transfer(&debtor, &shop.alice, all, "all").unwrap();
    // The receiver is at the upper end.
    let up = shop.ledger.transfer(&shop.bob, &shop.alice, one, "bob has nothing");
    assert_eq!(kind_of(up), ErrorKind::InsufficientFunds);
    let up = rejection_of(shop.ledger.deposit(&shop.alice, one, "up"));
    let full = Rejection::BalanceOverflow { wallet: shop.alice.id, balance: all, amount: one };
    assert_eq!(up, full);
    // The sender comes to the lower end, and no further.
    shop.ledger.transfer(&debtor, &shop.bob, one, "last").unwrap();
    assert_eq!(shop.posted(&debtor), shop.usd.of(Amount::MIN));
    let down = rejection_of(shop.ledger.transfer(&debtor, &shop.bob, one, "down"));
    let balance = shop.usd.of(Amount::MIN);
    assert_eq!(down, Rejection::BalanceOverflow { wallet: debtor.id, balance, amount: one });
    // And back from both.
    shop.ledger.transfer(&shop.alice, &debtor, all, "back").unwrap();
    assert_eq!(shop.posted(&debtor), shop.usd.minor(-1));
    let history = shop.ledger.history(&debtor, &crate::HistoryQuery::newest_first()).unwrap();
    assert_eq!(history.entries[2].amount, shop.usd.minor(-i128::MAX));
}

pub fn postings_are_carried_out_in_order_all_or_none(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let fee = shop.open(shop.spec("fee"));
    let legs = |first: &str, second: &str| {
        [
            Leg::new(&shop.alice, &shop.bob, shop.usd(first)),
            Leg::new(&shop.bob, &fee, shop.usd(second)),
        ]
    };
    let receipt = shop.ledger.post(legs("10", "1"), "a").unwrap();
    assert_eq!(receipt.postings.len(), 2);
    assert_eq!(receipt.postings[0].to_version, 1);
    assert_eq!(receipt.postings[1].from_version, 2);
    assert_eq!(receipt.postings[1].from_balance, shop.usd("9").amount());
    shop.assert_posted(&[(&shop.alice, "90"), (&shop.bob, "9"), (&fee, "1")]);
    // The second one fails, so the first one did not happen.
    let refused = shop.ledger.post(legs("10", "20"), "b");
    assert_eq!(kind_of(refused), ErrorKind::InsufficientFunds);
    shop.assert_posted(&[(&shop.alice, "90"), (&shop.bob, "9"), (&fee, "1")]);
    assert_eq!(shop.ledger.balance(&shop.bob).unwrap().version, 2);
    // Each posting must stand on its own: what comes later does not help.
    let mut backwards = legs("10", "19").to_vec();
    backwards.reverse();
    assert_eq!(kind_of(shop.ledger.post(backwards, "c")), ErrorKind::InsufficientFunds);
    shop.ledger.post(legs("10", "19"), "d").unwrap();
    shop.assert_posted(&[(&shop.alice, "80"), (&shop.bob, "0"), (&fee, "20")]);
}

pub fn a_frozen_wallet_moves_nothing_until_unfrozen(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let frozen = shop.ledger.freeze(&shop.alice, "freeze").unwrap();
    let change =
        StatusChange { wallet: shop.alice.id, from: Status::Open, to: Status::Frozen, version: 2 };
    assert_eq!((frozen.kind, frozen.status()), (Kind::Freeze, Some(&change)));
    assert_eq!(shop.ledger.wallet_by_id(&shop.alice).unwrap().unwrap().status, Status::Frozen);
    let wallet = shop.alice.id;
    assert_eq!(rejection_of(shop.pay("1", "out")), Rejection::WalletFrozen { wallet });
    let into = shop.ledger.deposit(&shop.alice, shop.usd("1"), "in");
    assert_eq!(kind_of(into), ErrorKind::WalletFrozen);
    let again = shop.ledger.freeze(&shop.alice, "freeze again");
    assert_eq!(kind_of(again), ErrorKind::WalletFrozen);
    shop.ledger.unfreeze(&shop.alice, "unfreeze").unwrap();
    let status = Status::Open;
    let again = rejection_of(shop.ledger.unfreeze(&shop.alice, "unfreeze again"));
    assert_eq!(again, Rejection::WalletNotFrozen { wallet, status });
    shop.pay("1", "later").unwrap();
    assert_eq!(shop.ledger.balance(&shop.alice).unwrap().version, 4);
    shop.assert_posted(&[(&shop.alice, "99"), (&shop.bob, "1")]);
}

pub fn a_closed_wallet_stays_closed(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let wallet = shop.alice.id;
    let not_empty =
        Rejection::WalletNotEmpty { wallet, posted: shop.usd("100"), held: shop.usd("0") };
    assert_eq!(rejection_of(shop.ledger.close_wallet(&shop.alice, "early")), not_empty);
    shop.pay("100", "empty it").unwrap();
    shop.ledger.freeze(&shop.alice, "freeze").unwrap();
    shop.ledger.close_wallet(&shop.alice, "close").unwrap();
    let closed = Rejection::WalletClosed { wallet };
    let into = shop.ledger.transfer(&shop.bob, &shop.alice, shop.usd("1"), "in");
    assert_eq!(rejection_of(into), closed);
    assert_eq!(rejection_of(shop.ledger.unfreeze(&shop.alice, "u")), closed);
    assert_eq!(rejection_of(shop.ledger.freeze(&shop.alice, "f")), closed);
    assert_eq!(rejection_of(shop.ledger.close_wallet(&shop.alice, "c")), closed);
    let reopened = shop.open(shop.spec("user:alice"));
    assert_eq!((reopened.id, reopened.status), (wallet, Status::Closed));
}

pub fn the_world_can_be_frozen_but_not_closed(store: Arc<dyn Store>) {
    let shop = Shop::new(store);
    let world = shop.ledger.world(shop.usd).unwrap();
    assert_eq!(kind_of(shop.ledger.close_wallet(&world, "close")), ErrorKind::WorldWallet);
    shop.ledger.freeze(&world, "freeze").unwrap();
    let refused = shop.ledger.deposit(&shop.alice, shop.usd("1"), "d");
    assert_eq!(rejection_of(refused), Rejection::WalletFrozen { wallet: world.id });
}

pub fn metadata_and_actor_are_kept(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let meta = Metadata::from_json(r#"{"sku":"A1"}"#).unwrap();
    let actor = Actor::new("api").unwrap().origin("203.0.113.9").unwrap().reason("sale").unwrap();
    let pay = |amount: &str, name: &str| {
        let amount = shop.usd(amount);
        Command::transfer(key(name), &shop.alice, &shop.bob, amount)
            .meta(meta.clone())
            .actor(actor.clone())
    };
    let receipt = shop.ledger.submit(pay("1", "a")).unwrap();
    assert_eq!(receipt.meta, Some(meta.clone()));
    assert_eq!(receipt.actor.as_deref(), Some(&actor));
    let history = shop.ledger.history(&shop.bob, &crate::HistoryQuery::newest_first()).unwrap();
    assert_eq!(history.entries[0].meta, Some(meta.clone()));
    assert_eq!(history.entries[0].actor.as_deref(), Some(&actor));
    // Also of what was refused.
    assert_eq!(kind_of(shop.ledger.submit(pay("1000", "b"))), ErrorKind::InsufficientFunds);
    let Some(crate::Answer::Refused { refusal, position }) =
        shop.ledger.transaction_by_key("b").unwrap()
    else {
        panic!("remembered")
    };
    let item = &refusal.items[position];
    assert_eq!((item.meta.as_ref(), item.actor.as_deref()), (Some(&meta), Some(&actor)));
    assert_eq!(item.kind, Kind::Transfer);
}

pub fn preconditions_that_fail_tell_what_there_is(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let hour = std::time::Duration::from_hours(1);
    let spec = crate::HoldSpec::new(&shop.alice, &shop.bob, shop.usd("30"), hour);
    shop.ledger.hold(spec, "hold").unwrap();
    let pay = || Command::transfer(key("pay"), &shop.alice, &shop.bob, shop.usd("1"));
    let alice = &shop.alice;
    for (command, kind) in [
        (pay().expect_version(alice, 1), ErrorKind::VersionMismatch),
        (pay().expect_balance(alice, shop.usd("100.01")), ErrorKind::BalanceTooLow),
        (pay().expect_status(alice, Status::Frozen), ErrorKind::StatusMismatch),
    ] {
        let error = shop.ledger.submit(command).unwrap_err();
        assert_eq!(error.kind(), kind);
        let (Rejection::VersionMismatch { wallet, present, .. }
        | Rejection::BalanceTooLow { wallet, present, .. }
        | Rejection::StatusMismatch { wallet, present, .. }) = error.rejection().unwrap()
        else {
            panic!("{error}")
        };
        assert_eq!((*wallet, present.version, present.status), (alice.id, 2, Status::Open));
        let amounts = (present.posted, present.held, present.available);
        assert_eq!(amounts, (shop.usd("100"), shop.usd("30"), Some(shop.usd("70"))));
    }
    let euro = crate::Asset::iso("EUR").unwrap().minor(1);
    let other = shop.ledger.submit(pay().expect_balance(alice, euro));
    assert_eq!(kind_of(other), ErrorKind::AssetMismatch);
    let all = pay().expect_version(alice, 2).expect_status(&shop.bob, Status::Open);
    shop.ledger.submit(all.expect_balance(alice, shop.usd("100"))).unwrap();
}

pub fn a_trade_exchanges_both_assets_or_none(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let gold = shop.ledger.define_asset(crate::Asset::new("GOLD", 3).unwrap()).unwrap();
    let open = |name| shop.open(crate::WalletSpec::new(name, gold).unwrap());
    let (jewels, vault) = (open("jewels"), open("vault"));
    let grams = |text: &str| gold.money(text).unwrap();
    shop.ledger.deposit(&vault, grams("3"), "gold").unwrap();
    let trade = |cost: &str, bought: &str, key: &str| {
        let paid = Leg::new(&shop.alice, &shop.bob, shop.usd(cost));
        shop.ledger.trade(paid, Leg::new(&vault, &jewels, grams(bought)), key)
    };
    let done = trade("60", "2", "trade").unwrap();
    assert_eq!((done.kind, done.postings.len()), (Kind::Trade, 2));
    assert_eq!(kind_of(trade("40.01", "1", "poor")), ErrorKind::InsufficientFunds);
    assert_eq!(kind_of(trade("40", "1.001", "empty")), ErrorKind::InsufficientFunds);
    assert_eq!(kind_of(trade("0", "1", "free")), ErrorKind::InvalidAmount);
    shop.assert_posted(&[(&shop.alice, "40"), (&shop.bob, "60")]);
    assert_eq!((shop.posted(&vault), shop.posted(&jewels)), (grams("1"), grams("2")));
    let same = Leg::new(&shop.bob, &shop.alice, shop.usd("1"));
    let paid = Leg::new(&shop.alice, &shop.bob, shop.usd("1"));
    assert_eq!(kind_of(shop.ledger.trade(paid, same, "same")), ErrorKind::InvalidPostings);
    let crossed = Leg::new(&vault, &shop.alice, grams("1"));
    assert_eq!(kind_of(shop.ledger.trade(paid, crossed, "crossed")), ErrorKind::AssetMismatch);
    shop.ledger.reverse(done.id, "undo").unwrap();
    shop.assert_posted(&[(&shop.alice, "100"), (&shop.bob, "0")]);
    assert_eq!((shop.posted(&vault), shop.posted(&jewels)), (grams("3"), grams("0")));
}

pub fn a_split_payment_adds_up(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let sellers: Vec<_> = (0..3).map(|n| shop.open(shop.spec(&format!("seller {n}")))).collect();
    let shares = sellers.iter().map(|seller| (seller.id, 1));
    let legs = Leg::split(&shop.alice, shop.usd("100"), shares).unwrap();
    shop.ledger.post(legs, "split").unwrap();
    let expected = [(&sellers[0], "33.34"), (&sellers[1], "33.33"), (&sellers[2], "33.33")];
    shop.assert_posted(&expected);
    shop.assert_posted(&[(&shop.alice, "0")]);
}
