//! History and balances, now and then.

use std::sync::Arc;
use std::time::Duration;

use crate::contract::shop::{Shop, kind_of};
use crate::store::Store;
use crate::{
    Cursor, Entry, ErrorKind, HistoryPage, HistoryQuery, Kind, Order, Timestamp, WalletId,
    WalletQuery,
};

/// One dollar a minute to Alice, on the minute, with a payment to Bob after each third.
fn busy(store: Arc<dyn Store>) -> Shop {
    let shop = Shop::new(store);
    for n in 1..=12 {
        shop.ledger.deposit(&shop.alice, shop.usd("1"), format!("d{n}")).unwrap();
        if n % 3 == 0 {
            shop.pay("0.50", &format!("p{n}")).unwrap();
        }
        shop.clock.advance(Duration::from_mins(1));
    }
    shop
}

fn keys(page: &HistoryPage) -> Vec<&str> {
    page.entries.iter().map(|entry| entry.key.as_str()).collect()
}

/// All pages from `query` on, following `next`; at most so many.
fn pages(shop: &Shop, query: &HistoryQuery) -> Vec<HistoryPage> {
    let mut pages = Vec::new();
    let mut cursor: Option<Cursor> = None;
    for _ in 0..100 {
        let page = shop.ledger.history(&shop.alice, &query.clone().cursor(cursor)).unwrap();
        cursor = page.next;
        pages.push(page);
        if cursor.is_none() {
            return pages;
        }
    }
    panic!("pages without an end")
}

pub fn history_is_read_both_ways(store: Arc<dyn Store>) {
    let shop = busy(store);
    let forward = pages(&shop, &HistoryQuery::oldest_first().limit(5));
    let all: Vec<Entry> = forward.iter().flat_map(|page| page.entries.clone()).collect();
    assert_eq!(all.len(), 16);
    assert_eq!(forward.iter().map(|page| page.entries.len()).collect::<Vec<_>>(), [5, 5, 5, 1]);
    let mut posted = shop.usd("0");
    for (version, entry) in (1..).zip(&all) {
        posted = posted.checked_add(entry.amount).unwrap();
        assert_eq!((entry.balance_after, entry.version), (posted, version));
        assert_eq!(entry.at, entry.id.time());
    }
    let paid = &all[3];
    assert_eq!((paid.kind, paid.amount), (Kind::Transfer, shop.usd("-0.50")));
    assert_eq!((paid.counterparty, paid.key.as_str()), (shop.bob.id, "p3"));

    let backward = pages(&shop, &HistoryQuery::newest_first().limit(5));
    let mut reversed: Vec<Entry> = backward.into_iter().flat_map(|page| page.entries).collect();
    reversed.reverse();
    assert_eq!(reversed, all);

    // `previous` leads back page by page, in the same order of entries.
    let mut page = forward[3].clone();
    for expected in [&forward[2], &forward[1], &forward[0]] {
        let query = HistoryQuery::oldest_first().limit(5).cursor(page.previous);
        page = shop.ledger.history(&shop.alice, &query).unwrap();
        assert_eq!(keys(&page), keys(expected));
    }
    assert_eq!(page.previous, None);
    assert_eq!(forward[0].previous, None);

    // A cursor survives being text, and what is recorded behind it in the meantime.
    let text = forward[0].next.unwrap().to_string();
    shop.pay("0.01", "late").unwrap();
    let query = HistoryQuery::oldest_first().limit(5).cursor(text.parse::<Cursor>().unwrap());
    let second = shop.ledger.history(&shop.alice, &query).unwrap();
    assert_eq!(second.entries, forward[1].entries);
    let elsewhere = shop.ledger.history(&shop.bob, &query);
    assert_eq!(kind_of(elsewhere), ErrorKind::InvalidPage);
    for limit in [0, 1_001] {
        let query = HistoryQuery::newest_first().limit(limit);
        assert_eq!(kind_of(shop.ledger.history(&shop.alice, &query)), ErrorKind::InvalidPage);
    }
}

pub fn history_is_filtered_by_time_and_kind(store: Arc<dyn Store>) {
    let shop = busy(store);
    let at =
        |minute: u32| -> Timestamp { format!("2026-03-01T12:{minute:02}:00Z").parse().unwrap() };
    let read = |query: HistoryQuery| shop.ledger.history(&shop.alice, &query).unwrap();
    let middle = HistoryQuery::oldest_first().since(at(2)).until(at(5));
    assert_eq!(keys(&read(middle.clone())), ["d3", "p3", "d4", "d5"]);
    assert_eq!(keys(&read(middle.clone().kinds([Kind::Transfer]))), ["p3"]);
    assert_eq!(keys(&read(HistoryQuery::newest_first().since(at(11)))), ["p12", "d12"]);
    assert_eq!(keys(&read(HistoryQuery::oldest_first().until(at(1)))), ["d1"]);
    assert!(read(HistoryQuery::oldest_first().since(at(5)).until(at(5))).entries.is_empty());
    assert!(read(HistoryQuery::oldest_first().since(at(6)).until(at(5))).entries.is_empty());
    let paged = pages(&shop, &middle.limit(3));
    assert_eq!(paged.iter().map(keys).collect::<Vec<_>>(), [vec!["d3", "p3", "d4"], vec!["d5"]]);
    let transfers = pages(&shop, &HistoryQuery::newest_first().kinds([Kind::Transfer]).limit(3));
    assert_eq!(transfers.iter().map(|page| page.entries.len()).collect::<Vec<_>>(), [3, 1]);
    let found: Vec<_> = transfers.iter().flat_map(keys).collect();
    assert_eq!(found, ["p12", "p9", "p6", "p3"]);
    let ends = [Timestamp::from_unix_ms(i64::MIN), Timestamp::from_unix_ms(i64::MAX)];
    let all = HistoryQuery::oldest_first().since(ends[0]).until(ends[1]);
    assert_eq!(read(all).entries.len(), 16);
    let stranger = WalletId::from_raw(7).unwrap();
    let unknown = shop.ledger.history(stranger, &HistoryQuery::newest_first());
    assert_eq!(kind_of(unknown), ErrorKind::UnknownWallet);
}

pub fn a_rare_kind_is_found_over_many_pages(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    // More entries than one page looks at, with one withdrawal at the far end.
    shop.ledger.withdraw(&shop.alice, shop.usd("1"), "rare").unwrap();
    let leg = |from, to| crate::Leg::new(from, to, shop.usd.minor(1));
    for n in 0..11 {
        let there = (0..500).map(|_| leg(&shop.alice, &shop.bob));
        let back = (0..500).map(|_| leg(&shop.bob, &shop.alice));
        shop.ledger.post(there.chain(back), format!("much {n}")).unwrap();
    }
    let found = pages(&shop, &HistoryQuery::newest_first().kinds([Kind::Withdrawal]));
    assert_eq!(found.iter().flat_map(keys).collect::<Vec<_>>(), ["rare"]);
    assert!(found.len() > 1, "no page looks at everything");
}

pub fn the_way_back_from_an_empty_page_skips_nothing(store: Arc<dyn Store>) {
    let shop = busy(store);
    for order in [HistoryQuery::oldest_first(), HistoryQuery::newest_first()] {
        let all = shop.ledger.history(&shop.alice, &order).unwrap();
        let last = all.entries.last().unwrap();
        let toward = if order == HistoryQuery::newest_first() {
            Order::NewestFirst
        } else {
            Order::OldestFirst
        };
        let beyond = Cursor::beyond(&shop.alice, last, toward);
        let empty = shop.ledger.history(&shop.alice, &order.clone().cursor(beyond)).unwrap();
        assert!(empty.entries.is_empty() && empty.next.is_none());
        let back = order.clone().cursor(empty.previous).limit(5);
        let back = shop.ledger.history(&shop.alice, &back).unwrap();
        assert_eq!(back.entries, all.entries[all.entries.len() - 5..]);
    }
}

pub fn the_balance_at_a_time_is_what_was_posted_by_then(store: Arc<dyn Store>) {
    let shop = busy(store);
    let at = |time: &str| {
        let time = format!("2026-03-01T{time}Z").parse().unwrap();
        shop.ledger.balance_at(&shop.alice, time).unwrap()
    };
    for (time, posted) in [
        ("11:59:59.999", "0"),
        ("12:00:00.000", "1"),
        ("12:00:59.999", "1"),
        ("12:01:00.000", "2"),
        ("12:02:00.000", "2.50"),
        ("12:11:00.000", "10"),
        ("23:00:00.000", "10"),
    ] {
        assert_eq!(at(time), shop.usd(posted), "{time}");
    }
    for (ms, posted) in [(i64::MIN, "0"), (i64::MAX, "10")] {
        let time = Timestamp::from_unix_ms(ms);
        assert_eq!(shop.ledger.balance_at(&shop.alice, time).unwrap(), shop.usd(posted));
    }
}

pub fn several_balances_are_of_one_moment(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    shop.pay("30", "p").unwrap();
    let asked = [shop.bob.id, shop.alice.id, shop.bob.id];
    let balances = shop.ledger.balances(&asked).unwrap();
    let posted: Vec<_> = balances.iter().map(|balance| balance.posted).collect();
    assert_eq!(posted, [shop.usd("30"), shop.usd("70"), shop.usd("30")]);
    let stranger = WalletId::from_raw(7).unwrap();
    assert_eq!(kind_of(shop.ledger.balances(&[stranger])), ErrorKind::UnknownWallet);
    assert_eq!(kind_of(shop.ledger.balance(stranger)), ErrorKind::UnknownWallet);
    assert_eq!(shop.ledger.balances(&[]).unwrap(), []);
    let many = vec![shop.alice.id; 10_001];
    assert_eq!(kind_of(shop.ledger.balances(&many)), ErrorKind::InvalidPage);
}

pub fn families_are_added_up_asset_by_asset(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let eur = crate::Asset::iso("EUR").unwrap();
    let owner = crate::Owner::new("carol").unwrap();
    let spec =
        |name: &str, asset| crate::WalletSpec::new(name, asset).unwrap().owner("carol").unwrap();
    let (main, euro) = (shop.open(spec("carol/main", shop.usd)), shop.open(spec("carol/eur", eur)));
    let savings = shop.open(spec("carol/savings", shop.usd));
    shop.ledger.transfer(&shop.alice, &main, shop.usd("30"), "main").unwrap();
    shop.ledger.transfer(&shop.alice, &savings, shop.usd("12.50"), "savings").unwrap();
    shop.ledger.deposit(&euro, eur.money("7").unwrap(), "euro").unwrap();
    let hour = std::time::Duration::from_hours(1);
    let hold = crate::HoldSpec::new(&main, &shop.bob, shop.usd("5"), hour);
    let hold = shop.ledger.hold(hold, "hold").unwrap();
    let found = |query: &WalletQuery| -> Vec<(usize, String, String)> {
        let totals = shop.ledger.totals(query).unwrap();
        let texts =
            totals.iter().map(|it| (it.wallets, it.posted.to_string(), it.held.to_string()));
        texts.collect()
    };
    let text = |wallets, posted: &str, held: &str| (wallets, posted.to_owned(), held.to_owned());
    let expected = [text(1, "7.00 EUR", "0.00 EUR"), text(2, "42.50 USD", "5.00 USD")];
    assert_eq!(found(&WalletQuery::all().owner(owner)), expected);
    assert_eq!(found(&WalletQuery::all().prefix("carol/")), expected);
    assert_eq!(found(&WalletQuery::all().prefix("carol/s")), [text(1, "12.50 USD", "0.00 USD")]);
    assert_eq!(found(&WalletQuery::all().prefix("nobody")), []);
    // All wallets of an asset, the world included, hold nothing together.
    assert_eq!(found(&WalletQuery::all())[1], text(5, "0.00 USD", "5.00 USD"));
    shop.clock.set(hold.expires_at);
    assert_eq!(found(&WalletQuery::all())[1], text(5, "0.00 USD", "0.00 USD"));
}
