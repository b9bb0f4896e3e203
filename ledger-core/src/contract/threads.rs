//! Many threads at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::contract::shop::Shop;
use crate::store::Store;
use crate::{
    Asset, Command, ErrorKind, HistoryQuery, Key, LedgerBuilder, Wallet, WalletId, WalletSpec,
};

const THREADS: usize = 16;
const ROUNDS: usize = 60;

/// Four wallets with 10 dollars each, on the machine's own clock.
fn four_wallets(store: Arc<dyn Store>) -> (Shop, Vec<Wallet>) {
    let mut shop = Shop::new(store.clone());
    shop.ledger = LedgerBuilder::on(store).build().unwrap();
    let wallets: Vec<Wallet> = (0..4).map(|n| shop.open(shop.spec(&format!("w{n}")))).collect();
    for wallet in &wallets {
        shop.ledger.deposit(wallet, shop.usd("10"), format!("fund {}", wallet.name)).unwrap();
    }
    (shop, wallets)
}

fn ids(wallets: &[Wallet]) -> Vec<WalletId> {
    wallets.iter().map(|wallet| wallet.id).collect()
}

pub fn money_is_conserved_in_every_direction(store: Arc<dyn Store>) {
    let (shop, wallets) = four_wallets(store);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (shop, wallets) = (&shop, &wallets);
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let from = (thread + round) % 4;
                    let to = (from + 1 + (thread * round) % 3) % 4;
                    let amount = shop.usd.minor(1 + (round as i128 * 37) % 400);
                    let key = format!("{thread}/{round}");
                    let paid = shop.ledger.transfer(&wallets[from], &wallets[to], amount, key);
                    if let Err(refused) = paid {
                        assert_eq!(refused.kind(), ErrorKind::InsufficientFunds, "{refused}");
                    }
                }
            });
        }
    });
    let balances = shop.ledger.balances(&ids(&wallets)).unwrap();
    let total: i128 = balances.iter().map(|balance| balance.posted.amount().minor()).sum();
    assert_eq!(total, 4_000);
    shop.assert_balanced();
    for balance in balances {
        assert!(!balance.posted.amount().is_negative());
        assert_history_adds_up(&shop, balance.wallet);
    }
}

/// Nothing lost: a wallet's balance and version are those of its history.
fn assert_history_adds_up(shop: &Shop, wallet: WalletId) {
    let balance = shop.ledger.balance(wallet).unwrap();
    let mut query = HistoryQuery::oldest_first().limit(1_000);
    let (mut posted, mut version, mut last) = (shop.usd("0"), 0, None);
    loop {
        let page = shop.ledger.history(wallet, &query).unwrap();
        for entry in &page.entries {
            posted = posted.checked_add(entry.amount).unwrap();
            version += 1;
            assert_eq!((entry.balance_after, entry.version), (posted, version));
            assert!(last < Some(entry.id), "one id after the other");
            last = Some(entry.id);
        }
        let Some(next) = page.next else { break };
        query = query.cursor(next);
    }
    assert_eq!((posted, version), (balance.posted, balance.version));
}

pub fn one_key_at_once_is_carried_out_once(store: Arc<dyn Store>) {
    let (shop, wallets) = four_wallets(store);
    for round in 0..20 {
        let key = format!("round {round}");
        let receipts: Vec<_> = thread::scope(|scope| {
            let pay = || {
                let amount = shop.usd.minor(1);
                shop.ledger.transfer(&wallets[0], &wallets[1], amount, key.as_str()).unwrap()
            };
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(pay)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(receipts.iter().all(|receipt| receipt.id == receipts[0].id));
        assert_eq!(receipts.iter().filter(|receipt| !receipt.replayed).count(), 1);
    }
    assert_eq!(shop.posted(&wallets[1]), shop.usd("10.20"));
}

pub fn one_key_for_different_wallets_is_answered_once(store: Arc<dyn Store>) {
    let (shop, wallets) = four_wallets(store);
    for round in 0..300 {
        let key = format!("round {round}");
        let pay = |from: usize| {
            let amount = shop.usd.minor(1);
            shop.ledger.transfer(&wallets[from], &wallets[from + 1], amount, key.as_str())
        };
        // Nothing but the key keeps these two apart.
        let answers = thread::scope(|scope| {
            [0, 2].map(|from| scope.spawn(move || pay(from))).map(|thread| thread.join().unwrap())
        });
        let kinds = answers.map(|answer| answer.err().map(|error| error.kind()));
        let conflict = Some(ErrorKind::KeyConflict);
        assert!(kinds == [None, conflict] || kinds == [conflict, None], "{kinds:?}");
    }
}

pub fn one_name_at_once_is_one_wallet(store: Arc<dyn Store>) {
    let (shop, _) = four_wallets(store);
    let eur = Asset::iso("EUR").unwrap();
    for round in 0..100 {
        // Nothing but the name keeps these apart: they are of two assets.
        let open = |asset: Asset| {
            let spec = WalletSpec::new(format!("round {round}"), asset).unwrap();
            shop.ledger.open_wallet(spec)
        };
        let opened = thread::scope(|scope| {
            let threads = [shop.usd, eur].map(|asset| scope.spawn(move || open(asset)));
            threads.map(|thread| thread.join().unwrap())
        });
        let kinds = opened.map(|opened| opened.err().map(|error| error.kind()));
        let conflict = Some(ErrorKind::WalletConflict);
        assert!(kinds == [None, conflict] || kinds == [conflict, None], "{kinds:?}");
    }
    let query = crate::WalletQuery::all().prefix("round").limit(1_000);
    assert_eq!(shop.ledger.wallets(&query).unwrap().wallets.len(), 100);
}

pub fn two_ledgers_on_one_store_are_one(store: Arc<dyn Store>) {
    let (shop, wallets) = four_wallets(store.clone());
    let other = LedgerBuilder::on(store).build().unwrap();
    let ledgers = [&shop.ledger, &other];
    let carried_out: usize = thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|thread| {
                let (wallets, usd) = (&wallets, shop.usd);
                scope.spawn(move || {
                    // Everyone sends the same payments, three times what the wallet has.
                    let pay = |n: usize| {
                        let key = format!("payment {n}");
                        ledgers[thread % 2].transfer(&wallets[0], &wallets[1], usd.minor(10), key)
                    };
                    let receipts = (0..300).filter_map(|n| pay(n).ok());
                    receipts.filter(|receipt| !receipt.replayed).count()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(carried_out, 100);
    shop.assert_posted(&[(&wallets[0], "0"), (&wallets[1], "20")]);
    assert_history_adds_up(&shop, wallets[0].id);
    assert_history_adds_up(&shop, wallets[1].id);
}

pub fn snapshots_always_add_up(store: Arc<dyn Store>) {
    let (shop, wallets) = four_wallets(store);
    let (ids, done) = (ids(&wallets), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0..200 {
                let commands = (0..8).map(|n| {
                    let key = Key::new(format!("{round}/{n}")).unwrap();
                    let amount = shop.usd.minor(1);
                    Command::transfer(key, ids[n % 4], ids[(n + round) % 3], amount)
                });
                let distinct = commands.filter(|command| command.check().is_ok());
                shop.ledger.submit_each(distinct).unwrap();
            }
            done.store(true, Ordering::SeqCst);
        });
        let (shop, ids, done) = (&shop, &ids, &done);
        scope.spawn(move || {
            let mut versions = [0; 4];
            while !done.load(Ordering::SeqCst) {
                let balances = shop.ledger.balances(ids).unwrap();
                let total: i128 = balances.iter().map(|b| b.posted.amount().minor()).sum();
                assert_eq!(total, 4_000);
                for (seen, balance) in versions.iter_mut().zip(balances) {
                    assert!(*seen <= balance.version, "time runs forward");
                    *seen = balance.version;
                }
            }
        });
    });
}
