//! `prove`: tries to lose money, in many ways, and says what came of it.
//!
//! `prove [--minutes N | --count N] [--seed N] [PART ...]`; without parts, all of them. `--only N` is one fault,
//! world or file system, to see it again.

#![allow(clippy::print_stderr, reason = "it is what this program is for")]

use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use ledger_sqlite::Durability;
use prove::cuts::{self, System};
use prove::history::Place;
use prove::kill::{self, Planted};
use prove::summary::{Budget, Row, memory};
use prove::{crowd, damage, faults, history, panics, power, progress, simulation};

/// What is asked for.
struct Request {
    minutes: f64,
    count: Option<u64>,
    seed: u64,
    only: Option<usize>,
    parts: Vec<String>,
}

/// Runs a part; gives its rows.
type Part = fn(&Request) -> io::Result<Vec<Row>>;

/// Every part, in the order in which they run.
const PARTS: &[(&str, Part)] = &[
    ("kill", kills),
    ("cuts", real_cuts),
    ("power", power_cuts),
    ("faults", io_faults),
    ("history", histories),
    ("crowd", crowds),
    ("simulation", simulations),
    ("damage", damages),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [word, path, seed, round, planted] = arguments.as_slice()
        && word == "kill-child"
    {
        kill::child(Path::new(path), of_a_child(seed), of_a_child(round), planted);
        return ExitCode::SUCCESS;
    }
    if let [word, path, notes, process, seed] = arguments.as_slice()
        && word == "history-child"
    {
        let (process, seed) = (of_a_child(process), of_a_child(seed));
        let done = history::child(path.into(), Path::new(notes), process, seed);
        return if done.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    match read(arguments).and_then(|it| run(&it).map_err(|error| error.to_string())) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            eprintln!("prove: {problem}");
            ExitCode::from(2)
        }
    }
}

fn read(arguments: Vec<String>) -> Result<Request, String> {
    let minutes = std::env::var("PROVE").ok().and_then(|it| it.parse().ok()).unwrap_or(10.0);
    let mut request =
        Request { minutes, count: None, seed: fastrand::u64(..1 << 32), parts: vec![], only: None };
    if !arguments.iter().any(|word| word == "--seed") {
        // Whatever comes of it, it can be had again.
        eprintln!("prove: --seed {}", request.seed);
    }
    let mut rest = arguments.into_iter();
    while let Some(word) = rest.next() {
        match word.as_str() {
            "--minutes" => request.minutes = number(&word, rest.next())?,
            "--count" => request.count = Some(number(&word, rest.next())?),
            "--seed" => request.seed = number(&word, rest.next())?,
            "--only" => request.only = Some(number(&word, rest.next())?),
            part if PARTS.iter().any(|(name, _)| *name == part) => request.parts.push(word),
            other => return Err(format!("{other} is no part; there are {}", names())),
        }
    }
    Ok(request)
}

/// A number that this program has given to a child.
fn of_a_child(text: &str) -> u64 {
    text.parse().unwrap_or_else(|_| {
        eprintln!("prove: a child was given {text} for a number");
        std::process::exit(2)
    })
}

fn number<T: FromStr>(word: &str, text: Option<String>) -> Result<T, String> {
    let text = text.ok_or_else(|| format!("{word} wants a number"))?;
    text.parse().map_err(|_| format!("{word} wants a number, and {text} is none"))
}

fn names() -> String {
    let names: Vec<&str> = PARTS.iter().map(|(name, _)| *name).collect();
    names.join(", ")
}

/// Runs the parts; whether all is well.
fn run(request: &Request) -> io::Result<bool> {
    let mut is_well = true;
    for (name, part) in PARTS {
        if request.parts.is_empty() || request.parts.iter().any(|it| it == name) {
            let before = panics::count();
            for row in part(request)? {
                progress::clear();
                row.publish()?;
                is_well &= row.is_well();
            }
            if panics::count() > before {
                eprintln!("prove: {name}: it panicked, as said above");
                is_well = false;
            }
        }
    }
    Ok(is_well)
}

impl Request {
    /// A share of the time, or as many as were asked for.
    fn budget(&self, share: f64) -> Budget {
        let budget = match self.count {
            Some(count) => Budget::counting(count),
            None => Budget::lasting(Duration::from_secs_f64(self.minutes * 60.0 * share)),
        };
        budget.watched(progress::show)
    }
}

/// Long enough for what must be found.
fn patience() -> Budget {
    Budget::lasting(Duration::from_mins(1)).watched(progress::show)
}

fn kills(request: &Request) -> io::Result<Vec<Row>> {
    let early = Some(Planted::SaysTooEarly);
    let row = kill::run(&kill_plan(request, None)?, &request.budget(0.15))?;
    let again = |first: String| format!("{first}\n    again: prove --seed {} kill", request.seed);
    let row = Row { first: row.first.map(again), ..row };
    Ok(vec![row, kill::run(&kill_plan(request, early)?, &patience())?])
}

fn kill_plan(request: &Request, planted: Option<Planted>) -> io::Result<kill::Plan> {
    let arguments = vec!["kill-child".to_owned()];
    let program = std::env::current_exe()?;
    Ok(kill::Plan { program, arguments, folder: None, seed: request.seed, planted })
}

fn real_cuts(request: &Request) -> io::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (number, system) in [System::Ext4, System::Xfs].into_iter().enumerate() {
        if request.only.is_some_and(|only| only != number) {
            continue;
        }
        if let Err(reason) = system.check() {
            eprintln!("prove: cuts, {}: left out: {reason}", system.name());
            continue;
        }
        let run = |planted, budget: &Budget| {
            cuts::run(&cuts::Plan { system, kill: kill_plan(request, planted)? }, budget)
        };
        rows.push(run(None, &request.budget(0.05))?);
        rows.push(run(Some(Planted::DoesNotFlush), &patience())?);
    }
    Ok(rows)
}

fn power_cuts(request: &Request) -> io::Result<Vec<Row>> {
    let plan = |durability| power::Plan { seed: request.seed, durability, every: 1 };
    Ok(vec![
        power::run(plan(Durability::Full), &request.budget(0.35))?,
        power::run(plan(Durability::Normal), &patience())?,
        power::run(plan(Durability::Memory), &patience())?,
    ])
}

fn io_faults(request: &Request) -> io::Result<Vec<Row>> {
    let plan = |planted, only| faults::Plan { seed: request.seed, planted, only };
    let row = faults::run(plan(false, request.only), &request.budget(0.15))?;
    Ok(vec![row, faults::run(plan(true, None), &patience())?])
}

fn histories(request: &Request) -> io::Result<Vec<Row>> {
    let program = std::env::current_exe()?;
    let plan = |place, planted| history::Plan {
        place,
        program: (program.clone(), vec!["history-child".to_owned()]),
        seed: request.seed,
        planted,
    };
    let places = [Place::Memory(1), Place::Memory(2), Place::File, Place::Processes];
    let rows = places.map(|place| history::run(&plan(place, false), &request.budget(0.02)));
    let planted = history::run(&plan(Place::Memory(1), true), &patience());
    rows.into_iter().chain([planted]).collect()
}

fn crowds(request: &Request) -> io::Result<Vec<Row>> {
    let places = [crowd::Place::Memory(1), crowd::Place::Memory(3), crowd::Place::File];
    let run = |place| crowd::run(place, request.seed, false, &request.budget(0.02));
    let planted = crowd::run(crowd::Place::Memory(1), request.seed, true, &patience());
    places.map(run).into_iter().chain([planted]).collect()
}

#[allow(clippy::unnecessary_wraps, reason = "like the other parts")]
fn simulations(request: &Request) -> io::Result<Vec<Row>> {
    let only = request.only.map(|it| it as u64);
    let row = simulation::run(request.seed, only, &request.budget(0.12));
    Ok(vec![row, simulation::find_planted(request.seed, patience)])
}

fn damages(request: &Request) -> io::Result<Vec<Row>> {
    let row = damage::run(&memory(), request.seed, false, &request.budget(0.05))?;
    Ok(vec![row, damage::run(&memory(), request.seed, true, &patience())?])
}
