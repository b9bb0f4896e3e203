//! The ledger in a file, with its wallets by name.

use std::fs::File;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use ledger_core::{Error, Wallet, WalletId};
use ledger_sqlite::{SCHEMA_VERSION, SqliteLedger};

use crate::failure::{Done, Failure};
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
        let Some(schema) = self.schema()? else { return Err(no_file(&self.path, "nothing yet")) };
        self.tell_of_earlier(schema, output)?;
        self.open_as_it_is()
    }

    /// The schema of the ledger in a file that is there; none where nothing is in it yet.
    pub fn schema(&self) -> Result<Option<i32>, Failure> {
        Ok(SqliteLedger::schema_of_file(self.existing()?)?)
    }

    /// Opens the ledger in the file, or makes it. The flag says whether it was made.
    pub fn open_or_make(&self, output: &mut Output) -> Result<(Book, bool), Failure> {
        let schema = if self.path.exists() { self.schema()? } else { None };
        if let Some(schema) = schema {
            self.tell_of_earlier(schema, output)?;
        }
        let book = self.open_as_it_is()?;
        let is_new = schema.is_none();
        if is_new {
            output.note(format!("made a new ledger in {}", self.path.display()))?;
        }
        Ok((book, is_new))
    }

    fn open_as_it_is(&self) -> Result<Book, Failure> {
        Ok(Book(SqliteLedger::open(&self.path)?))
    }

    /// Opening a file of an earlier schema changes it for good, so that this is said before.
    fn tell_of_earlier(&self, schema: i32, output: &mut Output) -> Done {
        if schema >= SCHEMA_VERSION {
            return Ok(());
        }
        let path = self.path.display();
        let text = format!(
            "{path} is of schema {schema} and is brought forward; earlier versions can't open it then"
        );
        let record = Record::default().with("brought_forward", path.to_string());
        output.beside(text, &record.with("from_schema", u64::from(schema.unsigned_abs())))
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
            if let Some(asset) = name.strip_prefix("world/") {
                let message = format!("there is no wallet in {asset} yet, so nothing came from {name}");
                return Failure::refused("unknown_wallet", message);
            }
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

    /// What an error says, with wallets' names in the place of their ids.
    pub fn message(&self, error: &Error) -> String {
        const BEFORE: &str = "wallet ";
        let text = error.to_string();
        let mut parts = text.split(BEFORE);
        let mut message = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let digits = part.bytes().take_while(u8::is_ascii_digit).count();
            let (number, rest) = part.split_at(digits);
            let id = number.parse().map(|id| self.name_of(id));
            message.extend([BEFORE, id.as_deref().unwrap_or(number), rest]);
        }
        message
    }
}

impl Deref for Book {
    type Target = SqliteLedger;

    fn deref(&self) -> &SqliteLedger {
        &self.0
    }
}
