//! Where output goes: a table for people, or JSON for programs.

use std::io::{self, BufWriter, Stdout, Write};
use std::num::NonZeroUsize;

use comfy_table::{Cell, CellAlignment, Row, Table, presets};

use ledger_core::bounds::PAGE_MAX;

use crate::failure::{Done, Failure, Report};
use crate::input::LimitArg;
use crate::record::{Record, Value, escaped, spoken};

/// Rows of a table where nothing else is asked for.
const ROWS: usize = 50;

/// Standard output.
pub struct Output {
    json: bool,
    out: BufWriter<Stdout>,
}

impl Output {
    /// Writes tables, or JSON.
    pub fn new(json: bool) -> Self {
        Self { json, out: BufWriter::new(io::stdout()) }
    }

    /// Whether it is for programs.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// One thing: a JSON object, or a line for each of its values.
    pub fn record(&mut self, record: &Record) -> Done {
        if self.json {
            return self.line(record);
        }
        let mut table = plain_table();
        for (name, value) in record.fields() {
            table.add_row([spoken(name), value.to_string()]);
        }
        self.table(&table)
    }

    /// A list: a JSON object on each line, or a row for each.
    pub fn list(&mut self, records: &[Record]) -> Done {
        if self.json {
            return records.iter().try_for_each(|record| self.line(record));
        }
        let Some(first) = records.first() else { return self.note("none") };
        let mut table = plain_table();
        table.set_header(first.fields().iter().map(|(name, value)| {
            Cell::new(spoken(name).to_uppercase()).set_alignment(side(value))
        }));
        table.add_rows(records.iter().map(row));
        self.table(&table)
    }

    /// A list that is read page by page: `page` gives at most so many records, and where to go on.
    pub fn pages<C>(
        &mut self,
        limit: &LimitArg,
        mut page: impl FnMut(usize, Option<C>) -> Result<(Vec<Record>, Option<C>), Failure>,
    ) -> Done {
        let all = if self.json { usize::MAX } else { ROWS };
        let mut left = limit.limit.map_or(all, NonZeroUsize::get);
        let mut rows = Vec::new();
        let mut next = None;
        loop {
            let (records, behind) = page(left.min(PAGE_MAX), next)?;
            left -= records.len().min(left);
            next = behind;
            if self.json {
                self.list(&records)?;
            } else {
                rows.extend(records);
            }
            if left == 0 || next.is_none() {
                break;
            }
        }
        self.list(&rows)?;
        match next {
            Some(_) => self.note("there are more; --limit N shows N of them, --json all"),
            None => Ok(()),
        }
    }

    /// Something that only people want to read.
    pub fn say(&mut self, text: impl AsRef<str>) -> Done {
        if !self.json {
            writeln!(self.out, "{}", text.as_ref())?;
        }
        Ok(())
    }

    /// Something beside the output, for people.
    pub fn note(&mut self, text: impl AsRef<str>) -> Done {
        if self.json { Ok(()) } else { self.aside(text.as_ref()) }
    }

    /// Something beside the output that programs must know too.
    pub fn beside(&mut self, text: impl AsRef<str>, record: &Record) -> Done {
        if !self.json {
            return self.aside(text.as_ref());
        }
        self.aside(&serde_json::to_string(record).map_err(io::Error::from)?)
    }

    fn aside(&mut self, text: &str) -> Done {
        self.flush()?;
        // Where nobody listens to notes, the work goes on.
        let _unheard = writeln!(io::stderr(), "{text}");
        Ok(())
    }

    /// Text that is what it is in both forms, such as a report.
    pub fn raw(&mut self) -> &mut dyn Write {
        &mut self.out
    }

    /// Hands everything on.
    pub fn flush(&mut self) -> Done {
        Ok(self.out.flush()?)
    }

    fn line(&mut self, record: &Record) -> Done {
        serde_json::to_writer(&mut self.out, record).map_err(io::Error::from)?;
        Ok(self.out.write_all(b"\n")?)
    }

    fn table(&mut self, table: &Table) -> Done {
        for line in table.lines() {
            let line = line.strip_prefix(' ').unwrap_or(&line);
            writeln!(self.out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// Says on standard error what went wrong.
pub fn tell(report: &Report, json: bool) {
    let text = if json {
        serde_json::to_string(&report.record()).unwrap_or_default()
    } else {
        escaped(&report.sentence())
    };
    // There is nobody left to tell.
    let _unheard = writeln!(io::stderr(), "{text}");
}

/// A table without lines and colours. Nothing is wrapped: an id in two parts can't be copied.
fn plain_table() -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table
}

fn row(record: &Record) -> Row {
    let cells = record.fields().iter();
    cells.map(|(_, value)| Cell::new(value.to_string()).set_alignment(side(value))).into()
}

fn side(value: &Value) -> CellAlignment {
    if value.is_number() { CellAlignment::Right } else { CellAlignment::Left }
}
