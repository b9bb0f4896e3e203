//! `completions`: a script that completes commands in a shell.

use clap::Args;
use clap_complete::{Shell, generate};

use crate::failure::Done;
use crate::output::Output;

/// Prints a script for a shell.
#[derive(Args, Debug)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    /// Does it for the commands that are defined. The script is the same with `--json`.
    pub fn run(&self, mut definition: clap::Command, output: &mut Output) -> Done {
        let mut script = Vec::new();
        generate(self.shell, &mut definition, "ledger", &mut script);
        Ok(output.raw().write_all(&script)?)
    }
}
