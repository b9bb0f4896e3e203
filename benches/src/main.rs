//! Prints the core's figures as one table, with their bars, from one run.

#![allow(clippy::print_stdout, clippy::expect_used, clippy::indexing_slicing)]

use std::hint::black_box;
use std::time::Instant;

use ledger_benches::{Shop, rate};

/// How often each figure is taken. Machines are noisy: the best of several tells what the code can
/// do, the median what it did, and the bar is for the median.
const RUNS: usize = 9;

struct Row {
    workload: &'static str,
    best: f64,
    median: f64,
    unit: &'static str,
    bar: &'static str,
    met: bool,
}

fn main() {
    eprintln!("measuring the core on a memory store, best and median of {RUNS}");
    let batch = sorted(batch_ns, f64::total_cmp);
    let balance = sorted(balance_ns, f64::total_cmp);
    let hot = sorted(hot_ratio, |a, b| b.total_cmp(a));
    let lanes = sorted(lanes_ratio, |a, b| b.total_cmp(a));
    let row = |workload, figures: &[f64], unit, bar, met: fn(f64) -> bool| Row {
        workload,
        best: figures[0],
        median: figures[RUNS / 2],
        unit,
        bar,
        met: met(figures[RUNS / 2]),
    };
    print(&[
        row("transfer in a batch of 1,000, one thread", &batch, "ns", "<= 1000", |x| x <= 1000.0),
        row("balance", &balance, "ns", "<= 100", |x| x <= 100.0),
        row("16 threads: one hot wallet / 10,000 wallets", &hot, "x", ">= 0.80", |x| x >= 0.80),
        row("disjoint wallets: two lanes / one lane", &lanes, "x", ">= 1.50", |x| x >= 1.50),
    ]);
}

fn print(rows: &[Row]) {
    println!("| workload | best | median | unit | bar | met |");
    println!("|---|---|---|---|---|---|");
    for Row { workload, best, median, unit, bar, met } in rows {
        let met = if *met { "yes" } else { "no" };
        println!("| {workload} | {best:.2} | {median:.2} | {unit} | {bar} | {met} |");
    }
}

fn sorted(measure: impl Fn() -> f64, order: impl Fn(&f64, &f64) -> std::cmp::Ordering) -> Vec<f64> {
    let mut figures: Vec<f64> = (0..RUNS).map(|_| measure()).collect();
    figures.sort_by(order);
    figures
}

/// Nanoseconds a transfer takes, end to end, in a ledger that grows to 200,000 transfers.
fn batch_ns() -> f64 {
    let mut shop = Shop::in_memory(1, 10_000);
    1e9 / rate(&mut shop, 1, 200, 1_000, false)
}

fn balance_ns() -> f64 {
    const LOOKS: u32 = 1_000_000;
    let shop = Shop::in_memory(1, 10_000);
    let begun = Instant::now();
    for look in 0..LOOKS as usize {
        let wallet = shop.wallets[look * 7_919 % 10_000];
        black_box(shop.ledger.balance(wallet).expect("known"));
    }
    begun.elapsed().as_secs_f64() * 1e9 / f64::from(LOOKS)
}

/// Sixteen threads, one transfer a call: all on one wallet, against spread over 10,000.
fn hot_ratio() -> f64 {
    let hot = rate(&mut Shop::hot(1, 10_000), 16, 5_000, 1, false);
    let cold = rate(&mut Shop::in_memory(1, 10_000), 16, 5_000, 1, false);
    hot / cold
}

/// Two threads with batches of 1,000, each on wallets of its own.
fn lanes_ratio() -> f64 {
    let two = rate(&mut Shop::in_memory(2, 10_000), 2, 200, 1_000, true);
    let one = rate(&mut Shop::in_memory(1, 10_000), 2, 200, 1_000, true);
    two / one
}
