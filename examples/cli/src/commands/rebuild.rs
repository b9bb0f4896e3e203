//! `rebuild`: makes everything again that is derived from the journal.

use clap::Args;
use ledger_sqlite::SqliteLedger;

use crate::book::FileArg;
use crate::failure::{Done, Failure};
use crate::output::Output;
use crate::progress::Bar;
use crate::record::Record;

/// Makes everything again that is derived, and checks the file: exit code 2 if the journal itself is damaged.
#[derive(Args, Debug)]
pub struct Rebuild {
    #[command(flatten)]
    file: FileArg,
    /// Goes on where the journal has lost its end, and no backup is left: what was there is gone then
    #[arg(long)]
    keep_what_is_left: bool,
}

impl Rebuild {
    /// Does it.
    pub fn run(&self, output: &mut Output) -> Done {
        let path = self.file.existing()?;
        let bar = Bar::new(output, "rebuilding", Some(0));
        let mut lines = 0;
        let mut show = bar.watch();
        let mut builder = SqliteLedger::builder(path);
        if self.keep_what_is_left {
            builder = builder.keep_what_is_left();
        }
        builder.rebuild(&mut |progress| {
            lines = progress.done;
            show(progress)
        })?;
        drop(show);
        drop(bar);
        // It takes the journal as it stands.
        let bar = Bar::new(output, "checking", Some(0));
        let found = SqliteLedger::verify_file(path, &[], &mut bar.watch())?;
        drop(bar);
        let rebuilt = Record::default().with("rebuilt", true).with("lines", lines);
        output.record(&rebuilt.with("problem", found.problem.as_deref()))?;
        if found.is_ok() { Ok(()) } else { Err(Failure::Unwell) }
    }
}
