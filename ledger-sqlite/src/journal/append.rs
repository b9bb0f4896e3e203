//! Appends lines to the journal: plain ones many at a time, because a statement's run costs as much
//! as several rows.

use std::sync::LazyLock;

use ledger_core::store::StoreResult;
use rusqlite::{CachedStatement, Connection};

use crate::base::failure::before_commit;
use crate::journal::line::{COLUMNS, Cell, Line, PLAIN_COLUMNS};
use crate::journal::seal::{Seal, Sealing};

/// Bytes of a line without a body, about.
const LINE_BYTES: u64 = 160;
/// Lines to a statement.
const LINES: usize = 32;

static INSERT_MANY: LazyLock<String> = LazyLock::new(|| insert(LINES, PLAIN_COLUMNS));
static INSERT_ONE: LazyLock<String> = LazyLock::new(|| insert(1, &[COLUMNS, &["seal"]].concat()));

/// Lines on their way into the journal.
pub(crate) struct Appender<'a, 'c> {
    connection: &'c Connection,
    /// Prepared once it is needed: looking up so long a text is not for nothing.
    many: Option<CachedStatement<'c>>,
    last_row: u64,
    /// The lines not yet handed to SQLite. The last one is kept back to the end, because it may be
    /// the one that carries the seal.
    waiting: Vec<Line<'a>>,
    sealing: Sealing,
}

impl<'a, 'c> Appender<'a, 'c> {
    /// Begins to append behind the line `last`, which carries the seal `previous`.
    pub(crate) fn new(connection: &'c Connection, last: u64, previous: &Seal) -> Self {
        let (many, waiting) = (None, Vec::new());
        Self { connection, many, last_row: last, waiting, sealing: Sealing::after(previous) }
    }

    /// The row that the next line will have.
    pub(crate) fn next_row(&self) -> u64 {
        self.last_row + 1
    }

    /// Bytes of the lines so far, about.
    pub(crate) fn bytes(&self) -> u64 {
        let waiting =
            |line: &Line<'_>| line.body.as_ref().map_or(0, String::len) as u64 + LINE_BYTES;
        self.sealing.bytes() + self.waiting.iter().map(waiting).sum::<u64>()
    }

    /// Adds a line. It is filled in place, because it is large and moved often otherwise.
    pub(crate) fn line(&mut self, fill: impl FnOnce(&mut Line<'a>)) -> StoreResult<()> {
        if self.waiting.len() > LINES {
            self.write_many()?;
        }
        self.last_row += 1;
        self.waiting.push(Line { row: self.last_row, ..Line::default() });
        if let Some(line) = self.waiting.last_mut() {
            fill(line);
        }
        Ok(())
    }

    /// Hands over all lines, the last of them with the seal.
    pub(crate) fn finish(mut self) -> StoreResult<Seal> {
        let last = self.waiting.pop();
        self.write_each()?;
        let Self { connection, mut sealing, .. } = self;
        if let Some(line) = &last {
            sealing.line(&line.cells());
        }
        let seal = sealing.finish();
        if let Some(line) = &last {
            insert_one(connection, &line.cells(), Some(&seal))?;
        }
        Ok(seal)
    }

    /// Hands over all lines but the last.
    fn write_many(&mut self) -> StoreResult<()> {
        let last = self.waiting.pop();
        if self.waiting.iter().all(Line::is_plain) {
            self.write_plain()?;
        } else {
            self.write_each()?;
        }
        self.waiting.extend(last);
        Ok(())
    }

    fn write_plain(&mut self) -> StoreResult<()> {
        let mut many = match self.many.take() {
            Some(many) => many,
            None => self.connection.prepare_cached(&INSERT_MANY).map_err(before_commit)?,
        };
        for (place, line) in self.waiting.iter().enumerate() {
            let cells = line.cells();
            self.sealing.line(&cells);
            for (column, cell) in cells.iter().take(PLAIN_COLUMNS.len()).enumerate() {
                let parameter = place * PLAIN_COLUMNS.len() + column + 1;
                cell.bind(&mut many, parameter).map_err(before_commit)?;
            }
        }
        many.raw_execute().map_err(before_commit)?;
        self.many = Some(many);
        self.waiting.clear();
        Ok(())
    }

    fn write_each(&mut self) -> StoreResult<()> {
        for line in self.waiting.drain(..) {
            let cells = line.cells();
            self.sealing.line(&cells);
            insert_one(self.connection, &cells, None)?;
        }
        Ok(())
    }
}

fn insert_one(connection: &Connection, cells: &[Cell<'_>], seal: Option<&Seal>) -> StoreResult<()> {
    let mut statement = connection.prepare_cached(&INSERT_ONE).map_err(before_commit)?;
    for (column, cell) in cells.iter().enumerate() {
        cell.bind(&mut statement, column + 1).map_err(before_commit)?;
    }
    let seal = seal.map_or(Cell::Null, |seal| Cell::Bytes(seal));
    seal.bind(&mut statement, cells.len() + 1).map_err(before_commit)?;
    statement.raw_execute().map_err(before_commit)?;
    Ok(())
}

/// `OR FAIL`, because SQLite would copy each page first to take back a part of the statement, and all is
/// taken back anyway.
fn insert(lines: usize, columns: &[&str]) -> String {
    let one = format!("({})", vec!["?"; columns.len()].join(","));
    let values = vec![one; lines].join(",");
    format!("INSERT OR FAIL INTO journal ({}) VALUES {values}", columns.join(","))
}
