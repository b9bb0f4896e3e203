//! `stats`: figures of the file.

use std::time::Duration;

use clap::Args;
use ledger_core::WalletQuery;

use crate::book::{Book, FileArg};
use crate::failure::{Done, Failure};
use crate::output::Output;
use crate::record::Record;

/// Shows figures of the file.
#[derive(Args, Debug)]
pub struct Stats {
    #[command(flatten)]
    file: FileArg,
}

impl Stats {
    /// Does it.
    pub fn run(&self, output: &mut Output) -> Done {
        let book = self.file.open(output)?;
        let file = book.file_stats()?;
        let keep = Option::<Duration>::from(book.key_retention()?);
        let record = Record::default()
            .with("lines", file.lines)
            .with("lines_behind", file.lines_behind)
            .with("file_bytes", file.file_bytes)
            .with("log_bytes", file.log_bytes)
            .with("bytes_per_line", file.file_bytes / file.lines.max(1))
            .with("wallets", wallets(&book)?)
            .with("recent_keys", file.recent_keys)
            .with("key_runs", file.key_runs)
            .with("key_filter_bytes", file.key_filter_bytes)
            .with("keys_kept_seconds", keep.map(|keep| keep.as_secs_f64()))
            .with("periods_locked_until", book.periods_locked_until()?)
            .with("head", book.head()?.to_string());
        output.record(&record)
    }
}

fn wallets(book: &Book) -> Result<u64, Failure> {
    let mut count = 0;
    let mut next = None;
    loop {
        let query = WalletQuery::all().limit(ledger_core::bounds::PAGE_MAX).after(next);
        let page = book.wallets(&query)?;
        count += page.wallets.len() as u64;
        next = page.next;
        if next.is_none() {
            return Ok(count);
        }
    }
}
