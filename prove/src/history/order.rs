//! The journal's order, replayed by rules of our own: what it says came of each call must be what had to come of
//! it at that place.

use std::collections::HashMap;

use ledger_core::store::Record;
use ledger_core::{Amount, Kind, Posting, Refusal, Transaction, WalletId};

use crate::check::Loss;
use crate::history::note::{Answer, Note, Outcome, Payment, What};
use crate::history::rules;
use crate::history::work::EACH;

/// What each call was, by each of its keys.
type Sent<'a> = HashMap<&'a str, &'a [Payment]>;

/// The journal's order.
#[derive(Debug, Default)]
pub struct Order<'a> {
    /// By a call's first key: where it was answered, and how.
    pub answers: HashMap<&'a str, (usize, Answer)>,
    /// By wallet: where each version began, and what it held then.
    pub versions: HashMap<WalletId, Vec<(usize, i64)>>,
    /// Calls so far; a call of several payments is one place.
    length: usize,
}

impl<'a> Order<'a> {
    /// Replays what was sent as the journal has it.
    pub fn replay(records: &[Record], notes: &'a [Note]) -> Result<Self, Loss> {
        let (sent, mut order) = (sent(notes), Self::default());
        let mut rest = records;
        while let [record, others @ ..] = rest {
            order.length += 1;
            rest = match record {
                Record::Transaction(it) if it.kind == Kind::Deposit => {
                    order.fund(it)?;
                    others
                }
                Record::Transaction(it) => order.done(call(&sent, it.key.as_str())?, rest)?,
                Record::Refusal(it) => {
                    order.refused(&sent, it)?;
                    others
                }
                record => {
                    order.open(record);
                    others
                }
            };
        }
        Ok(order)
    }

    fn open(&mut self, record: &Record) {
        let wallet = match record {
            Record::Wallet(wallet) => wallet.id,
            Record::Asset(asset) => asset.world,
            _ => return,
        };
        self.versions.insert(wallet, vec![(self.length, 0)]);
    }

    /// All payments of a call, which stand one behind the other; gives what is behind them.
    fn done<'r>(
        &mut self,
        call: &'a [Payment],
        records: &'r [Record],
    ) -> Result<&'r [Record], Loss> {
        let (mut ids, mut postings) = (Vec::new(), Vec::new());
        for (number, payment) in call.iter().enumerate() {
            let key = payment.key.as_str();
            match records.get(number) {
                Some(Record::Transaction(it)) if it.key.as_str() == key => {
                    ids.push(it.id.raw());
                    postings.extend(it.postings.iter().copied());
                }
                _ => return Err(format!("{key}: its batch is not in the journal as a whole")),
            }
        }
        self.take(call, Answer { ids, outcome: Outcome::Done(postings) })?;
        Ok(records.get(call.len()..).unwrap_or_default())
    }

    fn refused(&mut self, sent: &Sent<'a>, refusal: &Refusal) -> Result<(), Loss> {
        let first = refusal.items.first().ok_or("a refusal of nothing")?;
        let call = call(sent, first.key.as_str())?;
        let keys = refusal.items.iter().map(|it| it.key.as_str());
        if !keys.eq(call.iter().map(|it| it.key.as_str())) {
            return Err(format!("{}: its batch was not refused as a whole", first.key));
        }
        let outcome =
            Outcome::Refused { item: refusal.batch_item, why: Box::new(refusal.rejection.clone()) };
        self.take(call, Answer { ids: Vec::new(), outcome })
    }

    /// Takes an answer in that is the right one.
    fn take(&mut self, call: &'a [Payment], answer: Answer) -> Result<(), Loss> {
        let [first, ..] = call else { return Err("a call of nothing".to_owned()) };
        let right = rules::decide(call, |wallet| self.state(wallet));
        if answer.outcome != right {
            let said = rules::wrong(&answer.outcome, &right);
            return Err(format!("{}: {said}: {:?}, not {right:?}", first.key, answer.outcome));
        }
        if let Outcome::Done(postings) = &answer.outcome {
            for it in postings {
                self.move_money(it);
            }
        }
        match self.answers.insert(&first.key, (self.length, answer)) {
            None => Ok(()),
            Some(_) => Err(format!("{} was answered twice", first.key)),
        }
    }

    /// A wallet's version, and what it holds.
    fn state(&self, wallet: WalletId) -> (u64, i128) {
        let states = self.versions.get(&wallet).map(Vec::as_slice).unwrap_or_default();
        let held = states.last().map_or(0, |state| state.1);
        (states.len().saturating_sub(1) as u64, held.into())
    }

    fn move_money(&mut self, it: &Posting) {
        for (wallet, balance) in [(it.from, it.from_balance), (it.to, it.to_balance)] {
            let held = i64::try_from(balance.minor()).unwrap_or(i64::MAX);
            self.versions.entry(wallet).or_default().push((self.length, held));
        }
    }

    /// What the wallets begin with.
    fn fund(&mut self, it: &Transaction) -> Result<(), Loss> {
        match it.postings.iter().as_slice() {
            [posting]
                if posting.to_balance == Amount::from_minor(EACH.into())
                    && self.state(posting.to) == (0, 0) =>
            {
                self.move_money(posting);
                Ok(())
            }
            _ => Err(format!("{}: nobody put that in: {:?}", it.key, it.postings)),
        }
    }
}

fn sent(notes: &[Note]) -> Sent<'_> {
    let calls = notes.iter().filter_map(|note| match &note.what {
        What::Sent(call, _) => Some(call.as_slice()),
        What::Looked(_) => None,
    });
    calls.flat_map(|call| call.iter().map(move |it| (it.key.as_str(), call))).collect()
}

fn call<'a>(sent: &Sent<'a>, key: &str) -> Result<&'a [Payment], Loss> {
    sent.get(key).copied().ok_or_else(|| format!("{key} is in the journal, and nobody sent it"))
}
