//! The index of keys under all that can happen to it: several ledgers that write in turns, looks in
//! between, merges taken over, openings, retention, rebuilding. Few keys are kept in memory, so that
//! runs and merges are many.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use ledger_core::{Command, Key, KeyRetention, ManualClock};
use ledger_sqlite::{Durability, SqliteLedger};

use crate::support::{Shop, TestFile};

/// A fixed sequence of numbers below a bound.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

fn open(file: &TestFile) -> SqliteLedger {
    file.builder().durability(Durability::Memory).recent_keys(50).open().unwrap()
}

fn rebuild(file: &TestFile) {
    SqliteLedger::rebuild(file.path(), &mut |_| ControlFlow::Continue(())).unwrap();
}

/// Ledgers on one file, and the keys that were used.
struct Play {
    file: TestFile,
    ledgers: Vec<SqliteLedger>,
    shop: Shop,
    keys: u64,
}

impl Play {
    fn new(ledgers: usize) -> Self {
        let file = TestFile::new();
        let ledgers: Vec<_> = (0..ledgers).map(|_| open(&file)).collect();
        let shop = Shop::on(&ledgers[0]);
        Self { file, ledgers, shop, keys: 0 }
    }

    fn deposit(&self, number: u64) -> Command {
        let key = Key::new(format!("key {number}")).unwrap();
        Command::deposit(key, &self.shop.alice, self.shop.usd.minor(1))
    }

    fn step(&mut self, dice: &mut Dice) {
        let place = usize::try_from(dice.roll(self.ledgers.len() as u64)).unwrap();
        let ledger = &self.ledgers[place];
        match dice.roll(9) {
            0..=3 => {
                let keys = self.keys..self.keys + 1 + dice.roll(60);
                let commands = keys.clone().map(|number| self.deposit(number));
                for answer in ledger.submit_each(commands).unwrap() {
                    assert!(!answer.unwrap().replayed);
                }
                self.keys = keys.end;
            }
            4 => assert_eq!(self.posted(ledger), self.keys),
            5 if self.keys > 0 => {
                let command = self.deposit(dice.roll(self.keys));
                assert!(ledger.submit(command).unwrap().replayed);
            }
            6 if self.keys > 0 => {
                let key = format!("key {}", dice.roll(self.keys));
                assert!(ledger.transaction_by_key(key.as_str()).unwrap().is_some(), "{key}");
            }
            7 if dice.roll(6) == 0 => self.ledgers[place] = open(&self.file),
            8 if dice.roll(20) == 0 => assert_eq!(ledger.verify().unwrap().problem, None),
            _ => assert!(ledger.transaction_by_key("never").unwrap().is_none()),
        }
    }

    fn posted(&self, ledger: &SqliteLedger) -> u64 {
        let posted = ledger.balance(&self.shop.alice).unwrap().posted.amount().minor();
        u64::try_from(posted).unwrap()
    }

    fn finish(self) {
        for ledger in &self.ledgers {
            assert_eq!(self.posted(ledger), self.keys);
            assert_eq!(ledger.verify().unwrap().problem, None);
        }
        let Self { file, ledgers, shop, keys } = self;
        drop((ledgers, shop));
        for again in 0..2 {
            let ledger = open(&file);
            let shop = Shop::on(&ledger);
            for number in 0..keys {
                let key = format!("key {number}");
                let receipt = ledger.deposit(&shop.alice, shop.usd.minor(1), key.as_str()).unwrap();
                assert!(receipt.replayed, "{key}, {again}");
            }
            drop((ledger, shop));
            rebuild(&file);
            assert_eq!(file.problem(), "");
        }
    }
}

#[test]
fn ledgers_that_write_in_turns_lose_no_key_and_use_none_twice() {
    for seed in 1..=12 {
        let mut play = Play::new(1 + usize::try_from(seed % 3).unwrap());
        let mut dice = Dice(seed * 7_919 + 1);
        for _ in 0..250 {
            play.step(&mut dice);
        }
        play.finish();
    }
}

#[test]
fn a_look_takes_the_lines_in_and_the_writer_still_hears_of_the_runs() {
    let file = TestFile::new();
    let (one, two) = (open(&file), open(&file));
    let shop = Shop::on(&one);
    for round in 0..200 {
        let key = |name: &str, number| format!("{name} {round} {number}");
        for number in 0..7 {
            two.deposit(&shop.alice, shop.usd.minor(1), key("two", number).as_str()).unwrap();
        }
        one.balance(&shop.alice).unwrap();
        one.deposit(&shop.alice, shop.usd.minor(1), key("one", 0).as_str()).unwrap();
    }
    for ledger in [&one, &two] {
        assert_eq!(ledger.verify().unwrap().problem, None);
        assert!(ledger.file_stats().unwrap().recent_keys < 120);
    }
}

#[test]
fn a_ledger_that_only_looks_keeps_few_keys_in_memory() {
    let file = TestFile::new();
    let (writer, reader) = (open(&file), open(&file));
    let shop = Shop::on(&writer);
    for number in 0..500 {
        let key = format!("key {number}");
        writer.deposit(&shop.alice, shop.usd.minor(1), key.as_str()).unwrap();
        reader.balance(&shop.alice).unwrap();
    }
    assert!(reader.file_stats().unwrap().recent_keys < 120);
    assert!(reader.transaction_by_key("key 0").unwrap().is_some());
}

/// 21,000 keys, with the file opened anew after every 700.
fn write_and_reopen(file: &TestFile, exclusive: bool) -> SqliteLedger {
    let open = || {
        let builder = file.builder().durability(Durability::Memory).recent_keys(50);
        builder.exclusive(exclusive).open().unwrap()
    };
    Shop::on(&open());
    for round in 0..30 {
        let ledger = open();
        let shop = Shop::on(&ledger);
        for batch in 0..7 {
            let deposits = (0..100).map(|number| {
                let key = Key::new(format!("{round} {batch} {number}")).unwrap();
                Command::deposit(key, &shop.alice, shop.usd.minor(1))
            });
            let answers = ledger.submit_each(deposits).unwrap();
            assert!(answers.into_iter().all(|answer| !answer.unwrap().replayed));
        }
    }
    open()
}

#[test]
fn merges_go_on_after_the_file_was_opened_anew() {
    // 21,000 keys in runs of 100: fourfold growth takes four levels, of three runs each, and some
    // more of those that are being merged.
    for (exclusive, most) in [(true, 20), (false, 30)] {
        let file = TestFile::new();
        let ledger = write_and_reopen(&file, exclusive);
        let runs = ledger.file_stats().unwrap().key_runs;
        assert!(runs <= most, "{runs}");
        assert_eq!(ledger.verify().unwrap().problem, None);
    }
}

#[test]
fn forgotten_runs_are_merged_like_others() {
    let file = TestFile::new();
    let clock = Arc::new(ManualClock::new("2026-03-01T12:00:00Z".parse().unwrap()));
    let ledger = file.builder().recent_keys(20).clock(clock.clone()).open().unwrap();
    let hour = KeyRetention::lasting(Duration::from_hours(1)).unwrap();
    ledger.set_key_retention(hour).unwrap();
    let shop = Shop::on(&ledger);
    for round in 0..60 {
        for batch in 0..10 {
            let deposits = (0..40).map(|number| {
                let key = Key::new(format!("{round} {batch} {number}")).unwrap();
                Command::deposit(key, &shop.alice, shop.usd.minor(1))
            });
            let answers = ledger.submit_each(deposits).unwrap();
            assert!(answers.into_iter().all(|answer| !answer.unwrap().replayed));
        }
        clock.advance(Duration::from_mins(25));
        // The same keys again, as soon as they are forgotten.
        if round >= 3 {
            let old = format!("{} 0 0", round - 3);
            assert!(
                !ledger.deposit(&shop.alice, shop.usd.minor(1), old.as_str()).unwrap().replayed
            );
            assert!(ledger.deposit(&shop.alice, shop.usd.minor(1), old.as_str()).unwrap().replayed);
        }
    }
    assert_eq!(ledger.verify().unwrap().problem, None);
    drop((ledger, shop));
    rebuild(&file);
    assert_eq!(file.problem(), "");
}

#[test]
fn runs_are_forgotten_while_others_wait_to_be_merged() {
    // Days of little business and of much, so that a run is forgotten beside any number of others.
    for seed in 1..=6 {
        let file = TestFile::new();
        let clock = Arc::new(ManualClock::new("2026-03-01T12:00:00Z".parse().unwrap()));
        let ledger = file.builder().recent_keys(20).clock(clock.clone()).open().unwrap();
        let hour = KeyRetention::lasting(Duration::from_hours(1)).unwrap();
        ledger.set_key_retention(hour).unwrap();
        let (shop, mut dice) = (Shop::on(&ledger), Dice(seed * 104_729));
        for round in 0..150 {
            let deposits = (0..=dice.roll(300)).map(|number| {
                let key = Key::new(format!("{round} {number}")).unwrap();
                Command::deposit(key, &shop.alice, shop.usd.minor(1))
            });
            let answers = ledger.submit_each(deposits).unwrap();
            assert!(answers.into_iter().all(|answer| answer.is_ok_and(|it| !it.replayed)));
            clock.advance(Duration::from_mins(dice.roll(20)));
        }
        assert_eq!(ledger.verify().unwrap().problem, None);
        drop((ledger, shop));
        assert_eq!(open(&file).verify().unwrap().problem, None);
    }
}

#[test]
fn several_writers_forget_the_same_keys() {
    for seed in 1..=4 {
        let file = TestFile::new();
        let clock = Arc::new(ManualClock::new("2026-03-01T12:00:00Z".parse().unwrap()));
        let open = || file.builder().recent_keys(30).clock(clock.clone()).open().unwrap();
        let (ledgers, mut dice) = ([open(), open(), open()], Dice(seed * 15_485_863));
        let hour = KeyRetention::lasting(Duration::from_hours(1)).unwrap();
        ledgers[0].set_key_retention(hour).unwrap();
        let shop = Shop::on(&ledgers[0]);
        for round in 0..120 {
            let ledger = &ledgers[usize::try_from(dice.roll(3)).unwrap()];
            let deposits = (0..=dice.roll(250)).map(|number| {
                let key = Key::new(format!("{round} {number}")).unwrap();
                Command::deposit(key, &shop.alice, shop.usd.minor(1))
            });
            let answers = ledger.submit_each(deposits).unwrap();
            assert!(answers.into_iter().all(|answer| answer.is_ok_and(|it| !it.replayed)));
            // Everyone agrees on what is remembered: this round, and none of seven rounds ago.
            let other = &ledgers[usize::try_from(dice.roll(3)).unwrap()];
            assert!(other.transaction_by_key(format!("{round} 0").as_str()).unwrap().is_some());
            let old = format!("{} 0", round - 7);
            assert!(other.transaction_by_key(old.as_str()).unwrap().is_none(), "{old}");
            clock.advance(Duration::from_mins(10));
        }
        for ledger in &ledgers {
            assert_eq!(ledger.verify().unwrap().problem, None);
        }
    }
}

#[test]
fn a_rebuild_with_batches_across_the_ends_of_runs_opens_again() {
    let file = TestFile::new();
    let ledger = open(&file);
    let shop = Shop::on(&ledger);
    for batch in 0..40 {
        let pay = |number: u64| {
            let key = Key::new(format!("{batch} {number}")).unwrap();
            Command::transfer(key, &shop.alice, &shop.bob, shop.usd("1"))
        };
        ledger.submit_all((0..37).map(pay)).unwrap_err();
    }
    drop((ledger, shop));
    file.builder().recent_keys(5).rebuild(&mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(file.problem(), "");
    let ledger = open(&file);
    assert!(ledger.transaction_by_key("20 36").unwrap().is_some());
}

#[test]
fn a_file_that_is_open_is_not_rebuilt() {
    let file = TestFile::with_business();
    let ledger = file.open();
    let quick = || file.builder().lock_wait(Duration::from_millis(10));
    let go_on = &mut |_| ControlFlow::Continue(());
    let error = quick().rebuild(go_on).unwrap_err();
    assert!(error.to_string().contains("open elsewhere"), "{error}");
    assert!(
        Shop::on(&ledger)
            .ledger
            .deposit(&Shop::on(&ledger).alice, Shop::on(&ledger).usd("1"), "more")
            .is_ok()
    );
    drop(ledger);
    quick().rebuild(go_on).unwrap();
    assert_eq!(file.problem(), "");
}

#[test]
fn a_large_refused_batch_is_answered_again_as_fast_as_it_was_refused() {
    let file = TestFile::new();
    let ledger = file.open();
    let shop = Shop::on(&ledger);
    let batch = || {
        (0..10_000).map(|number| {
            let key = Key::new(format!("key {number}")).unwrap();
            Command::transfer(key, &shop.alice, &shop.bob, shop.usd("1"))
        })
    };
    ledger.submit_all(batch()).unwrap_err();
    // Reading the whole batch for each of its keys would take minutes and gigabytes.
    assert!(ledger.submit_all(batch()).unwrap_err().is_replay());
}
