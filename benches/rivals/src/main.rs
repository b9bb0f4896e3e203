//! Measures the ledger against its rivals and against the limit, in one run, and prints one table.
//!
//! `BENCH_MILLIONS` says how large the ledgers grow (10), `BENCH_DIR` on which disk.

// A benchmark that can't be set up can only stop.
#![allow(clippy::expect_used, clippy::indexing_slicing)]

mod by_hand;
mod doubleentry;
mod ours;
mod table;
mod transfer;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use ledger_benches::in_threads;
use ledger_core::{HistoryQuery, Timestamp};
use ledger_sqlite::SqliteLedger;
use tempfile::TempDir;

use crate::by_hand::{Bare, Careful};
use crate::doubleentry::DoubleEntry;
use crate::ours::Ours;
use crate::table::{Table, plot};
use crate::transfer::{Book, Source, Transfer};

const BATCH: usize = 8_000;
const WALLETS: usize = 10_000;
/// Clients that send batches: enough that one prepares while another is written.
const CLIENTS: usize = 4;

fn main() {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("--open") {
        return opened(Path::new(&arguments.next().expect("a path")));
    }
    let millions = setting("BENCH_MILLIONS").map_or(10, |text| text.parse().expect("a number"));
    let folder = match setting("BENCH_DIR") {
        Some(folder) => TempDir::new_in(folder),
        None => TempDir::new(),
    };
    let folder = folder.expect("made");
    let mut table = Table::default();
    growth(millions, folder.path(), &mut table);
    singles(folder.path(), &mut table);
    table.print();
    table.write(Path::new("target/bench"));
}

fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Transfers a second of `threads` threads, each with its own list of calls.
fn rate(book: &dyn Book, calls: Vec<Vec<Vec<Transfer>>>) -> f64 {
    let count: usize = calls.iter().flatten().map(Vec::len).sum();
    let took = in_threads(calls, |call| book.transfer(&call));
    count as f64 / took.as_secs_f64()
}

fn calls(
    source: &mut Source,
    threads: usize,
    calls: usize,
    batch: usize,
) -> Vec<Vec<Vec<Transfer>>> {
    (0..threads).map(|_| (0..calls).map(|_| source.take(batch)).collect()).collect()
}

/// Batches of 8,000 to so many million transfers: the rate of each million.
fn grow(book: &dyn Book, wallets: usize, millions: usize, clients: usize) -> Vec<f64> {
    let mut source = Source::over(wallets);
    (0..millions)
        .map(|_| rate(book, calls(&mut source, clients, 1_000_000 / clients / BATCH, BATCH)))
        .collect()
}

fn average(rates: &[f64]) -> f64 {
    rates.len() as f64 / rates.iter().map(|rate| 1.0 / rate).sum::<f64>()
}

fn written_bytes() -> f64 {
    let io = std::fs::read_to_string("/proc/self/io").unwrap_or_default();
    let line = io.lines().find_map(|line| line.strip_prefix("wchar: "));
    line.map_or(0.0, |bytes| bytes.parse().expect("a number"))
}

fn resident_megabytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<f64>().ok()).unwrap_or(0.0) / 1e3
}

fn growth(millions: usize, folder: &Path, table: &mut Table) {
    let workload = format!("batches of 8,000 to {millions} million");
    let bare = grow(&Bare::make(&folder.join("bare")), WALLETS, millions, 1);
    std::fs::remove_file(folder.join("bare")).expect("removed");
    table.figure(&workload, "bare append", average(&bare), "/s");

    let path = folder.join("ours");
    let book = Ours::make(&path, WALLETS, true);
    let before = written_bytes();
    let ours = grow(&book, WALLETS, millions, CLIENTS);
    let written = written_bytes() - before;
    let row = (workload.as_str(), "ledger");
    table.at_least(row, (average(&ours), "/s"), (average(&bare), "bare append"), 0.6);
    let (first, last) = (ours[0], ours[millions - 1]);
    table.at_least(("the last million", "ledger"), (last, "/s"), (first, "the first"), 0.85);
    let transfers = millions as f64 * 1e6;
    table.at_most("written for a transfer", written / transfers, "bytes", 600.0);
    let kept = std::fs::metadata(&path).expect("there").len() as f64;
    table.at_most("kept for a transfer", kept / transfers, "bytes", 160.0);
    reads(&book, table);
    let left = killed(&path, folder);
    drop(book);
    reopened(&left, table);

    let careful = Careful::make(&folder.join("careful"), WALLETS);
    let mut source = Source::over(WALLETS);
    careful.load(&source.take(millions * 1_000_000));
    let slow = rate(&careful, calls(&mut source, 1, 200, 1_000));
    table.figure(&format!("batches of 1,000 at {millions} million"), "by hand", slow, "/s");
    table.at_least(("the last million", "ledger"), (last, "/s"), (slow, "by hand"), 20.0);
    plot_growth(&ours, &bare, slow);

    let wide = millions.min(2);
    let many = grow(&Ours::make(&folder.join("wide"), 1_000_000, true), 1_000_000, wide, CLIENTS);
    let row = ("1,000,000 wallets", "ledger");
    table.at_least(row, (average(&many), "/s"), (average(&ours[..wide]), "10,000 wallets"), 0.6);
}

fn plot_growth(ours: &[f64], bare: &[f64], by_hand: f64) {
    let points = |rates: &[f64]| -> Vec<(f64, f64)> {
        rates.iter().enumerate().map(|(million, rate)| (million as f64 + 1.0, *rate)).collect()
    };
    let lines = [
        ("ledger", points(ours)),
        ("bare append", points(bare)),
        ("by hand", vec![(0.0, by_hand), (ours.len() as f64, by_hand)]),
    ];
    std::fs::create_dir_all("target/bench").expect("made");
    plot(&lines, Path::new("target/bench/growth.svg"));
}

fn nanoseconds(count: usize, mut what: impl FnMut(usize)) -> f64 {
    let begun = Instant::now();
    (0..count).for_each(&mut what);
    begun.elapsed().as_secs_f64() * 1e9 / count as f64
}

fn reads(book: &Ours, table: &mut Table) {
    let ledger = &book.ledger;
    let wallets = &book.wallets;
    let balance = nanoseconds(200_000, |look| {
        std::hint::black_box(ledger.balance(wallets[look * 7_919 % wallets.len()]).expect("known"));
    });
    table.at_most("balance, exclusive", balance, "ns", 200.0);
    // A wallet with a million postings.
    let mut source = Source::hot(WALLETS).from(1 << 40);
    rate(book, calls(&mut source, CLIENTS, 1_000_000 / CLIENTS / BATCH, BATCH));
    let hot = wallets[0];
    let first = ledger.history(hot, &HistoryQuery::oldest_first().limit(1)).expect("there");
    let (begin, end) = (first.entries[0].at.unix_ms(), ledger_now(ledger, hot));
    let page = |query: &HistoryQuery| {
        nanoseconds(200, |_| {
            let page = ledger.history(hot, query).expect("there");
            assert_eq!(page.entries.len(), 50);
        }) / 1e3
    };
    let newest = page(&HistoryQuery::newest_first().limit(50));
    table.at_most("history, first page of 50", newest, "us", 150.0);
    let oldest = page(&HistoryQuery::oldest_first().limit(50));
    table.at_most("history, last page of 50", oldest, "us", 150.0);
    let look = |look: usize| {
        let step = (end - begin) * (look as i64 * 7_919 % 1_000) / 1_000;
        let at = Timestamp::from_unix_ms(begin + step);
        std::hint::black_box(ledger.balance_at(hot, at).expect("known"));
    };
    // Cold at first, then warm as the pages are.
    let cold = nanoseconds(1_000, look) / 1e3;
    table.figure("balance_at, the first time", "ledger", cold, "us");
    table.at_most("balance_at", nanoseconds(1_000, look) / 1e3, "us", 100.0);
}

fn ledger_now(ledger: &SqliteLedger, wallet: ledger_core::WalletId) -> i64 {
    let last = ledger.history(wallet, &HistoryQuery::newest_first().limit(1)).expect("there");
    last.entries[0].at.unix_ms()
}

/// What a killed process leaves: its files as they are.
fn killed(path: &Path, folder: &Path) -> PathBuf {
    let left = folder.join("killed");
    std::fs::copy(path, &left).expect("copied");
    let log = |path: &Path| PathBuf::from(format!("{}-wal", path.display()));
    std::fs::copy(log(path), log(&left)).expect("copied");
    left
}

/// Opens what was left, in a process of its own.
fn reopened(path: &Path, table: &mut Table) {
    let program = std::env::current_exe().expect("known");
    let output = Command::new(program).arg("--open").arg(path).output().expect("run");
    let said = String::from_utf8(output.stdout).expect("text");
    let figures: Vec<f64> =
        said.split_whitespace().map(|it| it.parse().expect("a number")).collect();
    table.at_most("open after a kill", figures[0], "s", 1.0);
    table.at_most("memory after opening", figures[1], "MB", 200.0);
    table.at_most("balance, shared", figures[2], "ns", 3_000.0);
}

/// What the other process does: seconds to open, megabytes, nanoseconds for a balance.
fn opened(path: &Path) {
    let begun = Instant::now();
    let ledger = SqliteLedger::open(path).expect("opened");
    let seconds = begun.elapsed().as_secs_f64();
    let wallet = ledger.wallet("user:17").expect("read").expect("there");
    let balance = nanoseconds(100_000, |_| {
        std::hint::black_box(ledger.balance(&wallet).expect("known"));
    });
    println!("{seconds} {} {balance}", resident_megabytes());
}

/// One transfer a call, from one thread and from many.
fn singles(folder: &Path, table: &mut Table) {
    let one = |book: &dyn Book, source: &mut Source, count| rate(book, calls(source, 1, count, 1));
    let many = |book: &dyn Book, source: &mut Source, count: usize| {
        rate(book, calls(source, 64, count / 64, 1))
    };
    let mut source = Source::over(WALLETS);
    let bare = Bare::make(&folder.join("bare rows"));
    let limit = one(&bare, &mut source, 5_000);
    table.figure("one thread, one a call", "bare append", limit, "/s");
    let ours = Ours::make(&folder.join("singles"), WALLETS, true);
    let single = one(&ours, &mut source, 5_000);
    let row = ("one thread, one a call", "ledger");
    table.at_least(row, (single, "/s"), (limit, "bare append"), 0.9);
    let careful = Careful::make(&folder.join("careful singles"), WALLETS);
    let by_hand = one(&careful, &mut source, 2_000);
    table.figure("one thread, one a call", "by hand", by_hand, "/s");

    let threads = many(&ours, &mut source, 64_000);
    // Ten times where a flush is quick, thirty where it takes two milliseconds or more.
    let bar = if 1.0 / limit < 0.002 { 10.0 } else { 30.0 };
    let row = ("64 threads, one a call", "ledger");
    table.at_least(row, (threads, "/s"), (single, "one thread"), bar);
    let hot = many(&ours, &mut Source::hot(WALLETS).from(1 << 41), 64_000);
    let row = ("64 threads, one hot wallet", "ledger");
    table.at_least(row, (hot, "/s"), (threads, "10,000 wallets"), 0.9);
    let rival = DoubleEntry::make(&folder.join("doubleentry"), 100);
    let theirs = many(&rival, &mut Source::over(100), 640);
    table.figure("64 threads, one a call", "doubleentry", theirs, "/s");
    let row = ("64 threads, one a call", "ledger");
    table.at_least(row, (threads, "/s"), (theirs, "doubleentry"), 30.0);
}
