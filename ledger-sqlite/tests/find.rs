//! The index of metadata is made behind the journal, and finds what stands before and behind its mark.

#![allow(clippy::unwrap_used)]

mod support;

use std::ops::ControlFlow;

use ledger_core::{Command, FindQuery, Leg, Metadata};
use ledger_sqlite::SqliteLedger;

use crate::support::{Shop, TestFile};

/// Lines of a part of the index.
const PART: usize = 131_072;

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
    assert!(mark(&file) > 8_192);
    ledger.index_metadata(["order"], "index").unwrap();
    assert_eq!(mark(&file), 0);
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
