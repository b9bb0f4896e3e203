//! Random commands against a simple model that shares no code with the engine.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ledger_core::{
    Amount, Asset, CaptureSpec, Clock, Command, Error, HoldId, HoldSpec, Key, Kind, Ledger, Leg,
    ManualClock, MemoryStore, Receipt, ReversalSpec, Timestamp, TransactionId, WalletId,
    WalletSpec,
};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Act {
    Deposit(usize, i128),
    Withdraw(usize, i128),
    Move(Vec<(usize, usize, i128)>),
    Status(&'static str, usize),
    Hold {
        from: usize,
        to: usize,
        amount: i128,
        extra: i128,
        ms: i64,
    },
    /// Of the hold that was made as the so manyth.
    Capture(usize, Option<i128>, bool),
    Release(usize),
    Extend(usize, i64),
    Expire(usize),
    /// Of the transaction that was made as the so manyth.
    Reverse(usize, Option<u32>, Option<i128>),
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
    Wait(i64),
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

#[derive(Clone)]
struct Hold {
    from: usize,
    to: usize,
    most: i128,
    captured: i128,
    remaining: i128,
    deadline: i64,
    state: &'static str,
}

/// What a transaction moved, and how much of it is left to be reversed.
type Moved = Vec<(usize, usize, i128)>;

#[derive(Clone)]
struct State {
    wallets: Vec<Wallet>,
    holds: Vec<Hold>,
    transactions: Vec<(&'static str, Moved)>,
}

type Answer = Result<(), &'static str>;
type Outcome<T = ()> = Result<T, (&'static str, bool)>;

impl State {
    fn held(&self, wallet: usize, now: i64) -> i128 {
        let live = self
            .holds
            .iter()
            .filter(|hold| hold.from == wallet && hold.state == "open" && hold.deadline > now);
        live.map(|hold| hold.remaining).sum()
    }

    fn check_open(&self, from: usize, to: usize) -> Outcome {
        for wallet in [from, to] {
            match self.wallets[wallet].status {
                "frozen" => return Err(("wallet_frozen", true)),
                "closed" => return Err(("wallet_closed", true)),
                _ => {}
            }
        }
        Ok(())
    }

    /// Below a floor, or below what a number can say with a floor in the way.
    fn check_funds(&self, from: usize, n: i128, now: i64) -> Outcome {
        let Some(floor) = self.wallets[from].floor else { return Ok(()) };
        let left = self.wallets[from].posted.checked_sub(n);
        let free = left.and_then(|left| left.checked_sub(self.held(from, now)));
        if free.is_none_or(|free| free < floor) {
            Err(("insufficient_funds", true))
        } else {
            Ok(())
        }
    }

    fn move_one(&mut self, from: usize, to: usize, n: i128, now: i64) -> Outcome {
        self.check_open(from, to)?;
        self.check_funds(from, n, now)?;
        let left = self.wallets[from].posted.checked_sub(n).ok_or(("balance_overflow", true))?;
        self.wallets[from].posted = left;
        let right = self.wallets[to].posted.checked_add(n).ok_or(("balance_overflow", true))?;
        if self.wallets[to].ceiling.is_some_and(|ceiling| right > ceiling) {
            return Err(("ceiling_exceeded", true));
        }
        self.wallets[to].posted = right;
        self.wallets[from].version += 1;
        self.wallets[to].version += 1;
        Ok(())
    }

    fn set_status(&mut self, to: &'static str, wallet: usize, now: i64) -> Outcome {
        let held = self.held(wallet, now);
        let w = &mut self.wallets[wallet];
        match (to, w.status) {
            (_, "closed") => return Err(("wallet_closed", true)),
            ("frozen", "frozen") => return Err(("wallet_frozen", true)),
            ("open", "open") => return Err(("wallet_not_frozen", true)),
            ("closed", _) if wallet == WORLD => return Err(("world_wallet", false)),
            ("closed", _) if w.posted != 0 || held != 0 => return Err(("wallet_not_empty", true)),
            _ => w.status = to,
        }
        w.version += 1;
        Ok(())
    }

    fn live(&mut self, place: usize, now: i64) -> Outcome<&mut Hold> {
        let hold = &mut self.holds[place];
        match hold.state {
            "open" if hold.deadline > now => Ok(hold),
            "open" | "expired" => Err(("hold_expired", true)),
            _ => Err(("hold_finished", true)),
        }
    }

    fn capture(&mut self, place: usize, n: Option<i128>, rest: bool, now: i64) -> Outcome<Moved> {
        let hold = self.live(place, now)?;
        let n = n.unwrap_or(hold.remaining);
        let captured = hold.captured.checked_add(n).filter(|all| *all <= hold.most);
        hold.captured = captured.ok_or(("capture_too_large", true))?;
        hold.remaining = (hold.remaining - n).max(0);
        let (from, to) = (hold.from, hold.to);
        self.move_one(from, to, n, now)?;
        let hold = &mut self.holds[place];
        if rest || hold.remaining == 0 {
            (hold.remaining, hold.state) = (0, "captured");
        }
        Ok(vec![(from, to, n)])
    }

    fn reverse(
        &mut self,
        id: usize,
        only: Option<u32>,
        n: Option<i128>,
        now: i64,
    ) -> Outcome<Moved> {
        let (kind, moved) = self.transactions[id].clone();
        if kind == "reversal" || moved.is_empty() {
            return Err(("not_reversible", false));
        }
        let mut parts = Vec::new();
        for (place, (from, to, left)) in moved.into_iter().enumerate().rev() {
            if left > 0 && only.is_none_or(|only| only as usize == place) {
                if n.is_some_and(|n| n > left) {
                    return Err(("reversal_too_large", true));
                }
                parts.push((place, to, from, n.unwrap_or(left)));
            }
        }
        if parts.is_empty() {
            return Err(("already_reversed", true));
        }
        let mut moved = Moved::new();
        for (place, from, to, n) in parts {
            self.move_one(from, to, n, now)?;
            self.transactions[id].1[place].2 -= n;
            moved.push((from, to, n));
        }
        Ok(moved)
    }

    /// Carries it out, or fails halfway; gives what it moved, if that can be reversed.
    fn act(&mut self, act: &Act, now: i64) -> Outcome<Moved> {
        match *act {
            Act::Deposit(to, n) => self.legs(&[(WORLD, to, n)], now),
            Act::Withdraw(from, n) => self.legs(&[(from, WORLD, n)], now),
            Act::Move(ref legs) => self.legs(legs, now),
            Act::Status(to, wallet) => self.set_status(to, wallet, now).map(|()| vec![]),
            Act::Hold { from, to, amount, extra, ms } => {
                self.check_open(from, to)?;
                self.check_funds(from, amount, now)?;
                if self.held(from, now).checked_add(amount).is_none() {
                    return Err(("balance_overflow", true));
                }
                self.holds.push(Hold {
                    from,
                    to,
                    most: amount + extra,
                    captured: 0,
                    remaining: amount,
                    deadline: now + ms,
                    state: "open",
                });
                self.wallets[from].version += 1;
                Ok(vec![])
            }
            Act::Capture(place, n, rest) => self.capture(place, n, rest, now),
            Act::Release(place) => {
                let hold = self.live(place, now)?;
                (hold.state, hold.remaining) = ("released", 0);
                let from = hold.from;
                self.wallets[from].version += 1;
                Ok(vec![])
            }
            Act::Extend(place, ms) => {
                let hold = self.live(place, now)?;
                if now + ms <= hold.deadline {
                    return Err(("hold_not_extended", true));
                }
                hold.deadline = now + ms;
                let from = hold.from;
                self.wallets[from].version += 1;
                Ok(vec![])
            }
            Act::Expire(place) => {
                let hold = &mut self.holds[place];
                match hold.state {
                    "open" if hold.deadline > now => return Err(("hold_not_due", false)),
                    "open" => (hold.state, hold.remaining) = ("expired", 0),
                    _ => return Err(("hold_finished", true)),
                }
                let from = hold.from;
                self.wallets[from].version += 1;
                Ok(vec![])
            }
            Act::Reverse(id, only, n) => self.reverse(id, only, n, now),
        }
    }

    fn legs(&mut self, legs: &[(usize, usize, i128)], now: i64) -> Outcome<Moved> {
        legs.iter().try_for_each(|&(from, to, n)| self.move_one(from, to, n, now))?;
        Ok(legs.to_vec())
    }
}

struct Model {
    state: State,
    answers: HashMap<u8, (String, Answer)>,
    now: i64,
}

impl Model {
    /// What no state could make right, and what names nothing that there was when the call began.
    fn invalid(before: &State, cmd: &Cmd) -> Answer {
        let end = |from, to, n| match (n <= 0, from == to) {
            (true, _) => Err("invalid_amount"),
            (false, true) => Err("invalid_wallet"),
            _ => Ok(()),
        };
        let known = |place| {
            if place < before.holds.len() { Ok(()) } else { Err("unknown_hold") }
        };
        match &cmd.act {
            Act::Deposit(_, n) | Act::Withdraw(_, n) if *n <= 0 => Err("invalid_amount"),
            Act::Deposit(WORLD, _) | Act::Withdraw(WORLD, _) => Err("invalid_wallet"),
            Act::Move(legs) if legs.is_empty() => Err("invalid_postings"),
            Act::Move(legs) => legs.iter().try_for_each(|&(from, to, n)| end(from, to, n)),
            Act::Hold { from, to, amount, extra, ms } => {
                end(*from, *to, *amount)?;
                let fits = amount.checked_add(*extra).is_some();
                if *ms > 0 && *extra >= 0 && fits { Ok(()) } else { Err("invalid_hold") }
            }
            Act::Capture(_, Some(n), _) | Act::Reverse(_, _, Some(n)) if *n <= 0 => {
                Err("invalid_amount")
            }
            Act::Extend(_, ms) if *ms <= 0 => Err("invalid_hold"),
            Act::Capture(place, ..)
            | Act::Release(place)
            | Act::Extend(place, _)
            | Act::Expire(place) => known(*place),
            Act::Reverse(id, only, n) => match before.transactions.get(*id) {
                None => Err("unknown_transaction"),
                Some((_, moved)) => match only {
                    Some(only) if *only as usize >= moved.len() => Err("invalid_reversal"),
                    None if n.is_some() && moved.len() > 1 => Err("invalid_reversal"),
                    _ => Ok(()),
                },
            },
            _ => Ok(()),
        }
    }

    /// Every wallet that a command names or touches.
    fn named(&self, act: &Act) -> Vec<usize> {
        match act {
            Act::Deposit(wallet, _) | Act::Withdraw(wallet, _) => vec![WORLD, *wallet],
            Act::Move(legs) => legs.iter().flat_map(|leg| [leg.0, leg.1]).collect(),
            Act::Hold { from, to, .. } => vec![*from, *to],
            Act::Status(_, wallet) => vec![*wallet],
            _ => vec![],
        }
    }

    /// Carries a command out; the flag says whether a no is remembered.
    fn run(&mut self, cmd: &Cmd) -> Outcome {
        let named = self.named(&cmd.act);
        if named.iter().copied().chain(cmd.expect.map(|e| e.0)).any(|w| w == NOBODY) {
            return Err(("unknown_wallet", false));
        }
        if !matches!(cmd.act, Act::Status(..)) && named.contains(&EUR) {
            return Err(("asset_mismatch", false));
        }
        let version = |wallet: usize| self.state.wallets[wallet].version;
        if cmd.expect.is_some_and(|(wallet, expected)| version(wallet) != expected) {
            return Err(("version_mismatch", false));
        }
        let mut after = self.state.clone();
        let moved = after.act(&cmd.act, self.now)?;
        let kind = if matches!(cmd.act, Act::Reverse(..)) { "reversal" } else { "other" };
        after.transactions.push((kind, moved));
        self.state = after;
        Ok(())
    }

    fn each(&mut self, before: &State, cmd: &Cmd) -> Answer {
        Self::invalid(before, cmd)?;
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
        cmds.iter().try_for_each(|cmd| Self::invalid(&self.state, cmd))?;
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
        let before = self.state.clone();
        let outcome = cmds.iter().try_for_each(|cmd| self.run(cmd));
        if outcome.is_err() {
            self.state = before;
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
    clock: Arc<ManualClock>,
    holds: Vec<HoldId>,
    transactions: Vec<TransactionId>,
}

impl Engine {
    fn new(lanes: usize) -> (Self, Model) {
        let clock = Arc::new(ManualClock::new("2026-03-01T12:00:00Z".parse().unwrap()));
        let store = MemoryStore::with_lanes(lanes);
        let ledger = Ledger::builder(store).clock(clock.clone()).build().unwrap();
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
        let state = State { wallets, holds: vec![], transactions: vec![] };
        let model = Model { state, answers: HashMap::new(), now: clock.now().unix_ms() };
        let (first, holds, transactions) = (HashMap::new(), vec![], vec![]);
        (Self { ledger, usd, ids, first, clock, holds, transactions }, model)
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
            Act::Hold { from, to, amount: n, extra, ms } => {
                let lasting = Duration::from_millis(u64::try_from(*ms).unwrap_or(0));
                let spec = HoldSpec::new(self.ids[*from], self.ids[*to], amount(*n), lasting);
                Command::hold(key, spec.tolerance(amount(*extra)))
            }
            Act::Capture(place, n, rest) => {
                let mut spec = CaptureSpec::of(self.hold(*place));
                spec = n.map_or(spec, |n| spec.amount(amount(n)));
                Command::capture(key, if *rest { spec.release_rest() } else { spec })
            }
            Act::Release(place) => Command::release(key, self.hold(*place)),
            Act::Extend(place, ms) => {
                let lasting = Duration::from_millis(u64::try_from(*ms).unwrap_or(0));
                Command::extend(key, self.hold(*place), lasting)
            }
            Act::Expire(place) => Command::expire(key, self.hold(*place)),
            Act::Reverse(id, only, n) => {
                let unknown = || TransactionId::from_raw(1).unwrap();
                let id = self.transactions.get(*id).copied().unwrap_or_else(unknown);
                let mut spec = ReversalSpec::of(id);
                spec = only.map_or(spec, |only| spec.posting(only));
                Command::reverse(key, n.map_or(spec, |n| spec.amount(amount(n))))
            }
            Act::Status("frozen", wallet) => Command::freeze(key, self.ids[*wallet]),
            Act::Status("open", wallet) => Command::unfreeze(key, self.ids[*wallet]),
            Act::Status(_, wallet) => Command::close(key, self.ids[*wallet]),
        };
        match cmd.expect {
            Some((wallet, version)) => command.expect_version(self.ids[wallet], version),
            None => command,
        }
    }

    fn hold(&self, place: usize) -> HoldId {
        self.holds.get(place).copied().unwrap_or_else(|| HoldId::from_raw(1).unwrap())
    }

    /// Whatever is answered under a key is the answer for ever.
    fn check_receipt(&mut self, key: u8, receipt: &Receipt) {
        match self.first.get(&key) {
            None => {
                assert!(!receipt.replayed);
                self.first.insert(key, receipt.clone());
                self.transactions.push(receipt.id);
                let made = receipt.hold().filter(|_| receipt.kind == Kind::Hold);
                self.holds.extend(made.map(|hold| hold.id));
            }
            Some(first) => {
                assert!(receipt.replayed);
                assert_eq!(receipt.transaction(), first.transaction());
            }
        }
    }

    fn check_against(&self, model: &Model) {
        let balances = self.ledger.balances(&self.ids[..NOBODY]).unwrap();
        for (place, (balance, wallet)) in balances.iter().zip(&model.state.wallets).enumerate() {
            let found = (balance.posted.amount().minor(), balance.version);
            assert_eq!(found, (wallet.posted, wallet.version), "wallet {place}");
            let held = model.state.held(place, model.now);
            assert_eq!(balance.held.amount().minor(), held, "wallet {place}");
            assert!(wallet.floor.is_none_or(|floor| found.0 >= floor), "wallet {place}");
        }
        let usd = balances[..EUR].iter().map(|balance| balance.posted.amount().minor());
        // The extremes cancel out only as a whole, so sum up without carrying over.
        assert_eq!(usd.fold(0_i128, i128::wrapping_add), 0);
        for (id, hold) in self.holds.iter().zip(&model.state.holds) {
            let found = self.ledger.get_hold(*id).unwrap().unwrap();
            let is_over = hold.state == "open" && hold.deadline <= model.now;
            let expected = if is_over { ("expired", 0) } else { (hold.state, hold.remaining) };
            let state = found.state.code();
            assert_eq!((state, found.remaining.amount().minor()), expected, "{id}");
            assert_eq!(found.captured.amount().minor(), hold.captured, "{id}");
        }
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

fn later_acts() -> impl Strategy<Value = Act> {
    let some = || prop::option::of(amounts());
    let ms = || prop_oneof![8 => 1..200_i64, 1 => -1..=0_i64];
    let place = || 0..12_usize;
    let hold = (wallets(), wallets(), amounts(), -1..60_i128, ms());
    prop_oneof![
        4 => hold.prop_map(|(from, to, amount, extra, ms)| {
            Act::Hold { from, to, amount, extra: extra.max(-1), ms }
        }),
        3 => (place(), some(), any::<bool>()).prop_map(|(hold, n, rest)| Act::Capture(hold, n, rest)),
        1 => place().prop_map(Act::Release),
        1 => (place(), ms()).prop_map(|(hold, ms)| Act::Extend(hold, ms)),
        1 => place().prop_map(Act::Expire),
        3 => (0..30_usize, prop::option::weighted(0.3, 0..4_u32), some())
            .prop_map(|(id, only, n)| Act::Reverse(id, only, n)),
    ]
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
        12 => later_acts(),
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
        2 => (1..150_i64).prop_map(Call::Wait),
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
            Call::Wait(ms) => {
                model.now += ms;
                engine.clock.set(Timestamp::from_unix_ms(model.now));
            }
            Call::Each(cmds) => {
                let before = model.state.clone();
                let commands: Vec<Command> = cmds.iter().map(|c| engine.command(c)).collect();
                let answers = engine.ledger.submit_each(commands).unwrap();
                for (cmd, answer) in cmds.iter().zip(answers) {
                    let expected = model.each(&before, cmd);
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
