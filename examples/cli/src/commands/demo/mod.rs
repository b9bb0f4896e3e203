//! `demo`: a small shop's ledger, built, worked with, checked, and shown.

mod place;
mod shop;
mod tally;
mod worker;

use std::path::PathBuf;
use std::thread;

use clap::{Args, ValueHint};
use ledger_core::{HistoryQuery, WalletQuery};
use ledger_sqlite::{SqliteLedger, Verification};

use self::shop::{CUSTOMERS, Shop};
use self::tally::Tally;
use self::worker::Worker;
use crate::book::Book;
use crate::commands::{history, verify, wallets};
use crate::failure::{Done, Failure};
use crate::output::Output;
use crate::progress::Bar;
use crate::record::Record;

/// Callers at once; what they ask for at the same time shares a commit.
const WORKERS: usize = 8;
/// Requests of each.
const REQUESTS: u64 = 400;

/// Builds a small shop's ledger and shows it.
#[derive(Args, Debug)]
pub struct Demo {
    /// Where to; there must be nothing yet. If not given, in a new folder in target, or in a temporary one
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    path: Option<PathBuf>,
}

impl Demo {
    /// Does it.
    pub fn run(&self, output: &mut Output) -> Done {
        let path = place::choose(self.path.as_deref())?;
        output.say(format!("A small shop's ledger in {}\n", path.display()))?;
        let shop = Shop::open(Book::new(SqliteLedger::open(&path)?))?;
        let tally = work(&shop, output)?;
        shop.end_of_day()?;
        show(&shop, &tally, output)?;
        let found = check(&shop, output)?;
        let next = place::next_commands(&path);
        let record = Record::default()
            .with("file", path.display().to_string())
            .with("requests", tally.records())
            .with("verified", verify::shown(&found))
            .with(
                "next",
                next.iter().map(|it| Record::default().with("command", &**it)).collect::<Vec<_>>(),
            );
        if output.is_json() {
            output.record(&record)?;
        }
        output.say("\nTry next:\n")?;
        next.iter().try_for_each(|command| output.say(format!("  {command}")))?;
        if found.is_ok() { Ok(()) } else { Err(Failure::Unwell) }
    }
}

/// Has all callers work at once, each with customers of its own.
fn work(shop: &Shop, output: &Output) -> Result<Tally, Failure> {
    let total = WORKERS as u64 * REQUESTS;
    let bar = Bar::new(output, "working", Some(total));
    let shares = shop.customers.chunks(CUSTOMERS / WORKERS);
    thread::scope(|scope| {
        let step = || bar.step();
        let callers: Vec<_> = (0..)
            .zip(shares)
            .map(|(number, share)| {
                let mut worker = Worker::new(number, shop, share);
                scope.spawn(move || worker.work(REQUESTS, &step))
            })
            .collect();
        let panicked = |_| Failure::new("internal", "a worker panicked");
        let tallies = callers.into_iter().map(|caller| caller.join().map_err(panicked)?);
        tallies.sum()
    })
}

fn show(shop: &Shop, tally: &Tally, output: &mut Output) -> Done {
    if output.is_json() {
        return Ok(());
    }
    output.say(format!("What {WORKERS} callers asked for at once, and what came of it\n"))?;
    output.list(&tally.records())?;
    output.say("\nSome of the wallets\n")?;
    let book = &shop.book;
    let mut rows = Vec::new();
    for query in
        [WalletQuery::all().prefix("shop:"), WalletQuery::all().prefix("customer:0").limit(6)]
    {
        rows.extend(wallets::with_balances(book, &book.wallets(&query)?.wallets)?);
    }
    output.list(&rows)?;
    output.say("\nThe latest of customer:01\n")?;
    let customer = book.named("customer:01")?;
    let page = book.history(&customer, &HistoryQuery::newest_first().limit(8))?;
    output.list(&page.entries.iter().map(|entry| history::shown(entry, book)).collect::<Vec<_>>())
}

fn check(shop: &Shop, output: &mut Output) -> Result<Verification, Failure> {
    output.say("\nEverything in the file, checked\n")?;
    let bar = Bar::new(output, "checking", Some(0));
    let found = shop.book.verify_with(&[], &mut bar.watch())?;
    drop(bar);
    if !output.is_json() {
        output.record(&verify::shown(&found))?;
    }
    Ok(found)
}
