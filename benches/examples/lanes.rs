#![allow(missing_docs, clippy::all, clippy::pedantic, clippy::expect_used, clippy::print_stdout)]
use ledger_benches::{Shop, rate};
fn main() {
    for _ in 0..4 {
        for (name, lanes, wallets, threads, calls, batch, apart) in [
            ("16 hot-pair x1", 1usize, 2usize, 16usize, 5000usize, 1usize, false),
            ("16 cold x1", 1, 10_000, 16, 5000, 1, false),
            ("2x1000 1lane", 1, 10_000, 2, 200, 1000, true),
            ("2x1000 2lane", 2, 10_000, 2, 200, 1000, true),
            ("16x1 1lane", 1, 10_000, 16, 5000, 1, true),
            ("16x1 2lane", 2, 10_000, 16, 5000, 1, true),
        ] {
            let mut shop = Shop::in_memory(lanes, wallets);
            println!(
                "{name:20} {:>12.0}/s  groups {:?}",
                rate(&mut shop, threads, calls, batch, apart),
                {
                    let s = shop.ledger.stats();
                    (s.groups, s.group_size_p50, s.group_size_max, s.lock_waits)
                }
            );
        }
    }
}
