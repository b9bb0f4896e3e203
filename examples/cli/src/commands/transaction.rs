//! `transaction`: what became of an id or of a key.

use clap::Args;
use ledger_core::{Answer, Error, Refusal, TransactionId};

use crate::book::{Book, FileArg};
use crate::failure::{Done, Failure};
use crate::output::Output;
use crate::record::Record;
use crate::request;

/// Shows what became of a transaction's id or of a key. A hold is shown as it was made; `holds` says how it is now.
#[derive(Args, Debug)]
#[command(override_usage = "ledger transaction [OPTIONS] <FILE> <TRANSACTION|--key <KEY>>")]
pub struct Show {
    #[command(flatten)]
    file: FileArg,
    #[command(flatten)]
    which: Which,
}

#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
struct Which {
    /// The transaction's id
    transaction: Option<TransactionId>,
    /// The key under which it was sent
    #[arg(long)]
    key: Option<String>,
}

impl Show {
    /// Does it.
    pub fn run(&self, output: &mut Output) -> Done {
        let book = self.file.open(output)?;
        let record = match self.which.answer(&book)?.ok_or_else(unknown)? {
            Answer::Done(transaction) => request::shown(&transaction, None, &book),
            Answer::Refused { refusal, position } => refused(&refusal, position, &book),
        };
        output.record(&record)
    }
}

impl Which {
    fn answer(&self, book: &Book) -> Result<Option<Answer>, Failure> {
        Ok(match (self.transaction, &self.key) {
            (Some(id), _) => book.transaction(id)?,
            (None, Some(key)) => book.transaction_by_key(key.as_str())?,
            (None, None) => None,
        })
    }
}

fn unknown() -> Failure {
    let message = "nothing is recorded under this; if it is a key, it can still be used";
    Failure::refused("unknown_transaction", message)
}

/// A refusal that is remembered.
fn refused(refusal: &Refusal, position: usize, book: &Book) -> Record {
    let error = Error::from(refusal.rejection.clone());
    let item = refusal.items.get(position);
    Record::default()
        .with("transaction", refusal.id)
        .with_some("kind", item.map(|item| item.kind.code()))
        .with("at", refusal.at)
        .with_some("key", item.map(|item| item.key.as_str()))
        .with("refused", error.kind().code())
        .with("message", book.message(&error))
}
