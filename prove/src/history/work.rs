//! Clerks of a bank in which money only goes round.

use std::io;

use fastrand::Rng;
use ledger_core::{
    Asset, Balance, Class, Command, Error, Key, Ledger, Receipt, Result, Wallet, WalletId,
    WalletSpec,
};

use crate::history::note::{Answer, Book, Note, Outcome, Payment, Told, What, now};

/// Few wallets, so that everyone is in everyone's way.
const WALLETS: usize = 6;
/// What each holds at the beginning.
pub const EACH: i64 = 1_000;

/// A bank.
#[derive(Debug)]
pub struct Bank {
    ledger: Ledger,
    wallets: Vec<Wallet>,
    /// Where each call is noted before it is made and after, if someone may be killed.
    book: Option<Book>,
}

impl Bank {
    /// Opens the wallets and puts money into them, or finds them.
    pub fn open(ledger: &Ledger) -> Result<Self> {
        let usd = Asset::iso("USD")?;
        let open = |number: usize| {
            let wallet = ledger.open_wallet(WalletSpec::new(format!("wallet {number}"), usd)?)?;
            ledger.deposit(&wallet, usd.minor(EACH.into()), format!("fund-{number}").as_str())?;
            Ok(wallet)
        };
        let wallets = (0..WALLETS).map(open).collect::<Result<_>>()?;
        Ok(Self { ledger: ledger.clone(), wallets, book: None })
    }

    /// The same, with each call noted in a book before it is made and after.
    pub fn noting(self, book: Book) -> Self {
        Self { book: Some(book), ..self }
    }

    /// The wallets, in their order.
    pub fn wallets(&self) -> Vec<WalletId> {
        self.wallets.iter().map(|wallet| wallet.id).collect()
    }

    /// Makes at least so many calls and notes each.
    pub fn work(&self, name: u64, seed: u64, calls: usize, planted: bool) -> io::Result<Vec<Note>> {
        let mut rng = Rng::with_seed(seed ^ name);
        let mut notes = Vec::with_capacity(calls);
        while notes.len() < calls {
            let number = notes.len();
            let key = format!("{name}-{number}");
            match rng.u8(0..10) {
                0 => notes.push(self.look(planted)?),
                1 => notes.extend(self.pay_each(self.payments(&key, 4, &mut rng))?),
                // Everyone uses these keys, and one is the first.
                2 => {
                    let mut same = Rng::with_seed(number as u64);
                    let key = format!("common-{number}");
                    notes.push(self.pay(self.payments(&key, 1 + number % 3, &mut same))?);
                }
                3..5 => {
                    let count = rng.usize(2..5);
                    notes.push(self.pay(self.payments(&key, count, &mut rng))?);
                }
                _ => notes.push(self.pay(self.payments(&key, 1, &mut rng))?),
            }
        }
        Ok(notes)
    }

    /// Looks at all wallets at once. Where planted, at one after the other.
    pub fn look(&self, planted: bool) -> io::Result<Note> {
        let (began, ids) = (now()?, self.wallets());
        let balances: Vec<Balance> = if planted {
            ids.iter().map(|id| self.ledger.balance(*id)).collect::<Result<_>>()
        } else {
            self.ledger.balances(&ids)
        }
        .map_err(io::Error::other)?;
        let of = |it: &Balance| {
            (it.version, i64::try_from(it.posted.amount().minor()).unwrap_or(i64::MIN))
        };
        let what = What::Looked(balances.iter().map(of).collect());
        self.end(Note { began, ended: now()?, what })
    }

    /// Sends one payment, or several of which all are done or none.
    pub fn pay(&self, payments: Vec<Payment>) -> io::Result<Note> {
        let commands = commands(&payments).map_err(io::Error::other)?;
        let began = self.begin([&*payments])?;
        let answer = match <[Command; 1]>::try_from(commands) {
            Ok([command]) => self.ledger.submit(command).map(|receipt| vec![receipt]),
            Err(commands) => self.ledger.submit_all(commands),
        };
        let ended = now()?;
        self.end(Note { began, ended, what: What::Sent(payments, told(answer.as_deref())) })
    }

    /// Notes that these are sent; nobody knows what comes of them. Says when.
    fn begin<'a>(&self, calls: impl IntoIterator<Item = &'a [Payment]>) -> io::Result<u64> {
        let began = now()?;
        if let Some(book) = &self.book {
            for call in calls {
                let what = What::Sent(call.to_vec(), Told::Unknown);
                book.write(&Note { began, ended: u64::MAX, what })?;
            }
        }
        Ok(began)
    }

    fn end(&self, note: Note) -> io::Result<Note> {
        self.book.as_ref().map_or(Ok(()), |book| book.write(&note))?;
        Ok(note)
    }

    /// Sends several, each on its own.
    fn pay_each(&self, payments: Vec<Payment>) -> io::Result<Vec<Note>> {
        let commands = commands(&payments).map_err(io::Error::other)?;
        let began = self.begin(payments.iter().map(std::slice::from_ref))?;
        let answers = self.ledger.submit_each(commands);
        let ended = now()?;
        let note = |(number, payment)| {
            let answer = answers.as_ref().map(|answers| answers.get(number).map(Result::as_ref));
            let told = match answer {
                Ok(Some(answer)) => told(answer.map(std::slice::from_ref)),
                Ok(None) => Told::Wrong("nothing".to_owned()),
                Err(error) => told(Err(error)),
            };
            self.end(Note { began, ended, what: What::Sent(vec![payment], told) })
        };
        payments.into_iter().enumerate().map(note).collect()
    }

    fn payments(&self, key: &str, count: usize, rng: &mut Rng) -> Vec<Payment> {
        (0..count).filter_map(|item| self.payment(format!("{key}-{item}"), rng)).collect()
    }

    fn payment(&self, key: String, rng: &mut Rng) -> Option<Payment> {
        let from = rng.usize(..WALLETS);
        let to = (from + rng.usize(1..WALLETS)) % WALLETS;
        let (from, to) = (self.wallets.get(from)?, self.wallets.get(to)?);
        let amount = from.asset.minor(rng.i128(1..400));
        Some(Payment { key, from: from.id, to: to.id, amount })
    }
}

fn commands(payments: &[Payment]) -> Result<Vec<Command>> {
    let command =
        |it: &Payment| Ok(Command::transfer(Key::new(&it.key)?, it.from, it.to, it.amount));
    payments.iter().map(command).collect()
}

fn told(answer: Result<&[Receipt], &Error>) -> Told {
    let error = match answer {
        Ok(receipts) => return told_done(receipts),
        Err(error) => error,
    };
    match (error.class(), error.rejection()) {
        (Class::Rejected, Some(why)) => {
            let outcome = Outcome::Refused { item: error.item(), why: Box::new(why.clone()) };
            let answer = Answer { ids: Vec::new(), outcome };
            Told::Answered { answer, replayed: error.is_replay() }
        }
        (Class::Transient, _) => Told::Nothing,
        (Class::Indeterminate, _) => Told::Unknown,
        (Class::Rejected | Class::Fatal, _) => Told::Wrong(error.to_string()),
    }
}

fn told_done(receipts: &[Receipt]) -> Told {
    let replayed = receipts.iter().any(|it| it.replayed);
    if receipts.iter().any(|it| it.replayed != replayed) {
        return Told::Wrong("that a part of it was done before".to_owned());
    }
    let ids = receipts.iter().map(|it| it.id.raw()).collect();
    let postings = receipts.iter().flat_map(|it| it.postings.iter().copied()).collect();
    Told::Answered { answer: Answer { ids, outcome: Outcome::Done(postings) }, replayed }
}
