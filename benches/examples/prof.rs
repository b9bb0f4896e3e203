#![allow(missing_docs, clippy::all, clippy::pedantic, clippy::expect_used, clippy::print_stdout)]
use ledger_benches::Shop;
use std::time::Instant;
fn main() {
    let mut shop = Shop::in_memory(1, 10_000);
    let ledger = shop.ledger.clone();
    for _ in 0..5 {
        let batches: Vec<_> = (0..200).map(|_| shop.transfers(1000, 0..10_000)).collect();
        let t = Instant::now();
        let mut tot = 0;
        for b in batches {
            tot += ledger.submit_each(b).expect("q").len();
        }
        println!("{} ns/transfer", t.elapsed().as_nanos() as usize / tot);
    }
    if std::env::args().count() > 1 {
        std::mem::forget(ledger);
        std::mem::forget(shop);
        return;
    }
    for n in [0u64] {
        let t = Instant::now();
        for i in 0..1_000_000u64 {
            std::hint::black_box(
                ledger.balance(shop.wallets[(i * 7919 % 10000) as usize]).expect("b"),
            );
        }
        println!("balance {} ns {n}", t.elapsed().as_nanos() / 1_000_000);
    }
}
