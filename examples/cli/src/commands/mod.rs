//! The commands, one file for each or for a few that belong together.

mod backup;
mod balance;
mod bench;
mod completions;
mod demo;
mod doctor;
mod head;
mod history;
mod holds;
mod limits;
mod moves;
mod query;
mod rebuild;
mod register;
mod report;
mod reverse;
mod stats;
mod status;
pub mod torture;
mod transaction;
mod verify;
mod wallets;

use clap::Subcommand;

use crate::failure::Done;
use crate::output::Output;

/// What can be asked for.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Build a small shop's ledger, work with it, check it, and say what to try next
    Demo(demo::Demo),
    /// Open a wallet; makes the file if there is none
    OpenWallet(register::OpenWallet),
    /// Define an asset of your own; makes the file if there is none
    DefineAsset(register::DefineAsset),
    /// Bring money in from outside
    Deposit(moves::Deposit),
    /// Send money outside
    Withdraw(moves::Withdraw),
    /// Move money from one wallet to another
    Transfer(moves::Transfer),
    /// Reserve money on a wallet for another one
    Hold(holds::Hold),
    /// Move reserved money to its target: all that remains, or a part
    Capture(holds::Capture),
    /// Give back all that is still reserved
    Release(holds::Release),
    /// Move back what a transaction moved: all that is left of it, or a part
    Reverse(reverse::Reverse),
    /// List wallets with what they hold
    Wallets(wallets::Wallets),
    /// Show what wallets hold, now or at an earlier time
    Balance(balance::Balance),
    /// Show what moved in and out of a wallet
    History(history::History),
    /// List holds, the oldest first
    Holds(holds::Holds),
    /// Show what became of a transaction's id or of a key
    Transaction(transaction::Show),
    /// Stop all that moves in and out of a wallet
    Freeze(status::Freeze),
    /// Let money move in and out of a frozen wallet again
    Unfreeze(status::Unfreeze),
    /// Close an empty wallet for ever
    Close(status::Close),
    /// Show a wallet's limits, or change them
    Limits(limits::Limits),
    /// Ask the file in SQL; nothing can be changed
    Query(query::Query),
    /// Check everything in the file
    Verify(verify::Verify),
    /// Make everything again that is derived from the journal, while nobody has the file open
    Rebuild(rebuild::Rebuild),
    /// Copy the file while it is in use
    Backup(backup::Backup),
    /// Write the whole journal for other tools: csv, jsonl, hledger or beancount
    Export(report::Export),
    /// Write a wallet's statement as one HTML file
    Statement(report::Statement),
    /// Show figures of the file
    Stats(stats::Stats),
    /// Print the end of the journal: kept elsewhere, it shows later whether anything before was changed
    Head(head::Head),
    /// Look at what surrounds the file: file system, permissions, versions, locks, log
    Doctor(doctor::Doctor),
    /// Try to lose money on this disk: kill programs at work, damage files
    Torture(torture::Torture),
    /// Measure durable transfers a second on this disk, beside its own flushes
    Bench(bench::Bench),
    /// Print a script that completes commands in a shell
    Completions(completions::Completions),
}

impl Command {
    /// Does it. The definition of the whole command line is for the shells.
    pub fn run(&self, output: &mut Output, definition: fn() -> clap::Command) -> Done {
        match self {
            Self::Demo(command) => command.run(output),
            Self::OpenWallet(command) => command.run(output),
            Self::DefineAsset(command) => command.run(output),
            Self::Deposit(command) => command.run(output),
            Self::Withdraw(command) => command.run(output),
            Self::Transfer(command) => command.run(output),
            Self::Hold(command) => command.run(output),
            Self::Capture(command) => command.run(output),
            Self::Release(command) => command.run(output),
            Self::Reverse(command) => command.run(output),
            Self::Wallets(command) => command.run(output),
            Self::Balance(command) => command.run(output),
            Self::History(command) => command.run(output),
            Self::Holds(command) => command.run(output),
            Self::Transaction(command) => command.run(output),
            Self::Freeze(command) => command.run(output),
            Self::Unfreeze(command) => command.run(output),
            Self::Close(command) => command.run(output),
            Self::Limits(command) => command.run(output),
            Self::Query(command) => command.run(output),
            Self::Verify(command) => command.run(output),
            Self::Rebuild(command) => command.run(output),
            Self::Backup(command) => command.run(output),
            Self::Export(command) => command.run(output),
            Self::Statement(command) => command.run(output),
            Self::Stats(command) => command.run(output),
            Self::Head(command) => command.run(output),
            Self::Doctor(command) => command.run(output),
            Self::Torture(command) => command.run(output),
            Self::Bench(command) => command.run(output),
            Self::Completions(command) => command.run(definition(), output),
        }
    }
}
