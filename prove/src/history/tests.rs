//! Each thing that the judge must find, in a small history with one thing changed.

use std::fs::OpenOptions;
use std::io::Write;
use std::sync::Arc;

use ledger_core::store::Record;
use ledger_core::{Amount, Asset, LedgerBuilder, MemoryStore, Rejection, WalletId};

use crate::history::judge::{judge, records};
use crate::history::note::{self, Answer, Book, Note, Outcome, Payment, Told, What};
use crate::history::work::Bank;

/// Two payments, the first done and the second refused; two batches, the first done and the second refused; the
/// first payment again; a payment between two others; a look at the end. Each took from ten times its place until
/// five later.
struct Case {
    records: Vec<Record>,
    wallets: Vec<WalletId>,
    notes: Vec<Note>,
}

const DONE: usize = 0;
const REFUSED: usize = 1;
const BATCH: usize = 2;
const NO_BATCH: usize = 3;
const AGAIN: usize = 4;
const ELSEWHERE: usize = 5;
const LOOK: usize = 6;
/// Where the records of the notes begin: behind the asset, and the wallets with what they begin with.
const FIRST: usize = 13;

impl Case {
    fn new() -> Self {
        let store = Arc::new(MemoryStore::with_lanes(1));
        let bank = Bank::open(&LedgerBuilder::on(store.clone()).build().unwrap()).unwrap();
        let wallets = bank.wallets();
        let usd = Asset::iso("USD").unwrap();
        let payment = |(key, from, to, amount): (&str, usize, usize, i128)| Payment {
            key: key.to_owned(),
            from: wallets[from],
            to: wallets[to],
            amount: usd.minor(amount),
        };
        let sent: [&[_]; 6] = [
            &[("a", 0, 1, 600)],
            &[("b", 0, 1, 500)],
            &[("c", 1, 2, 100), ("d", 2, 3, 1_100)],
            &[("e", 1, 2, 1), ("f", 0, 1, 600)],
            &[("a", 0, 1, 600)],
            &[("g", 4, 5, 10)],
        ];
        let pay = |call: &[_]| bank.pay(call.iter().copied().map(payment).collect()).unwrap();
        let mut notes: Vec<Note> = sent.into_iter().map(pay).collect();
        notes.push(bank.look(false).unwrap());
        for (number, note) in (0..).zip(&mut notes) {
            (note.began, note.ended) = (10 * number, 10 * number + 5);
        }
        Self { records: records(store.as_ref()).unwrap(), wallets, notes }
    }

    fn judged(&self) -> Result<u64, String> {
        judge(&self.records, &self.wallets, &self.notes)
    }

    fn payment(&mut self, note: usize) -> &mut Payment {
        match &mut self.notes[note].what {
            What::Sent(payments, _) => &mut payments[0],
            What::Looked(_) => panic!("nothing was sent"),
        }
    }

    fn told(&mut self, note: usize) -> &mut Told {
        match &mut self.notes[note].what {
            What::Sent(_, told) => told,
            What::Looked(_) => panic!("nothing was sent"),
        }
    }

    fn answer(&mut self, note: usize) -> (&mut Answer, &mut bool) {
        match self.told(note) {
            Told::Answered { answer, replayed } => (answer, replayed),
            other => panic!("{other:?}"),
        }
    }

    fn seen(&mut self) -> &mut Vec<(u64, i64)> {
        match &mut self.notes[LOOK].what {
            What::Looked(seen) => seen,
            What::Sent(..) => panic!("no look"),
        }
    }

    fn took(&mut self, note: usize, began: u64, ended: u64) {
        (self.notes[note].began, self.notes[note].ended) = (began, ended);
    }
}

/// What is changed must be found, in these words; what is not changed is well.
fn finds(said: &str, change: impl Fn(&mut Case)) {
    let mut case = Case::new();
    assert_eq!(case.judged(), Ok(7));
    change(&mut case);
    let found = case.judged().unwrap_err();
    assert!(found.contains(said), "{found}");
}

fn posting(answer: &mut Answer) -> &mut ledger_core::Posting {
    match &mut answer.outcome {
        Outcome::Done(postings) => &mut postings[0],
        Outcome::Refused { .. } => panic!("refused"),
    }
}

#[test]
fn an_answer_before_its_call_or_before_one_that_stands_before_it() {
    // The first payment began after the second had ended; alone, and though it was told of again.
    finds("had ended before", |case| case.took(DONE, 20, 90));
    finds("had ended before", |case| {
        case.took(DONE, 7, 9);
        case.took(AGAIN, 0, 5);
    });
    finds("had ended before", |case| {
        case.took(DONE, 100, 105);
        case.took(AGAIN, 110, 115);
    });
    // While they overlap, either order is right.
    let mut case = Case::new();
    case.took(DONE, 14, 90);
    case.judged().unwrap();
}

#[test]
fn an_update_that_is_lost() {
    // The journal says that the batch did not see the payment before it.
    finds("c: that is not what had to come of it", |case| {
        let Record::Transaction(batch) = &mut case.records[FIRST + 2] else { panic!("no batch") };
        let mut lost = Arc::unwrap_or_clone(batch.clone());
        let mut posting = lost.postings[0];
        posting.from_balance = Amount::from_minor(900);
        lost.postings = vec![posting].into();
        *batch = Arc::new(lost);
    });
    // Nor does a look at the end.
    finds("a look shows places", |case| {
        case.seen()[4..].copy_from_slice(&[(1, 1_000), (1, 1_000)]);
    });
}

#[test]
fn a_look_that_is_torn() {
    // Half of a batch, and a payment without one before it; both add up.
    let half = [(2, 400), (3, 1_500), (2, 1_100), (1, 1_000), (2, 990), (2, 1_010)];
    let last_only = [(1, 1_000), (1, 1_000), (1, 1_000), (1, 1_000), (2, 990), (2, 1_010)];
    for torn in [half, last_only] {
        finds("never at one moment", |case| case.seen().copy_from_slice(&torn));
    }
    finds("adds up to 5400", |case| case.seen()[1] = (1, 900));
    finds("never was", |case| {
        case.seen()[4] = (2, 991);
        case.seen()[5] = (2, 1_009);
    });
}

#[test]
fn a_look_at_another_time() {
    // It shows what began after it ended.
    finds("a look shows places", |case| case.took(LOOK, 1, 2));
    // It does not show what another look had shown before, though both may or may not.
    finds("was shown before", |case| {
        case.took(ELSEWHERE, 55, 90);
        let mut later = case.notes[LOOK].clone();
        (later.began, later.ended) = (70, 75);
        case.notes.push(later);
        case.took(LOOK, 60, 65);
        let What::Looked(seen) = &mut case.notes[LOOK + 1].what else { panic!("no look") };
        seen[4..].copy_from_slice(&[(1, 1_000), (1, 1_000)]);
    });
}

#[test]
fn an_answer_that_is_not_the_journals() {
    let other = |answer: &mut Answer| posting(answer).from_balance = Amount::from_minor(1);
    // A replay that differs, and a first answer.
    for note in [AGAIN, DONE] {
        finds("a was told", |case| other(case.answer(note).0));
        finds("a was told", |case| case.answer(note).0.ids[0] += 1);
    }
    finds("c was told", |case| case.answer(BATCH).0.outcome = Outcome::Done(Vec::new()));
    finds("b was told", |case| {
        let why = Box::new(Rejection::UnknownWallet { wallet: case.wallets[0] });
        case.answer(REFUSED).0.outcome = Outcome::Refused { item: None, why };
    });
    finds("b was told", |case| {
        *case.answer(REFUSED).0 = case.answer(DONE).0.clone();
    });
    finds("e was told", |case| match &mut case.answer(NO_BATCH).0.outcome {
        Outcome::Refused { item, .. } => *item = Some(0),
        Outcome::Done(_) => panic!("done"),
    });
    finds("told that the file burns", |case| {
        *case.told(DONE) = Told::Wrong("that the file burns".to_owned());
    });
}

#[test]
fn what_was_done_and_had_to_be_refused_and_the_other_way() {
    let usd = Asset::iso("USD").unwrap();
    finds("a: it was done, and had to be refused", |case| {
        for note in [DONE, AGAIN] {
            case.payment(note).amount = usd.minor(1_001);
        }
    });
    finds("b: it was refused, and had to be done", |case| {
        case.payment(REFUSED).amount = usd.minor(400);
    });
    finds("c: it was done, and had to be refused", |case| {
        case.payment(BATCH).amount = usd.minor(99);
    });
    // The first of two is too much as well, so it is the one to be named.
    finds("e: that is not what had to come of it", |case| {
        case.payment(NO_BATCH).amount = usd.minor(1_501);
    });
    finds("g: that is not what had to come of it", |case| {
        case.payment(ELSEWHERE).to = case.wallets[0];
    });
}

#[test]
fn a_batch_that_is_not_whole() {
    finds("d: its batch is not in the journal as a whole", |case| {
        case.records.remove(FIRST + 3);
    });
    finds("c: its batch is not in the journal as a whole", |case| {
        case.records.remove(FIRST + 2);
    });
    finds("e: its batch was not refused as a whole", |case| {
        let Record::Refusal(no) = &mut case.records[FIRST + 4] else { panic!("no refusal") };
        let mut half = Arc::unwrap_or_clone(no.clone());
        half.items.truncate(1);
        *no = Arc::new(half);
    });
}

#[test]
fn what_was_carried_out_twice_or_by_nobody() {
    finds("a was carried out 2 times", |case| *case.answer(AGAIN).1 = false);
    finds("a was told to have been carried out before", |case| *case.answer(DONE).1 = true);
    finds("b was answered twice", |case| {
        case.records.insert(FIRST + 1, case.records[FIRST + 1].clone());
    });
    finds("g is in the journal, and nobody sent it", |case| {
        case.notes.remove(ELSEWHERE);
    });
    finds("g was told that nothing was written", |case| *case.told(ELSEWHERE) = Told::Nothing);
    finds("the journal says None", |case| {
        case.records.pop();
    });
    finds("nobody put that in", |case| case.records.insert(FIRST, case.records[FIRST - 1].clone()));
}

#[test]
fn where_nobody_knows_it_may_have_been_carried_out_or_not() {
    let mut case = Case::new();
    *case.told(ELSEWHERE) = Told::Unknown;
    *case.told(DONE) = Told::Unknown;
    case.judged().unwrap();
    // But not before it was sent.
    case.took(DONE, 42, 49);
    assert!(case.judged().unwrap_err().contains("had ended before"));

    let mut case = Case::new();
    *case.told(ELSEWHERE) = Told::Unknown;
    case.records.pop();
    case.notes.remove(LOOK);
    case.judged().unwrap();
}

#[test]
fn notes_come_from_other_processes_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let mut case = Case::new();
    *case.told(DONE) = Told::Unknown;
    let path = folder.path().join("notes");
    let book = Book::new(&path).unwrap();
    case.notes.iter().for_each(|note| book.write(note).unwrap());
    let mut read = note::read(&path).unwrap();
    let in_time = |note: &Note| (note.began, note.ended);
    read.sort_by_key(in_time);
    case.notes.sort_by_key(in_time);
    assert_eq!(read, case.notes);
}

#[test]
fn of_a_call_that_was_begun_and_not_ended_nobody_knows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes");
    let mut case = Case::new();
    let ended = case.notes.remove(DONE);
    let What::Sent(payments, _) = &ended.what else { panic!() };
    let what = What::Sent(payments.clone(), Told::Unknown);
    let begun = Note { ended: u64::MAX, what, ..ended.clone() };
    let book = Book::new(&path).unwrap();
    book.write(&begun).unwrap();
    let cut_off = || OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"beg");
    cut_off().unwrap();
    assert_eq!(note::read(&path).unwrap(), std::slice::from_ref(&begun));
    let book = Book::new(&path).unwrap();
    book.write(&begun).unwrap();
    book.write(&ended).unwrap();
    cut_off().unwrap();
    assert_eq!(note::read(&path).unwrap(), [ended]);
}
