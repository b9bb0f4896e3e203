//! The core on its own: what a transfer and a look at a balance cost without a disk.

#![allow(missing_docs, clippy::expect_used, clippy::indexing_slicing, clippy::cast_precision_loss)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use ledger_benches::{Shop, rate};

/// A memory store keeps everything, so a ledger is replaced once it has so many batches: what is
/// measured is a ledger of up to 200,000 transfers, not how memory runs out.
const BATCHES_MAX: u64 = 200;

fn batch(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("transfer");
    group.throughput(Throughput::Elements(1_000));
    group.bench_function("batch of 1,000", |bencher| {
        bencher.iter_custom(|batches| {
            let mut took = Duration::ZERO;
            let mut shop = Shop::in_memory(1, 10_000);
            for batch in 0..batches {
                if batch % BATCHES_MAX == BATCHES_MAX - 1 {
                    shop = Shop::in_memory(1, 10_000);
                }
                let commands = shop.transfers(1_000, 0..10_000);
                let begun = Instant::now();
                let answers = shop.ledger.submit_each(commands).expect("queued");
                took += begun.elapsed();
                assert!(answers.iter().all(Result::is_ok));
            }
            took
        });
    });
    group.finish();
}

fn single(criterion: &mut Criterion) {
    let mut shop = Shop::in_memory(1, 10_000);
    let ledger = shop.ledger.clone();
    criterion.bench_function("transfer/one a call", |bencher| {
        bencher.iter_batched(
            || shop.transfers(1, 0..10_000).remove(0),
            |command| ledger.submit(command).expect("carried out"),
            BatchSize::SmallInput,
        );
    });
}

fn balance(criterion: &mut Criterion) {
    let shop = Shop::in_memory(1, 10_000);
    let mut n = 0;
    criterion.bench_function("balance", |bencher| {
        bencher.iter(|| {
            n = (n + 7_919) % 10_000;
            black_box(shop.ledger.balance(shop.wallets[n]).expect("known"))
        });
    });
}

/// The time that so many transfers take at this rate.
fn at(rate: f64, transfers: u64) -> Duration {
    Duration::from_secs_f64(transfers as f64 / rate)
}

/// Sixteen threads, one transfer a call, all on one wallet or spread over 10,000.
fn sixteen_threads(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("16 threads, one transfer a call");
    group.throughput(Throughput::Elements(1)).sample_size(10);
    for (name, hot) in [("one hot wallet", true), ("10,000 wallets", false)] {
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|transfers| {
                let new = if hot { Shop::hot } else { Shop::in_memory };
                at(rate(&mut new(1, 10_000), 16, 2_000, 1, false), transfers)
            });
        });
    }
    group.finish();
}

/// Two threads with batches of 1,000, each on wallets of its own.
fn lanes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("2 threads on disjoint wallets");
    group.throughput(Throughput::Elements(1)).sample_size(10);
    for lanes in [1, 2] {
        group.bench_function(format!("lanes: {lanes}"), |bencher| {
            bencher.iter_custom(|transfers| {
                at(rate(&mut Shop::in_memory(lanes, 10_000), 2, 100, 1_000, true), transfers)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, batch, single, balance, sixteen_threads, lanes);
criterion_main!(benches);
