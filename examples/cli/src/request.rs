//! A change that is sent to the ledger: its key, and what goes with every request.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use clap::Args;
use ledger_core::{
    Actor, Amount, Command, Direction, Hold, Key, LimitsChange, Posting, Timestamp, Transaction,
    Window,
};

use crate::book::Book;
use crate::failure::{Done, Failure};
use crate::input::metadata;
use crate::output::Output;
use crate::record::{Record, Value};

/// What goes with every change.
#[derive(Args, Debug)]
pub struct Request {
    /// What makes it the same request when it is sent again, such as order:7; made up if not given
    #[arg(long)]
    key: Option<String>,
    /// JSON to keep with it, such as '{"order": 7}'
    #[arg(long, value_name = "JSON")]
    meta: Option<String>,
    /// Who asks for it
    #[arg(long, value_name = "WHO")]
    actor: Option<String>,
}

/// What goes with a change that moves money.
#[derive(Args, Debug)]
pub struct Movement {
    #[command(flatten)]
    request: Request,
    /// When the money moved, if that was earlier, such as 2026-03-01T12:00:00Z
    #[arg(long, value_name = "TIME")]
    effective_at: Option<Timestamp>,
}

impl Movement {
    /// Sends the change and shows its receipt.
    pub fn send(
        &self,
        book: &Book,
        output: &mut Output,
        make: impl FnOnce(Key) -> Command,
    ) -> Done {
        self.request.send(book, output, |key| {
            let command = make(key);
            match self.effective_at {
                Some(at) => command.effective_at(at),
                None => command,
            }
        })
    }
}

impl Request {
    /// Refuses what goes with a change where none is asked for.
    pub fn must_be_empty(&self, advice: &str) -> Done {
        let given = [&self.key, &self.meta, &self.actor];
        if given.iter().all(|it| it.is_none()) {
            return Ok(());
        }
        Err(Failure::usage(format!("--key, --meta and --actor go with a change; {advice}")))
    }

    /// Sends the change and shows its receipt.
    pub fn send(
        &self,
        book: &Book,
        output: &mut Output,
        make: impl FnOnce(Key) -> Command,
    ) -> Done {
        let key = self.key(output)?;
        let command = self.with_notes(make(key.clone()))?;
        let receipt = book.submit(command).map_err(|error| book.failure(error).under(&key))?;
        let told = output.record(&shown(&receipt, Some(receipt.replayed), book));
        told.and_then(|()| output.flush()).map_err(|failure| {
            failure
                .under(&key)
                .reworded(|why| format!("it is done, under the key {key}, but {why}"))
        })
    }

    /// The caller's key, or one that is made up. That one is told before anything is sent, so that it is
    /// known however the call ends.
    fn key(&self, output: &mut Output) -> Result<Key, Failure> {
        if let Some(key) = &self.key {
            return Ok(Key::new(key)?);
        }
        let random = || RandomState::new().hash_one(std::process::id());
        let key = Key::new(format!("cli:{:016x}{:016x}", random(), random()))?;
        let text = format!("the key is {key}; to send this again, add --key {key}");
        output.beside(text, &Record::default().with("key", key.as_str()))?;
        Ok(key)
    }

    fn with_notes(&self, mut command: Command) -> Result<Command, Failure> {
        if let Some(meta) = metadata(self.meta.as_deref())? {
            command = command.meta(meta);
        }
        if let Some(actor) = &self.actor {
            command = command.actor(Actor::new(actor)?);
        }
        Ok(command)
    }
}

/// A transaction as it is shown; of a receipt, also whether the answer was given before.
pub fn shown(transaction: &Transaction, replayed: Option<bool>, book: &Book) -> Record {
    let Transaction { id, at, effective_at, kind, key, .. } = transaction;
    let postings: Vec<Record> = transaction.postings.iter().map(|it| posting(it, book)).collect();
    let record = Record::default()
        .with("transaction", *id)
        .with("kind", kind.code())
        .with("at", *at)
        .with_some("effective_at", (effective_at != at).then_some(*effective_at))
        .with("key", key.as_str())
        .with_some("replayed", replayed)
        .with_some("postings", Some(postings).filter(|list| !list.is_empty()));
    let meta = transaction.meta.as_ref().and_then(|meta| meta.read::<serde_json::Value>().ok());
    with_change(record, transaction, book)
        .with_some("meta", meta)
        .with_some("actor", transaction.actor.as_ref().map(|actor| actor.who.to_string()))
}

/// What it changed besides moving money.
fn with_change(record: Record, transaction: &Transaction, book: &Book) -> Record {
    record
        .with_some("hold", transaction.hold().map(|it| hold(it, book)))
        .with_some("reverses", transaction.reverses().map(|it| it.transaction))
        .with_some("wallet", transaction.status().map(|it| book.name_of(it.wallet)))
        .with_some("status", transaction.status().map(|it| it.to.to_string()))
        .with_some("limits", transaction.limits().map(|it| limits(it, book)))
}

fn limits(change: &LimitsChange, book: &Book) -> Record {
    let wallet = book.wallet_by_id(change.wallet).ok().flatten();
    let money = |amount: Option<Amount>| {
        wallet.as_ref().zip(amount).map(|(wallet, amount)| wallet.asset.of(amount))
    };
    Record::default()
        .with("wallet", book.name_of(change.wallet))
        .with("floor", money(change.to.floor))
        .with("ceiling", money(change.to.ceiling))
        .with("largest", money(change.to.largest))
        .with("windows", change.to.windows.iter().map(window).collect::<Vec<_>>())
}

/// How much may move within a time, as it is shown.
pub fn window(window: &Window) -> Record {
    let direction = match window.direction {
        Direction::Out => "out",
        Direction::In => "in",
    };
    Record::default()
        .with("direction", direction)
        .with("seconds", seconds(window.lasting))
        .with("amount", window.amount)
        .with("count", window.count.map(u64::from))
}

/// Exact, to the millisecond.
fn seconds(time: Duration) -> Value {
    match time.subsec_millis() {
        0 => time.as_secs().into(),
        _ => serde_json::Value::from(time.as_secs_f64()).into(),
    }
}

fn posting(posting: &Posting, book: &Book) -> Record {
    let asset = posting.amount.asset();
    Record::default()
        .with("from", book.name_of(posting.from))
        .with("to", book.name_of(posting.to))
        .with("amount", posting.amount)
        .with("from_balance", asset.of(posting.from_balance))
        .with("to_balance", asset.of(posting.to_balance))
}

/// A hold as it is shown.
pub fn hold(hold: &Hold, book: &Book) -> Record {
    Record::default()
        .with("id", hold.id)
        .with("state", hold.state.code())
        .with("wallet", book.name_of(hold.wallet))
        .with("target", book.name_of(hold.target))
        .with("amount", hold.amount)
        .with("captured", hold.captured)
        .with("remaining", hold.remaining)
        .with("tolerance", hold.tolerance)
        .with("expires_at", hold.expires_at)
}
