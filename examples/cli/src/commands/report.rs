//! `export` and `statement`: reports for other tools and for people.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use ledger_core::Timestamp;
use ledger_reports::{Format, ReportError, StatementSpec, export, statement_with};
use tempfile::NamedTempFile;

use crate::book::{Book, FileArg};
use crate::failure::{Done, Failure};
use crate::input::must_be_free;
use crate::output::Output;
use crate::progress::Bar;
use crate::record::Record;

/// Writes the whole journal in a form that other tools read.
#[derive(Args, Debug)]
pub struct Export {
    #[command(flatten)]
    file: FileArg,
    /// csv, jsonl, hledger or beancount
    format: Format,
    /// Write it to this file, which must not be there yet, and not to standard output
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    to: Option<PathBuf>,
}

impl Export {
    /// Does it.
    pub fn run(&self, output: &mut Output) -> Done {
        let book = self.file.open(output)?;
        let target = Target(self.to.as_deref());
        let bar = Bar::new(output, "exporting", Some(0));
        let mut progress = |it: ledger_reports::Progress| bar.set(it.done, it.total);
        let exported =
            target.write(&book, output, |out| export(&book, self.format, out, &mut progress))?;
        drop(bar);
        if exported.too_long > 0 {
            let (warning, count) = ("numbers_too_long", exported.too_long);
            let text = format!(
                "{count} numbers have more than 28 digits: they are written in full, and {} rounds them",
                self.format
            );
            output
                .beside(text, &Record::default().with("warning", warning).with("numbers", count))?;
        }
        let counts = Record::default()
            .with("transactions", exported.transactions)
            .with("postings", exported.postings);
        target.tell(counts, output)
    }
}

/// Writes a wallet's statement as one HTML file.
#[derive(Args, Debug)]
pub struct Statement {
    #[command(flatten)]
    file: FileArg,
    /// The wallet's name
    wallet: String,
    /// Only what was recorded at this time or later, such as 2026-03-01T00:00:00Z
    #[arg(long, value_name = "TIME")]
    from: Option<Timestamp>,
    /// Only what was recorded before this time; a statement of days to come ends now
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    /// List at most so many entries, the latest; totals and the curve are of all of them
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000)]
    entries: usize,
    /// Write it to this file, which must not be there yet, and not to standard output
    #[arg(long, visible_alias = "to", value_name = "PATH", value_hint = ValueHint::FilePath)]
    html: Option<PathBuf>,
}

impl Statement {
    /// Does it.
    pub fn run(&self, output: &mut Output) -> Done {
        let book = self.file.open(output)?;
        let wallet = book.named(&self.wallet)?;
        let mut spec = StatementSpec::of(&wallet).listed(self.entries);
        if let Some(from) = self.from {
            spec = spec.since(from);
        }
        if let Some(until) = self.until {
            spec = spec.until(until);
        }
        let target = Target(self.html.as_deref());
        target.write(&book, output, |out| statement_with(&book, &spec, out))?;
        target.tell(Record::default().with("wallet", wallet.name.as_str()), output)
    }
}

/// Where a report goes: to a file, or to standard output.
struct Target<'a>(Option<&'a Path>);

impl Target<'_> {
    fn write<T>(
        &self,
        book: &Book,
        output: &mut Output,
        report: impl FnOnce(&mut dyn Write) -> Result<T, ReportError>,
    ) -> Result<T, Failure> {
        let Some(path) = self.0 else {
            return report(output.raw()).map_err(|error| failure(book, error));
        };
        let mut file = begin(path)?;
        let written = report(&mut file).map_err(|error| match error {
            ReportError::Output(error) => Failure::of_path(path, &error),
            other => failure(book, other),
        })?;
        file.as_file().sync_all().map_err(|error| Failure::of_path(path, &error))?;
        file.persist_noclobber(path).map_err(|failed| untaken(path, &failed.error))?;
        Ok(written)
    }

    /// What was written; where the report itself was the output, nothing more.
    fn tell(&self, about: Record, output: &mut Output) -> Done {
        match self.0 {
            Some(path) => output.record(&about.with("to", path.display().to_string())),
            None => Ok(()),
        }
    }
}

/// Names of these endings are for SQLite and for the ledger's lock: a report there would be taken for theirs.
const TAKEN: [&str; 4] = ["-wal", "-shm", "-journal", "-lock"];

/// A file beside the path. It gets the name when it is whole, and goes away if it never is.
fn begin(path: &Path) -> Result<NamedTempFile, Failure> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if let Some(ending) = TAKEN.iter().find(|ending| name.ends_with(*ending)) {
        let message =
            format!("names that end in {ending} belong to a ledger's files; give another name");
        return Err(Failure::usage(message));
    }
    must_be_free(path)?;
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let file =
        tempfile::Builder::new().prefix(&format!("{name}.")).suffix(".partial").tempfile_in(folder);
    // The error's own words name a path that nobody gave.
    file.map_err(|error| Failure::of_path(path, &error.kind().into()))
}

fn untaken(path: &Path, error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::AlreadyExists => Failure::of_a_taken_path(path),
        _ => Failure::of_path(path, error),
    }
}

fn failure(book: &Book, error: ReportError) -> Failure {
    match error {
        ReportError::Ledger(error) => book.failure(error),
        ReportError::Output(error) => error.into(),
        other => Failure::new("report", other.to_string()),
    }
}
