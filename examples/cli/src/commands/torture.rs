//! `torture`: tries to lose money on the user's own disk.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use clap::Args;
use torture::summary::{Budget, Row};
use torture::{damage, kill};

use crate::failure::{Done, Failure};
use crate::input::FolderArg;
use crate::output::Output;
use crate::progress::Bar;
use crate::record::Record;

/// Kills of one file before another begins; then the bar moves.
const KILLS: u64 = 12;
/// Changes of one file before another begins.
const CHANGES: u64 = 50;
/// The word by which this program is started again, to be killed.
const CHILD: &str = "torture-child";

/// Tries to lose money on this disk.
#[derive(Args, Debug)]
pub struct Torture {
    #[command(flatten)]
    folder: FolderArg,
    /// How long, in seconds
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: u64,
    /// Where the random numbers begin, to see a loss again
    #[arg(long)]
    seed: Option<u64>,
}

impl Torture {
    /// Does it.
    pub fn run(&self, output: &mut Output) -> Done {
        let folder = self.folder.existing()?;
        let seed = self.seed.unwrap_or_else(|| fastrand::u64(..1 << 32));
        let program = std::env::current_exe()
            .map_err(|error| Failure::of_path(Path::new("ledger"), &error))?;
        let plan = |seed| kill::Plan {
            program: program.clone(),
            arguments: vec![CHILD.to_owned()],
            folder: Some(folder.to_owned()),
            seed,
            planted: None,
        };
        let kills = self.part(output, "killing", seed, |seed| {
            kill::run(&plan(seed), &Budget::counting(KILLS))
        })?;
        let changes = self.part(output, "damaging", seed, |seed| {
            // How many tables were hit is told of each file; here there are many.
            let row = damage::run(folder, seed, false, &Budget::counting(CHANGES))?;
            Ok(Row { part: "damage".to_owned(), ..row })
        })?;
        let losses = kills.losses + changes.losses;
        output.list(&[shown(&kills), shown(&changes)])?;
        if losses == 0 { Ok(()) } else { Err(Failure::Unwell) }
    }

    /// Half of the time, file after file, until something is lost.
    fn part(
        &self,
        output: &Output,
        doing: &'static str,
        mut seed: u64,
        one_file: impl Fn(u64) -> io::Result<Row>,
    ) -> Result<Row, Failure> {
        let (begun, time) = (Instant::now(), Duration::from_secs(self.seconds) / 2);
        let bar = Bar::new(output, doing, Some(time.as_secs()));
        let failed = |error| Failure::new("io", format!("the disk could not be tried: {error}"));
        let mut all = one_file(seed).map_err(failed)?;
        while all.losses == 0 && begun.elapsed() < time {
            bar.set(begun.elapsed().as_secs(), time.as_secs());
            seed = seed.wrapping_add(1);
            all = together(all, one_file(seed).map_err(failed)?);
        }
        Ok(all)
    }
}

/// Both; with the seed of the first loss, where there is one.
fn together(before: Row, row: Row) -> Row {
    Row {
        count: before.count + row.count,
        took: before.took + row.took,
        losses: row.losses,
        seed: if row.losses > 0 { row.seed } else { before.seed },
        first: row.first,
        ..before
    }
}

fn shown(row: &Row) -> Record {
    Record::default()
        .with("tried", row.part.as_str())
        .with("count", row.count)
        .with("unit", row.unit)
        .with("seconds", row.took.as_secs_f64())
        .with("losses", row.losses)
        .with("first_loss", row.first.as_deref())
        .with("seed", row.seed)
}

/// What is killed: this program again, which works until then. Says whether it was meant. No command of
/// the line, so that nobody is offered it.
pub fn is_child() -> bool {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let [word, path, seed, round, planted] = arguments.as_slice() else { return false };
    let number = |text: &OsString| text.to_str().and_then(|text| text.parse().ok()).unwrap_or(0);
    let path = Path::new(path);
    let is_child = word == CHILD && kill::is_child(path);
    if is_child {
        kill::child(path, number(seed), number(round), planted.to_str().unwrap_or_default());
    }
    is_child
}
