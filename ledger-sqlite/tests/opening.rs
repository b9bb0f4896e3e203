//! What can't be opened is refused in one sentence that says why.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::fs;

use ledger_core::ErrorKind;
use ledger_sqlite::{Durability, SqliteLedger};
use rusqlite::Connection;

use crate::support::{Shop, TestFile};

fn refusal(path: impl AsRef<std::path::Path>) -> String {
    let error = SqliteLedger::open(path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StoreBroken, "{error}");
    let text = error.to_string();
    assert!(!text.contains('\n'), "{text}");
    text
}

#[test]
fn paths_that_lead_to_no_file() {
    let file = TestFile::new();
    assert!(refusal(file.beside("/folder/that/is/not/there")).contains("folder can't be opened"));
    assert!(refusal(file.path().parent().unwrap()).contains("is not a file"));
    assert!(refusal("").contains("does not name a file"));
    assert!(refusal("/").contains("does not name a file"));
}

#[test]
fn files_that_are_something_else() {
    let file = TestFile::new();
    fs::write(file.path(), "not a database, but long enough to be one. ".repeat(100)).unwrap();
    assert!(refusal(file.path()).contains("nor any SQLite database"));

    let other = TestFile::new();
    other.sql().execute_batch("CREATE TABLE mine (a)").unwrap();
    assert!(refusal(other.path()).contains("something else, not a ledger"));
}

#[test]
fn a_file_of_someone_elses_is_left_as_it_is() {
    let go_on = &mut |_| std::ops::ControlFlow::Continue(());
    for sql in ["CREATE TABLE mine (a)", "PRAGMA journal_mode = WAL; CREATE TABLE mine (a)"] {
        let file = TestFile::new();
        file.sql().execute_batch(sql).unwrap();
        let before = fs::read(file.path()).unwrap();
        refusal(file.path());
        SqliteLedger::rebuild(file.path(), go_on).unwrap_err();
        assert!(before == fs::read(file.path()).unwrap(), "{sql}");
        for ending in ["-lock", "-wal", "-shm"] {
            assert!(!file.beside(ending).exists(), "{sql} {ending}");
        }
    }
}

#[test]
fn a_file_of_someone_elses_is_known_by_its_log_too() {
    let go_on = &mut |_| std::ops::ControlFlow::Continue(());
    let file = TestFile::new();
    let sql = file.sql();
    sql.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE mine (a)").unwrap();
    assert!(refusal(file.path()).contains("something else, not a ledger"));
    SqliteLedger::rebuild(file.path(), go_on).unwrap_err();
    assert!(!file.beside("-lock").exists());
}

#[test]
fn an_empty_database_becomes_a_ledger_only_when_it_is_opened() {
    let go_on = &mut |_| std::ops::ControlFlow::Continue(());
    let file = TestFile::new();
    file.sql().execute_batch("VACUUM").unwrap();
    let before = fs::read(file.path()).unwrap();
    let error = SqliteLedger::rebuild(file.path(), go_on).unwrap_err();
    assert!(error.to_string().contains("is empty"), "{error}");
    assert!(before == fs::read(file.path()).unwrap());
    assert!(!file.beside("-lock").exists());
    assert_eq!(file.open().verify().unwrap().problem, None);
}

#[test]
fn a_ledger_that_a_crash_left_in_its_log_is_opened() {
    let left = TestFile::crashed();
    assert_eq!(fs::read(left.path()).unwrap()[68..72], [0; 4], "the mark is in the log only");
    assert_eq!(left.open().verify().unwrap().problem, None);
    let shop = Shop::on(&left.open());
    assert_eq!(shop.posted(&shop.bob), "18.50 USD");
}

#[test]
fn files_of_a_later_version_or_with_tables_of_their_own() {
    for (sql, said) in [
        ("PRAGMA user_version = 99", "use a newer version"),
        ("CREATE TABLE mine (a)", "tables are not those of a ledger"),
        (
            "CREATE TRIGGER evil AFTER INSERT ON journal BEGIN DELETE FROM note; END",
            "tables are not",
        ),
        ("DROP VIEW balance; CREATE VIEW balance AS SELECT 1 AS posted", "tables are not"),
        ("DROP INDEX wallet_by_owner", "tables are not"),
    ] {
        let file = TestFile::with_business();
        file.sql().execute_batch(sql).unwrap();
        let text = refusal(file.path());
        assert!(text.contains(said), "{sql}: {text}");
    }
}

#[test]
fn a_file_that_is_empty_or_cut_short() {
    let file = TestFile::new();
    fs::write(file.path(), "").unwrap();
    assert_eq!(file.open().verify().unwrap().problem, None);

    let cut = TestFile::with_business();
    fs::File::options().write(true).open(cut.path()).unwrap().set_len(3 * 4_096).unwrap();
    assert!(refusal(cut.path()).contains("damaged"));
}

#[test]
#[cfg(unix)]
fn a_file_with_two_names() {
    let file = TestFile::with_business();
    fs::hard_link(file.path(), file.beside(".second")).unwrap();
    assert!(refusal(file.path()).contains("2 names (hard links)"));
}

#[test]
#[cfg(unix)]
fn a_link_to_a_file_is_the_file() {
    let file = TestFile::with_business();
    let link = file.beside(".link");
    std::os::unix::fs::symlink(file.path(), &link).unwrap();
    let (one, two) = (file.open(), SqliteLedger::open(&link).unwrap());
    let shop = Shop::on(&one);
    shop.ledger.unfreeze(&shop.bob, "thaw").unwrap();
    shop.pay("1", "through the file").unwrap();
    assert!(Shop::on(&two).pay("1", "through the file").unwrap().replayed);
}

#[test]
#[cfg(unix)]
fn only_its_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let file = TestFile::new();
    let ledger = file.open();
    Shop::on(&ledger).do_business();
    ledger.backup(file.beside(".copy")).unwrap();
    for ending in ["", "-wal", "-shm", "-lock", ".copy"] {
        let mode = fs::metadata(file.beside(ending)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{ending}");
    }
}

#[test]
fn its_header_tells_what_it_is() {
    let file = TestFile::with_business();
    let sql = file.sql();
    let pragma = |name| sql.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!((pragma("application_id"), pragma("user_version")), (0x4c45_4447, 3));
    let largest: i64 = sql.query_row("SELECT max(row) FROM journal", [], |r| r.get(0)).unwrap();
    let fails = sql.execute(
        "INSERT INTO journal (row, id, item, from_balance, floor) VALUES (?1, 1, 0, -1, 0)",
        [largest + 1],
    );
    assert!(fails.unwrap_err().to_string().contains("balance_is_below_the_floor"));
}

#[test]
fn every_level_of_durability_keeps_what_was_answered() {
    for durability in [Durability::Full, Durability::Normal, Durability::Memory] {
        let file = TestFile::new();
        let ledger = file.builder().durability(durability).open().unwrap();
        Shop::on(&ledger).do_business();
        drop(ledger);
        assert_eq!(file.problem(), "");
        let shop = Shop::on(&file.open());
        assert_eq!(shop.posted(&shop.bob), "18.50 USD");
    }
}

#[test]
fn numbers_at_the_edge_of_64_bits_stay_exact() {
    let file = TestFile::new();
    let ledger = file.open();
    let points = ledger.define_asset(ledger_core::Asset::new("POINTS", 0).unwrap()).unwrap();
    let spec = ledger_core::WalletSpec::new("rich", points).unwrap();
    let rich = ledger.open_wallet(spec).unwrap();
    ledger.deposit(&rich, points.minor(i128::from(i64::MAX)), "edge").unwrap();
    ledger.deposit(&rich, points.minor(1), "past").unwrap();
    ledger.withdraw(&rich, points.minor(2), "back").unwrap();
    drop(ledger);
    let sql: Connection = file.sql();
    let types: Vec<String> = sql
        .prepare("SELECT typeof(to_balance) FROM journal WHERE amount IS NOT NULL")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    // The world's balance past -2^63 is as wide as the wallet's.
    assert_eq!(types, ["integer", "blob", "integer"]);
    drop(sql);
    let ledger = file.open();
    let posted = ledger.balance(&rich).unwrap().posted.amount().minor();
    assert_eq!(posted, i128::from(i64::MAX) - 1);
    assert_eq!(ledger.verify().unwrap().problem, None);
}

#[test]
fn a_file_that_is_in_the_way_of_the_lock_file_is_not_touched() {
    let file = TestFile::new();
    fs::write(file.beside("-lock"), "all my money").unwrap();
    assert!(refusal(file.path()).contains("is something else; move it away"));
    assert_eq!(fs::read(file.beside("-lock")).unwrap(), b"all my money");
    for ending in ["-lock", "-wal", "-shm", "-journal"] {
        let error = SqliteLedger::open(TestFile::new().beside(ending)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StoreRefused);
        assert!(error.to_string().contains("give another name"), "{ending}: {error}");
    }
}

#[test]
fn a_lock_file_that_a_power_cut_left_with_zeros_is_taken() {
    let file = TestFile::with_business();
    std::fs::write(file.beside("-lock"), [0; 30]).unwrap();
    assert_eq!(file.open().verify().unwrap().problem, None);
}

#[test]
#[cfg(unix)]
fn a_link_in_the_place_of_the_lock_file_is_not_followed() {
    let file = TestFile::new();
    fs::write(file.beside(".victim"), "").unwrap();
    std::os::unix::fs::symlink(file.beside(".victim"), file.beside("-lock")).unwrap();
    refusal(file.path());
}

#[test]
fn a_wait_that_is_too_long_is_refused_before_anything_is_made() {
    let file = TestFile::new();
    let error = file.builder().lock_wait(std::time::Duration::MAX).open().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidConfig);
    assert!(!file.path().exists());
}

#[test]
fn checking_a_file_changes_nothing_in_it() {
    let left = TestFile::crashed();
    let files = || ["", "-wal"].map(|ending| fs::read(left.beside(ending)).unwrap());
    let before = files();
    assert_eq!(left.problem(), "");
    assert!(before == files(), "the files are as they were");
}
