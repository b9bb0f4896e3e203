//! Files of every schema there was open with this version, with all that is in them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Duration;

use ledger_core::{Class, ErrorKind, HistoryQuery};
use ledger_sqlite::SqliteLedger;

use crate::support::{Shop, TestFile};

fn stored(schema: u32) -> PathBuf {
    format!("{}/tests/fixtures/schema-{schema}.ledger", env!("CARGO_MANIFEST_DIR")).into()
}

/// Makes the file of the schema that this version writes. It is not to be run again once a version
/// with that schema was published.
#[test]
#[ignore = "it writes into the sources"]
fn make() {
    let file = TestFile::new();
    let ledger = file.builder().recent_keys(4).open().unwrap();
    let shop = Shop::on(&ledger);
    shop.do_business();
    ledger.unfreeze(&shop.bob, "thaw").unwrap();
    for number in 0..20 {
        shop.pay("0.10", &format!("small {number}")).unwrap();
    }
    drop((shop, ledger));
    let ledger = file.open();
    fs::write(stored(3).with_extension("head"), ledger.head().unwrap().to_string()).unwrap();
    drop(ledger);
    fs::copy(file.path(), stored(3)).unwrap();
}

fn copy_of(schema: u32) -> TestFile {
    let file = TestFile::new();
    fs::copy(stored(schema), file.path()).unwrap();
    file
}

#[test]
fn files_of_earlier_schemas_are_brought_forward_and_go_on() {
    bring_forward(1, "123456789012345.600000000000000000 WEI");
    bring_forward(2, "123444443333444.850000000000000000 WEI");
}

fn bring_forward(schema: u32, whales: &str) {
    let file = copy_of(schema);
    let ledger = file.open();
    let head = fs::read_to_string(stored(schema).with_extension("head")).unwrap();
    assert_eq!(ledger.head().unwrap().to_string(), head);
    assert_eq!(ledger.verify().unwrap().problem, None);
    let shop = Shop::on(&ledger);
    assert_eq!((&*shop.posted(&shop.alice), &*shop.posted(&shop.bob)), ("79.50 USD", "20.50 USD"));
    assert!(shop.pay("12.50", "pay").unwrap().replayed);
    assert_eq!(shop.pay("1000", "too much").unwrap_err().kind(), ErrorKind::InsufficientFunds);
    assert_eq!(shop.pay("1", "pay").unwrap_err().kind(), ErrorKind::KeyConflict);
    let history = ledger.history(&shop.bob, &HistoryQuery::newest_first().limit(50)).unwrap();
    assert_eq!(history.entries.len(), 24);
    assert_eq!(history.entries[20].meta.as_ref().unwrap().as_json(), r#"{"sku":"A1"}"#);
    let whale = ledger.wallet("whale").unwrap().unwrap();
    let wide = ledger.balance(&whale).unwrap().posted.to_string();
    assert_eq!(wide, whales);
    assert!(!shop.pay("1", "after").unwrap().replayed);
    assert_eq!(ledger.verify().unwrap().problem, None);
}

#[test]
fn a_journal_that_has_lost_its_end_is_not_brought_forward() {
    for schema in [1, 2] {
        let file = copy_of(schema);
        file.sql().execute("DELETE FROM journal WHERE row > 20", []).unwrap();
        for _ in 0..2 {
            let error = file.builder().open().unwrap_err();
            assert!(error.to_string().contains("has lost its end: it has 20 lines"), "{error}");
        }
    }
}

#[test]
fn a_file_of_an_earlier_schema_is_not_changed_while_someone_has_it_open() {
    let file = copy_of(1);
    let sql = file.sql();
    sql.execute_batch("BEGIN; SELECT count(*) FROM journal").unwrap();
    let quick = || file.builder().lock_wait(Duration::from_millis(10)).open();
    let error = quick().unwrap_err();
    assert_eq!(error.class(), Class::Transient);
    assert!(error.to_string().contains("open elsewhere"), "{error}");
    sql.execute_batch("COMMIT").unwrap();
    drop(sql);
    let version = |file: &TestFile| -> i64 {
        file.sql().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    };
    assert_eq!(version(&file), 1);
    let go_on = &mut |_| ControlFlow::Continue(());
    let error = SqliteLedger::verify_file(file.path(), &[], go_on).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StoreRefused);
    assert!(error.to_string().contains("earlier schema"), "{error}");
    drop(quick().unwrap());
    assert_eq!((version(&file), file.problem()), (3, String::new()));
}

#[test]
fn a_file_of_an_earlier_schema_with_tables_of_its_own_is_refused() {
    for sql in [
        "CREATE TRIGGER evil AFTER INSERT ON journal BEGIN DELETE FROM note; END",
        "ALTER TABLE journal ADD COLUMN mine INTEGER",
        "DROP TABLE note",
        "CREATE TABLE my_orders (id INTEGER PRIMARY KEY AUTOINCREMENT)",
        "CREATE VIEW mine AS SELECT 1",
        "CREATE INDEX mine ON journal (key)",
        "CREATE VIRTUAL TABLE mine USING fts5(text)",
        "DROP VIEW balance",
        "PRAGMA user_version = 0",
        "PRAGMA user_version = -3",
    ] {
        let file = copy_of(1);
        file.sql().execute_batch(sql).unwrap();
        let before = fs::read(file.path()).unwrap();
        let error = file.builder().open().unwrap_err().to_string();
        assert!(before == fs::read(file.path()).unwrap(), "{sql} changed nothing");
        assert!(error.contains("tables are not those of a ledger"), "{sql}: {error}");
    }
}
