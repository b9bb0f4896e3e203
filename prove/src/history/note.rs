//! What one call was, when it began and ended, and what it was told.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use ledger_core::{Money, Posting, Rejection, WalletId};
use nix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// A call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// When it began.
    pub began: u64,
    /// When it ended.
    pub ended: u64,
    /// What was asked and told.
    pub what: What,
}

/// What was asked and told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// A payment was sent, or several of which all are done or none.
    Sent(Vec<Payment>, Told),
    /// The wallets' versions and what they hold.
    Looked(Vec<(u64, i64)>),
}

/// A payment as it was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// The caller's key.
    pub key: String,
    /// Who pays.
    pub from: WalletId,
    /// Who is paid.
    pub to: WalletId,
    /// How much.
    pub amount: Money,
}

/// What was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Told {
    /// What came of it, for the first time or again.
    Answered { answer: Answer, replayed: bool },
    /// That nothing was written.
    Nothing,
    /// That nobody knows.
    Unknown,
    /// What must never be told.
    Wrong(String),
}

/// What came of it, and where the journal has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The transactions; none where it was refused.
    pub ids: Vec<u64>,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// This moved.
    Done(Vec<Posting>),
    /// Nothing moved. Of several, this one was refused.
    Refused { item: Option<usize>, why: Box<Rejection> },
}

/// Nanoseconds of a clock that nobody sets, the same in every process of a machine.
pub fn now() -> io::Result<u64> {
    let since = Duration::from(clock_gettime(ClockId::CLOCK_MONOTONIC)?);
    u64::try_from(since.as_nanos()).map_err(io::Error::other)
}

/// Where notes are kept while they are made, for whoever reads on if their maker is killed.
#[derive(Debug)]
pub struct Book(Mutex<File>);

impl Book {
    /// A new one.
    pub fn new(path: &Path) -> io::Result<Self> {
        File::create(path).map(|file| Self(Mutex::new(file)))
    }

    /// Writes a line, all of it at once.
    pub fn write(&self, note: &Note) -> io::Result<()> {
        let mut line = serde_json::to_vec(note)?;
        line.push(b'\n');
        let mut file = self.0.lock().map_err(|_| io::Error::other("another thread panicked"))?;
        file.write_all(&line)
    }
}

/// Reads a book. Of a call that was begun and not ended, nobody knows. The last line may be cut off.
pub fn read(path: &Path) -> io::Result<Vec<Note>> {
    let text = fs::read_to_string(path)?;
    let (whole, _cut_off) = text.rsplit_once('\n').unwrap_or_default();
    let mut calls: BTreeMap<(u64, String), Note> = BTreeMap::new();
    for line in whole.lines() {
        let note: Note = serde_json::from_str(line)?;
        calls.insert((note.began, note.key()), note);
    }
    Ok(calls.into_values().collect())
}

impl Note {
    /// The key of the call, or of its first payment.
    fn key(&self) -> String {
        match &self.what {
            What::Sent(payments, _) => {
                payments.first().map_or_else(String::new, |it| it.key.clone())
            }
            What::Looked(_) => String::new(),
        }
    }
}
