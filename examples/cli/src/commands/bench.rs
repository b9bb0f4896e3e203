//! `bench`: durable transfers a second on the user's own disk, beside what its flushes allow.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use ledger_core::{Asset, Command, Error, Key, Money, Wallet, WalletSpec};
use ledger_sqlite::SqliteLedger;

use crate::failure::{Done, Failure};
use crate::input::FolderArg;
use crate::output::Output;
use crate::progress::Bar;
use crate::record::Record;

/// Disks have moods: each figure is taken in turns with the others, so many times.
const TURNS: u32 = 3;
const PAIRS: u64 = 500;
const CALLERS: u64 = 16;
const BATCH: u64 = 1_000;
/// What SQLite writes at least.
const PAGE: usize = 4_096;

/// Measures durable transfers a second.
#[derive(Args, Debug)]
pub struct Bench {
    #[command(flatten)]
    folder: FolderArg,
    /// How long, in seconds
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: u64,
}

/// One workload and what was counted.
struct Figure {
    what: &'static str,
    run: fn(&Place, Duration) -> Result<u64, Failure>,
    count: u64,
    took: Duration,
}

impl Bench {
    /// Does it.
    pub fn run(&self, output: &mut Output) -> Done {
        let folder = self.folder.existing()?;
        let of_folder = |error: &io::Error| Failure::of_path(folder, error);
        let folder = tempfile::Builder::new().prefix("bench-").tempdir_in(folder);
        let folder = folder.map_err(|error| of_folder(&error))?;
        let place = Place::make(folder.path())?;
        let figure = |what, run| Figure { what, run, count: 0, took: Duration::ZERO };
        let mut figures = [
            figure("flushes of one page, bare", flushes),
            figure("transfers, 1 caller", one_caller),
            figure("transfers, 16 callers", many_callers),
            figure("transfers, batches of 1,000", batches),
        ];
        let steps = TURNS * 4;
        let time = Duration::from_secs(self.seconds) / steps;
        let bar = Bar::new(output, "measuring", Some(u64::from(steps)));
        for _ in 0..TURNS {
            for figure in &mut figures {
                figure.measure(&place, time)?;
                bar.step();
            }
        }
        drop(bar);
        let flushes = figures.first().map_or(0.0, Figure::rate);
        output.list(&figures.iter().map(|figure| figure.shown(flushes)).collect::<Vec<_>>())
    }
}

impl Figure {
    fn measure(&mut self, place: &Place, time: Duration) -> Done {
        let begun = Instant::now();
        self.count += (self.run)(place, time)?;
        self.took += begun.elapsed();
        Ok(())
    }

    fn rate(&self) -> f64 {
        let count = u32::try_from(self.count).unwrap_or(u32::MAX);
        f64::from(count) / self.took.as_secs_f64().max(1e-9)
    }

    fn shown(&self, flushes: f64) -> Record {
        Record::default()
            .with("what", self.what)
            .with("count", self.count)
            .with("per_second", self.rate())
            .with("per_flush", self.rate() / flushes.max(1e-9))
    }
}

/// Where it is measured.
struct Place {
    ledger: SqliteLedger,
    wallets: Vec<Wallet>,
    cent: Money,
    page: File,
    keys: AtomicU64,
}

impl Place {
    fn make(folder: &Path) -> Result<Self, Failure> {
        let page = folder.join("page");
        let page = File::create(&page).map_err(|error| Failure::of_path(&page, &error))?;
        let ledger = SqliteLedger::open(folder.join("bench.ledger"))?;
        let usd = Asset::iso("USD")?;
        let specs = (0..2 * PAIRS).map(|number| WalletSpec::new(format!("wallet:{number}"), usd));
        let specs = specs.map(|spec| Ok(spec?.no_floor())).collect::<Result<Vec<_>, Error>>()?;
        let wallets = ledger.open_wallets(specs)?.into_iter().collect::<Result<_, _>>()?;
        Ok(Self { ledger, wallets, cent: usd.minor(1), page, keys: AtomicU64::new(0) })
    }

    /// A transfer between two wallets, under a key that is new.
    fn transfer(&self) -> Result<Command, Failure> {
        let number = self.keys.fetch_add(1, Ordering::Relaxed);
        let pair = self.wallets.chunks_exact(2).nth(spread(number));
        let Some([from, to]) = pair else {
            return Err(Failure::new("internal", "there are no wallets"));
        };
        Ok(Command::transfer(Key::new(format!("bench:{number}"))?, from, to, self.cent))
    }
}

/// Which pair of wallets the transfer of that number is between: not one after the other.
fn spread(number: u64) -> usize {
    usize::try_from(number.wrapping_mul(7_919) % PAIRS).unwrap_or(0)
}

/// The disk's own rate: one page, written over and over and flushed each time.
fn flushes(place: &Place, time: Duration) -> Result<u64, Failure> {
    let mut file = &place.page;
    let mut flush = || {
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&[7; PAGE])?;
        file.sync_data()
    };
    let begun = Instant::now();
    let mut count = 0;
    while begun.elapsed() < time {
        flush().map_err(|error| Failure::new("io", format!("the disk refuses: {error}")))?;
        count += 1;
    }
    Ok(count)
}

fn one_caller(place: &Place, time: Duration) -> Result<u64, Failure> {
    let begun = Instant::now();
    let mut count = 0;
    while begun.elapsed() < time {
        place.ledger.submit(place.transfer()?)?;
        count += 1;
    }
    Ok(count)
}

fn many_callers(place: &Place, time: Duration) -> Result<u64, Failure> {
    thread::scope(|scope| {
        let callers: Vec<_> =
            (0..CALLERS).map(|_| scope.spawn(|| one_caller(place, time))).collect();
        let panicked = |_| Failure::new("internal", "a caller panicked");
        callers.into_iter().map(|caller| caller.join().map_err(panicked)?).sum()
    })
}

fn batches(place: &Place, time: Duration) -> Result<u64, Failure> {
    let begun = Instant::now();
    let mut count = 0;
    while begun.elapsed() < time {
        let batch = (0..BATCH).map(|_| place.transfer()).collect::<Result<Vec<_>, _>>()?;
        for answer in place.ledger.submit_each(batch)? {
            answer?;
        }
        count += BATCH;
    }
    Ok(count)
}
