//! `query`: asks the file in SQL.

use std::fmt::Write;
use std::iter;

use clap::Args;
use ledger_sqlite::Value;

use crate::book::FileArg;
use crate::failure::Done;
use crate::output::Output;
use crate::record::{self, Record};

/// Asks the file in SQL; nothing can be changed.
#[derive(Args, Debug)]
pub struct Query {
    #[command(flatten)]
    file: FileArg,
    /// A SELECT, such as 'SELECT name, posted FROM balance WHERE owner = ?'
    sql: String,
    /// A whole number or a text for each ? of it
    #[arg(allow_negative_numbers = true)]
    params: Vec<String>,
}

impl Query {
    /// Does it.
    pub fn run(&self, output: &mut Output) -> Done {
        let params: Vec<Value> = self.params.iter().map(|text| parameter(text)).collect();
        let table = self.file.open(output)?.query_with(&self.sql, &params)?;
        let columns = told_apart(&table.columns);
        let rows: Vec<Record> = table.rows.iter().map(|row| shown(&columns, row)).collect();
        output.list(&rows)
    }
}

/// A text that is a number as it is written is one: SQL takes a number for a text by itself, but not a text
/// for a number. Of 007 it would make 7, which is another name.
fn parameter(text: &str) -> Value {
    match text.parse::<i64>() {
        Ok(number) if number.to_string() == text => Value::Integer(number),
        _ => Value::Text(text.to_owned()),
    }
}

/// The columns' names, with a number behind one that was there before: JSON has each only once.
fn told_apart(columns: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for column in columns {
        let numbered = (2..).map(|number| format!("{column}_{number}"));
        let mut free = iter::once(column.clone()).chain(numbered).filter(|it| !names.contains(it));
        let name = free.next().unwrap_or_default();
        drop(free);
        names.push(name);
    }
    names
}

fn shown(columns: &[String], row: &[Value]) -> Record {
    let cells = columns.iter().zip(row);
    cells.fold(Record::default(), |record, (name, value)| record.with(name.clone(), cell(value)))
}

fn cell(value: &Value) -> record::Value {
    match value {
        Value::Null => record::Value::Nothing,
        Value::Integer(number) => serde_json::Value::from(*number).into(),
        // JSON has no number for it.
        Value::Real(number) if number.is_infinite() => number.to_string().into(),
        Value::Real(number) => serde_json::Value::from(*number).into(),
        Value::Text(text) => text.into(),
        // As SQL writes it, so that nobody takes it for a number.
        Value::Blob(bytes) => {
            format!("x'{}'", bytes.iter().copied().fold(String::new(), hexadecimal)).into()
        }
    }
}

fn hexadecimal(mut text: String, byte: u8) -> String {
    // Writing to a text never fails.
    let _always = write!(text, "{byte:02x}");
    text
}
