//! Runs every target under libFuzzer, and says what came of it in the same words as `prove`.
//!
//! `all [--minutes N] [--seed N] [TARGET ...]`; it needs cargo-fuzz, a nightly toolchain and a C++ compiler.

#![allow(clippy::print_stderr, reason = "it is what this program is for")]

use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use fuzz::TARGETS;
use torture::summary::{Row, folder};

/// Longest input.
const BYTES_MAX: usize = 4_096;
/// An input that takes longer is a fault.
const SECONDS_MAX: usize = 60;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let option = |name: &str| {
        let place = arguments.iter().position(|it| it == name)?;
        arguments.get(place + 1)
    };
    let minutes = option("--minutes").and_then(|it| it.parse().ok()).unwrap_or(1.0);
    let seed = option("--seed").and_then(|it| it.parse().ok());
    let seed = seed.unwrap_or_else(|| fastrand::u64(1..1 << 31));
    let is_wanted = |name: &str| {
        let names = |it: &String| TARGETS.iter().any(|(name, _)| name == it);
        !arguments.iter().any(names) || arguments.iter().any(|it| it == name)
    };
    let mut is_well = true;
    for (name, _) in TARGETS.iter().filter(|(name, _)| is_wanted(name)) {
        match run(name, minutes, seed).and_then(|row| row.publish().map(|()| row.is_well())) {
            Ok(well) => is_well &= well,
            Err(error) => {
                eprintln!(
                    "fuzz: {name}: {error}; is cargo-fuzz installed, and a nightly toolchain?"
                );
                return ExitCode::from(2);
            }
        }
    }
    if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run(name: &str, minutes: f64, seed: u64) -> io::Result<Row> {
    let began = Instant::now();
    let mut row = Row::new(format!("fuzz {name}"), "inputs", seed);
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = folder().join("fuzz").join(name);
    std::fs::create_dir_all(&found)?;
    let mut child = Command::new("cargo")
        .args(["+nightly", "fuzz", "run", "--sanitizer", "none", "--codegen-units", "16"])
        .args(["--features", "libfuzzer", name])
        .arg("--fuzz-dir")
        .arg(here)
        // What it finds is kept apart, and what is committed is where it begins.
        .args([&found, &here.join("seeds").join(name)])
        .arg("--")
        .args([format!("-max_total_time={}", (minutes * 60.0).round()), format!("-seed={seed}")])
        .args([format!("-max_len={BYTES_MAX}"), format!("-timeout={SECONDS_MAX}")])
        .args(["-print_final_stats=1", "-verbosity=1"])
        .stderr(Stdio::piped())
        .spawn()?;
    let mut said = Said::default();
    for line in BufReader::new(child.stderr.take().ok_or(io::ErrorKind::Other)?).lines() {
        said.hear(&line?);
    }
    row.count = said.inputs;
    row.more = said.reached.into_iter().collect();
    if !child.wait()?.success() {
        if said.inputs == 0 {
            return Err(io::Error::other(said.last));
        }
        row.lose(|| said.fault.join("\n    "));
    }
    row.took = began.elapsed();
    Ok(row)
}

/// What libFuzzer says.
#[derive(Debug, Default)]
struct Said {
    inputs: u64,
    /// How much of the program was reached.
    reached: Option<String>,
    fault: Vec<String>,
    last: String,
}

impl Said {
    fn hear(&mut self, line: &str) {
        if let Some(number) = line.strip_prefix("stat::number_of_executed_units:") {
            self.inputs = number.trim().parse().unwrap_or(0);
        } else if line.contains(" cov: ") {
            self.reached = line.split_once("cov: ").map(|(_, rest)| format!("reached: cov {rest}"));
        } else if line.contains("Test unit written to") || self.is_telling(line) {
            self.fault.push(line.to_owned());
        }
        if !line.trim().is_empty() {
            line.clone_into(&mut self.last);
        }
    }

    /// Whether a line says what went wrong, or follows the one that does.
    fn is_telling(&self, line: &str) -> bool {
        line.contains("panicked at") || (1..4).contains(&self.fault.len())
    }
}
