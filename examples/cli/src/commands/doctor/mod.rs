//! `doctor`: looks at what surrounds a file, each finding with its advice.

mod file;
mod finding;
mod ledger;
mod system;

use clap::Args;

use self::finding::{Finding, State};
use crate::book::FileArg;
use crate::failure::{Done, Failure};
use crate::output::Output;

/// Looks at what surrounds the file.
#[derive(Args, Debug)]
pub struct Doctor {
    #[command(flatten)]
    file: FileArg,
}

impl Doctor {
    /// Does it.
    pub fn run(&self, output: &mut Output) -> Done {
        let path = self.file.existing()?;
        // What is beside the file is looked at first: opening it tidies up.
        let mut findings = system::look(path);
        findings.extend(file::look(path));
        findings.extend(ledger::look(&self.file, output));
        output.list(&findings.iter().map(Finding::shown).collect::<Vec<_>>())?;
        let is_bad = findings.iter().any(|finding| finding.state == State::Bad);
        if is_bad { Err(Failure::Unwell) } else { Ok(()) }
    }
}
