//! What one call was, when it began and ended, and what it was told.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// A call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// When it began.
    pub began: u64,
    /// When it ended.
    pub ended: u64,
    /// What was asked and told.
    pub what: What,
}

/// What was asked and told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A payment under this key was answered by the record with this number.
    Paid { key: String, id: u64, replayed: bool },
    /// A payment under this key was refused.
    Refused { key: String, replayed: bool },
    /// The wallets' versions and what they hold.
    Looked(Vec<(u64, i64)>),
}

/// The time in nanoseconds, the same in every process.
pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(0)
}

/// Writes notes to a file.
pub fn write(path: &Path, notes: &[Note]) -> io::Result<()> {
    let mut text = String::new();
    for Note { began, ended, what } in notes {
        let _ = write!(text, "{began} {ended} ");
        let _ = match what {
            What::Paid { key, id, replayed } => writeln!(text, "paid {key} {id} {replayed}"),
            What::Refused { key, replayed } => writeln!(text, "refused {key} {replayed}"),
            What::Looked(wallets) => {
                let each = wallets.iter().map(|(version, posted)| format!("{version} {posted}"));
                writeln!(text, "looked {}", each.collect::<Vec<_>>().join(" "))
            }
        };
    }
    fs::write(path, text)
}

/// Reads them.
pub fn read(path: &Path) -> io::Result<Vec<Note>> {
    let text = fs::read_to_string(path)?;
    let notes: Option<Vec<Note>> = text.lines().map(read_line).collect();
    notes.ok_or_else(|| io::Error::other("notes that can't be read"))
}

fn read_line(line: &str) -> Option<Note> {
    let mut words = line.split(' ');
    let mut number = || words.next()?.parse().ok();
    let (began, ended) = (number()?, number()?);
    let rest: Vec<&str> = words.collect();
    let what = match rest.as_slice() {
        ["paid", key, id, replayed] => What::Paid {
            key: (*key).to_owned(),
            id: id.parse().ok()?,
            replayed: replayed.parse().ok()?,
        },
        ["refused", key, replayed] => {
            What::Refused { key: (*key).to_owned(), replayed: replayed.parse().ok()? }
        }
        ["looked", wallets @ ..] => {
            let pair =
                |pair: &[&str]| Some((pair.first()?.parse().ok()?, pair.get(1)?.parse().ok()?));
            What::Looked(wallets.chunks(2).map(pair).collect::<Option<_>>()?)
        }
        _ => return None,
    };
    Some(Note { began, ended, what })
}
