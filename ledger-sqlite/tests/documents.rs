//! The document of the file format is held against a file.

#![allow(clippy::unwrap_used)]

mod support;

use crate::support::TestFile;

#[test]
fn the_document_has_every_table_view_and_kind() {
    let document = include_str!("../../docs/file-format.md");
    let file = TestFile::with_business();
    let sql = file.sql();
    let names = |query: &str| -> Vec<String> {
        let mut find = sql.prepare(query).unwrap();
        let names = find.query_map([], |row| row.get(0)).unwrap();
        names.map(Result::unwrap).collect()
    };
    for name in names("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')") {
        assert!(document.contains(&format!("`{name}`")), "{name}");
    }
    for view in ["balance", "history", "transactions"] {
        let columns = names(&format!("SELECT name FROM pragma_table_info('{view}')"));
        let list = format!("`{}`", columns.join("`, `"));
        assert!(document.contains(&list), "{view} wants {list}");
    }
    for kind in names("SELECT number || ' ' || code FROM kind WHERE number < 100") {
        assert!(document.contains(&kind), "{kind}");
    }
    for number in names("SELECT CAST(number AS TEXT) FROM kind WHERE number > 200") {
        assert!(document.contains(&format!("| {number} |")), "{number}");
    }
    let version: i64 = sql.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert!(document.contains(&format!("schema {version},")));
}
