//! Calls: what was told of each must be what the journal says, and each has a place in time.

use std::collections::HashMap;

use crate::check::Loss;
use crate::history::note::{Note, Payment, Told, What};
use crate::history::order::Order;

/// A call that the journal has, however often it was sent.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// Where it stands in the order.
    pub place: usize,
    /// It was not carried out before.
    pub began: u64,
    /// It was carried out before.
    pub ended: u64,
}

/// What was told of a call.
#[derive(Clone, Copy, Debug)]
struct Heard {
    /// When it was first sent by one who may have carried it out.
    sent: u64,
    /// When who carried it out began.
    began: u64,
    /// When the first was told of it.
    ended: u64,
    /// How many were told that they carried it out, that it was carried out before, and that nobody knows.
    firsts: u32,
    replays: u32,
    unknown: u32,
}

/// Every call that the journal has, in its order.
pub fn calls(order: &Order<'_>, notes: &[Note]) -> Result<Vec<Call>, Loss> {
    let mut heard: HashMap<&str, Heard> = HashMap::new();
    for note in notes {
        let What::Sent(payments, told) = &note.what else { continue };
        let [Payment { key, .. }, ..] = payments.as_slice() else { continue };
        check_told(order, key, told)?;
        heard.entry(key).or_insert(Heard::NOTHING).hear(note, told);
    }
    let place = |(key, heard): (&str, Heard)| {
        let place = order.answers.get(key).map(|answer| answer.0);
        heard.check(place.is_some()).map_err(|loss| format!("{key} {loss}"))?;
        Ok(place.map(|place| heard.call(place)))
    };
    let found: Result<Vec<Option<Call>>, Loss> = heard.into_iter().map(place).collect();
    let mut calls: Vec<Call> = found?.into_iter().flatten().collect();
    calls.sort_unstable_by_key(|call| call.place);
    Ok(calls)
}

/// Nothing comes before what had ended before it began.
pub fn check_time(calls: &[Call]) -> Result<(), Loss> {
    let mut latest = 0;
    for call in calls {
        latest = latest.max(call.began);
        if call.ended < latest {
            let place = call.place;
            return Err(format!("place {place} had ended before it or one before it began"));
        }
    }
    Ok(())
}

/// An answer is what the journal says.
fn check_told(order: &Order<'_>, key: &str, told: &Told) -> Result<(), Loss> {
    match told {
        Told::Answered { answer, .. } => match order.answers.get(key) {
            Some((_, known)) if known == answer => Ok(()),
            known => Err(format!("{key} was told {answer:?}, and the journal says {known:?}")),
        },
        Told::Wrong(said) => Err(format!("{key} was told {said}")),
        Told::Nothing | Told::Unknown => Ok(()),
    }
}

impl Heard {
    const NOTHING: Self =
        Self { sent: u64::MAX, began: 0, ended: u64::MAX, firsts: 0, replays: 0, unknown: 0 };

    fn hear(&mut self, note: &Note, told: &Told) {
        match told {
            Told::Answered { replayed: false, .. } => {
                self.firsts += 1;
                self.began = note.began;
            }
            Told::Answered { replayed: true, .. } => self.replays += 1,
            Told::Unknown => {
                self.unknown += 1;
                self.sent = self.sent.min(note.began);
                return;
            }
            Told::Nothing | Told::Wrong(_) => return,
        }
        // Whoever was told early knows that it had happened.
        self.ended = self.ended.min(note.ended);
    }

    fn check(&self, is_there: bool) -> Result<(), Loss> {
        match (self.firsts, self.unknown) {
            (2.., _) => Err(format!("was carried out {} times", self.firsts)),
            (0, 0) if self.replays > 0 => {
                Err("was told to have been carried out before, and nobody did".to_owned())
            }
            (0, 0) if is_there => Err("was told that nothing was written, and is there".to_owned()),
            _ => Ok(()),
        }
    }

    /// Who was told that nobody knows carried it out where nobody else did.
    fn call(&self, place: usize) -> Call {
        let began = if self.firsts > 0 { self.began } else { self.sent };
        Call { place, began, ended: self.ended }
    }
}
