//! Asking in SQL. Only reading is possible, whatever the text says.

use ledger_core::store::{StoreError, StoreResult};
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, params_from_iter};

use crate::base::failure::reading;

/// The most rows that one query may give.
pub const QUERY_ROWS_MAX: usize = 100_000;

/// What a query found.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Table {
    /// The columns' names.
    pub columns: Vec<String>,
    /// A value for each column.
    pub rows: Vec<Vec<Value>>,
}

/// A value in a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number with a fraction; the ledger itself has none.
    Real(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

/// Carries out one statement that can only read, with values for its parameters.
pub(crate) fn query(
    sql: &str,
    params: &[Value],
    connection: &mut Connection,
) -> StoreResult<Table> {
    connection.authorizer(Some(allow_reading)).map_err(reading)?;
    if sql.trim().is_empty() {
        return Err(StoreError::Refused("the query is empty; give a SELECT".to_owned()));
    }
    let mut statement = connection.prepare(sql).map_err(refused)?;
    check_count(statement.parameter_count(), params.len())?;
    // A list or an iterator, as the version of rusqlite has it.
    let mut columns: Vec<String> = Vec::with_capacity(statement.column_count());
    for name in statement.column_names() {
        columns.push(name.to_owned());
    }
    let width = columns.len();
    let mut found = Vec::new();
    let mut rows = statement.query(params_from_iter(params)).map_err(refused)?;
    while let Some(row) = rows.next().map_err(refused)? {
        if found.len() == QUERY_ROWS_MAX {
            return Err(StoreError::Refused(format!(
                "the query has more than {QUERY_ROWS_MAX} rows; add a LIMIT"
            )));
        }
        let values = (0..width).map(|column| row.get_ref(column).map(Value::from));
        found.push(values.collect::<rusqlite::Result<_>>().map_err(refused)?);
    }
    Ok(Table { columns, rows: found })
}

fn check_count(needed: usize, given: usize) -> StoreResult<()> {
    if needed == given {
        return Ok(());
    }
    let problem =
        format!("the query has {needed} parameters, and {given} values were given for them");
    Err(StoreError::Refused(problem))
}

#[allow(clippy::needless_pass_by_value, reason = "the form that SQLite's hook has")]
fn allow_reading(context: AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Select | AuthAction::Read { .. } | AuthAction::Recursive => {
            Authorization::Allow
        }
        AuthAction::Function { function_name } if function_name != "load_extension" => {
            Authorization::Allow
        }
        _ => Authorization::Deny,
    }
}

#[allow(clippy::needless_pass_by_value, reason = "so that it can be given to map_err by name")]
fn refused(error: rusqlite::Error) -> StoreError {
    use rusqlite::ErrorCode::{
        DatabaseBusy, DatabaseCorrupt, DatabaseLocked, NotADatabase, OperationInterrupted,
        OutOfMemory, SystemIoFailure,
    };
    match error.sqlite_error_code() {
        // It is none of the query's fault.
        Some(
            DatabaseBusy | DatabaseCorrupt | DatabaseLocked | NotADatabase | OperationInterrupted
            | OutOfMemory | SystemIoFailure,
        ) => reading(error),
        _ => StoreError::Refused(format!("the query can't be carried out: {error}")),
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Real(number) => ValueRef::Real(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl From<ValueRef<'_>> for Value {
    fn from(value: ValueRef<'_>) -> Self {
        match value {
            ValueRef::Null => Self::Null,
            ValueRef::Integer(number) => Self::Integer(number),
            ValueRef::Real(number) => Self::Real(number),
            ValueRef::Text(text) => Self::Text(String::from_utf8_lossy(text).into_owned()),
            ValueRef::Blob(bytes) => Self::Blob(bytes.to_vec()),
        }
    }
}
