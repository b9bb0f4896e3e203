//! What came of a part: a line for programs in `target/prove/summary.json`, and one for people.

#![allow(clippy::print_stdout, reason = "it is what this program is for")]

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

/// What came of a part, or of a row of it.
#[derive(Clone, Debug)]
pub struct Row {
    /// Which part, and which row of it.
    pub part: String,
    /// What was counted.
    pub unit: &'static str,
    /// How many there were.
    pub count: u64,
    /// How long it took.
    pub took: Duration,
    /// Where the random numbers began.
    pub seed: u64,
    /// How many were lost.
    pub losses: u64,
    /// What the first loss must say, where there has to be one, to show that it is found.
    pub expects: Option<&'static str>,
    /// The first loss: what it is, and how to see it again.
    pub first: Option<String>,
    /// What else there is to say to people.
    pub more: Vec<String>,
}

impl Row {
    /// A row in which nothing was counted yet.
    pub fn new(part: impl Into<String>, unit: &'static str, seed: u64) -> Self {
        Self {
            part: part.into(),
            unit,
            count: 0,
            took: Duration::ZERO,
            seed,
            losses: 0,
            expects: None,
            first: None,
            more: Vec::new(),
        }
    }

    /// Counts a loss; the first is kept in words.
    pub fn lose(&mut self, what: impl FnOnce() -> String) {
        self.losses += 1;
        self.first.get_or_insert_with(what);
    }

    /// Whether all is as it should be.
    pub fn is_well(&self) -> bool {
        let is_as_expected = match (self.expects, &self.first) {
            (Some(words), Some(first)) => first.contains(words),
            (expected, first) => expected.is_none() && first.is_none(),
        };
        is_as_expected && self.count > 0
    }

    /// Says it to people and to programs.
    pub fn publish(&self) -> io::Result<()> {
        let rate = f64::from(u32::try_from(self.count).unwrap_or(u32::MAX))
            / self.took.as_secs_f64().max(0.001);
        let word = match (self.is_well(), self.expects) {
            (true, Some(_)) => "found, as it must be",
            (true, None) => "well",
            (false, _) => "NOT WELL",
        };
        println!(
            "{:<34} {:>9} {:<14} {:>7.1} s {:>9.0}/s  losses {:<6} seed {:<12} {word}",
            self.part,
            self.count,
            self.unit,
            self.took.as_secs_f64(),
            rate,
            self.losses,
            self.seed
        );
        self.more.iter().for_each(|line| println!("    {line}"));
        if let (Some(first), false) = (&self.first, self.is_well()) {
            println!("    {first}");
        }
        self.write_down()
    }

    fn write_down(&self) -> io::Result<()> {
        let folder = folder();
        fs::create_dir_all(&folder)?;
        let path = folder.join("summary.json");
        let mut file = OpenOptions::new().create(true).append(true).open(path)?;
        let line = json!({
            "part": self.part,
            "unit": self.unit,
            "count": self.count,
            "seconds": (self.took.as_secs_f64() * 10.0).round() / 10.0,
            "seed": self.seed,
            "losses": self.losses,
            "expected_losses": self.expects.is_some(),
        });
        writeln!(file, "{line}")
    }
}

/// Where results and what is left of losses are kept.
pub fn folder() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or("target".into(), PathBuf::from);
    target.join("prove")
}

/// In memory where there is such a place: for states that are made here, not by the disk.
pub fn memory() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { memory } else { std::env::temp_dir() }
}

/// A folder there, to work in.
pub fn working_folder() -> io::Result<TempDir> {
    folder_in(&memory())
}

/// How the names of folders to work in begin.
pub(crate) const PREFIX: &str = "torture-";

/// A folder to work in, removed when it is dropped.
pub fn folder_in(place: &Path) -> io::Result<TempDir> {
    tempfile::Builder::new().prefix(PREFIX).tempdir_in(place)
}

/// How long a part may go on.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    began: Instant,
    time: Duration,
    /// It ends earlier after so many.
    pub count_max: u64,
    watcher: Option<fn(&Row, &Self)>,
}

impl Budget {
    /// So long, from now.
    pub fn lasting(time: Duration) -> Self {
        Self { began: Instant::now(), time, count_max: u64::MAX, watcher: None }
    }

    /// So many, however long it takes.
    pub fn counting(count_max: u64) -> Self {
        Self { began: Instant::now(), time: Duration::from_hours(24), count_max, watcher: None }
    }

    /// Whether there is more to do.
    pub fn allows(&self, count: u64) -> bool {
        count < self.count_max && self.began.elapsed() < self.time
    }

    /// Has that be told, again and again, how far a part is.
    #[must_use]
    pub fn watched(self, watcher: fn(&Row, &Self)) -> Self {
        Self { watcher: Some(watcher), ..self }
    }

    /// The same, for a part that is at `row`; whoever watches is told so.
    pub fn goes_on(&self, row: &Row) -> bool {
        if let Some(watcher) = self.watcher {
            watcher(row, self);
        }
        self.allows(row.count)
    }

    /// How long it took so far.
    pub fn took(&self) -> Duration {
        self.began.elapsed()
    }
}
