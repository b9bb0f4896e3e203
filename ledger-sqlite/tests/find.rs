//! The index of metadata is made behind the journal, and finds what stands before and behind its mark.

#![allow(clippy::unwrap_used)]

mod support;

use std::ops::ControlFlow;

use ledger_core::{Command, FindQuery, Leg, Metadata};
use ledger_sqlite::SqliteLedger;

use crate::support::{Shop, TestFile};

/// Lines of a part of the index.
const PART: usize = 65_536;

/// Pays with metadata, and finds by it.
struct Tagged {
    shop: Shop,
    paid: usize,
}

impl Tagged {
    fn on(ledger: &SqliteLedger) -> Self {
        Self { shop: Shop::on(ledger), paid: 0 }
    }

    /// Lines without metadata.
    fn fill(&mut self, lines: usize) {
        for _ in 0..lines / 1_000 {
            let leg = Leg::new(&self.shop.alice, &self.shop.bob, self.shop.usd.minor(1));
            let legs = std::iter::repeat_n(leg, 1_000);
            self.paid += 1;
            let post = Command::post(format!("fill {}", self.paid).parse().unwrap(), legs);
            self.shop.ledger.submit(post).unwrap();
        }
    }

    /// Payments with the metadata `{"order": n, "reference": "r{n % 10}"}`, each n from `from` to `to`.
    fn pay(&self, from: i64, to: i64) {
        for first in (from..to).step_by(1_000) {
            let pay = |n: i64| {
                let meta = format!(r#"{{"order":{n},"reference":"r{}"}}"#, n % 10);
                let key = format!("order {n}").parse().unwrap();
                let (alice, bob) = (&self.shop.alice, &self.shop.bob);
                Command::transfer(key, alice, bob, self.shop.usd.minor(1))
                    .meta(Metadata::from_json(&meta).unwrap())
            };
            self.shop.ledger.submit_all((first..to.min(first + 1_000)).map(pay)).unwrap();
        }
    }

    fn check(&self, order: i64) {
        let found = self.shop.ledger.find(&FindQuery::new("order", order).unwrap()).unwrap();
        let keys: Vec<_> = found.transactions.iter().map(|it| it.key.to_string()).collect();
        assert_eq!(keys, [format!("order {order}")]);
    }

    fn count(&self, reference: &str) -> usize {
        let query = FindQuery::reference(reference).limit(1_000);
        let (mut count, mut next) = (0, None);
        loop {
            let page = self.shop.ledger.find(&query.clone().after(next)).unwrap();
            count += page.transactions.len();
            next = page.next;
            if next.is_none() {
                return count;
            }
        }
    }
}

fn mark(file: &TestFile) -> i64 {
    let sql = "SELECT value FROM progress WHERE what = 'tags'";
    file.sql().query_row(sql, [], |row| row.get(0)).unwrap()
}

fn problem(ledger: &SqliteLedger) -> Option<String> {
    ledger.verify().unwrap().problem
}

#[test]
fn transactions_are_found_before_and_behind_the_mark_and_over_many_parts() {
    let file = TestFile::new();
    let ledger = file.open();
    let mut tagged = Tagged::on(&ledger);
    tagged.shop.ledger.deposit(&tagged.shop.alice, tagged.shop.usd.minor(9_000_000), "f").unwrap();
    tagged.pay(0, 20);
    ledger.index_metadata(["order"], "index").unwrap();
    tagged.fill(PART);
    tagged.pay(20, 40);
    tagged.fill(20_000);
    assert!(usize::try_from(mark(&file)).unwrap() > PART);
    tagged.pay(40, 60);
    for order in [0, 19, 20, 39, 40, 59] {
        tagged.check(order);
    }
    assert_eq!([tagged.count("r3"), tagged.count("r10")], [6, 0]);
    assert_eq!(problem(&ledger), None);
    drop((tagged, ledger));
    SqliteLedger::rebuild(file.path(), &mut |_| ControlFlow::Continue(())).unwrap();
    let ledger = file.open();
    let tagged = Tagged::on(&ledger);
    for order in [0, 20, 59] {
        tagged.check(order);
    }
    assert_eq!(problem(&ledger), None);
}

#[test]
fn a_key_that_is_named_late_is_indexed_from_the_beginning() {
    let file = TestFile::new();
    let ledger = file.open();
    let mut tagged = Tagged::on(&ledger);
    tagged.shop.ledger.deposit(&tagged.shop.alice, tagged.shop.usd.minor(9_000_000), "f").unwrap();
    tagged.pay(0, 20_000);
    assert!(mark(&file) > 4_096);
    ledger.index_metadata(["order"], "index").unwrap();
    assert!((4_096..20_000).contains(&mark(&file)), "a step is bounded");
    let all: Vec<_> = (0..10).map(|n| tagged.count(&format!("r{n}"))).collect();
    assert_eq!(all, [2_000; 10], "each is found once, by what was indexed before too");
    for order in [0, 8_000, 19_999] {
        tagged.check(order);
    }
    tagged.fill(10_000);
    assert!(mark(&file) > 20_000);
    for order in [0, 8_000, 19_999] {
        tagged.check(order);
    }
    assert_eq!(tagged.count("r7"), 2_000);
    assert_eq!(problem(&ledger), None);
}

#[test]
fn an_index_that_lacks_something_is_noticed() {
    for sql in [
        "DELETE FROM tag WHERE row = (SELECT max(row) FROM tag)",
        "UPDATE tag SET hash = hash + 1 WHERE row = (SELECT min(row) FROM tag)",
        "UPDATE progress SET value = value + 1000000 WHERE what = 'tags'",
        "UPDATE progress SET value = 1 WHERE what = 'indexed'",
    ] {
        let file = TestFile::new();
        let ledger = file.open();
        let mut tagged = Tagged::on(&ledger);
        let alice = &tagged.shop.alice;
        tagged.shop.ledger.deposit(alice, tagged.shop.usd.minor(9_000_000), "f").unwrap();
        tagged.pay(0, 10);
        tagged.fill(9_000);
        tagged.fill(9_000);
        drop((tagged, ledger));
        assert_eq!(file.problem(), "");
        file.sql().execute_batch(sql).unwrap();
        assert_ne!(file.problem(), "", "{sql}");
    }
}

#[test]
fn an_erased_note_is_found_no_more() {
    let file = TestFile::new();
    let ledger = file.open();
    let mut tagged = Tagged::on(&ledger);
    tagged.shop.ledger.deposit(&tagged.shop.alice, tagged.shop.usd.minor(9_000_000), "f").unwrap();
    tagged.pay(0, 10);
    tagged.fill(9_000);
    tagged.fill(9_000);
    drop((tagged, ledger));
    file.sql().execute_batch("DELETE FROM note").unwrap();
    let ledger = file.open();
    assert_eq!(Tagged::on(&ledger).count("r3"), 0);
    assert_eq!(problem(&ledger), None);
}

#[test]
fn what_was_refused_costs_a_look_next_to_nothing_and_is_not_found() {
    let file = TestFile::new();
    let ledger = file.open();
    let tagged = Tagged::on(&ledger);
    tagged.shop.ledger.deposit(&tagged.shop.alice, tagged.shop.usd.minor(100), "f").unwrap();
    let refused = |n: i64| {
        let (alice, bob) = (&tagged.shop.alice, &tagged.shop.bob);
        Command::transfer(format!("{n}").parse().unwrap(), alice, bob, tagged.shop.usd.minor(101))
            .meta(Metadata::from_json(r#"{"reference":"r"}"#).unwrap())
    };
    ledger.submit_all((0..10_000).map(refused)).unwrap_err();
    assert_eq!(tagged.count("r"), 0);
    tagged.pay(0, 1);
    assert!(mark(&file) >= 10_000);
    let tags: i64 = file.sql().query_row("SELECT count(*) FROM tag", [], |row| row.get(0)).unwrap();
    assert_eq!((tags, tagged.count("r")), (0, 0));
    assert_eq!(problem(&ledger), None);
}

#[test]
fn another_process_that_names_a_key_has_it_indexed_here_as_well() {
    let file = TestFile::new();
    let (ledger, other) = (file.open(), file.open());
    let mut tagged = Tagged::on(&ledger);
    tagged.shop.ledger.deposit(&tagged.shop.alice, tagged.shop.usd.minor(9_000_000), "f").unwrap();
    tagged.pay(0, 10_000);
    other.index_metadata(["order"], "index").unwrap();
    tagged.fill(5_000);
    assert!(mark(&file) > 10_000, "this process began anew");
    tagged.check(0);
    tagged.check(9_999);
    other.index_metadata(["order"], "the same").unwrap();
    assert!(mark(&file) > 10_000, "nothing new");
    assert_eq!(problem(&ledger), None);
}

#[test]
fn verify_is_not_misled_by_what_is_written_meanwhile() {
    let file = TestFile::new();
    let (ledger, other) = (file.open(), file.open());
    let tagged = Tagged::on(&other);
    tagged.shop.ledger.deposit(&tagged.shop.alice, tagged.shop.usd.minor(9_000_000), "f").unwrap();
    tagged.pay(0, 10);
    let mut order = 10;
    let found = ledger.verify_with(&[], &mut |_| {
        tagged.pay(order, order + 1);
        order += 1;
        ControlFlow::Continue(())
    });
    assert_eq!(found.unwrap().problem, None);
    assert!(order > 10);
}
