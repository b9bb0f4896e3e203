//! `prove`: tries to lose money, in many ways, and says what came of it.
//!
//! `prove [--minutes N | --count N] [--seed N] [PART ...]`; without parts, all of them.

#![allow(clippy::print_stderr, reason = "it is what this program is for")]

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use ledger_sqlite::Durability;
use prove::summary::{Budget, Row};
use prove::{faults, history, kill, power, simulation};

/// What is asked for.
struct Request {
    minutes: f64,
    count: Option<u64>,
    seed: u64,
    only: Option<usize>,
    parts: Vec<String>,
}

/// Every part, in the order in which they run.
const PARTS: &[(&str, fn(&Request) -> Result<Vec<Row>, String>)] = &[
    ("kill", kills),
    ("power", power_cuts),
    ("faults", io_faults),
    ("history", histories),
    ("simulation", simulations),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [word, path, seed, round, planted] = arguments.as_slice()
        && word == "kill-child"
    {
        let number = |text: &str| text.parse().unwrap_or(0);
        kill::child(Path::new(path), number(seed), number(round), planted == "true");
        return ExitCode::SUCCESS;
    }
    if let [word, path, notes, process, seed] = arguments.as_slice()
        && word == "history-child"
    {
        let number = |text: &str| text.parse().unwrap_or(0);
        let done = history::child(path.into(), Path::new(notes), number(process), number(seed));
        return if done.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    match read(arguments).and_then(|request| run(&request)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            eprintln!("prove: {problem}");
            ExitCode::from(2)
        }
    }
}

fn read(arguments: Vec<String>) -> Result<Request, String> {
    let minutes = std::env::var("PROVE").ok().and_then(|it| it.parse().ok()).unwrap_or(4.0);
    let mut request =
        Request { minutes, count: None, seed: fastrand::u64(..1 << 32), parts: vec![], only: None };
    let mut rest = arguments.into_iter();
    while let Some(word) = rest.next() {
        let mut value = || rest.next().ok_or_else(|| format!("{word} wants a number"));
        let wrong = |text: String| format!("{text} is no number");
        match word.as_str() {
            "--minutes" => {
                request.minutes = value().and_then(|it| it.parse().map_err(|_| wrong(it)))?
            }
            "--count" => {
                request.count = Some(value().and_then(|it| it.parse().map_err(|_| wrong(it)))?)
            }
            "--seed" => request.seed = value().and_then(|it| it.parse().map_err(|_| wrong(it)))?,
            "--only" => {
                request.only = Some(value().and_then(|it| it.parse().map_err(|_| wrong(it)))?)
            }
            part if PARTS.iter().any(|(name, _)| *name == part) => request.parts.push(word),
            other => return Err(format!("{other} is no part; there are {}", names())),
        }
    }
    Ok(request)
}

fn names() -> String {
    let names: Vec<&str> = PARTS.iter().map(|(name, _)| *name).collect();
    names.join(", ")
}

/// Runs the parts; whether all is well.
fn run(request: &Request) -> Result<bool, String> {
    let mut is_well = true;
    for (name, part) in PARTS {
        if request.parts.is_empty() || request.parts.iter().any(|it| it == name) {
            for row in part(request)? {
                row.publish().map_err(|error| error.to_string())?;
                is_well &= row.is_well();
            }
        }
    }
    Ok(is_well)
}

impl Request {
    /// A share of the time, or as many as were asked for.
    fn budget(&self, share: f64) -> Budget {
        match self.count {
            Some(count) => Budget::counting(count),
            None => Budget::lasting(Duration::from_secs_f64(self.minutes * 60.0 * share)),
        }
    }
}

fn kills(request: &Request) -> Result<Vec<Row>, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let arguments = vec!["kill-child".to_owned()];
    let plan = |planted| kill::Plan {
        program: program.clone(),
        arguments: arguments.clone(),
        seed: request.seed,
        planted,
    };
    let said = |error: std::io::Error| error.to_string();
    let planted = kill::run(&plan(true), &Budget::lasting(Duration::from_mins(1))).map_err(said)?;
    Ok(vec![kill::run(&plan(false), &request.budget(0.2)).map_err(said)?, planted])
}

fn power_cuts(request: &Request) -> Result<Vec<Row>, String> {
    let said = |error: std::io::Error| error.to_string();
    let plan = |durability| power::Plan { seed: request.seed, durability };
    let row = power::run(plan(Durability::Full), &request.budget(0.4)).map_err(said)?;
    let lowered = [Durability::Normal, Durability::Memory].map(|durability| {
        power::run(plan(durability), &Budget::lasting(Duration::from_mins(1))).map_err(said)
    });
    std::iter::once(Ok(row)).chain(lowered).collect()
}

fn io_faults(request: &Request) -> Result<Vec<Row>, String> {
    let said = |error: std::io::Error| error.to_string();
    let plan = |planted| faults::Plan { seed: request.seed, planted, only: request.only };
    let row = faults::run(plan(false), &request.budget(0.3)).map_err(said)?;
    let planted = faults::run(plan(true), &Budget::lasting(Duration::from_mins(1)));
    Ok(vec![row, planted.map_err(said)?])
}

fn histories(request: &Request) -> Result<Vec<Row>, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let plan = |place, planted| history::Plan {
        place,
        program: (program.clone(), vec!["history-child".to_owned()]),
        seed: request.seed,
        planted,
    };
    use history::Place::{File, Memory, Processes};
    let mut rows = Vec::new();
    for place in [Memory(1), Memory(2), File, Processes] {
        rows.push(history::run(&plan(place, false), &request.budget(0.03)));
    }
    rows.push(history::run(&plan(Memory(1), true), &Budget::lasting(Duration::from_mins(1))));
    rows.into_iter().map(|row| row.map_err(|error| error.to_string())).collect()
}

fn simulations(request: &Request) -> Result<Vec<Row>, String> {
    let only = request.only.map(|it| it as u64);
    let row = simulation::run(request.seed, only, &request.budget(0.15));
    Ok(vec![row, simulation::find_planted(request.seed)])
}
