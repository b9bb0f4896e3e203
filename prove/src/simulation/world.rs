//! One world, from a seed to its end.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use ledger_core::{
    Asset, Class, Command, Error, Kind, Ledger, LedgerBuilder, Receipt, Retry, Timestamp,
    Transaction, WalletId, WalletSpec,
};

use crate::check::Loss;
use crate::simulation::BEGINNING;
use crate::simulation::acts::{self, Names};
use crate::simulation::clock::Told as Clock;
use crate::simulation::model::{Cmd, Model, NOBODY, State, WORLD};
use crate::simulation::planted::Planted;
use crate::simulation::shaky::Shaky;

/// Steps of a world.
const STEPS: usize = 80;

/// What came of a world in which all was well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// How many commands were sent.
    pub commands: u64,
    /// How often it crashed.
    pub crashes: u64,
    /// A number that another course of things would hardly have.
    pub trace: u64,
}

/// A world.
pub struct World {
    rng: Rng,
    store: Arc<Shaky>,
    clock: Arc<Clock>,
    ledger: Ledger,
    names: Names,
    model: Model,
    /// What each key was answered with.
    first: HashMap<u8, Transaction>,
    earlier: Vec<Vec<Cmd>>,
    trace: DefaultHasher,
    /// Whether each step is said aloud, for whoever wants to know what went wrong.
    talks: bool,
    done: Done,
}

impl World {
    /// Runs it to its end, or until an answer is not the model's.
    pub fn run(seed: u64, planted: Option<Planted>) -> Result<Done, Loss> {
        Self::live(seed, planted, false)
    }

    /// The same, step by step aloud.
    pub fn run_aloud(seed: u64) -> Result<Done, Loss> {
        Self::live(seed, None, true)
    }

    fn live(seed: u64, planted: Option<Planted>, talks: bool) -> Result<Done, Loss> {
        let mut world = Self::new(seed, planted).map_err(|error| error.to_string())?;
        world.talks = talks;
        world.store.calm(false);
        for step in 0..STEPS {
            world.step().map_err(|loss| format!("step {step}: {loss}"))?;
        }
        world.done.trace = world.trace.finish();
        Ok(world.done)
    }

    fn new(seed: u64, planted: Option<Planted>) -> Result<Self, Error> {
        let store = Arc::new(Shaky::new(seed ^ 1, planted));
        let clock = Arc::new(Clock::new(BEGINNING));
        let ledger = open(&store, &clock)?;
        let (usd, wallets) = wallets(&ledger)?;
        let names = Names { usd, wallets, holds: Vec::new(), transactions: Vec::new() };
        Ok(Self {
            rng: Rng::with_seed(seed),
            store,
            clock,
            ledger,
            names,
            model: Model::new(BEGINNING),
            first: HashMap::new(),
            earlier: Vec::new(),
            trace: DefaultHasher::new(),
            talks: false,
            done: Done { commands: 0, crashes: 0, trace: 0 },
        })
    }

    fn step(&mut self) -> Result<(), Loss> {
        match self.rng.u8(0..30) {
            0..5 => self.move_clock(),
            5 => self.crash()?,
            6 => self.ask_at_a_bad_time()?,
            7..10 if !self.earlier.is_empty() => {
                let place = self.rng.usize(..self.earlier.len());
                let cmds = self.earlier.get(place).cloned().unwrap_or_default();
                self.each(&cmds)?;
            }
            10..20 => {
                let cmds = vec![self.choose()];
                self.each(&cmds)?;
            }
            20..25 => {
                let count = self.rng.usize(2..6);
                let cmds = self.choose_several(count);
                self.each(&cmds)?;
            }
            _ => {
                let count = self.rng.usize(1..4);
                let cmds = self.choose_several(count);
                self.all(&cmds)?;
            }
        }
        self.look()
    }

    fn choose(&mut self) -> Cmd {
        acts::choose(&mut self.rng, 0..90)
    }

    /// With different keys: if a group is run again after a doubt, what was refused without being remembered
    /// is decided behind the rest, and of two with the same key the other is first then.
    fn choose_several(&mut self, count: usize) -> Vec<Cmd> {
        let mut cmds: Vec<Cmd> = (0..count).map(|_| self.choose()).collect();
        cmds.sort_by_key(|cmd| cmd.key);
        cmds.dedup_by_key(|cmd| cmd.key);
        self.rng.shuffle(&mut cmds);
        cmds
    }

    fn move_clock(&mut self) {
        let ms = match self.rng.u8(0..8) {
            0 => -self.rng.i64(1..3_600_000),
            1 => self.rng.i64(1..3),
            _ => self.rng.i64(1..150),
        };
        let now = self.clock.shows() + ms;
        self.clock.set(now);
        self.note(&("clock", now));
    }

    /// The ledger goes by the latest time that it was told, or that stands in the journal.
    fn tick(&mut self) {
        self.model.now = self.model.now.max(self.clock.latest());
    }

    fn crash(&mut self) -> Result<(), Loss> {
        self.done.crashes += 1;
        let store = self.store.crashed().map_err(|error| error.to_string())?;
        self.store = Arc::new(store);
        self.ledger = open(&self.store, &self.clock).map_err(|error| error.to_string())?;
        let last = self.store.last_time().map_or(i64::MIN, Timestamp::unix_ms);
        // What it had seen of the clock and not written down is forgotten.
        self.clock.forget();
        self.model.now = last;
        self.note(&("crash", self.model.now));
        Ok(())
    }

    /// A clock that can't be right is not believed, and nothing is written.
    fn ask_at_a_bad_time(&mut self) -> Result<(), Loss> {
        let good = self.clock.shows();
        self.clock.set(-1);
        let cmd = self.choose();
        let answer = self.names.command(&cmd).map(|command| self.ledger.submit(command));
        self.clock.set(good);
        match answer {
            Some(Ok(receipt)) => Err(format!("{cmd:?} was carried out in 1969: {receipt:?}")),
            _ => Ok(()),
        }
    }

    fn each(&mut self, cmds: &[Cmd]) -> Result<(), Loss> {
        let commands: Vec<Command> = cmds.iter().filter_map(|it| self.names.command(it)).collect();
        if commands.len() < cmds.len() {
            return Ok(());
        }
        self.done.commands += cmds.len() as u64;
        self.note(&("each of", cmds));
        let (before, doubts) = (self.model.state.clone(), self.store.doubts());
        let answers = self.ledger.submit_each(commands);
        let is_rerun = self.store.doubts() > doubts;
        self.tick();
        let mut behind = Vec::new();
        for (place, cmd) in cmds.iter().enumerate() {
            let answer = match &answers {
                Ok(answers) => answers.get(place).cloned().ok_or("an answer is missing")?,
                Err(error) => Err(error.clone()),
            };
            self.note(&answer.as_ref().map(|it| it.id.raw()).map_err(Error::kind));
            if is_rerun && self.is_decided_again(&before, cmd, &answer) {
                behind.push((cmd, answer));
            } else {
                self.one_answer(cmd, &answer, |model| model.each(&before, cmd))?;
            }
        }
        for (cmd, answer) in behind {
            self.one_answer(cmd, &answer, |model| model.each(&before, cmd))?;
        }
        self.earlier.push(cmds.to_vec());
        Ok(())
    }

    /// After a doubt a group runs again. What was refused the first time, without being remembered, is then
    /// decided behind the rest.
    fn is_decided_again(&self, before: &State, cmd: &Cmd, answer: &Result<Receipt, Error>) -> bool {
        let mut model = self.model.clone();
        let expected = model.each(before, cmd);
        let found = answer.as_ref().map(|_| ()).map_err(|error| error.kind().code());
        found != expected && !model.answers.contains_key(&cmd.key)
    }

    fn all(&mut self, cmds: &[Cmd]) -> Result<(), Loss> {
        let commands: Vec<Command> = cmds.iter().filter_map(|it| self.names.command(it)).collect();
        let Some(first) = cmds.first().filter(|_| commands.len() == cmds.len()) else {
            return Ok(());
        };
        self.done.commands += cmds.len() as u64;
        self.note(&("all of", cmds));
        let answer = self.ledger.submit_all(commands);
        self.tick();
        self.note(&answer.as_ref().map(Vec::len).map_err(Error::kind));
        let whole = answer.as_ref().map(|_| ()).map_err(Clone::clone);
        self.decided(first, &whole, |model| model.all(cmds))?;
        for (cmd, receipt) in cmds.iter().zip(answer.iter().flatten()) {
            self.same_receipt(cmd.key, receipt)?;
        }
        self.found_out(cmds)
    }

    fn one_answer(
        &mut self,
        cmd: &Cmd,
        answer: &Result<Receipt, Error>,
        decide: impl FnOnce(&mut Model) -> Result<(), &'static str>,
    ) -> Result<(), Loss> {
        let whole = answer.as_ref().map(|_| ()).map_err(Clone::clone);
        self.decided(cmd, &whole, decide)?;
        match answer {
            Ok(receipt) => self.same_receipt(cmd.key, receipt),
            Err(_) => self.found_out(std::slice::from_ref(cmd)),
        }
    }

    /// A yes and a no must be the model's. Where nothing was written, nothing may be there; where nobody
    /// knows, the model does what is there.
    fn decided(
        &mut self,
        cmd: &Cmd,
        answer: &Result<(), Error>,
        decide: impl FnOnce(&mut Model) -> Result<(), &'static str>,
    ) -> Result<(), Loss> {
        let class = answer.as_ref().err().map(Error::class);
        let is_known = self.model.answers.contains_key(&cmd.key);
        let is_there = acts::key(cmd.key).is_some_and(|key| self.store.truly_has(&key));
        match class {
            None | Some(Class::Rejected) => {
                let expected = decide(&mut self.model);
                let found = answer.clone().map_err(|error| error.kind().code());
                if found == expected {
                    return Ok(());
                }
                Err(format!("{cmd:?}: {found:?}, and the model says {expected:?}"))
            }
            Some(Class::Indeterminate) => {
                if is_there && !is_known {
                    let _what_it_will_be = decide(&mut self.model);
                }
                Ok(())
            }
            Some(_) if is_there && !is_known => {
                Err(format!("{cmd:?}: nothing was written, it says, and it is there: {answer:?}"))
            }
            Some(_) => Ok(()),
        }
    }

    /// Whatever is answered under a key is the answer for ever.
    fn same_receipt(&mut self, key: u8, receipt: &Receipt) -> Result<(), Loss> {
        match self.first.get(&key) {
            Some(first) if first == receipt.transaction() => Ok(()),
            Some(first) => Err(format!("key {key}: {receipt:?}, and it was {first:?}")),
            None => {
                self.take_in(key, receipt.transaction());
                Ok(())
            }
        }
    }

    /// What was carried out although nobody was told has its number in the model too.
    fn found_out(&mut self, cmds: &[Cmd]) -> Result<(), Loss> {
        for cmd in cmds {
            let is_done = self.model.answers.get(&cmd.key).is_some_and(|it| it.1.is_ok());
            if !is_done || self.first.contains_key(&cmd.key) {
                continue;
            }
            self.store.calm(true);
            let key = format!("key {}", cmd.key);
            let found = self.ledger.transaction_by_key(key.as_str());
            self.store.calm(false);
            match found {
                Ok(Some(ledger_core::Answer::Done(done))) => self.take_in(cmd.key, &done),
                other => return Err(format!("{key} is there, and is found as {other:?}")),
            }
        }
        Ok(())
    }

    fn take_in(&mut self, key: u8, done: &Transaction) {
        self.first.insert(key, done.clone());
        self.names.transactions.push(done.id);
        let made = done.hold().filter(|_| done.kind == Kind::Hold);
        self.names.holds.extend(made.map(|hold| hold.id));
    }

    /// Looks at everything: it must be the model's.
    fn look(&mut self) -> Result<(), Loss> {
        let known = self.names.wallets.get(..NOBODY).unwrap_or_default();
        let balances = match self.ledger.balances(known) {
            Ok(balances) => balances,
            Err(error) if error.class() == Class::Rejected => return Err(error.to_string()),
            Err(_) => return Ok(()),
        };
        self.tick();
        for (place, (found, wallet)) in balances.iter().zip(&self.model.state.wallets).enumerate() {
            let held = self.model.state.held(place, self.model.now);
            let seen = (found.posted.amount().minor(), found.held.amount().minor(), found.version);
            if seen != (wallet.posted, held, wallet.version) {
                let expected = (wallet.posted, held, wallet.version);
                return Err(format!("wallet {place} is {seen:?}, in the model {expected:?}"));
            }
        }
        self.look_at_holds()
    }

    fn look_at_holds(&mut self) -> Result<(), Loss> {
        for (id, hold) in self.names.holds.iter().zip(&self.model.state.holds) {
            let Ok(found) = self.ledger.get_hold(*id) else { continue };
            let found = found.ok_or_else(|| format!("{id} is not there"))?;
            let is_over = hold.state == "open" && hold.deadline <= self.model.now;
            let expected = if is_over { ("expired", 0) } else { (hold.state, hold.remaining) };
            let seen = (found.state.code(), found.remaining.amount().minor());
            if seen != expected || found.captured.amount().minor() != hold.captured {
                return Err(format!("{id} is {found:?}, in the model {expected:?}"));
            }
        }
        Ok(())
    }

    #[allow(clippy::print_stderr, reason = "asked for")]
    fn note(&mut self, what: &(impl Hash + Debug)) {
        what.hash(&mut self.trace);
        if self.talks {
            eprintln!("{}: {what:?}", self.model.now - BEGINNING);
        }
    }
}

fn open(store: &Arc<Shaky>, clock: &Arc<Clock>) -> Result<Ledger, Error> {
    let retry = Retry { tries: 2, pause_min: Duration::ZERO, pause_max: Duration::ZERO };
    LedgerBuilder::on(store.clone()).clock(clock.clone()).retry(retry).build()
}

fn wallets(ledger: &Ledger) -> Result<(Asset, Vec<WalletId>), Error> {
    let (usd, eur) = (Asset::iso("USD")?, Asset::iso("EUR")?);
    let spec = |name| WalletSpec::new(name, usd);
    let open = |spec| ledger.open_wallet(spec).map(|wallet| wallet.id);
    let mut ids = vec![
        open(spec("plain")?)?,
        open(spec("credit")?.floor(usd.minor(-500))?)?,
        open(spec("jar")?.ceiling(usd.minor(1_000))?)?,
        open(spec("endless")?.no_floor())?,
        open(WalletSpec::new("euro", eur)?)?,
    ];
    ids.extend(WalletId::from_raw(1));
    ids.insert(WORLD, ledger.world(usd)?.id);
    Ok((usd, ids))
}
