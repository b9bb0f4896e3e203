//! Backups, queries and views.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use std::thread;

use ledger_core::ErrorKind;
use ledger_sqlite::{SqliteLedger, Value};

use crate::support::{Shop, TestFile};

#[test]
fn a_backup_opens_verifies_and_begins_an_epoch_of_its_own() {
    let file = TestFile::with_business();
    let ledger = file.open();
    let copy = file.beside(".copy");
    ledger.backup(&copy).unwrap();
    let head = ledger.head().unwrap();
    assert_eq!(head.epoch, 1);

    let restored = SqliteLedger::open(&copy).unwrap();
    assert_eq!(restored.verify().unwrap().problem, None);
    let shop = Shop::on(&restored);
    assert_eq!(shop.posted(&shop.bob), "18.50 USD");
    assert!(shop.pay("12.50", "pay").unwrap().replayed);
    let restored_head = restored.head().unwrap();
    assert_eq!((restored_head.epoch, restored_head.lines), (2, head.lines + 1));
    assert!(
        restored
            .verify_with(&[head], &mut |_| std::ops::ControlFlow::Continue(()))
            .unwrap()
            .is_ok()
    );
    drop((restored, shop));
    // Only the first opening of a copy begins one.
    assert_eq!(SqliteLedger::open(&copy).unwrap().head().unwrap(), restored_head);
    // Two copies of one moment are two.
    let other = file.beside(".other");
    ledger.backup(&other).unwrap();
    assert_ne!(SqliteLedger::open(&other).unwrap().head().unwrap(), restored_head);
}

#[test]
fn a_backup_beside_the_log_of_the_file_that_was_there_is_not_opened_until_that_is_gone() {
    let file = TestFile::new();
    let copy = file.beside(".copy");
    let shop = Shop::on(&file.open());
    shop.fund("50", "before");
    file.open().backup(&copy).unwrap();
    shop.fund("70", "after");
    // As after a crash, when the log is still there.
    let log = std::fs::read(file.beside("-wal")).unwrap();
    drop(shop);
    std::fs::rename(&copy, file.path()).unwrap();
    std::fs::write(file.beside("-wal"), &log).unwrap();

    let watch = &mut |_| std::ops::ControlFlow::Continue(());
    let refused = [
        SqliteLedger::open(file.path()).map(drop),
        SqliteLedger::verify_file(file.path(), &[], watch).map(drop),
        SqliteLedger::rebuild(file.path(), watch),
    ];
    for refused in refused {
        let error = refused.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StoreRefused);
        assert!(error.to_string().contains("is a backup that was not opened yet"), "{error}");
    }
    assert_eq!(std::fs::read(file.beside("-wal")).unwrap(), log, "nothing is touched");
    std::fs::remove_file(file.beside("-wal")).unwrap();
    let restored = Shop::on(&file.open());
    assert_eq!(restored.posted(&restored.alice), "50.00 USD");
    // From now on the log is its own, whatever becomes of this process.
    restored.fund("1", "later");
    let log = std::fs::read(file.beside("-wal")).unwrap();
    let database = std::fs::read(file.path()).unwrap();
    drop(restored);
    std::fs::write(file.path(), database).unwrap();
    std::fs::write(file.beside("-wal"), log).unwrap();
    let again = Shop::on(&file.open());
    assert_eq!(again.posted(&again.alice), "51.00 USD");
}

#[test]
fn a_backup_overwrites_nothing_and_leaves_nothing_behind() {
    let file = TestFile::with_business();
    let ledger = file.open();
    let taken = file.beside(".taken");
    std::fs::write(&taken, "mine").unwrap();
    let error = ledger.backup(&taken).unwrap_err();
    assert!(error.to_string().contains("exists already"), "{error}");
    assert_eq!(std::fs::read(&taken).unwrap(), b"mine");
    ledger.backup(file.path()).unwrap_err();
    ledger.backup(file.beside("/no/such/folder")).unwrap_err();
    let names = std::fs::read_dir(taken.parent().unwrap()).unwrap();
    let left = names
        .filter(|name| name.as_ref().unwrap().file_name().to_string_lossy().contains("partial"));
    assert_eq!(left.count(), 0);
}

#[test]
fn a_backup_is_never_named_like_a_file_that_sqlite_removes() {
    let file = TestFile::with_business();
    let ledger = file.open();
    for ending in ["-journal", "-wal", "-shm", "-lock", ".other-journal"] {
        let copy = file.beside(ending);
        let there = copy.exists();
        let error = ledger.backup(&copy).unwrap_err();
        assert!(error.to_string().contains("named like a file"), "{ending}: {error}");
        assert_eq!(copy.exists(), there, "{ending}");
    }
    assert_eq!(ledger.verify().unwrap().problem, None);
}

#[test]
fn backups_made_while_money_moves_are_whole() {
    let file = TestFile::new();
    let ledger = file.open();
    let shop = Shop::on(&ledger);
    shop.fund("1000", "fund");
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..300 {
                shop.pay("0.01", &format!("{number}")).unwrap();
            }
        });
        for number in 0..5 {
            let copy = file.beside(&format!(".{number}"));
            ledger.backup(&copy).unwrap();
            assert_eq!(SqliteLedger::open(&copy).unwrap().verify().unwrap().problem, None);
        }
    });
}

fn integer(ledger: &SqliteLedger, sql: &str) -> i64 {
    match ledger.query(sql).unwrap().rows[..] {
        [ref row] => match row[..] {
            [Value::Integer(number)] => number,
            ref other => panic!("{other:?}"),
        },
        ref other => panic!("{other:?}"),
    }
}

#[test]
fn views_are_exact_whether_or_not_balances_were_written_down() {
    let file = TestFile::new();
    let posted = "SELECT posted FROM balance WHERE name = 'user:alice'";
    for round in 0..3 {
        let ledger = file.open();
        let shop = Shop::on(&ledger);
        if round == 0 {
            shop.fund("100", "fund");
        }
        shop.pay("1.50", &format!("round {round}")).unwrap();
        let expected = shop.ledger.balance(&shop.alice).unwrap();
        assert_eq!(i128::from(integer(&ledger, posted)), expected.posted.amount().minor());
        let version = integer(&ledger, "SELECT version FROM balance WHERE name = 'user:alice'");
        assert_eq!(version.unsigned_abs(), expected.version);
        // Any other program sees the same.
        let other: i64 = file.sql().query_row(posted, [], |row| row.get(0)).unwrap();
        assert_eq!(other, integer(&ledger, posted));
    }
    let ledger = file.open();
    let alice = "(SELECT wallet FROM balance WHERE name = 'user:alice')";
    let history =
        format!("SELECT sum(iif(sign = '+', amount, -amount)) FROM history WHERE wallet = {alice}");
    assert_eq!(integer(&ledger, &history), 95_50);
    assert_eq!(integer(&ledger, "SELECT count(*) FROM transactions WHERE outcome = 'done'"), 4);
}

#[test]
fn a_query_can_only_read() {
    let file = TestFile::with_business();
    let ledger = file.open();
    let kinds =
        ledger.query("SELECT code, outcome FROM kind WHERE number IN (3, 103) ORDER BY 2").unwrap();
    assert_eq!(kinds.columns, ["code", "outcome"]);
    assert_eq!(kinds.rows[1], ["transfer", "refused"].map(|text| Value::Text(text.to_owned())));
    for sql in [
        "DELETE FROM journal",
        "UPDATE journal SET amount = 1",
        "INSERT INTO note (row, salt) VALUES (1, x'')",
        "DROP TABLE journal",
        "CREATE TABLE mine (a)",
        "CREATE TEMP TABLE mine (a)",
        "ATTACH '/tmp/other' AS other",
        "PRAGMA user_version = 7",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA query_only = OFF",
        "VACUUM INTO '/tmp/copy'",
        "BEGIN IMMEDIATE",
        "SELECT load_extension('x')",
        "SELECT 1; DELETE FROM journal",
        "nonsense",
        "",
        "SELECT * FROM nowhere",
        "SELECT ?1",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n",
    ] {
        let error = ledger.query(sql).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidValue, "{sql}: {error}");
    }
    assert_eq!(ledger.verify().unwrap().problem, None);
}

#[test]
fn a_query_has_values_for_its_parameters() {
    let file = TestFile::with_business();
    let ledger = file.open();
    let values = [
        Value::Null,
        Value::Integer(i64::MIN),
        Value::Real(1.5),
        Value::Text("it's'; DROP TABLE journal; --".to_owned()),
        Value::Blob(vec![0, 255]),
    ];
    assert_eq!(ledger.query_with("SELECT ?, ?, ?, ?, ?", &values).unwrap().rows, [values.to_vec()]);
    for few in [&values[..0], &values[..2]] {
        let error = ledger.query_with("SELECT ?", few).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidValue, "{error}");
    }
    assert!(ledger.query_with("DELETE FROM journal WHERE row = ?", &values[1..2]).is_err());
}
