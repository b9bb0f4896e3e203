//! What callers were told, and so what must be true for ever after.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use crate::check::Loss;
use ledger_core::{Answer, Class, Error, ErrorKind, Receipt, Transaction, WalletId};

/// What was said about a key.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// It was sent for the first time, or again after a clear no, and not answered.
    Sent,
    /// Nobody knows: it may be there or not.
    Maybe,
    /// It was carried out.
    Done(Box<Transaction>),
    /// It was refused, and that is remembered.
    Refused(String),
    /// It was refused, and that is not remembered.
    No,
    /// It is there, one way or the other.
    There,
    /// Nothing was written.
    Nothing,
}

impl Said {
    /// What an answer says.
    pub fn of(answer: &Result<Receipt, Error>) -> Self {
        match answer {
            Ok(receipt) => Self::Done(Box::new(receipt.transaction().clone())),
            Err(error) => Self::of_error(error),
        }
    }

    /// What is found under a key.
    pub fn found(answer: Option<&Answer>) -> Self {
        match answer {
            None => Self::Nothing,
            Some(Answer::Done(done)) => Self::Done(Box::new((**done).clone())),
            Some(Answer::Refused { refusal, .. }) => {
                Self::of_error(&Error::from(refusal.rejection.clone()))
            }
        }
    }

    /// What an error says.
    pub fn of_error(error: &Error) -> Self {
        let kind = error.kind();
        match kind.class() {
            Class::Rejected if is_remembered(kind) => Self::Refused(kind.code().to_owned()),
            Class::Rejected => Self::No,
            _ if kind.is_unknown() => Self::Maybe,
            _ => Self::Nothing,
        }
    }
}

/// Whether a refusal is remembered under its key, as the documents have it.
fn is_remembered(kind: ErrorKind) -> bool {
    static KINDS: OnceLock<BTreeSet<&str>> = OnceLock::new();
    let read = || {
        let rows = include_str!("../../../../docs/errors.md").lines();
        rows.filter_map(|row| row.strip_prefix("| `")?.split_once("` | rejected | yes |"))
            .map(|(kind, _)| kind)
            .collect()
    };
    KINDS.get_or_init(read).contains(kind.code())
}

/// Something that was told.
#[derive(Clone, Debug)]
pub enum Tell {
    /// The ledger was opened.
    Opened,
    /// These keys were sent, to be carried out all or none.
    SentTogether(Vec<String>),
    /// This key was sent.
    Sent(String),
    /// This was said about a key.
    Said(String, Said),
    /// Under this key was shown what there is.
    Shown(String, Said),
    /// A call ended without an answer of the rules.
    Failed(Box<Error>),
    /// A wallet of this name is to be opened.
    SentWallet(String),
    /// It was opened.
    Wallet(String, WalletId),
    /// A copy is to be made.
    SentCopy(String),
    /// It is complete.
    Copied(String),
}

/// A copy that was asked for.
#[derive(Clone, Debug)]
pub struct Copy {
    /// Whether it was said to be complete.
    pub is_complete: bool,
    /// What had been said before it was asked for, and so must be in it.
    pub before: BTreeMap<String, Said>,
}

/// Everything that was told.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Whether the ledger was ever opened.
    pub is_open: bool,
    /// By key.
    pub answers: BTreeMap<String, Said>,
    /// Sets of keys that were sent to be carried out all or none, as long as nobody knows.
    pub together: Vec<Vec<String>>,
    /// By name; none if it was not answered.
    pub wallets: BTreeMap<String, Option<WalletId>>,
    /// By name.
    pub copies: BTreeMap<String, Copy>,
    /// What was said of the same key in two ways, and what may never be said.
    pub contradictions: Vec<String>,
    /// How calls ended without an answer of the rules. Where nothing was made to fail, none may.
    pub failures: Vec<String>,
}

impl Told {
    /// Takes it in.
    pub fn hear(&mut self, tell: &Tell) {
        match tell {
            Tell::Opened => self.is_open = true,
            Tell::Sent(key) => self.sent(key),
            Tell::SentTogether(keys) => {
                for key in keys {
                    self.sent(key);
                }
                self.together.push(keys.clone());
            }
            Tell::Said(key, said) => self.said(key, said),
            Tell::Shown(key, shown) => self.shown(key, shown),
            Tell::Failed(error) if error.kind() == ErrorKind::Internal => {
                self.contradictions.push(format!("a fault of the ledger's own: {error}"));
            }
            Tell::Failed(error) => self.failures.push(error.to_string()),
            Tell::SentWallet(name) => drop(self.wallets.entry(name.clone()).or_insert(None)),
            Tell::Wallet(name, id) => drop(self.wallets.insert(name.clone(), Some(*id))),
            Tell::SentCopy(name) => {
                let copy = Copy { is_complete: false, before: self.answers.clone() };
                self.copies.insert(name.clone(), copy);
            }
            Tell::Copied(name) => {
                if let Some(copy) = self.copies.get_mut(name) {
                    copy.is_complete = true;
                }
            }
        }
    }

    /// Where nothing was made to fail, nothing may have failed.
    pub fn has_no_failures(&self) -> Result<(), Loss> {
        self.failures.first().map_or(Ok(()), |failure| Err(failure.clone()))
    }

    /// Copies that are complete.
    pub fn complete_copies(&self) -> impl Iterator<Item = (&String, &Copy)> {
        self.copies.iter().filter(|(_, copy)| copy.is_complete)
    }

    fn said(&mut self, key: &str, said: &Said) {
        let known = self.answers.entry(key.to_owned()).or_insert(Said::Sent);
        match (&*known, said) {
            // What was told once is what every retry is told: a key is looked up before the rules are.
            (Said::Done(_) | Said::Refused(_), Said::Done(_) | Said::Refused(_) | Said::No) => {
                self.shown(key, said);
            }
            // What was told before stays told, whatever became of a retry; and that a retry
            // wrote nothing says nothing of the first try.
            (Said::Done(_) | Said::Refused(_), _) | (Said::Maybe, Said::Nothing) => {}
            (_, Said::No) => *known = Said::Nothing,
            _ => *known = said.clone(),
        }
    }

    /// What is shown is as good as told.
    fn shown(&mut self, key: &str, shown: &Said) {
        let known = self.answers.entry(key.to_owned()).or_insert(Said::Nothing);
        match known {
            Said::Sent | Said::Maybe | Said::There => *known = shown.clone(),
            _ if known == shown => {}
            _ => self.contradictions.push(format!("{key}: told {known:?}, shown {shown:?}")),
        }
    }

    /// A key that is sent again may now be carried out, unless it was answered.
    fn sent(&mut self, key: &str) {
        match self.answers.get_mut(key) {
            None | Some(Said::Nothing) => drop(self.answers.insert(key.to_owned(), Said::Sent)),
            Some(known @ Said::Sent) => *known = Said::Maybe,
            Some(_) => {}
        }
    }
}
