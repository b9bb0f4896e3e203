//! `backup`: copies the file while it is in use.

use std::fs;
use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::book::FileArg;
use crate::failure::{Done, Failure};
use crate::input::must_be_free;
use crate::output::Output;
use crate::progress::Bar;
use crate::record::Record;

/// Copies the file.
#[derive(Args, Debug)]
pub struct Backup {
    #[command(flatten)]
    file: FileArg,
    /// Where to; there must be nothing yet
    #[arg(value_name = "COPY", value_hint = ValueHint::FilePath)]
    to: PathBuf,
}

impl Backup {
    /// Does it.
    pub fn run(&self, output: &mut Output) -> Done {
        must_be_free(&self.to)?;
        let book = self.file.open(output)?;
        // The ledger does not tell how far it is.
        let bar = Bar::new(output, "copying", None).moving();
        book.backup(&self.to)?;
        drop(bar);
        let about = fs::metadata(&self.to).map_err(|error| Failure::of_path(&self.to, &error))?;
        let copy = self.to.display().to_string();
        output.record(&Record::default().with("copy", copy).with("bytes", about.len()))
    }
}
