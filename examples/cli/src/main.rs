//! `ledger`: a ledger's file on the command line.
//!
//! Everything here goes through what the crates offer to everyone, so that it can serve as an example.
//!
//! The parts are layers; each may use those before it, never those behind:
//! `record`, `failure`, `input`, `output`, `book`, `progress`, `request`, `commands`, `args`.

mod args;
mod book;
mod commands;
mod failure;
mod input;
mod output;
mod progress;
mod record;
mod request;

use std::process::ExitCode;

use crate::args::Cli;
use crate::failure::Done;
use crate::output::Output;

fn main() -> ExitCode {
    if commands::torture::is_child() {
        return ExitCode::SUCCESS;
    }
    let done = Cli::read().and_then(|cli| run(&cli).map_err(|failure| (failure, cli.json)));
    let Err((failure, json)) = done else { return ExitCode::SUCCESS };
    if let Some(report) = failure.report() {
        output::tell(report, json);
    }
    ExitCode::from(failure.exit())
}

fn run(cli: &Cli) -> Done {
    let mut output = Output::new(cli.json);
    let done = cli.command.run(&mut output, args::definition);
    // What was said before a failure is said; the failure counts.
    let handed_on = output.flush();
    done.and(handed_on)
}
