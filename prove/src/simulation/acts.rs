//! What clients do in a world, in the model's words and in the ledger's.

use std::time::Duration;

use fastrand::Rng;
use ledger_core::{
    Amount, Asset, CaptureSpec, Command, HoldId, HoldSpec, Key, Leg, LimitsSpec, ReversalSpec,
    Timestamp, TransactionId, WalletId,
};

use crate::simulation::BEGINNING;
use crate::simulation::model::{Act, Cmd, EUR, NOBODY, WORLD};

/// A command in the model's words.
pub fn choose(rng: &mut Rng, keys: std::ops::Range<u8>) -> Cmd {
    let effective = (rng.u8(0..8) == 0).then(|| time(rng));
    Cmd { key: rng.u8(keys), act: act(rng), expect: None, effective, tag: None }
}

/// Around the beginning; most of it is past.
fn time(rng: &mut Rng) -> i64 {
    BEGINNING + rng.i64(-2_000..500)
}

fn wallet(rng: &mut Rng) -> usize {
    match rng.u8(0..40) {
        0 => WORLD,
        1 => EUR,
        2 => NOBODY,
        _ => rng.usize(1..EUR),
    }
}

fn amount(rng: &mut Rng) -> i128 {
    match rng.u8(0..30) {
        0 => -rng.i128(0..3),
        1 => i128::MAX - rng.i128(0..300),
        _ => rng.i128(1..400),
    }
}

fn some(rng: &mut Rng) -> Option<i128> {
    rng.bool().then(|| amount(rng))
}

/// Stays, none, or an amount, as in the model.
#[allow(clippy::option_option, reason = "as in the model")]
type Limit = Option<Option<i128>>;

fn limit(rng: &mut Rng, range: std::ops::Range<i128>) -> Limit {
    rng.bool().then(|| (rng.u8(0..4) > 0).then(|| rng.i128(range)))
}

fn act(rng: &mut Rng) -> Act {
    let place = rng.usize(0..12);
    let ms = if rng.u8(0..10) == 0 { rng.i64(-1..2) } else { rng.i64(1..200) };
    match rng.u8(0..33) {
        32 => Act::Lock(BEGINNING - rng.i64(0..2_000)),
        0..6 => Act::Deposit(wallet(rng), amount(rng)),
        6..9 => Act::Withdraw(wallet(rng), amount(rng)),
        9..14 => Act::Move(vec![(wallet(rng), wallet(rng), amount(rng))]),
        14..17 => {
            let leg = |rng: &mut Rng| (wallet(rng), wallet(rng), amount(rng));
            Act::Move((0..rng.usize(0..6)).map(|_| leg(rng)).collect())
        }
        17 => Act::Status(if rng.bool() { "frozen" } else { "open" }, wallet(rng)),
        18 => Act::Status(if rng.u8(0..3) == 0 { "closed" } else { "open" }, wallet(rng)),
        19..23 => Act::Hold {
            from: wallet(rng),
            to: wallet(rng),
            amount: amount(rng),
            extra: rng.i128(-1..60).max(-1),
            ms,
        },
        23..26 => Act::Capture(place, some(rng), rng.bool()),
        26 => Act::Release(place),
        27 => Act::Extend(place, ms),
        28 => Act::Expire(place),
        29 => {
            let limits = [limit(rng, -600..100), limit(rng, 0..2_000), limit(rng, -1..500)];
            Act::Limits(wallet(rng), limits)
        }
        _ => {
            let only = (rng.u8(0..3) == 0).then(|| rng.u32(0..4));
            Act::Reverse(rng.usize(0..30), only, some(rng))
        }
    }
}

/// What the ledger knows under the model's numbers.
#[derive(Debug)]
pub struct Names {
    /// The asset of most wallets.
    pub usd: Asset,
    /// The model's wallets.
    pub wallets: Vec<WalletId>,
    /// The model's holds.
    pub holds: Vec<HoldId>,
    /// The model's transactions.
    pub transactions: Vec<TransactionId>,
}

impl Names {
    /// The same command in the ledger's words. None if there is no such word.
    pub fn command(&self, cmd: &Cmd) -> Option<Command> {
        let key = key(cmd.key)?;
        let money = |n: &i128| self.usd.of(Amount::from_minor(*n));
        let wallet = |place: &usize| self.wallets.get(*place).copied();
        let lasting = |ms: &i64| Duration::from_millis(u64::try_from(*ms).unwrap_or(0));
        let command = match &cmd.act {
            Act::Deposit(to, n) => Command::deposit(key, wallet(to)?, money(n)),
            Act::Withdraw(from, n) => Command::withdraw(key, wallet(from)?, money(n)),
            Act::Move(legs) => {
                let leg = |(from, to, n): &(usize, usize, i128)| {
                    Some(Leg::new(wallet(from)?, wallet(to)?, money(n)))
                };
                Command::post(key, legs.iter().map(leg).collect::<Option<Vec<Leg>>>()?)
            }
            Act::Status("frozen", it) => Command::freeze(key, wallet(it)?),
            Act::Status("open", it) => Command::unfreeze(key, wallet(it)?),
            Act::Status(_, it) => Command::close(key, wallet(it)?),
            Act::Hold { from, to, amount, extra, ms } => {
                let spec = HoldSpec::new(wallet(from)?, wallet(to)?, money(amount), lasting(ms));
                Command::hold(key, spec.tolerance(money(extra)))
            }
            Act::Capture(place, n, rest) => {
                let spec = CaptureSpec::of(self.hold(*place)?);
                let spec = n.as_ref().map_or(spec, |n| spec.amount(money(n)));
                Command::capture(key, if *rest { spec.release_rest() } else { spec })
            }
            Act::Release(place) => Command::release(key, self.hold(*place)?),
            Act::Extend(place, ms) => Command::extend(key, self.hold(*place)?, lasting(ms)),
            Act::Expire(place) => Command::expire(key, self.hold(*place)?),
            Act::Limits(it, limits) => Command::set_limits(key, self.limits(wallet(it)?, limits)),
            Act::Reverse(place, only, n) => {
                let known = self.transactions.get(*place).copied();
                let spec = ReversalSpec::of(known.or_else(|| TransactionId::from_raw(1))?);
                let spec = only.map_or(spec, |only| spec.posting(only));
                Command::reverse(key, n.as_ref().map_or(spec, |n| spec.amount(money(n))))
            }
            Act::Lock(until) => Command::lock_periods(key, Timestamp::from_unix_ms(*until)),
            Act::Unlock(until) => Command::unlock_periods(key, until.map(Timestamp::from_unix_ms)),
            Act::Windows(..) => return None,
        };
        let at = cmd.effective.map(Timestamp::from_unix_ms);
        Some(at.map_or(command.clone(), |at| command.effective_at(at)))
    }

    fn limits(&self, wallet: WalletId, [floor, ceiling, largest]: &[Limit; 3]) -> LimitsSpec {
        let money = |n: i128| self.usd.minor(n);
        let spec = LimitsSpec::of(wallet);
        let spec = match floor {
            None => spec,
            Some(floor) => floor.map_or(spec.clone().no_floor(), |n| spec.floor(money(n))),
        };
        let spec = match ceiling {
            None => spec,
            Some(ceiling) => ceiling.map_or(spec.clone().no_ceiling(), |n| spec.ceiling(money(n))),
        };
        match largest {
            None => spec,
            Some(largest) => largest.map_or(spec.clone().no_largest(), |n| spec.largest(money(n))),
        }
    }

    fn hold(&self, place: usize) -> Option<HoldId> {
        self.holds.get(place).copied().or_else(|| HoldId::from_raw(1))
    }
}

/// A key by the model's number.
pub fn key(number: u8) -> Option<Key> {
    Key::new(format!("key {number}")).ok()
}
