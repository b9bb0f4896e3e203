//! Random commands against a simple model that shares no code with the engine.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod engine;
mod model;

use std::sync::Arc;

use ledger_core::{Ledger, ManualClock, MemoryStore};
use proptest::prelude::*;

use crate::engine::{Call, Engine};
use crate::model::{Act, Cmd, EUR, NOBODY, WORLD, Window};

fn amounts() -> impl Strategy<Value = i128> {
    prop_oneof![
        12 => 1..400_i128,
        1 => -2..=0_i128,
        1 => prop_oneof![Just(i128::MAX), Just(i128::MAX - 300), Just(i128::MAX / 2)],
    ]
}

fn wallets() -> impl Strategy<Value = usize> {
    prop_oneof![30 => 1..EUR, 2 => Just(WORLD), 1 => Just(EUR), 1 => Just(NOBODY)]
}

/// Stays, none, or an amount.
fn limit(range: std::ops::Range<i128>) -> impl Strategy<Value = Option<Option<i128>>> {
    prop_oneof![3 => Just(None), 1 => Just(Some(None)), 3 => range.prop_map(|n| Some(Some(n)))]
}

fn windows() -> impl Strategy<Value = Vec<Window>> {
    let ms = prop_oneof![10 => prop::sample::select(vec![90, 700, 5_000, 60_000]), 1 => Just(0)];
    let amount = prop_oneof![1 => Just(None), 4 => (0..800_i128).prop_map(Some)];
    let count = prop_oneof![2 => Just(None), 2 => (0..6_usize).prop_map(Some)];
    let window = (prop::bool::weighted(0.7), ms, amount, count);
    let window =
        window.prop_map(|(leaves, ms, amount, count)| Window { leaves, ms, amount, count });
    prop::collection::vec(window, 0..3)
}

/// Around the time at which the engine begins.
fn times() -> impl Strategy<Value = i64> {
    (-100..700_i64).prop_map(|ms| 1_772_366_400_000 + ms)
}

fn later_acts() -> impl Strategy<Value = Act> {
    let some = || prop::option::of(amounts());
    let ms = || prop_oneof![8 => 1..200_i64, 1 => -1..=0_i64];
    let place = || 0..12_usize;
    let hold = (wallets(), wallets(), amounts(), -1..60_i128, ms());
    prop_oneof![
        4 => hold.prop_map(|(from, to, amount, extra, ms)| {
            Act::Hold { from, to, amount, extra: extra.max(-1), ms }
        }),
        3 => (place(), some(), any::<bool>()).prop_map(|(hold, n, rest)| Act::Capture(hold, n, rest)),
        1 => place().prop_map(Act::Release),
        1 => (place(), ms()).prop_map(|(hold, ms)| Act::Extend(hold, ms)),
        1 => place().prop_map(Act::Expire),
        2 => (wallets(), [limit(-600..100), limit(0..2_000), limit(-1..500)])
            .prop_map(|(wallet, limits)| Act::Limits(wallet, limits)),
        3 => (wallets(), windows()).prop_map(|(wallet, list)| Act::Windows(wallet, list)),
        1 => times().prop_map(Act::Lock),
        1 => prop::option::of(times()).prop_map(Act::Unlock),
        3 => (0..30_usize, prop::option::weighted(0.3, 0..4_u32), some())
            .prop_map(|(id, only, n)| Act::Reverse(id, only, n)),
    ]
}

fn acts() -> impl Strategy<Value = Act> {
    let legs = |count| prop::collection::vec((wallets(), wallets(), amounts()), count);
    let status = prop_oneof![Just("frozen"), Just("open"), Just("closed")];
    prop_oneof![
        6 => (wallets(), amounts()).prop_map(|(to, n)| Act::Deposit(to, n)),
        3 => (wallets(), amounts()).prop_map(|(from, n)| Act::Withdraw(from, n)),
        8 => legs(1..2).prop_map(Act::Move),
        3 => legs(0..6).prop_map(Act::Move),
        2 => (status, wallets()).prop_map(|(to, wallet)| Act::Status(to, wallet)),
        12 => later_acts(),
    ]
}

fn commands() -> impl Strategy<Value = Cmd> {
    let expect = prop::option::weighted(0.1, (wallets(), 0..6_u64));
    let effective = prop::option::weighted(0.15, times());
    let tag = prop::option::weighted(0.3, 0..3_u8);
    (0..60_u8, acts(), expect, effective, tag).prop_map(|(key, act, expect, effective, tag)| Cmd {
        key,
        act,
        expect,
        effective,
        tag,
    })
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let call = prop_oneof![
        3 => prop::collection::vec(commands(), 1..2).prop_map(Call::Each),
        2 => prop::collection::vec(commands(), 2..6).prop_map(Call::Each),
        2 => prop::collection::vec(commands(), 0..4).prop_map(Call::All),
        2 => (1..150_i64).prop_map(Call::Wait),
        1 => (1..7_000_i64).prop_map(Call::Wait),
    ];
    // Now and then a call is sent again, as clients do.
    let retried = prop::collection::vec((call, prop::bool::weighted(0.2)), 1..30);
    retried.prop_map(|calls| {
        calls
            .into_iter()
            .flat_map(|(call, again)| {
                let copy = again.then(|| call.clone());
                std::iter::once(call).chain(copy)
            })
            .collect()
    })
}

fn run(calls: &[Call], lanes: usize) {
    let clock = Arc::new(ManualClock::new("2026-03-01T12:00:00Z".parse().unwrap()));
    let ledger = Ledger::builder(MemoryStore::with_lanes(lanes)).clock(clock.clone());
    let (mut engine, mut model) = Engine::new(ledger.build().unwrap(), clock);
    for call in calls {
        engine.call(&mut model, call);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_engine_answers_as_the_model_does(calls in calls(), lanes in 1..3_usize) {
        run(&calls, lanes);
    }
}
