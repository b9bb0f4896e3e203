//! `verify`: checks everything in a file.

use clap::Args;
use ledger_core::ErrorKind;
use ledger_sqlite::{Head, SqliteLedger, Verification};

use crate::book::FileArg;
use crate::failure::{Done, Failure};
use crate::output::Output;
use crate::progress::Bar;
use crate::record::Record;

/// Checks everything in the file.
#[derive(Args, Debug)]
pub struct Verify {
    #[command(flatten)]
    file: FileArg,
    /// A head that was kept elsewhere, which must be in the file; can be given several times
    #[arg(long, value_name = "HEAD")]
    head: Vec<Head>,
}

impl Verify {
    /// Does it.
    pub fn run(&self, output: &mut Output) -> Done {
        let path = self.file.existing()?;
        let bar = Bar::new(output, "checking", Some(0));
        let found = SqliteLedger::verify_file(path, &self.head, &mut bar.watch());
        drop(bar);
        match found {
            Ok(found) => {
                output.record(&shown(&found))?;
                if found.is_ok() { Ok(()) } else { Err(Failure::Unwell) }
            }
            // It is there and can be read, and still is no ledger.
            Err(error) if error.kind() == ErrorKind::StoreBroken => {
                let problem = error.to_string();
                output.record(&Record::default().with("ok", false).with("problem", problem))?;
                Err(Failure::Unwell)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// What a check found.
pub fn shown(found: &Verification) -> Record {
    Record::default()
        .with("ok", found.is_ok())
        .with("problem", found.problem.as_deref())
        .with("lines", found.lines)
        .with("transactions", found.transactions)
        .with("wallets", found.wallets)
        .with("erased", found.erased)
        .with("head", found.head.to_string())
}
