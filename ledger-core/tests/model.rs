//! Random commands against a simple model that shares no code with the engine.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::HashMap;

use ledger_core::{
    Amount, Asset, Command, Error, Key, Ledger, Leg, MemoryStore, Receipt, WalletId, WalletSpec,
};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Act {
    Deposit(usize, i128),
    Withdraw(usize, i128),
    Move(Vec<(usize, usize, i128)>),
    Status(&'static str, usize),
}

/// A command: its key, what it does, and a version that a wallet is expected to have.
#[derive(Clone, Debug)]
struct Cmd {
    key: u8,
    act: Act,
    expect: Option<(usize, u64)>,
}

#[derive(Clone, Debug)]
enum Call {
    Each(Vec<Cmd>),
    All(Vec<Cmd>),
}

const WORLD: usize = 0;
const EUR: usize = 5;
const NOBODY: usize = 6;

// ---------------------------------------------------------------------------------------------
// The model: what the ledger must answer, in the plainest words.

#[derive(Clone)]
struct Wallet {
    posted: i128,
    version: u64,
    floor: Option<i128>,
    ceiling: Option<i128>,
    status: &'static str,
}

type Answer = Result<(), &'static str>;

struct Model {
    wallets: Vec<Wallet>,
    answers: HashMap<u8, (String, Answer)>,
}

impl Model {
    fn invalid(cmd: &Cmd) -> Answer {
        match &cmd.act {
            Act::Deposit(_, n) | Act::Withdraw(_, n) if *n <= 0 => Err("invalid_amount"),
            Act::Deposit(WORLD, _) | Act::Withdraw(WORLD, _) => Err("invalid_wallet"),
            Act::Move(legs) if legs.is_empty() => Err("invalid_postings"),
            Act::Move(legs) => {
                legs.iter().try_for_each(|(from, to, n)| match (*n <= 0, from == to) {
                    (true, _) => Err("invalid_amount"),
                    (false, true) => Err("invalid_wallet"),
                    _ => Ok(()),
                })
            }
            _ => Ok(()),
        }
    }

    fn legs(cmd: &Cmd) -> Vec<(usize, usize, i128)> {
        match &cmd.act {
            Act::Deposit(to, n) => vec![(WORLD, *to, *n)],
            Act::Withdraw(from, n) => vec![(*from, WORLD, *n)],
            Act::Move(legs) => legs.clone(),
            Act::Status(..) => vec![],
        }
    }

    /// Carries a command out; the flag says whether a no is remembered.
    fn run(&mut self, cmd: &Cmd) -> Result<(), (&'static str, bool)> {
        let legs = Self::legs(cmd);
        let ends = legs.iter().flat_map(|leg| [leg.0, leg.1]);
        let named = if let Act::Status(_, wallet) = cmd.act { Some(wallet) } else { None };
        if ends.clone().chain(named).chain(cmd.expect.map(|e| e.0)).any(|w| w == NOBODY) {
            return Err(("unknown_wallet", false));
        }
        if ends.into_iter().any(|wallet| wallet == EUR) {
            return Err(("asset_mismatch", false));
        }
        if cmd.expect.is_some_and(|(wallet, version)| self.wallets[wallet].version != version) {
            return Err(("version_mismatch", false));
        }
        let mut after = self.wallets.clone();
        if let Act::Status(to, wallet) = cmd.act {
            let w = &mut after[wallet];
            match (to, w.status) {
                (_, "closed") => return Err(("wallet_closed", true)),
                ("frozen", "frozen") => return Err(("wallet_frozen", true)),
                ("open", "open") => return Err(("wallet_not_frozen", true)),
                ("closed", _) if wallet == WORLD => return Err(("world_wallet", false)),
                ("closed", _) if w.posted != 0 => return Err(("wallet_not_empty", true)),
                _ => w.status = to,
            }
            w.version += 1;
        }
        for (from, to, n) in legs {
            for wallet in [from, to] {
                match after[wallet].status {
                    "frozen" => return Err(("wallet_frozen", true)),
                    "closed" => return Err(("wallet_closed", true)),
                    _ => {}
                }
            }
            let left = after[from].posted.checked_sub(n);
            // Below a floor, or below what a number can say with a floor in the way.
            if after[from].floor.is_some_and(|floor| left.is_none_or(|left| left < floor)) {
                return Err(("insufficient_funds", true));
            }
            after[from].posted = left.ok_or(("balance_overflow", true))?;
            let right = after[to].posted.checked_add(n).ok_or(("balance_overflow", true))?;
            if after[to].ceiling.is_some_and(|ceiling| right > ceiling) {
                return Err(("ceiling_exceeded", true));
            }
            after[to].posted = right;
            after[from].version += 1;
            after[to].version += 1;
        }
        self.wallets = after;
        Ok(())
    }

    fn each(&mut self, cmd: &Cmd) -> Answer {
        Self::invalid(cmd)?;
        let request = format!("{:?}", cmd.act);
        if let Some((known, answer)) = self.answers.get(&cmd.key) {
            return if *known == request { *answer } else { Err("key_conflict") };
        }
        let outcome = self.run(cmd);
        if outcome.is_ok() || outcome.is_err_and(|(_, remembered)| remembered) {
            self.answers.insert(cmd.key, (request, outcome.map_err(|no| no.0)));
        }
        outcome.map_err(|no| no.0)
    }

    fn all(&mut self, cmds: &[Cmd]) -> Answer {
        cmds.iter().try_for_each(Self::invalid)?;
        let mut keys: Vec<u8> = cmds.iter().map(|cmd| cmd.key).collect();
        keys.sort_unstable();
        keys.dedup();
        if cmds.is_empty() || keys.len() < cmds.len() {
            return Err("invalid_batch");
        }
        let batch = format!("{:?}", cmds.iter().map(|cmd| (cmd.key, &cmd.act)).collect::<Vec<_>>());
        let same =
            |key| self.answers.get(key).filter(|known| known.0 == format!("{key} in {batch}"));
        if keys.iter().any(|key| self.answers.contains_key(key)) {
            let whole = keys.iter().all(|key| same(key).is_some());
            return if whole { same(&keys[0]).unwrap().1 } else { Err("key_conflict") };
        }
        let before = self.wallets.clone();
        let outcome = cmds.iter().try_for_each(|cmd| self.run(cmd));
        if outcome.is_err() {
            self.wallets = before;
        }
        if outcome.is_ok() || outcome.is_err_and(|(_, remembered)| remembered) {
            for key in keys {
                let answer = (format!("{key} in {batch}"), outcome.map_err(|no| no.0));
                self.answers.insert(key, answer);
            }
        }
        outcome.map_err(|no| no.0)
    }
}

// ---------------------------------------------------------------------------------------------
// The engine, driven by the same commands.

struct Engine {
    ledger: Ledger,
    usd: Asset,
    ids: Vec<WalletId>,
    first: HashMap<u8, Receipt>,
}

impl Engine {
    fn new(lanes: usize) -> (Self, Model) {
        let ledger = Ledger::new(MemoryStore::with_lanes(lanes));
        let (usd, eur) = (Asset::iso("USD").unwrap(), Asset::iso("EUR").unwrap());
        let spec = |name| WalletSpec::new(name, usd).unwrap();
        let open = |spec| ledger.open_wallet(spec).unwrap().id;
        let mut ids = vec![
            open(spec("plain")),
            open(spec("credit").floor(usd.minor(-500)).unwrap()),
            open(spec("jar").ceiling(usd.minor(1_000)).unwrap()),
            open(spec("endless").no_floor()),
            open(WalletSpec::new("euro", eur).unwrap()),
            WalletId::from_raw(1).unwrap(),
        ];
        ids.insert(WORLD, ledger.world(usd).unwrap().id);
        let wallet =
            |floor, ceiling| Wallet { posted: 0, version: 0, floor, ceiling, status: "open" };
        let wallets = vec![
            wallet(None, None),
            wallet(Some(0), None),
            wallet(Some(-500), None),
            wallet(Some(0), Some(1_000)),
            wallet(None, None),
            wallet(Some(0), None),
        ];
        let engine = Self { ledger, usd, ids, first: HashMap::new() };
        (engine, Model { wallets, answers: HashMap::new() })
    }

    fn command(&self, cmd: &Cmd) -> Command {
        let key = Key::new(format!("key {}", cmd.key)).unwrap();
        let amount = |n| self.usd.of(Amount::from_minor(n));
        let command = match &cmd.act {
            Act::Deposit(to, n) => Command::deposit(key, self.ids[*to], amount(*n)),
            Act::Withdraw(from, n) => Command::withdraw(key, self.ids[*from], amount(*n)),
            Act::Move(legs) => Command::post(
                key,
                legs.iter().map(|(f, t, n)| Leg::new(self.ids[*f], self.ids[*t], amount(*n))),
            ),
            Act::Status("frozen", wallet) => Command::freeze(key, self.ids[*wallet]),
            Act::Status("open", wallet) => Command::unfreeze(key, self.ids[*wallet]),
            Act::Status(_, wallet) => Command::close(key, self.ids[*wallet]),
        };
        match cmd.expect {
            Some((wallet, version)) => command.expect_version(self.ids[wallet], version),
            None => command,
        }
    }

    /// Whatever is answered under a key is the answer for ever.
    fn check_receipt(&mut self, key: u8, receipt: &Receipt) {
        match self.first.get(&key) {
            None => {
                assert!(!receipt.replayed);
                self.first.insert(key, receipt.clone());
            }
            Some(first) => {
                assert!(receipt.replayed);
                assert_eq!(receipt.transaction(), first.transaction());
            }
        }
    }

    fn check_against(&self, model: &Model) {
        let balances = self.ledger.balances(&self.ids[..NOBODY]).unwrap();
        for (place, (balance, wallet)) in balances.iter().zip(&model.wallets).enumerate() {
            let found = (balance.posted.amount().minor(), balance.version);
            assert_eq!(found, (wallet.posted, wallet.version), "wallet {place}");
            assert!(wallet.floor.is_none_or(|floor| found.0 >= floor), "wallet {place}");
        }
        let usd = balances[..EUR].iter().map(|balance| balance.posted.amount().minor());
        // The extremes cancel out only as a whole, so sum up without carrying over.
        assert_eq!(usd.fold(0_i128, i128::wrapping_add), 0);
    }
}

fn code(error: &Error) -> &'static str {
    error.kind().code()
}

fn amounts() -> impl Strategy<Value = i128> {
    prop_oneof![
        12 => 1..400_i128,
        1 => -2..=0_i128,
        1 => prop_oneof![Just(i128::MAX), Just(i128::MAX - 300), Just(i128::MAX / 2)],
    ]
}

fn wallets() -> impl Strategy<Value = usize> {
    prop_oneof![30 => 1..EUR, 2 => Just(WORLD), 1 => Just(EUR), 1 => Just(NOBODY)]
}

fn acts() -> impl Strategy<Value = Act> {
    let legs = |count| prop::collection::vec((wallets(), wallets(), amounts()), count);
    let status = prop_oneof![Just("frozen"), Just("open"), Just("closed")];
    prop_oneof![
        6 => (wallets(), amounts()).prop_map(|(to, n)| Act::Deposit(to, n)),
        3 => (wallets(), amounts()).prop_map(|(from, n)| Act::Withdraw(from, n)),
        8 => legs(1..2).prop_map(Act::Move),
        3 => legs(0..6).prop_map(Act::Move),
        2 => (status, wallets()).prop_map(|(to, wallet)| Act::Status(to, wallet)),
    ]
}

fn commands() -> impl Strategy<Value = Cmd> {
    let expect = prop::option::weighted(0.1, (wallets(), 0..6_u64));
    (0..60_u8, acts(), expect).prop_map(|(key, act, expect)| Cmd { key, act, expect })
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let call = prop_oneof![
        3 => prop::collection::vec(commands(), 1..2).prop_map(Call::Each),
        2 => prop::collection::vec(commands(), 2..6).prop_map(Call::Each),
        2 => prop::collection::vec(commands(), 0..4).prop_map(Call::All),
    ];
    // Now and then a call is sent again, as clients do.
    let retried = prop::collection::vec((call, prop::bool::weighted(0.2)), 1..30);
    retried.prop_map(|calls| {
        calls
            .into_iter()
            .flat_map(|(call, again)| {
                let copy = again.then(|| call.clone());
                std::iter::once(call).chain(copy)
            })
            .collect()
    })
}

fn run(calls: Vec<Call>, lanes: usize) {
    let (mut engine, mut model) = Engine::new(lanes);
    for call in calls {
        match call {
            Call::Each(cmds) => {
                let commands: Vec<Command> = cmds.iter().map(|c| engine.command(c)).collect();
                let answers = engine.ledger.submit_each(commands).unwrap();
                for (cmd, answer) in cmds.iter().zip(answers) {
                    let expected = model.each(cmd);
                    assert_eq!(answer.as_ref().map(drop).map_err(code), expected, "{cmd:?}");
                    if let Ok(receipt) = answer {
                        engine.check_receipt(cmd.key, &receipt);
                    }
                }
            }
            Call::All(cmds) => {
                let commands: Vec<Command> = cmds.iter().map(|c| engine.command(c)).collect();
                let answer = engine.ledger.submit_all(commands);
                assert_eq!(answer.as_ref().map(drop).map_err(code), model.all(&cmds), "{cmds:?}");
                for (cmd, receipt) in cmds.iter().zip(answer.iter().flatten()) {
                    engine.check_receipt(cmd.key, receipt);
                }
            }
        }
        engine.check_against(&model);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_engine_answers_as_the_model_does(calls in calls(), lanes in 1..3_usize) {
        run(calls, lanes);
    }
}
