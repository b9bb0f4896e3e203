//! Workloads, written once, for criterion and for the table of bars.

// A benchmark that can't be set up can only stop.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::missing_panics_doc)]

use std::ops::Range;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use ledger_core::{Asset, Command, Key, Ledger, MemoryStore, WalletId, WalletSpec};

/// A ledger with wallets that have money.
pub struct Shop {
    /// The ledger.
    pub ledger: Ledger,
    /// What everyone pays with.
    pub asset: Asset,
    /// The wallets.
    pub wallets: Vec<WalletId>,
    keys: u64,
    hot: bool,
}

impl Shop {
    /// A shop in memory with so many lanes and wallets.
    pub fn in_memory(lanes: usize, wallets: usize) -> Self {
        Self::on(Ledger::new(MemoryStore::with_lanes(lanes)), wallets)
    }

    /// A shop on an empty ledger.
    pub fn on(ledger: Ledger, wallets: usize) -> Self {
        let asset = Asset::iso("USD").expect("the dollar is known");
        let specs: Vec<WalletSpec> = (0..wallets)
            .map(|n| WalletSpec::new(format!("user:{n}"), asset).expect("a valid name"))
            .collect();
        let wallets: Vec<WalletId> = specs
            .chunks(1_000)
            .flat_map(|chunk| ledger.open_wallets(chunk.to_vec()).expect("opened"))
            .map(|wallet| wallet.expect("opened").id)
            .collect();
        for chunk in wallets.chunks(1_000) {
            let deposits = chunk.iter().map(|wallet| {
                let key = Key::new(format!("fund:{wallet}")).expect("a valid key");
                Command::deposit(key, *wallet, asset.minor(1_000_000_000))
            });
            ledger.submit_all(deposits).expect("funded");
        }
        Self { ledger, asset, wallets, keys: 0, hot: false }
    }

    /// The same, in which everybody pays the first wallet or is paid by it.
    pub fn hot(lanes: usize, wallets: usize) -> Self {
        Self { hot: true, ..Self::in_memory(lanes, wallets) }
    }

    /// So many transfers between wallets spread evenly over those in `range`.
    pub fn transfers(&mut self, count: usize, range: Range<usize>) -> Vec<Command> {
        (0..count)
            .map(|_| {
                self.keys += 1;
                let key = Key::new(format!("k{:015x}", spread(self.keys))).expect("a valid key");
                let (from, to) = self.pair(&range);
                let amount = self.asset.minor(1);
                Command::transfer(key, self.wallets[from], self.wallets[to], amount)
            })
            .collect()
    }
}

/// A fixed, well-spread sequence: the same wallets and keys in every run.
fn spread(n: u64) -> u64 {
    let mut x = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (x ^ (x >> 27)) >> 4
}

impl Shop {
    /// Two wallets within `range`; if hot, one of them is the first, in turn as sender and receiver.
    fn pair(&self, range: &Range<usize>) -> (usize, usize) {
        let size = range.len();
        let place = |n: u64| usize::try_from(spread(n) % size as u64).expect("small");
        let from = if self.hot { 0 } else { place(2 * self.keys) };
        let to = place(2 * self.keys + 1);
        let to = if from == to { (to + 1) % size } else { to };
        let (from, to) = (range.start + from, range.start + to);
        if self.hot && self.keys.is_multiple_of(2) { (to, from) } else { (from, to) }
    }
}

/// How long `carry_out` takes for all of `calls`, one list a thread, one call an item.
pub fn in_threads<C: Send>(calls: Vec<Vec<C>>, carry_out: impl Fn(C) + Sync) -> Duration {
    let start = Barrier::new(calls.len() + 1);
    let mut begun = Instant::now();
    thread::scope(|scope| {
        for list in calls {
            let (start, carry_out) = (&start, &carry_out);
            scope.spawn(move || {
                start.wait();
                list.into_iter().for_each(carry_out);
            });
        }
        // Before the barrier: whoever passes it first may be done before this thread runs again.
        begun = Instant::now();
        start.wait();
    });
    begun.elapsed()
}

/// Transfers a second: `threads` threads, `calls` calls each of `batch` transfers, each thread on
/// its part of the wallets if `apart`.
pub fn rate(shop: &mut Shop, threads: usize, calls: usize, batch: usize, apart: bool) -> f64 {
    let all = shop.wallets.len();
    let part = all / threads;
    let lists = (0..threads)
        .map(|thread| {
            let range = if apart { thread * part..(thread + 1) * part } else { 0..all };
            (0..calls).map(|_| shop.transfers(batch, range.clone())).collect()
        })
        .collect();
    let took = in_threads(lists, |commands| {
        for answer in shop.ledger.submit_each(commands).expect("queued") {
            answer.expect("carried out");
        }
    });
    let transfers = u32::try_from(threads * calls * batch).expect("small");
    f64::from(transfers) / took.as_secs_f64()
}
