//! The store itself, without a ledger over it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::contract::shop::{Shop, key};
use crate::store::{Record, Span, Stamp, Store, StoreError, WalletFilter, WalletRecord, Wants};
use crate::{Command, MemoryStore, Order, Timestamp, WalletId};

const NOON: Timestamp = Timestamp::from_unix_ms(1_772_366_400_000);

/// The record of another wallet, like Alice's but for its name and id.
fn wallet_record(shop: &Shop, stamp: Stamp, name: &str) -> Record {
    let spec = shop.spec(name);
    Record::Wallet(Arc::new(WalletRecord::open(WalletId::from_stamp(stamp), &spec)))
}

fn reserve(store: &dyn Store, now: Timestamp, count: usize) -> Vec<Stamp> {
    let mut group = store.begin().unwrap();
    group.reserve(now, 0, count).unwrap().unwrap().collect()
}

/// All of the journal, read in small pieces.
fn journal(store: &dyn Store) -> Vec<Record> {
    let mut all: Vec<Record> = Vec::new();
    loop {
        let piece = store.records(all.last().map(Record::stamp), 2).unwrap();
        assert!(piece.len() <= 2);
        if piece.is_empty() {
            return all;
        }
        all.extend(piece);
    }
}

pub fn a_dropped_group_leaves_nothing(store: Arc<dyn Store>) {
    let shop = Shop::new(store.clone());
    let before = journal(store.as_ref());
    let dropped = reserve(store.as_ref(), NOON, 1)[0];
    assert_eq!(journal(store.as_ref()), before);
    // The store goes on, and a commit is seen at once.
    let mut group = store.begin().unwrap();
    let stamp = group.reserve(NOON, 0, 1).unwrap().unwrap().next().unwrap();
    assert!(stamp >= dropped);
    let record = wallet_record(&shop, stamp, "carol");
    group.commit(vec![record.clone()]).unwrap();
    assert_eq!(journal(store.as_ref()).last(), Some(&record));
    let carol = store.wallet_named(&crate::WalletName::new("carol").unwrap()).unwrap().unwrap();
    assert_eq!(carol.id, WalletId::from_stamp(stamp));
}

/// Whether `step` is still not done after a while in which it could have been.
fn is_kept_waiting(done: &AtomicBool) -> bool {
    thread::sleep(Duration::from_millis(30));
    !done.load(Ordering::SeqCst)
}

pub fn one_lane_has_one_open_group(store: Arc<dyn Store>) {
    if store.lanes() > 1 {
        return;
    }
    let (first, begun) = (store.begin().unwrap(), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            let second = store.begin().unwrap();
            begun.store(true, Ordering::SeqCst);
            drop(second);
        });
        assert!(is_kept_waiting(&begun));
        drop(first);
    });
    assert!(begun.load(Ordering::SeqCst));
}

pub fn lanes_commit_in_the_order_of_their_stamps(store: Arc<dyn Store>) {
    if store.lanes() == 1 {
        return;
    }
    let shop = Shop::new(store.clone());
    // Given up or committed, the one who came first is waited for.
    for gives_up in [false, true] {
        let mut first = store.begin().unwrap();
        let mut second = store.begin().unwrap();
        let early = first.reserve(NOON, 0, 1).unwrap().unwrap().next().unwrap();
        let late = second.reserve(NOON, 0, 1).unwrap().unwrap().next().unwrap();
        assert!(early < late, "reserved, though nothing is committed yet");
        drop(second);
        let committed = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut third = store.begin().unwrap();
                let later = third.reserve(NOON, 0, 1).unwrap().unwrap().next().unwrap();
                let record = wallet_record(&shop, later, &format!("later {gives_up}"));
                third.commit(vec![record]).unwrap();
                committed.store(true, Ordering::SeqCst);
            });
            assert!(is_kept_waiting(&committed));
            if gives_up {
                drop(first);
            } else {
                first.commit(vec![wallet_record(&shop, early, "early")]).unwrap();
            }
        });
        let records = journal(store.as_ref());
        assert!(records.windows(2).all(|pair| pair[0].stamp() < pair[1].stamp()));
    }
}

pub fn records_out_of_order_are_refused(store: Arc<dyn Store>) {
    let shop = Shop::new(store.clone());
    let before = journal(store.as_ref());
    let stamps = reserve(store.as_ref(), NOON, 2);
    let [one, two] = [stamps[1], stamps[0]].map(|stamp| wallet_record(&shop, stamp, "carol"));
    let known = wallet_record(&shop, shop.bob.id.stamp(), "dave");
    for records in [vec![one, two], vec![known]] {
        let refused = store.begin().unwrap().commit(records);
        assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
    }
    assert_eq!(journal(store.as_ref()), before);
}

pub fn the_journal_rebuilds_everything(store: Arc<dyn Store>) {
    let shop = Shop::funded(store.clone());
    let pay = |amount, name| Command::transfer(key(name), &shop.alice, &shop.bob, shop.usd(amount));
    shop.pay("12.50", "a").unwrap();
    shop.ledger.submit_all([pay("60", "b"), pay("60", "c")]).unwrap_err();
    shop.ledger.submit_all([pay("1", "d"), pay("2", "e")]).unwrap();
    shop.pay("1000", "f").unwrap_err();
    shop.ledger.freeze(&shop.bob, "g").unwrap();

    let records = journal(store.as_ref());
    assert!(records.windows(2).all(|pair| pair[0].stamp() < pair[1].stamp()));
    let copy = MemoryStore::new();
    for piece in records.chunks(3) {
        copy.begin().unwrap().commit(piece.to_vec()).unwrap();
    }
    let (store, copy): (&dyn Store, &dyn Store) = (store.as_ref(), &copy);
    assert_eq!(journal(copy), records);
    let all = WalletFilter { limit: 100, ..WalletFilter::default() };
    let wallets = store.wallets(&all).unwrap();
    assert_eq!((copy.wallets(&all).unwrap(), wallets.len()), (wallets.clone(), 3));
    for wallet in wallets {
        assert_eq!(copy.row(wallet.id).unwrap(), store.row(wallet.id).unwrap());
        let entries = |store: &dyn Store| {
            store.entries(wallet.id, Span::ALL, Order::OldestFirst, 100).unwrap()
        };
        assert_eq!(entries(copy), entries(store));
    }
    for name in ["fund", "a", "b", "c", "d", "e", "f", "g", "never"] {
        assert_eq!(copy.answer(&key(name)).unwrap(), store.answer(&key(name)).unwrap(), "{name}");
    }
    // It goes on from there.
    let next = reserve(copy, Timestamp::FIRST, 1)[0];
    assert!(next > records.last().unwrap().stamp());
}

pub fn stamps_increase_over_groups_and_clocks(store: Arc<dyn Store>) {
    let shop = Shop::new(store.clone());
    let mut last = shop.bob.id.stamp();
    let hour = 3_600_000;
    for (step, offset) in [0, -hour, 0, hour, 0].into_iter().enumerate() {
        let now = Timestamp::from_unix_ms(NOON.unix_ms() + offset);
        let mut group = store.begin().unwrap();
        let stamps: Vec<Stamp> = group.reserve(now, 0, 3).unwrap().unwrap().collect();
        assert!(last < stamps[0] && stamps[0] < stamps[1] && stamps[1] < stamps[2]);
        assert!(stamps[0].time() >= now);
        let record = wallet_record(&shop, stamps[2], &format!("wallet {step}"));
        group.commit(vec![record]).unwrap();
        last = stamps[2];
    }
    for bad in [i64::MIN, 0, Timestamp::END.unix_ms(), i64::MAX] {
        let mut group = store.begin().unwrap();
        let none = group.reserve(Timestamp::from_unix_ms(bad), 0, 1).unwrap();
        assert!(none.is_none(), "{bad}");
    }
    assert!(reserve(store.as_ref(), NOON, 1)[0] > last);
}

pub fn a_group_loads_what_it_wants_and_nothing_else(store: Arc<dyn Store>) {
    let shop = Shop::funded(store.clone());
    let stranger = WalletId::from_raw(7).unwrap();
    let (known, unknown) = (key("fund"), key("never"));
    let wants = Wants {
        wallets: vec![stranger, shop.alice.id],
        keys: vec![&known, &unknown, &known],
        holds: Vec::new(),
        reversed: Vec::new(),
        names: vec![&shop.bob.name],
        assets: vec![shop.usd.code(), crate::AssetCode::new("NONE").unwrap()],
        terms: false,
    };
    let mut group = store.begin().unwrap();
    let rows = group.load(&wants).unwrap();
    let alice = rows.wallet(shop.alice.id).unwrap();
    assert_eq!((alice.posted, alice.version), (shop.usd("100").amount(), 1));
    assert!(rows.wallet(stranger).is_none());
    assert!(rows.answer(&known).is_some() && rows.answer(&unknown).is_none());
    assert_eq!(rows.named(&shop.bob.name).unwrap().id, shop.bob.id);
    assert!(rows.wallet(shop.bob.id).is_some(), "a wallet found by name comes with its row");
    assert_eq!(rows.asset(shop.usd.code()).unwrap().asset, shop.usd);
    assert!(rows.asset(wants.assets[1]).is_none());
}

pub fn records_are_found_where_they_belong(store: Arc<dyn Store>) {
    let shop = Shop::funded(store.clone());
    let world = shop.ledger.world(shop.usd).unwrap();
    let entries = |order, limit| store.entries(world.id, Span::ALL, order, limit).unwrap();
    shop.ledger.deposit(&shop.bob, shop.usd("1"), "second").unwrap();
    let oldest = entries(Order::OldestFirst, 10);
    assert_eq!(oldest.len(), 2);
    assert_eq!(entries(Order::OldestFirst, 1), oldest[..1]);
    assert_eq!(entries(Order::NewestFirst, 1), oldest[1..]);
    let between = |after: usize, before: usize| {
        let span = Span { after: oldest[after].position(), before: oldest[before].position() };
        store.entries(world.id, span, Order::OldestFirst, 10).unwrap()
    };
    assert!(between(0, 1).is_empty(), "a span is without its ends");
    let from_first = Span { after: oldest[0].position(), ..Span::ALL };
    assert_eq!(store.entries(world.id, from_first, Order::OldestFirst, 10).unwrap(), oldest[1..]);
    let stranger = WalletId::from_raw(7).unwrap();
    assert!(store.entries(stranger, Span::ALL, Order::OldestFirst, 10).unwrap().is_empty());
    assert_eq!(store.rows(&[stranger, world.id]).unwrap()[0], None);
    assert_eq!(store.row(world.id).unwrap(), store.rows(&[world.id]).unwrap()[0]);
}
