//! The command line.

use std::fmt::Write;

use clap::{CommandFactory, FromArgMatches, Parser};

use crate::commands::Command;
use crate::failure::{EXIT_CODES, Failure};

/// A ledger's file: wallets, money that moves between them, and everything that ever happened to it
#[derive(Debug, Parser)]
#[command(name = "ledger", version, subcommand_required = true, arg_required_else_help = true)]
pub struct Cli {
    /// Write JSON: one value, or for lists one on each line; errors too
    #[arg(long, global = true)]
    pub json: bool,
    /// What is to be done
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// Reads the command line; help and errors of it are told as they are wanted. The flag says whether
    /// they are wanted in JSON.
    pub fn read() -> Result<Self, (Failure, bool)> {
        let parsed = definition().try_get_matches();
        parsed.and_then(|matches| Self::from_arg_matches(&matches)).map_err(|error| {
            let json = std::env::args_os().any(|word| word == "--json");
            (told(&error, json), json)
        })
    }
}

/// All commands and their arguments, with the exit codes below the help.
pub fn definition() -> clap::Command {
    let mut codes = "Exit codes:".to_owned();
    for (code, meaning) in EXIT_CODES {
        // Writing to a text never fails.
        let _always = write!(codes, "\n  {code:>2}  {meaning}");
    }
    Cli::command().after_help(codes)
}

fn told(error: &clap::Error, json: bool) -> Failure {
    if !error.use_stderr() {
        // Help and the version are what was asked for. Whoever stops reading them has read enough.
        let _read_or_not = error.print();
        return Failure::Answered;
    }
    if json {
        let text = error.render().to_string();
        // What is wrong; behind the empty line is how it is used.
        let lines = text.lines().map(str::trim).take_while(|line| !line.is_empty());
        let problem = lines.collect::<Vec<_>>().join(" ");
        return Failure::usage(problem.trim_start_matches("error: "));
    }
    let _unheard = error.print();
    Failure::Misused
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = include_str!("../../../docs/cli.md");

    fn rows(head: &str) -> Vec<Vec<&'static str>> {
        let table = DOCUMENT.lines().skip_while(|line| *line != head).skip(2);
        let rows = table.take_while(|line| line.starts_with('|'));
        rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect()
    }

    #[test]
    fn the_definition_holds_together() {
        definition().debug_assert();
    }

    #[test]
    fn the_document_lists_and_shows_every_command() {
        let definition = definition();
        let commands = definition.get_subcommands().map(|command| {
            let about = command.get_about().unwrap().to_string();
            vec![format!("`{}`", command.get_name()), about]
        });
        assert_eq!(rows("| command | what it does |"), commands.collect::<Vec<_>>());
        for command in definition.get_subcommands() {
            let example = format!("ledger {} ", command.get_name());
            assert!(DOCUMENT.contains(&example), "docs/cli.md wants an example: {example}");
        }
    }

    #[test]
    fn the_document_and_the_help_list_every_exit_code() {
        let codes =
            EXIT_CODES.iter().map(|(code, meaning)| vec![code.to_string(), (*meaning).to_owned()]);
        assert_eq!(rows("| exit code | what it means |"), codes.collect::<Vec<_>>());
        let help = definition().render_help().to_string();
        for (code, meaning) in EXIT_CODES {
            let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(words(&help).contains(&words(&format!("{code} {meaning}"))), "{help}");
        }
    }
}
