//! The schema: made in an empty file, recognised in another, brought forward if it is older.

use std::sync::OnceLock;

use ledger_core::Kind;
use ledger_core::store::{StoreError, StoreResult};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, TransactionBehavior};

use crate::base::failure::{before_commit, in_commit, reading};
use crate::schema::connect::in_snapshot;
use crate::schema::kinds::LineKind;
use crate::schema::progress::Progress;

/// What can't be made again from something else. These never change.
const KEPT: &str = include_str!("kept.sql");
/// What can be made again from those.
const DERIVED: &str = include_str!("derived.sql");
const VIEWS: &str = include_str!("views.sql");

/// The derived tables and views of each earlier schema.
const EARLIER: &[(i32, &str)] =
    &[(1, include_str!("earlier/schema-1.sql")), (2, include_str!("earlier/schema-2.sql"))];

/// What makes an SQLite file a ledger: "LEDG", in the file's header, where `file` and SQLite tools show it.
pub const APPLICATION_ID: i32 = 0x4c45_4447;
/// The schema that this version writes.
pub const SCHEMA_VERSION: i32 = 3;

/// What is in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Nothing,
    Ledger,
    /// A ledger of an earlier schema.
    Earlier,
}

/// Whether the file's header says that it is ours.
pub(crate) fn is_marked(connection: &Connection) -> StoreResult<bool> {
    Ok(number_in_header("application_id", connection)? == APPLICATION_ID)
}

fn number_in_header(pragma: &str, connection: &Connection) -> StoreResult<i32> {
    connection.pragma_query_value(None, pragma, |row| row.get(0)).map_err(reading)
}

/// Marks a copy as one that was not opened yet.
pub(crate) fn mark_copy(connection: &Connection) -> StoreResult<()> {
    let mark = "INSERT INTO property (name, value) VALUES ('copy', 1)";
    connection.execute(mark, []).map(drop).map_err(before_commit)
}

/// Takes the mark away.
pub(crate) fn unmark_copy(connection: &Connection) -> StoreResult<()> {
    let unmark = "DELETE FROM property WHERE name = 'copy'";
    connection.execute(unmark, []).map(drop).map_err(before_commit)
}

/// Whether the file is a copy that was not opened yet.
pub(crate) fn is_copy(connection: &Connection) -> StoreResult<bool> {
    let mark = "SELECT EXISTS (SELECT 1 FROM property WHERE name = 'copy')";
    connection.query_row(mark, [], |row| row.get(0)).map_err(reading)
}

/// The schema that the file's header names.
pub(crate) fn schema(connection: &Connection) -> StoreResult<i32> {
    number_in_header("user_version", connection)
}

/// Looks what is in the file at one moment, and refuses what is not ours.
pub(crate) fn recognize(connection: &Connection) -> StoreResult<Content> {
    in_snapshot(connection, || content(connection))
}

fn content(connection: &Connection) -> StoreResult<Content> {
    let number = |pragma| number_in_header(pragma, connection);
    let (id, version) = (number("application_id")?, number("user_version")?);
    let tables: u64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(reading)?;
    if tables == 0 && id == 0 && version == 0 {
        return Ok(Content::Nothing);
    }
    if id != APPLICATION_ID {
        let problem = "the file is a SQLite database of something else, not a ledger; give \
                       another path";
        return Err(StoreError::Broken(problem.to_owned()));
    }
    if version > SCHEMA_VERSION {
        return Err(StoreError::Broken(format!(
            "the file has schema {version}, and this version of the library knows those up to \
             {SCHEMA_VERSION}; use a newer version"
        )));
    }
    if version == SCHEMA_VERSION {
        check_tables(connection, present()?)?;
        return Ok(Content::Ledger);
    }
    let earlier = EARLIER.iter().find(|(number, _)| *number == version);
    let (_, sql) = earlier.ok_or_else(foreign_tables)?;
    check_tables(connection, &made_by(&[KEPT, sql])?)?;
    Ok(Content::Earlier)
}

/// Makes the tables of an empty file; the caller's transaction makes them durable.
pub(crate) fn create(connection: &mut Connection) -> StoreResult<()> {
    let make = |transaction: &Connection| -> rusqlite::Result<()> {
        transaction.execute_batch(KEPT)?;
        make_derived(transaction)?;
        name_kinds(transaction)?;
        transaction.execute_batch(
            "INSERT INTO property (name, value) VALUES ('key_hash_secret', randomblob(16));",
        )?;
        Progress::begin(transaction)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)
    };
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate);
    let transaction = transaction.map_err(before_commit)?;
    make(&transaction).map_err(before_commit)?;
    transaction.commit().map_err(in_commit)
}

/// Makes the derived tables, empty, and the views.
fn make_derived(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(DERIVED)?;
    connection.execute_batch(VIEWS)?;
    connection.pragma_update(None, "user_version", SCHEMA_VERSION)
}

/// Puts the derived tables and views of this version, empty, in the place of those of an earlier one,
/// as a part of the caller's transaction. The file was recognised, so it has nothing else.
pub(crate) fn replace_derived(connection: &Connection) -> StoreResult<()> {
    let kept = made_by(&[KEPT])?;
    for object in schema_of(connection)?.iter().filter(|object| !kept.contains(object)) {
        // What belongs to a table goes with it.
        if object.kind == "table" || object.kind == "view" {
            let sql = format!("DROP {} {}", object.kind, object.name);
            connection.execute_batch(&sql).map_err(before_commit)?;
        }
    }
    make_derived(connection).map_err(before_commit)
}

/// Puts the derived tables and views, empty, in the place of those there are, as a part of the caller's
/// transaction. Their pages are neither read nor used again: damaged ones may lead anywhere, into the journal too,
/// and a page of it that was given up would be written over.
pub(crate) fn forget_derived(connection: &Connection) -> StoreResult<()> {
    let kept = made_by(&[KEPT])?;
    let defend = |on| connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, on);
    let forget = |objects: &[Object]| -> rusqlite::Result<()> {
        defend(false)?;
        connection.execute_batch("PRAGMA writable_schema = ON")?;
        for object in objects.iter().filter(|object| !kept.contains(object)) {
            connection.execute("DELETE FROM sqlite_schema WHERE name = ?1", [&object.name])?;
        }
        connection.execute_batch("PRAGMA writable_schema = RESET")?;
        defend(true)?;
        make_derived(connection)
    };
    forget(&schema_of(connection)?).map_err(before_commit)
}

/// The table `kind`: a number, a name and an outcome each.
pub(crate) fn kinds() -> Vec<(i64, &'static str, &'static str)> {
    let requests = Kind::ALL.iter().flat_map(|&kind| {
        [(LineKind::Done(kind), "done"), (LineKind::Refused(kind), "refused")]
            .map(|(line, outcome)| (line.number(), kind.code(), outcome))
    });
    let others = [
        (LineKind::Asset, "asset"),
        (LineKind::Wallet, "wallet"),
        (LineKind::Epoch, "epoch"),
        (LineKind::Retention, "retention"),
    ];
    requests.chain(others.map(|(line, code)| (line.number(), code, "done"))).collect()
}

/// Fills the table `kind`.
pub(crate) fn name_kinds(connection: &Connection) -> rusqlite::Result<()> {
    let mut insert =
        connection.prepare("INSERT INTO kind (number, code, outcome) VALUES (?1, ?2, ?3)")?;
    for kind in kinds() {
        insert.execute(kind)?;
    }
    Ok(())
}

/// Compares the schema with ours word by word, so that no trigger or changed table of a hostile file
/// is ever run.
fn check_tables(connection: &Connection, ours: &[Object]) -> StoreResult<()> {
    if schema_of(connection)? == ours { Ok(()) } else { Err(foreign_tables()) }
}

/// The schema of this version. To make it takes longer than the rest of opening a small file.
fn present() -> StoreResult<&'static [Object]> {
    static PRESENT: OnceLock<Vec<Object>> = OnceLock::new();
    if let Some(known) = PRESENT.get() {
        return Ok(known);
    }
    let made = made_by(&[KEPT, DERIVED, VIEWS])?;
    Ok(PRESENT.get_or_init(|| made))
}

/// The schema that these statements make.
fn made_by(sql: &[&str]) -> StoreResult<Vec<Object>> {
    let expected = Connection::open_in_memory().map_err(reading)?;
    sql.iter().try_for_each(|sql| expected.execute_batch(sql)).map_err(reading)?;
    schema_of(&expected)
}

fn foreign_tables() -> StoreError {
    StoreError::Broken(
        "the file's tables are not those of a ledger: something was added, changed or removed; \
         undo that, or restore a backup"
            .to_owned(),
    )
}

/// A table, index, view or trigger.
#[derive(Debug, PartialEq, Eq)]
struct Object {
    kind: String,
    name: String,
    sql: Option<String>,
}

fn schema_of(connection: &Connection) -> StoreResult<Vec<Object>> {
    let mut find = connection
        .prepare(
            "SELECT type, name, sql FROM sqlite_schema \
             WHERE name NOT IN ('sqlite_stat1', 'sqlite_stat4') ORDER BY name",
        )
        .map_err(reading)?;
    let rows = find
        .query_map([], |row| Ok(Object { kind: row.get(0)?, name: row.get(1)?, sql: row.get(2)? }))
        .map_err(reading)?;
    rows.collect::<rusqlite::Result<_>>().map_err(reading)
}
