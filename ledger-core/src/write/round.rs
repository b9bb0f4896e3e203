//! Decides a group's units in order, each on the rows as the one before left them.

use std::sync::Arc;

use crate::base::id::{Stamp, Stamps, TransactionId};
use crate::base::time::Timestamp;
use crate::error::report::{Cause, Error, Result};
use crate::input::key::Key;
use crate::model::prepared::Prepared;
use crate::model::record::{AssetSpec, Record, Refusal, RefusedItem};
use crate::model::rejection::Rejection;
use crate::model::retention::{KeyRetention, RetentionRecord};
use crate::model::transaction::{Receipt, Transaction};
use crate::model::wallet::WalletSpec;
use crate::rules::answers::{Answer, Answers};
use crate::rules::decide::decide;
use crate::rules::register::{define_asset, open_wallet};
use crate::rules::rows::Rows;
use crate::write::unit::{Asked, Outcome, Unit};

/// A group while it is being decided.
pub(super) struct Round {
    rows: Rows,
    stamps: Stamps,
    records: Vec<Record>,
    /// Where the answers in `records` are.
    answers: Answers,
    /// What the clock shows.
    now: Timestamp,
    /// When an earlier try of the same units was recorded, if one may have been.
    doubt: Option<Timestamp>,
}

impl Round {
    /// A round with room for as many records as it has stamps.
    pub(super) fn new(
        rows: Rows,
        stamps: Stamps,
        now: Timestamp,
        doubt: Option<Timestamp>,
    ) -> Self {
        let count = stamps.left();
        let (records, answers) = (Vec::with_capacity(count), Answers::with_capacity(count));
        Self { rows, stamps, records, answers, now, doubt }
    }

    /// What the journal is to get.
    pub(super) fn into_records(self) -> Vec<Record> {
        self.records
    }

    #[inline]
    pub(super) fn run(&mut self, asked: &Asked<'_>) -> Result<Outcome> {
        let since = asked.since;
        match asked.unit {
            Unit::Command(command) => self.command(command, since).map(Outcome::Receipt),
            Unit::Batch(commands) => self.batch(commands, since).map(Outcome::Receipts),
            Unit::Asset(spec) => self.asset(spec),
            Unit::Wallet(spec) => self.wallet(spec),
            Unit::Retention(keep) => self.retention(*keep),
            Unit::FirstRetention(keep) => self.first_retention(*keep),
        }
    }

    #[inline]
    fn command(&mut self, command: &Prepared, since: Timestamp) -> Result<Receipt> {
        if let Some(answer) = self.known(&command.key) {
            return replay(command, &answer);
        }
        self.check_memory(since)?;
        let stamp = self.stamp()?;
        match decide(command, &self.rows, stamp) {
            Ok(transaction) => {
                self.rows.apply(&transaction);
                Ok(self.record(transaction))
            }
            Err(rejection) => {
                let commands = std::slice::from_ref(command);
                self.remember(commands, None, &rejection, stamp);
                Err(rejection.into())
            }
        }
    }

    /// Carries out all of the commands, or none.
    fn batch(&mut self, commands: &[Prepared], since: Timestamp) -> Result<Vec<Receipt>> {
        if let Some(answered) = self.replay_batch(commands) {
            return answered;
        }
        self.check_memory(since)?;
        let stamps: Vec<Stamp> = commands.iter().map(|_| self.stamp()).collect::<Result<_>>()?;
        let saved = self.rows.save(commands);
        let mut decided = Vec::with_capacity(commands.len());
        for (item, (command, stamp)) in commands.iter().zip(stamps).enumerate() {
            match decide(command, &self.rows, stamp) {
                Ok(transaction) => {
                    self.rows.apply(&transaction);
                    decided.push(transaction);
                }
                Err(rejection) => {
                    self.rows.restore(saved);
                    self.remember(commands, Some(item), &rejection, stamp);
                    return Err(Error::from(rejection).at_item(item));
                }
            }
        }
        Ok(decided.into_iter().map(|transaction| self.record(transaction)).collect())
    }

    /// The answer to a batch of which any key is known: the first answer if it is the same batch,
    /// else a conflict. While one is known all are: a batch's answers may differ by milliseconds, and half of it
    /// is not to be forgotten before the rest.
    fn replay_batch(&self, commands: &[Prepared]) -> Option<Result<Vec<Receipt>>> {
        let answers: Vec<_> = commands.iter().map(|command| self.found(&command.key)).collect();
        let known = |answer: &Option<Answer>| answer.as_ref().is_some_and(|it| self.remembers(it));
        let same = |(command, answer): (&Prepared, &Option<Answer>)| {
            answer.as_ref().is_some_and(|answer| is_same(command, answer))
        };
        let first_known = answers.iter().position(known)?;
        let mut each = commands.iter().zip(&answers);
        // A batch is answered as one, so a batch that is known in part is another one.
        if !each.clone().all(same) {
            let other = each.position(|it| known(it.1) && !same(it));
            let item = other.unwrap_or(first_known);
            return commands.get(item).map(|command| Err(conflict(command).at_item(item)));
        }
        let same = commands.iter().zip(answers.iter().flatten());
        Some(same.map(|(command, answer)| replay(command, answer)).collect())
    }

    /// Puts a transaction that was decided and applied on its way into the journal.
    fn record(&mut self, transaction: Transaction) -> Receipt {
        let transaction = Arc::new(transaction);
        self.push(Record::Transaction(transaction.clone()));
        Receipt { transaction, replayed: false }
    }

    /// Remembers a no that a later state could turn into a yes.
    fn remember(
        &mut self,
        commands: &[Prepared],
        batch_item: Option<usize>,
        rejection: &Rejection,
        stamp: Stamp,
    ) {
        if !rejection.is_remembered() {
            return;
        }
        let refusal = refusal(commands, batch_item, rejection.clone(), stamp);
        self.push(Record::Refusal(Arc::new(refusal)));
    }

    fn push(&mut self, record: Record) {
        // A group is bounded far below 2^32 records.
        let place = u32::try_from(self.records.len()).unwrap_or(u32::MAX);
        self.answers.add_record(&record, place);
        self.records.push(record);
    }

    /// What is remembered under a key.
    fn known(&self, key: &Key) -> Option<Answer> {
        self.found(key).filter(|answer| self.remembers(answer))
    }

    /// What was answered under a key, before or earlier in this group.
    fn found(&self, key: &Key) -> Option<Answer> {
        let of_group = self.answers.find(key, &self.records);
        of_group.or_else(|| self.rows.answer(key).cloned())
    }

    fn remembers(&self, answer: &Answer) -> bool {
        let Some(retention) = &self.rows.terms().retention else { return true };
        !self.stamps.time().is_some_and(|now| retention.forgets(answer.at(), now))
    }

    /// Refuses to decide what has no answer, if there may have been one since the call came that is forgotten by now:
    /// to an earlier try of this call, or to the same request by another way.
    fn check_memory(&self, since: Timestamp) -> Result<()> {
        let Some(retention) = &self.rows.terms().retention else { return Ok(()) };
        let is_forgotten =
            |stamped| self.stamps.time().is_some_and(|now| retention.forgets(stamped, now));
        if self.doubt.is_some_and(is_forgotten) {
            return Err(Cause::Forgotten.into());
        }
        // The journal may be ahead of the clock for long: how long a call waited, its own clock says.
        if retention.may_forget(since, self.now) {
            return Err(Cause::Outwaited.into());
        }
        Ok(())
    }

    fn retention(&mut self, keep: KeyRetention) -> Result<Outcome> {
        let last = self.rows.terms().retention.as_ref();
        if keep != last.map_or(KeyRetention::FOREVER, |last| last.keep) {
            self.record_retention(keep)?;
        }
        Ok(Outcome::Retention)
    }

    /// Records also what would hold without a record, so that nobody after us takes it for unsaid.
    fn first_retention(&mut self, keep: KeyRetention) -> Result<Outcome> {
        if self.rows.terms().retention.is_none() {
            self.record_retention(keep)?;
        }
        Ok(Outcome::Retention)
    }

    fn record_retention(&mut self, keep: KeyRetention) -> Result<()> {
        let id = TransactionId::from_stamp(self.stamp()?);
        let record = RetentionRecord::after(self.rows.terms().retention.as_ref(), id, keep);
        self.rows.terms_mut().retention = Some(record);
        self.push(Record::Retention(record));
        Ok(())
    }

    fn asset(&mut self, spec: &AssetSpec) -> Result<Outcome> {
        let stamp = self.stamp()?;
        let asset = define_asset(spec, stamp, &mut self.rows, &mut self.records)?;
        Ok(Outcome::Asset(asset))
    }

    fn wallet(&mut self, spec: &WalletSpec) -> Result<Outcome> {
        let stamps = [self.stamp()?, self.stamp()?];
        let record = open_wallet(spec, stamps, &mut self.rows, &mut self.records)?;
        let row = self.rows.wallet(record.id);
        let row = row.ok_or_else(|| Error::internal("a wallet was loaded without its row"))?;
        Ok(Outcome::Wallet(Box::new(row.wallet(&record))))
    }

    fn stamp(&mut self) -> Result<Stamp> {
        self.stamps.next().ok_or_else(no_stamp)
    }
}

fn no_stamp() -> Error {
    Error::internal("a group ran out of the ids it reserved")
}

/// The first answer again, if it was to the same request.
fn replay(command: &Prepared, answer: &Answer) -> Result<Receipt> {
    if !is_same(command, answer) {
        return Err(conflict(command));
    }
    match answer {
        Answer::Done(transaction) => {
            Ok(Receipt { transaction: transaction.clone(), replayed: true })
        }
        Answer::Refused { refusal, .. } => Err(refused(refusal)),
    }
}

/// Whether `answer` was given to the same request.
fn is_same(command: &Prepared, answer: &Answer) -> bool {
    answer.fingerprint() == Some(&command.fingerprint)
}

fn conflict(command: &Prepared) -> Error {
    Rejection::KeyConflict { key: command.key.clone() }.into()
}

fn refused(refusal: &Refusal) -> Error {
    let error = Error::from(refusal.rejection.clone()).replayed();
    match refusal.batch_item {
        Some(item) => error.at_item(item),
        None => error,
    }
}

fn refusal(
    commands: &[Prepared],
    batch_item: Option<usize>,
    rejection: Rejection,
    stamp: Stamp,
) -> Refusal {
    let id = TransactionId::from_stamp(stamp);
    let items = commands.iter().map(|command| RefusedItem {
        key: command.key.clone(),
        fingerprint: command.fingerprint,
        kind: command.kind,
        meta: command.meta.clone(),
        actor: command.actor.clone(),
    });
    Refusal { id, at: id.time(), items: items.collect(), batch_item, rejection }
}
