//! The ledger itself, as far as opening it tells.

use ledger_core::{Clock, ErrorKind, SystemClock, Timestamp, TransactionId};
use ledger_sqlite::{SCHEMA_VERSION, Value};

use super::finding::Finding;
use crate::book::{Book, FileArg};
use crate::failure::{Failure, Report};
use crate::output::Output;

/// Opens it and looks.
pub(super) fn look(file: &FileArg, output: &mut Output) -> Vec<Finding> {
    match file.schema() {
        Ok(Some(schema)) if schema < SCHEMA_VERSION => return vec![left_as_it_is(schema)],
        Ok(Some(_)) => {}
        // What is wrong with the file is said of the file.
        Ok(None) | Err(_) => return Vec::new(),
    }
    match file.open(output) {
        Err(failure) => vec![unopened(&failure)],
        Ok(book) => {
            [opened(&book), Some(versions(&book)), clock(&book)].into_iter().flatten().collect()
        }
    }
}

/// Opening it would bring it forward for good, and a doctor only looks.
fn left_as_it_is(schema: i32) -> Finding {
    let found = format!("not opened: schema {schema} is an earlier one");
    let advice =
        "any other command brings it forward for good; keep a copy if earlier versions need it";
    Finding::look("opening", found, advice)
}

fn unopened(failure: &Failure) -> Finding {
    let sentence = failure.report().map(Report::sentence).unwrap_or_default();
    let is_busy = failure.exit() == 3;
    if is_busy {
        let advice = "wait, or close the ledger there; the rest can't be looked at meanwhile";
        return Finding::look("opening", sentence, advice);
    }
    Finding::bad(
        "opening",
        sentence,
        "mend that; `ledger verify` tells whether the file is damaged: then restore a backup",
    )
}

fn opened(book: &Book) -> Option<Finding> {
    let stats = book.file_stats().ok()?;
    let found = format!(
        "{} lines in the journal, {} of them not yet in balances",
        stats.lines, stats.lines_behind
    );
    Some(Finding::ok("opening", found))
}

/// The first value that a query gives.
fn value(book: &Book, sql: &str) -> Option<Value> {
    book.query(sql).ok()?.rows.into_iter().next()?.into_iter().next()
}

fn versions(book: &Book) -> Finding {
    let sqlite = match value(book, "SELECT sqlite_version()") {
        Some(Value::Text(version)) => version,
        _ => "unknown".to_owned(),
    };
    Finding::ok("versions", format!("ledger {}, SQLite {sqlite}", env!("CARGO_PKG_VERSION")))
}

fn clock(book: &Book) -> Option<Finding> {
    let last = match value(book, "SELECT id FROM journal ORDER BY row DESC LIMIT 1")? {
        Value::Integer(id) => TransactionId::from_raw(u64::try_from(id).ok()?)?.time(),
        _ => return None,
    };
    let now = SystemClock.now();
    let is_usable = (Timestamp::FIRST..Timestamp::END).contains(&now);
    Some(if !is_usable {
        let kind = ErrorKind::ClockOutOfRange.code();
        Finding::bad("clock", now.to_string(), format!("set the clock: writes end in {kind}"))
    } else if now < last {
        let found = format!("{now}, and the journal ends at {last}");
        Finding::look(
            "clock",
            found,
            "set the clock; until it is there, records carry the later time",
        )
    } else {
        Finding::ok("clock", format!("{now}, the journal ends at {last}"))
    })
}
