//! The model: what the ledger must answer, in the plainest words.

#![allow(clippy::option_option, reason = "stays, none, or an amount")]

use std::collections::HashMap;

#[derive(Clone, Debug, Hash)]
pub enum Act {
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
    /// Floor, ceiling and largest amount: stays, none, or so much.
    Limits(usize, [Option<Option<i128>>; 3]),
    Windows(usize, Vec<Window>),
    /// Nothing takes effect before it any more.
    Lock(i64),
    Unlock(Option<i64>),
    /// Of the transaction that was made as the so manyth.
    Reverse(usize, Option<u32>, Option<i128>),
}

/// How much may leave (or enter) in so many milliseconds, and how often.
#[derive(Clone, Debug, Hash)]
pub struct Window {
    pub leaves: bool,
    pub ms: i64,
    pub amount: Option<i128>,
    pub count: Option<usize>,
}

/// A command: its key, what it does, and a version that a wallet is expected to have.
#[derive(Clone, Debug, Hash)]
pub struct Cmd {
    pub key: u8,
    pub act: Act,
    pub expect: Option<(usize, u64)>,
    pub effective: Option<i64>,
    /// What its metadata has as a reference.
    pub tag: Option<u8>,
}

pub const WORLD: usize = 0;
pub const EUR: usize = 5;
pub const NOBODY: usize = 6;

#[derive(Clone)]
pub struct Wallet {
    pub posted: i128,
    pub version: u64,
    pub floor: Option<i128>,
    pub ceiling: Option<i128>,
    pub largest: Option<i128>,
    /// Each with the number of moves that there were before it.
    pub windows: Vec<(Window, usize)>,
    pub status: &'static str,
}

#[derive(Clone)]
pub struct Hold {
    pub from: usize,
    pub to: usize,
    pub most: i128,
    pub captured: i128,
    pub remaining: i128,
    pub made: i64,
    pub deadline: i64,
    pub state: &'static str,
}

/// What a transaction moved, and how much of it is left to be reversed.
pub type Moved = Vec<(usize, usize, i128)>;

#[derive(Clone)]
pub struct State {
    pub wallets: Vec<Wallet>,
    pub holds: Vec<Hold>,
    /// With the time at which each took effect.
    pub transactions: Vec<(&'static str, Moved, i64)>,
    /// The tag of each of them.
    pub tags: Vec<Option<u8>>,
    /// Every move that windows count: when, between which wallets, how much.
    pub moves: Vec<(i64, usize, usize, i128)>,
    /// Every posting: when it was recorded and took effect, between which wallets, how much.
    pub log: Vec<([i64; 2], usize, usize, i128)>,
    pub locked: Option<i64>,
    /// When what is being carried out takes effect.
    pub effective: i64,
}

pub type Answer = Result<(), &'static str>;
pub type Outcome<T = ()> = Result<T, (&'static str, bool)>;

impl State {
    pub fn held(&self, wallet: usize, now: i64) -> i128 {
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
        self.log.push(([now, self.effective], from, to, n));
        Ok(())
    }

    /// What a wallet had at a time, as far as it was recorded by another; none past 128 bits.
    pub fn known(&self, wallet: usize, effective: i64, recorded: i64) -> Option<i128> {
        let mut within = self.log.iter().filter(|it| it.0[0] <= recorded && it.0[1] <= effective);
        within.try_fold(0_i128, |sum, &(_, from, to, n)| {
            let out = if from == wallet { n } else { 0 };
            let into = if to == wallet { n } else { 0 };
            sum.checked_sub(out)?.checked_add(into)
        })
    }

    /// A move counts from when it happened until the end of its slot is as long ago as the window is.
    /// A capture takes its hold's place in the count, so that there is one less.
    fn check_windows(&self, wallet: usize, leaves: bool, n: i128, less: i64, now: i64) -> Outcome {
        for (window, since) in &self.wallets[wallet].windows {
            let slot = (window.ms + 999) / 1_000;
            let counts = |&&(at, from, to, _): &&(i64, usize, usize, i128)| {
                let end = if leaves { from } else { to };
                end == wallet && at - at.rem_euclid(slot) + slot - 1 > now - window.ms
            };
            let moved = self.moves[*since..].iter().filter(counts).map(|moved| moved.3);
            let live = self.holds.iter().filter(|hold| {
                leaves && hold.from == wallet && hold.state == "open" && hold.deadline > now
            });
            let used: Vec<i128> = moved.chain(live.map(|hold| hold.remaining)).collect();
            let sum = used.iter().try_fold(n, |sum, n| sum.checked_add(*n));
            let is_over = window.amount.is_some_and(|most| sum.is_none_or(|sum| sum > most));
            let times = i64::try_from(used.len()).unwrap() + less;
            let is_often = window.count.is_some_and(|most| times >= i64::try_from(most).unwrap());
            if window.leaves == leaves && (is_over || is_often) {
                return Err(("window_exceeded", true));
            }
        }
        Ok(())
    }

    fn set_windows(&mut self, wallet: usize, windows: &[Window]) -> Outcome {
        self.set_limits(wallet, [None; 3])?;
        let moves = self.moves.len();
        let before = std::mem::take(&mut self.wallets[wallet].windows);
        let since = |new: &Window| {
            let known = before.iter().find(|(old, _)| (old.leaves, old.ms) == (new.leaves, new.ms));
            known.map_or(moves, |(_, since)| *since)
        };
        self.wallets[wallet].windows =
            windows.iter().map(|new| (new.clone(), since(new))).collect();
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
        let captured = captured.ok_or(("capture_too_large", true))?;
        let (from, to, beyond) = (hold.from, hold.to, n - hold.remaining);
        self.check_open(from, to)?;
        if beyond > 0 {
            self.check_largest(from, beyond)?;
            self.check_windows(from, true, beyond, -1, now)?;
        }
        self.check_windows(to, false, n, 0, now)?;
        let hold = &mut self.holds[place];
        (hold.captured, hold.remaining) = (captured, (hold.remaining - n).max(0));
        self.move_one(from, to, n, now)?;
        self.moves.push((now, from, to, n));
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
        let (kind, moved, _) = self.transactions[id].clone();
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
            Act::Limits(wallet, limits) => self.set_limits(wallet, limits).map(|()| vec![]),
            Act::Windows(wallet, ref windows) => self.set_windows(wallet, windows).map(|()| vec![]),
            Act::Hold { from, to, amount, extra, ms } => {
                self.check_open(from, to)?;
                self.check_largest(from, amount)?;
                self.check_windows(from, true, amount, 0, now)?;
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
                    made: now,
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
            Act::Lock(until) if until > now => Err(("time_to_come", false)),
            Act::Lock(until) => {
                self.locked = Some(self.locked.map_or(until, |before| before.max(until)));
                Ok(vec![])
            }
            Act::Unlock(until) => {
                let least = |before: i64| until.map(|until| before.min(until));
                self.locked = self.locked.and_then(least);
                Ok(vec![])
            }
        }
    }

    fn check_largest(&self, from: usize, n: i128) -> Outcome {
        let over = self.wallets[from].largest.is_some_and(|largest| n > largest);
        if over { Err(("amount_above_limit", true)) } else { Ok(()) }
    }

    fn set_limits(&mut self, wallet: usize, limits: [Option<Option<i128>>; 3]) -> Outcome {
        let w = &mut self.wallets[wallet];
        if wallet == WORLD {
            return Err(("world_wallet", false));
        }
        if w.status == "closed" {
            return Err(("wallet_closed", true));
        }
        for (limit, given) in [&mut w.floor, &mut w.ceiling, &mut w.largest].into_iter().zip(limits)
        {
            *limit = given.unwrap_or(*limit);
        }
        w.version += 1;
        let crossed = w.floor.is_some() && w.ceiling.is_some() && w.floor > w.ceiling;
        if crossed { Err(("limits_cross", true)) } else { Ok(()) }
    }

    fn legs(&mut self, legs: &[(usize, usize, i128)], now: i64) -> Outcome<Moved> {
        for &(from, to, n) in legs {
            self.check_open(from, to)?;
            self.check_largest(from, n)?;
            self.check_windows(from, true, n, 0, now)?;
            self.check_windows(to, false, n, 0, now)?;
            self.move_one(from, to, n, now)?;
            self.moves.push((now, from, to, n));
        }
        Ok(legs.to_vec())
    }
}

#[derive(Clone)]
pub struct Model {
    pub state: State,
    pub answers: HashMap<u8, (String, Answer)>,
    pub now: i64,
}

impl Model {
    /// The outside, a plain wallet, one on credit, one with a ceiling, one without a floor, and euros.
    pub fn new(now: i64) -> Self {
        let wallet = |floor, ceiling| Wallet {
            posted: 0,
            version: 0,
            floor,
            ceiling,
            largest: None,
            windows: vec![],
            status: "open",
        };
        let wallets = vec![
            wallet(None, None),
            wallet(Some(0), None),
            wallet(Some(-500), None),
            wallet(Some(0), Some(1_000)),
            wallet(None, None),
            wallet(Some(0), None),
        ];
        let state = State {
            wallets,
            holds: vec![],
            transactions: vec![],
            tags: vec![],
            moves: vec![],
            log: vec![],
            locked: None,
            effective: 0,
        };
        Self { state, answers: HashMap::new(), now }
    }

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
        let is_dated = matches!(
            cmd.act,
            Act::Deposit(..)
                | Act::Withdraw(..)
                | Act::Move(_)
                | Act::Capture(..)
                | Act::Reverse(..)
        );
        if cmd.effective.is_some() && !is_dated {
            return Err("invalid_effective_at");
        }
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
            Act::Limits(_, [None, None, None]) => Err("invalid_limit"),
            Act::Limits(_, [_, _, Some(Some(n))]) if *n <= 0 => Err("invalid_limit"),
            Act::Windows(_, windows) => windows.iter().enumerate().try_for_each(|(place, one)| {
                let twin =
                    windows[..place].iter().any(|it| (it.leaves, it.ms) == (one.leaves, one.ms));
                let is_none = one.amount.is_none() && one.count.is_none();
                let is_shut = one.amount.is_some_and(|n| n <= 0) || one.count == Some(0);
                let bad = one.ms <= 0 || twin || is_none || is_shut;
                if bad { Err("invalid_limit") } else { Ok(()) }
            }),
            Act::Capture(place, ..)
                if before
                    .holds
                    .get(*place)
                    .zip(cmd.effective)
                    .is_some_and(|(it, on)| on < it.made) =>
            {
                Err("invalid_effective_at")
            }
            Act::Capture(place, ..)
            | Act::Release(place)
            | Act::Extend(place, _)
            | Act::Expire(place) => known(*place),
            Act::Reverse(id, only, n) => match before.transactions.get(*id) {
                None => Err("unknown_transaction"),
                Some((_, moved, at)) => match only {
                    Some(only) if *only as usize >= moved.len() => Err("invalid_reversal"),
                    None if n.is_some() && moved.len() > 1 => Err("invalid_reversal"),
                    _ if cmd.effective.is_some_and(|on| on < *at) => Err("invalid_effective_at"),
                    _ => Ok(()),
                },
            },
            _ => Ok(()),
        }
    }

    /// Every wallet that a command names or touches.
    fn named(act: &Act) -> Vec<usize> {
        match act {
            Act::Deposit(wallet, _) | Act::Withdraw(wallet, _) => vec![WORLD, *wallet],
            Act::Move(legs) => legs.iter().flat_map(|leg| [leg.0, leg.1]).collect(),
            Act::Hold { from, to, .. } => vec![*from, *to],
            Act::Status(_, wallet) | Act::Limits(wallet, _) | Act::Windows(wallet, _) => {
                vec![*wallet]
            }
            _ => vec![],
        }
    }

    /// Carries a command out; the flag says whether a no is remembered.
    fn run(&mut self, cmd: &Cmd) -> Outcome {
        let named = Self::named(&cmd.act);
        if named.iter().copied().chain(cmd.expect.map(|e| e.0)).any(|w| w == NOBODY) {
            return Err(("unknown_wallet", false));
        }
        let about_money = match cmd.act {
            Act::Status(..) | Act::Lock(_) | Act::Unlock(_) => false,
            Act::Limits(_, limits) => limits.iter().flatten().any(Option::is_some),
            Act::Windows(_, ref windows) => windows.iter().any(|window| window.amount.is_some()),
            _ => true,
        };
        if about_money && named.contains(&EUR) {
            return Err(("asset_mismatch", false));
        }
        let version = |wallet: usize| self.state.wallets[wallet].version;
        if cmd.expect.is_some_and(|(wallet, expected)| version(wallet) != expected) {
            return Err(("version_mismatch", false));
        }
        let effective = cmd.effective.unwrap_or(self.now);
        if effective > self.now {
            return Err(("time_to_come", false));
        }
        if cmd.effective.is_some() && self.state.locked.is_some_and(|until| effective < until) {
            return Err(("period_locked", true));
        }
        let mut after = State { effective, ..self.state.clone() };
        let moved = after.act(&cmd.act, self.now)?;
        let kind = if matches!(cmd.act, Act::Reverse(..)) { "reversal" } else { "other" };
        after.transactions.push((kind, moved, effective));
        after.tags.push(cmd.tag);
        self.state = after;
        Ok(())
    }

    pub fn each(&mut self, before: &State, cmd: &Cmd) -> Answer {
        Self::invalid(before, cmd)?;
        let request = format!("{:?} {:?} {:?}", cmd.act, cmd.effective, cmd.tag);
        if let Some((known, answer)) = self.answers.get(&cmd.key) {
            return if *known == request { *answer } else { Err("key_conflict") };
        }
        let outcome = self.run(cmd);
        if outcome.is_ok() || outcome.is_err_and(|(_, remembered)| remembered) {
            self.answers.insert(cmd.key, (request, outcome.map_err(|no| no.0)));
        }
        outcome.map_err(|no| no.0)
    }

    pub fn all(&mut self, cmds: &[Cmd]) -> Answer {
        cmds.iter().try_for_each(|cmd| Self::invalid(&self.state, cmd))?;
        let mut keys: Vec<u8> = cmds.iter().map(|cmd| cmd.key).collect();
        keys.sort_unstable();
        keys.dedup();
        if cmds.is_empty() || keys.len() < cmds.len() {
            return Err("invalid_batch");
        }
        let batch = format!(
            "{:?}",
            cmds.iter().map(|cmd| (cmd.key, &cmd.act, cmd.effective, cmd.tag)).collect::<Vec<_>>()
        );
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
