//! A process is killed at random moments while it works; what it had been told must be there.
//!
//! The child is this program again. It writes each thing that is sent, and each that was said, to its
//! standard output, which the kill can't take back.

#![allow(clippy::print_stdout, reason = "a child talks to its parent")]

use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, mpsc};
use std::time::{Duration, Instant};
use std::{fs, thread};

use fastrand::Rng;
use ledger_core::{Asset, Error, Transaction, WalletId, WalletSpec};
use ledger_sqlite::{Durability, SqliteLedger};
use serde_json::{Value, json};

use crate::check::{self, Loss};
use crate::summary::{self, Budget, Row};
use crate::workload::clerk::Clerk;
use crate::workload::spelled;
use crate::workload::told::{Said, Tell, Told};

/// How often a file is used again before a new one begins.
const ROUNDS: u64 = 12;
/// Threads of a child.
const CLERKS: u64 = 3;
/// Set for a child, so that nobody becomes one by the words alone.
const MARK: &str = "LEDGER_TORTURE_CHILD";
/// A child that says nothing for so long hangs.
const PATIENCE: Duration = Duration::from_mins(1);

/// How to kill.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The program to run as a child.
    pub program: PathBuf,
    /// What comes before the child's own arguments.
    pub arguments: Vec<String>,
    /// Where files are made, and removed again if nothing is lost. None is in memory mostly, where more can be
    /// tried, and on a disk now and then.
    pub folder: Option<PathBuf>,
    /// Where the random numbers begin.
    pub seed: u64,
    /// What is wrong with the child.
    pub planted: Option<Planted>,
}

/// What may be wrong with a child, so that there are losses to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    /// It says what will be before it is.
    SaysTooEarly,
    /// It does not flush what it commits.
    DoesNotFlush,
}

impl Planted {
    const ALL: [Self; 2] = [Self::SaysTooEarly, Self::DoesNotFlush];

    fn word(planted: Option<Self>) -> String {
        format!("{planted:?}")
    }

    /// Reads what a child was told of itself.
    fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| Self::word(Some(*it)) == word)
    }
}

/// Kills as long as the budget allows.
pub fn run(plan: &Plan, budget: &Budget) -> io::Result<Row> {
    let name = if plan.planted.is_some() { "kill, answered too early" } else { "kill" };
    let mut row = Row::new(name, "kills", plan.seed);
    row.expects = plan.planted.map(|_| check::GONE);
    let mut rng = Rng::with_seed(plan.seed);
    while budget.goes_on(&row) && row.losses == 0 {
        let seed = rng.u64(..);
        if let Err(loss) = one_file(plan, seed, budget, &mut row) {
            row.lose(|| loss);
        }
    }
    row.took = budget.took();
    Ok(row)
}

/// A new file, on which child after child is killed.
fn one_file(plan: &Plan, seed: u64, budget: &Budget, row: &mut Row) -> Result<(), Loss> {
    let mut rng = Rng::with_seed(seed);
    let folder = summary::folder_in(&place(plan, &mut rng)).map_err(|error| error.to_string())?;
    let path = folder.path().join("test.ledger");
    let mut told = Told::default();
    for round in 0..ROUNDS {
        if !budget.goes_on(row) {
            break;
        }
        row.count += 1;
        let ms = if rng.u8(0..8) == 0 { rng.u64(10..100) } else { rng.u64(0..10) };
        let end_after = Duration::from_micros(ms * 1_000 + rng.u64(0..1_000));
        let seed = rng.u64(..);
        let child = Spec { path: &path, seed, round, end_after, without_power: None };
        let checked = child.run(plan, &mut told).and_then(|()| after(&path, &mut told, round));
        if let Err(loss) = checked {
            let kept = folder.keep();
            return Err(format!("{loss}\n    the file is kept at {}", kept.display()));
        }
    }
    Ok(())
}

/// What was written stays written when a process dies; on a disk, though, flushes take their time.
fn place(plan: &Plan, rng: &mut Rng) -> PathBuf {
    let on_disk = rng.u8(0..16) == 0;
    plan.folder
        .clone()
        .unwrap_or_else(|| if on_disk { std::env::temp_dir() } else { summary::memory() })
}

/// What must hold after a kill; and whoever was not answered sends the same again.
pub fn after(path: &Path, told: &mut Told, round: u64) -> Result<(), Loss> {
    if !told.is_open && !path.exists() {
        return Ok(());
    }
    let ledger = check::reopened(path, told)?;
    check::keys_are_found(&ledger, told, 17)?;
    spelled::send_again(&ledger, &spelled::keys(told), &mut |tell| told.hear(&tell))?;
    check::same(&ledger, told)?;
    check_copies(path, told, round)
}

/// Copies that were answered are whole; of others there is nothing under their names, or a whole one.
fn check_copies(path: &Path, told: &Told, round: u64) -> Result<(), Loss> {
    let copy = path.with_file_name(copy_name(round));
    let complete = told.copies.get(&copy_name(round)).filter(|it| it.is_complete);
    match complete {
        Some(complete) => check::copy_holds(&copy, complete)?,
        None if copy.exists() => match check::is_whole(&copy) {
            // Killed between the link and the removal of the first name, it has two.
            Err(loss) if !loss.contains("hard links") => return Err(loss),
            _ => {}
        },
        None => {}
    }
    remove_copies(path).map_err(|error| error.to_string())
}

fn remove_copies(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path.parent().unwrap_or(path))? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("copy") {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn copy_name(round: u64) -> String {
    format!("copy-{round}")
}

/// How the power goes, and how long a child goes on without it.
pub type WithoutPower<'a> = (&'a dyn Fn() -> io::Result<()>, Duration);

/// A child, and when it is to end.
pub struct Spec<'a> {
    /// The file that it works on.
    pub path: &'a Path,
    /// Where its random numbers begin.
    pub seed: u64,
    /// How many were there before it.
    pub round: u64,
    /// When it is killed, after its first word.
    pub end_after: Duration,
    /// Whether the power goes before.
    pub without_power: Option<WithoutPower<'a>>,
}

impl Spec<'_> {
    /// Starts a child, kills it after its first word and some time, and takes in all it said.
    pub fn run(&self, plan: &Plan, told: &mut Told) -> Result<(), Loss> {
        let child = Command::new(&plan.program)
            .args(&plan.arguments)
            .arg(self.path)
            .args([self.seed.to_string(), self.round.to_string(), Planted::word(plan.planted)])
            .env(MARK, "1")
            .stdout(Stdio::piped())
            .spawn();
        let mut child = child.map_err(|error| format!("no child: {error}"))?;
        let lines = listen(&mut child);
        let mut hear = Hearing::of(told);
        // Some are killed while they make or open the file.
        if self.seed.is_multiple_of(4) {
            thread::sleep(self.end_after);
        } else if let Ok(first) = lines.recv_timeout(PATIENCE) {
            hear.line(&first)?;
            thread::sleep(self.end_after);
        }
        while let Ok(line) = lines.try_recv() {
            hear.line(&line)?;
        }
        let cut = self
            .without_power
            .map_or(Ok(()), |(cut, going_on)| cut().map(|()| thread::sleep(going_on)));
        let ended = child.kill().and_then(|()| child.wait());
        cut.and(ended).map_err(|error| error.to_string())?;
        let begun = Instant::now();
        while let Ok(line) = lines.recv_timeout(PATIENCE) {
            // Without power a child may say that it can't work.
            if self.without_power.is_none() || !is_failure(&line) {
                hear.line(&line)?;
            }
            if begun.elapsed() > PATIENCE {
                return Err("the child could not be killed".to_owned());
            }
        }
        Ok(())
    }
}

/// Reads all that a child says, so that it never waits for its parent.
fn listen(child: &mut Child) -> mpsc::Receiver<String> {
    let (send, receive) = mpsc::channel();
    if let Some(out) = child.stdout.take() {
        thread::spawn(move || {
            let lines = BufReader::new(out).lines().map_while(Result::ok);
            lines.take_while(|line| send.send(line.clone()).is_ok()).count()
        });
    }
    receive
}

/// Whether this process was started as a child, to work in a folder that was made for it: any other file may
/// be somebody's.
pub fn is_child(path: &Path) -> bool {
    let folder = path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy());
    std::env::var_os(MARK).is_some() && folder.is_some_and(|name| name.starts_with(summary::PREFIX))
}

/// What a child does: work until it is killed. That it can't is a loss.
pub fn child(path: &Path, seed: u64, round: u64, planted: &str) {
    if let Err(error) = work(path, seed, round, Planted::read(planted)) {
        say(&json!(["failed", error.to_string()]));
    }
}

fn work(path: &Path, seed: u64, round: u64, planted: Option<Planted>) -> Result<(), Error> {
    let mut rng = Rng::with_seed(seed);
    let is_flushed = planted != Some(Planted::DoesNotFlush);
    let durability = if is_flushed { Durability::Full } else { Durability::Normal };
    loop {
        let ledger = check::builder(path).durability(durability).open()?;
        say(&written(&Tell::Opened));
        let sent = Mutex::default();
        thread::scope(|scope| {
            for _ in 0..CLERKS {
                let (ledger, sent, seed) = (&ledger, &sent, rng.u64(..));
                scope.spawn(move || {
                    let name = format!("{round}-{seed:x}");
                    let rng = &mut Rng::with_seed(seed);
                    if let Err(error) = one_clerk(ledger, sent, &name, rng, planted) {
                        say(&written(&Tell::Failed(Box::new(error))));
                    }
                });
            }
            // A copy is made beside those who write.
            let copy = path.with_file_name(copy_name(round));
            if rng.u8(0..4) == 0 && !copy.exists() {
                say(&written(&Tell::SentCopy(copy_name(round))));
                match ledger.backup(&copy) {
                    Ok(()) => say(&written(&Tell::Copied(copy_name(round)))),
                    Err(error) => say(&written(&Tell::Failed(Box::new(error)))),
                }
            }
        });
        ledger.close_file()?;
    }
}

/// Works; another clerk's keys are looked up now and then, and what is shown is as good as told.
fn one_clerk(
    ledger: &SqliteLedger,
    sent: &Mutex<Vec<String>>,
    name: &str,
    rng: &mut Rng,
    planted: Option<Planted>,
) -> Result<(), Error> {
    let tell = &mut |tell: Tell| {
        if let (Tell::Sent(key), Ok(mut sent)) = (&tell, sent.lock()) {
            sent.push(key.clone());
        }
        say(&written(&tell));
    };
    let mut clerk = Clerk::new(name, rng.u64(..), ledger, tell)?;
    for number in 0..rng.usize(1..400) {
        if planted == Some(Planted::SaysTooEarly) {
            say_too_early(ledger, &format!("early:{name}:{number}"), tell)?;
        }
        clerk.work(ledger, tell)?;
        let key = sent.lock().ok().and_then(|sent| rng.choice(sent.iter().rev().take(9)).cloned());
        if let (Some(key), 0) = (key, rng.u8(0..3)) {
            let found = ledger.transaction_by_key(key.as_str())?;
            if found.is_some() {
                say(&written(&Tell::Shown(key, Said::found(found.as_ref()))));
            }
        }
    }
    Ok(())
}

/// Says that a deposit is there before it is. Nobody is told more of it, so only a kill in between is a loss.
fn say_too_early(
    ledger: &SqliteLedger,
    key: &str,
    tell: &mut dyn FnMut(Tell),
) -> Result<(), Error> {
    let spec = WalletSpec::new("early", Asset::iso("USD")?)?;
    tell(Tell::SentWallet("early".to_owned()));
    let wallet = ledger.open_wallet(spec)?;
    tell(Tell::Sent(key.to_owned()));
    tell(Tell::Said(key.to_owned(), Said::There));
    ledger.deposit(&wallet, wallet.asset.minor(1), key).map(drop)
}

fn say(line: &Value) {
    let mut out = io::stdout().lock();
    if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
        // The parent is gone, and would have killed this one.
        std::process::exit(1);
    }
}

/// What is told, as a line.
fn written(tell: &Tell) -> Value {
    match tell {
        Tell::Opened => json!(["opened"]),
        Tell::Sent(key) => json!(["sent", key]),
        Tell::SentTogether(keys) => json!(["together", keys]),
        Tell::Said(key, Said::Done(done)) => json!(["done", key, done]),
        Tell::Said(key, Said::Refused(kind)) => json!(["refused", key, kind]),
        Tell::Said(key, Said::Nothing) => json!(["nothing", key]),
        Tell::Said(key, Said::No) => json!(["no", key]),
        Tell::Said(key, Said::There) => json!(["there", key]),
        Tell::Said(key, Said::Sent | Said::Maybe) => json!(["maybe", key]),
        Tell::Shown(key, said) => {
            json!(["shown", written(&Tell::Said(key.clone(), said.clone()))])
        }
        Tell::Failed(error) => json!(["failed", error.to_string()]),
        Tell::SentWallet(name) => json!(["wallet sent", name]),
        Tell::Wallet(name, id) => json!(["wallet", name, id.raw()]),
        Tell::SentCopy(name) => json!(["copy sent", name]),
        Tell::Copied(name) => json!(["copied", name]),
    }
}

fn is_failure(line: &str) -> bool {
    line.starts_with("[\"failed\"")
}

/// Takes in what a child says, line by line.
struct Hearing<'a> {
    told: &'a mut Told,
    /// A line that was cut off. It can only be the last, which was not told.
    cut_off: Option<String>,
}

impl<'a> Hearing<'a> {
    fn of(told: &'a mut Told) -> Self {
        Self { told, cut_off: None }
    }

    fn line(&mut self, line: &str) -> Result<(), Loss> {
        if is_failure(line) {
            return Err(format!("the child can't work: {line}"));
        }
        if let Some(earlier) = &self.cut_off {
            return Err(format!("the child said {earlier}, and went on"));
        }
        let Ok(said) = serde_json::from_str::<Value>(line) else {
            self.cut_off = Some(line.to_owned());
            return Ok(());
        };
        let tell = read(&said).ok_or_else(|| format!("the child said: {line}"))?;
        self.told.hear(&tell);
        Ok(())
    }
}

fn read(line: &Value) -> Option<Tell> {
    let text = |place: usize| line.get(place).and_then(Value::as_str).map(str::to_owned);
    let said = |said: Said| Some(Tell::Said(text(1)?, said));
    match text(0)?.as_str() {
        "opened" => Some(Tell::Opened),
        "sent" => Some(Tell::Sent(text(1)?)),
        "together" => {
            let keys = line.get(1)?.as_array()?.iter();
            Some(Tell::SentTogether(keys.filter_map(|it| Some(it.as_str()?.to_owned())).collect()))
        }
        "done" => {
            let done: Transaction = serde_json::from_value(line.get(2)?.clone()).ok()?;
            said(Said::Done(Box::new(done)))
        }
        "refused" => said(Said::Refused(text(2)?)),
        "nothing" => said(Said::Nothing),
        "no" => said(Said::No),
        "there" => said(Said::There),
        "maybe" => said(Said::Maybe),
        "shown" => match read(line.get(1)?)? {
            Tell::Said(key, said) => Some(Tell::Shown(key, said)),
            _ => None,
        },
        "wallet sent" => Some(Tell::SentWallet(text(1)?)),
        "wallet" => Some(Tell::Wallet(text(1)?, WalletId::from_raw(line.get(2)?.as_u64()?)?)),
        "copy sent" => Some(Tell::SentCopy(text(1)?)),
        "copied" => Some(Tell::Copied(text(1)?)),
        _ => None,
    }
}
