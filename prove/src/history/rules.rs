//! What has to come of a call, by rules of our own.

use std::collections::HashMap;

use ledger_core::{Amount, Money, Posting, Rejection, WalletId};

use crate::history::note::{Outcome, Payment};

/// A wallet's version, and what it holds.
pub type State = (u64, i128);

/// What has to come of a call where the wallets are as `state` says.
pub fn decide(call: &[Payment], state: impl Fn(WalletId) -> State) -> Outcome {
    let mut changed: HashMap<WalletId, State> = HashMap::new();
    let mut postings = Vec::new();
    for (number, it) in call.iter().enumerate() {
        let [from, to] = [it.from, it.to]
            .map(|wallet| changed.get(&wallet).copied().unwrap_or_else(|| state(wallet)));
        if from.1 < it.amount.amount().minor() {
            let item = (call.len() > 1).then_some(number);
            return Outcome::Refused { item, why: Box::new(too_little(it, from.1)) };
        }
        let posting = posting(it, from, to);
        changed.insert(it.from, (posting.from_version, posting.from_balance.minor()));
        changed.insert(it.to, (posting.to_version, posting.to_balance.minor()));
        postings.push(posting);
    }
    Outcome::Done(postings)
}

fn posting(payment: &Payment, from: State, to: State) -> Posting {
    let amount = payment.amount.amount().minor();
    Posting {
        from: payment.from,
        to: payment.to,
        amount: payment.amount,
        from_balance: Amount::from_minor(from.1 - amount),
        to_balance: Amount::from_minor(to.1 + amount),
        from_version: from.0 + 1,
        to_version: to.0 + 1,
    }
}

fn too_little(payment: &Payment, held: i128) -> Rejection {
    let money = |minor| Money::new(Amount::from_minor(minor), payment.amount.asset());
    Rejection::InsufficientFunds {
        wallet: payment.from,
        available: money(held),
        needed: payment.amount,
        shortfall: money(payment.amount.amount().minor() - held),
    }
}

/// How what came of it differs from what had to.
pub fn wrong(said: &Outcome, right: &Outcome) -> &'static str {
    match (said, right) {
        (Outcome::Done(_), Outcome::Refused { .. }) => "it was done, and had to be refused",
        (Outcome::Refused { .. }, Outcome::Done(_)) => "it was refused, and had to be done",
        _ => "that is not what had to come of it",
    }
}
