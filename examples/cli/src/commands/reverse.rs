//! `reverse`: moves back what a transaction moved.

use clap::Args;
use ledger_core::{Answer, Command, Error, Rejection, ReversalSpec, TransactionId};

use crate::book::{Book, FileArg};
use crate::failure::{Done, Failure};
use crate::input::{PartArg, money};
use crate::output::Output;
use crate::request::Movement;

/// Moves back what a transaction moved.
#[derive(Args, Debug)]
pub struct Reverse {
    #[command(flatten)]
    file: FileArg,
    /// The transaction's id
    transaction: TransactionId,
    #[command(flatten)]
    amount: PartArg,
    /// Only of this posting of the transaction, counted from 0
    #[arg(long, value_name = "NUMBER")]
    posting: Option<u32>,
    #[command(flatten)]
    movement: Movement,
}

impl Reverse {
    /// Does it.
    pub fn run(&self, output: &mut Output) -> Done {
        let book = self.file.open(output)?;
        let spec = self.spec(&book)?;
        self.movement.send(&book, output, |key| Command::reverse(key, spec))
    }

    fn spec(&self, book: &Book) -> Result<ReversalSpec, Failure> {
        let mut spec = ReversalSpec::of(self.transaction);
        if let Some(posting) = self.posting {
            spec = spec.posting(posting);
        }
        let Some(amount) = self.amount.given() else { return Ok(spec) };
        let unknown = Rejection::UnknownTransaction { transaction: self.transaction };
        let Some(Answer::Done(original)) = book.transaction(self.transaction)? else {
            return Err(Error::from(unknown).into());
        };
        let posting = usize::try_from(self.posting.unwrap_or(0)).unwrap_or(usize::MAX);
        // Where there is no such posting, the ledger says so.
        let Some(posting) = original.postings.get(posting) else { return Ok(spec) };
        Ok(spec.amount(money(&amount, posting.amount.asset())?))
    }
}
