//! The core on its own: what a transfer and a look at a balance cost without a disk.

#![allow(missing_docs, clippy::expect_used, clippy::indexing_slicing)]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use ledger_benches::Shop;

fn batch(criterion: &mut Criterion) {
    let mut shop = Shop::in_memory(1, 10_000);
    let ledger = shop.ledger.clone();
    let mut group = criterion.benchmark_group("transfer");
    group.throughput(Throughput::Elements(1_000));
    group.bench_function("batch of 1,000", |bencher| {
        bencher.iter_batched(
            || shop.transfers(1_000, 0..10_000),
            |commands| ledger.submit_each(commands).expect("queued"),
            BatchSize::LargeInput,
        );
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

criterion_group!(benches, batch, single, balance);
criterion_main!(benches);
