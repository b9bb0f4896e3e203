//! `history`: what moved in and out of a wallet.

use clap::Args;
use ledger_core::{Entry, HistoryQuery, Kind, Timestamp};

use crate::book::{Book, FileArg};
use crate::failure::Done;
use crate::input::LimitArg;
use crate::output::Output;
use crate::record::Record;

/// Shows what moved in and out of a wallet.
#[derive(Args, Debug)]
pub struct History {
    #[command(flatten)]
    file: FileArg,
    /// The wallet's name
    wallet: String,
    /// Only what was recorded at this time or later, such as 2026-03-01T12:00:00Z
    #[arg(long, value_name = "TIME")]
    from: Option<Timestamp>,
    /// Only what was recorded before this time
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    /// Only entries of this kind, such as transfer; can be given several times
    #[arg(long, value_parser = kind)]
    kind: Vec<Kind>,
    /// From the beginning on, not from the latest back
    #[arg(long)]
    oldest_first: bool,
    #[command(flatten)]
    limit: LimitArg,
}

fn kind(text: &str) -> Result<Kind, String> {
    let found = Kind::ALL.iter().find(|kind| kind.code() == text).copied();
    found.ok_or_else(|| {
        let codes: Vec<&str> = Kind::ALL.iter().map(|kind| kind.code()).collect();
        format!("there are {}", codes.join(", "))
    })
}

impl History {
    /// Does it.
    pub fn run(&self, output: &mut Output) -> Done {
        let book = self.file.open(output)?;
        let wallet = book.named(&self.wallet)?;
        let query = self.query();
        // In a table every row has the same columns.
        let is_json = output.is_json();
        let told = |entry: &Entry| {
            let dated = dated(entry).filter(|_| is_json);
            shown(entry, &book).with_some("effective_at", dated)
        };
        output.pages(&self.limit, |limit, cursor| {
            let page = book.history(&wallet, &query.clone().limit(limit).cursor(cursor))?;
            Ok((page.entries.iter().map(told).collect(), page.next))
        })
    }

    fn query(&self) -> HistoryQuery {
        let first = if self.oldest_first {
            HistoryQuery::oldest_first()
        } else {
            HistoryQuery::newest_first()
        };
        let mut query = first.kinds(self.kind.iter().copied());
        if let Some(from) = self.from {
            query = query.since(from);
        }
        if let Some(until) = self.until {
            query = query.until(until);
        }
        query
    }
}

/// When it took effect, if that was earlier than it was recorded.
fn dated(entry: &Entry) -> Option<Timestamp> {
    Some(entry.effective_at).filter(|time| *time != entry.at)
}

/// An entry as it is shown.
pub fn shown(entry: &Entry, book: &Book) -> Record {
    Record::default()
        .with("at", entry.at)
        .with("kind", entry.kind.code())
        .with("amount", entry.amount)
        .with("balance_after", entry.balance_after)
        .with("counterparty", book.name_of(entry.counterparty))
        .with("key", entry.key.as_str())
        .with("transaction", entry.id)
}
