//! `deposit`, `withdraw` and `transfer`.

use clap::Args;
use ledger_core::Command;

use crate::book::FileArg;
use crate::failure::Done;
use crate::input::AmountArg;
use crate::output::Output;
use crate::request::Movement;

/// Brings money in from outside.
#[derive(Args, Debug)]
pub struct Deposit {
    #[command(flatten)]
    file: FileArg,
    /// The wallet that gets it
    to: String,
    #[command(flatten)]
    amount: AmountArg,
    #[command(flatten)]
    movement: Movement,
}

impl Deposit {
    /// Does it.
    pub fn run(&self, output: &mut Output) -> Done {
        let book = self.file.open(output)?;
        let to = book.named(&self.to)?;
        let amount = self.amount.of(to.asset)?;
        self.movement.send(&book, output, |key| Command::deposit(key, &to, amount))
    }
}

/// Sends money outside.
#[derive(Args, Debug)]
pub struct Withdraw {
    #[command(flatten)]
    file: FileArg,
    /// The wallet that pays it
    from: String,
    #[command(flatten)]
    amount: AmountArg,
    #[command(flatten)]
    movement: Movement,
}

impl Withdraw {
    /// Does it.
    pub fn run(&self, output: &mut Output) -> Done {
        let book = self.file.open(output)?;
        let from = book.named(&self.from)?;
        let amount = self.amount.of(from.asset)?;
        self.movement.send(&book, output, |key| Command::withdraw(key, &from, amount))
    }
}

/// Moves money from one wallet to another.
#[derive(Args, Debug)]
pub struct Transfer {
    #[command(flatten)]
    file: FileArg,
    /// The wallet that pays it
    from: String,
    /// The wallet that gets it
    to: String,
    #[command(flatten)]
    amount: AmountArg,
    #[command(flatten)]
    movement: Movement,
}

impl Transfer {
    /// Does it.
    pub fn run(&self, output: &mut Output) -> Done {
        let book = self.file.open(output)?;
        let (from, to) = (book.named(&self.from)?, book.named(&self.to)?);
        let amount = self.amount.of(from.asset)?;
        self.movement.send(&book, output, |key| Command::transfer(key, &from, &to, amount))
    }
}
