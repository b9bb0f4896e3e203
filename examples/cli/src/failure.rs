//! Why a command did not succeed, how that is said, and the exit code that goes with it.

use std::io;
use std::path::Path;

use ledger_core::{Class, Error, Invalid, Key};

use crate::record::Record;

/// What a command comes to.
pub type Done = Result<(), Failure>;

/// Every exit code, and what it means. `--help` and `docs/cli.md` have this list.
pub const EXIT_CODES: &[(u8, &str)] = &[
    (0, "done"),
    (1, "refused by the ledger: the request is wrong, or its rules say no"),
    (2, "verify, doctor or torture found something wrong"),
    (3, "not now: nothing was written; try again with the same key"),
    (4, "unknown: it may have been written; try again with the same key to find out"),
    (5, "failed for another reason, such as a file that is not there"),
    (64, "the command line is wrong"),
];

/// The exit code of a wrong command line: 2 is taken.
pub const USAGE: u8 = 64;

/// Why a command did not succeed.
#[derive(Debug)]
pub enum Failure {
    /// It has an error to tell.
    Told(Box<Report>),
    /// It did its work and found something wrong, and said so in its own output.
    Unwell,
    /// The command line is wrong, and that was said.
    Misused,
    /// Nothing went wrong and there is nothing more to do: help was asked for, or whoever read the output
    /// has stopped reading.
    Answered,
}

/// An error, ready to be told.
#[derive(Debug)]
pub struct Report {
    code: &'static str,
    message: String,
    exit: u8,
    retryable: bool,
    replayed: bool,
    key: Option<Key>,
}

impl Failure {
    /// An error of this program's own, not of the ledger's.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self::with_exit(code, message, 5)
    }

    /// A request that can't be accepted, such as one that names a wallet which is not there.
    pub fn refused(code: &'static str, message: impl Into<String>) -> Self {
        Self::with_exit(code, message, 1)
    }

    /// A wrong command line.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::with_exit("usage", message, USAGE)
    }

    fn with_exit(code: &'static str, message: impl Into<String>, exit: u8) -> Self {
        let message = message.into();
        let report = Report { code, message, exit, retryable: false, replayed: false, key: None };
        Self::Told(Box::new(report))
    }

    /// What the system said about a path.
    pub fn of_path(path: &Path, error: &io::Error) -> Self {
        let message = format!("{}: {error}; check the path and the permissions", path.display());
        Self::new("io", message)
    }

    /// There is something at a path where a file was to be made.
    pub fn of_a_taken_path(path: &Path) -> Self {
        let path = path.display();
        let message = format!("{path} is there already and is left as it is; give another name");
        Self::new("file_exists", message)
    }

    /// The same failure in other words, where there are words.
    #[must_use]
    pub fn reworded(self, reword: impl FnOnce(&str) -> String) -> Self {
        self.adjusted(|report| report.message = reword(&report.message))
    }

    /// The failure of a request with this key, so that it can be sent again.
    #[must_use]
    pub fn under(self, key: &Key) -> Self {
        self.adjusted(|report| report.key = Some(key.clone()))
    }

    fn adjusted(mut self, adjust: impl FnOnce(&mut Report)) -> Self {
        if let Self::Told(report) = &mut self {
            adjust(report);
        }
        self
    }

    /// The exit code.
    pub fn exit(&self) -> u8 {
        match self {
            Self::Told(report) => report.exit,
            Self::Unwell => 2,
            Self::Misused => USAGE,
            Self::Answered => 0,
        }
    }

    /// What is to be told, if anything.
    pub fn report(&self) -> Option<&Report> {
        match self {
            Self::Told(report) => Some(report),
            Self::Unwell | Self::Misused | Self::Answered => None,
        }
    }
}

impl Report {
    /// For people: a sentence.
    pub fn sentence(&self) -> String {
        let Self { code, message, key, .. } = self;
        let again = match key {
            Some(key) if self.retryable => format!("; send it again with --key {key}"),
            _ => String::new(),
        };
        format!("ledger: {message}{again} ({code})")
    }

    /// For programs.
    pub fn record(&self) -> Record {
        Record::default()
            .with("code", self.code)
            .with("message", self.message.as_str())
            .with("retryable", self.retryable)
            .with("replayed", self.replayed)
            .with_some("key", self.key.as_ref().map(Key::as_str))
    }
}

fn exit_of(class: Class) -> u8 {
    match class {
        Class::Rejected => 1,
        Class::Transient => 3,
        Class::Indeterminate => 4,
        Class::Fatal => 5,
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Told(Box::new(Report {
            code: error.kind().code(),
            message: error.to_string(),
            exit: exit_of(error.class()),
            retryable: error.is_retryable(),
            replayed: error.is_replay(),
            key: None,
        }))
    }
}

impl From<Invalid> for Failure {
    fn from(invalid: Invalid) -> Self {
        Error::from(invalid).into()
    }
}

/// Of writing output: the only place where this program handles such errors without a path.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Answered,
            _ => Self::new("io", format!("the output can't be written: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_an_exit_code_of_its_own_that_is_documented() {
        let classes = [Class::Rejected, Class::Transient, Class::Indeterminate, Class::Fatal];
        assert_eq!(classes.map(exit_of), [1, 3, 4, 5]);
        let known: Vec<u8> = EXIT_CODES.iter().map(|(code, _)| *code).collect();
        assert_eq!(known, [0, 1, 2, 3, 4, 5, USAGE]);
    }

    #[test]
    fn only_what_can_be_sent_again_says_so() {
        let key = Key::new("k1").unwrap();
        let mut failure = Failure::new("busy", "not now").under(&key);
        assert_eq!(failure.report().unwrap().sentence(), "ledger: not now (busy)");
        if let Failure::Told(report) = &mut failure {
            report.retryable = true;
        }
        let sentence = failure.report().unwrap().sentence();
        assert_eq!(sentence, "ledger: not now; send it again with --key k1 (busy)");
    }
}
