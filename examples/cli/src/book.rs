//! The ledger in a file, with its wallets by name.

use std::fs::{self, File};
use std::ops::Deref;
use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use ledger_core::{Error, Wallet, WalletId};
use ledger_sqlite::SqliteLedger;

use crate::failure::{Done, Failure};
use crate::header::earlier_schema;
use crate::output::Output;
use crate::record::Record;

/// The file that a command is about.
#[derive(Args, Debug)]
pub struct FileArg {
    /// The ledger's file
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    path: PathBuf,
}

/// A ledger that is open.
pub struct Book(SqliteLedger);

impl FileArg {
    /// Opens the ledger in the file. What is not there, or empty, is not made into one.
    pub fn open(&self, output: &mut Output) -> Result<Book, Failure> {
        let path = self.existing()?;
        let about = fs::metadata(path).map_err(|error| Failure::of_path(path, &error))?;
        if about.len() == 0 {
            return Err(no_file(path, "an empty file"));
        }
        self.tell_of_earlier(output)?;
        self.open_as_it_is()
    }

    /// Opens the ledger in the file, or makes it. The flag says whether it was made.
    pub fn open_or_make(&self, output: &mut Output) -> Result<(Book, bool), Failure> {
        let is_new = fs::metadata(&self.path).map_or(true, |about| about.len() == 0);
        self.tell_of_earlier(output)?;
        let book = self.open_as_it_is()?;
        if is_new {
            output.note(format!("made a new ledger in {}", self.path.display()))?;
        }
        Ok((book, is_new))
    }

    fn open_as_it_is(&self) -> Result<Book, Failure> {
        Ok(Book(SqliteLedger::open(&self.path)?))
    }

    /// Opening a file of an earlier schema changes it for good, so that this is said before.
    fn tell_of_earlier(&self, output: &mut Output) -> Done {
        let Some(schema) = earlier_schema(&self.path) else { return Ok(()) };
        let path = self.path.display();
        let text = format!(
            "{path} is of schema {schema} and is brought forward; earlier versions can't open it then"
        );
        let record = Record::default().with("brought_forward", path.to_string());
        output.beside(text, &record.with("from_schema", u64::from(schema)))
    }

    /// The path of a file that is there and can be read.
    pub fn existing(&self) -> Result<&Path, Failure> {
        if !self.path.try_exists().map_err(|error| Failure::of_path(&self.path, &error))? {
            return Err(no_file(&self.path, "no file"));
        }
        if !self.path.is_file() {
            let message = format!("{} is no file; give the path of a ledger", self.path.display());
            return Err(Failure::new("no_file", message));
        }
        // This process has no ledger open yet, so that closing the file again takes no locks of one.
        File::open(&self.path).map_err(|error| Failure::of_path(&self.path, &error))?;
        Ok(&self.path)
    }

    /// The path, whatever is there.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn no_file(path: &Path, what: &str) -> Failure {
    let path = path.display();
    let message = format!(
        "there is {what} at {path}; check the path, or begin a ledger there with `ledger open-wallet \
         {path} NAME ASSET`"
    );
    Failure::new("no_file", message)
}

impl Book {
    /// The ledger that was opened.
    pub fn new(ledger: SqliteLedger) -> Self {
        Self(ledger)
    }

    /// The wallet of that name.
    pub fn named(&self, name: &str) -> Result<Wallet, Failure> {
        self.0.wallet(name)?.ok_or_else(|| {
            let message = format!(
                "no wallet is named {name}; `ledger wallets FILE` lists those there are, and `ledger \
                 open-wallet FILE {name} ASSET` opens it"
            );
            Failure::refused("unknown_wallet", message)
        })
    }

    /// A wallet's name, or its id where it has none.
    pub fn name_of(&self, wallet: WalletId) -> String {
        match self.0.wallet_by_id(wallet) {
            Ok(Some(wallet)) => wallet.name.to_string(),
            _ => wallet.to_string(),
        }
    }

    /// The ledger's error with the wallet's name in the place of its id.
    pub fn failure(&self, error: Error) -> Failure {
        let message = self.message(&error);
        Failure::from(error).reworded(|_| message)
    }

    /// What an error says, with the wallet's name in the place of its id.
    pub fn message(&self, error: &Error) -> String {
        let message = error.to_string();
        match wallet_of(error) {
            Some(id) => {
                message.replace(&format!("wallet {id}"), &format!("wallet {}", self.name_of(id)))
            }
            None => message,
        }
    }
}

/// The wallet that a no of the rules is about.
fn wallet_of(error: &Error) -> Option<WalletId> {
    let tagged = serde_json::to_value(error.rejection()?).ok()?;
    let data = tagged.as_object()?.values().next()?;
    data.get("wallet")?.as_str()?.parse().ok()
}

impl Deref for Book {
    type Target = SqliteLedger;

    fn deref(&self) -> &SqliteLedger {
        &self.0
    }
}
