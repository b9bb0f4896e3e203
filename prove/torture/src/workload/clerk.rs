//! A clerk who does business of all kinds with one ledger, the same for the same seed.

use std::time::Duration;

use fastrand::Rng;
use ledger_core::{
    Actor, Asset, CaptureSpec, Class, Command, Error, HoldId, HoldSpec, Invalid, Key, Kind, Ledger,
    Leg, LimitsSpec, MetaKey, Metadata, Money, Receipt, ReversalSpec, Status, Timestamp,
    TransactionId, Wallet, WalletSpec, Window,
};

use crate::workload::spelled;
use crate::workload::told::{Said, Tell};

/// How many holds and transactions a clerk remembers, to come back to them.
const REMEMBERED: usize = 24;

/// How the ledger's own keys begin, under which it notes that holds have expired.
pub const TIDIED: &str = "expire:";

/// A call.
#[derive(Clone, Debug)]
pub enum Call {
    /// One command.
    One(Command),
    /// Each on its own.
    Each(Vec<Command>),
    /// All or none.
    All(Vec<Command>),
    /// Wallets are opened.
    Open(Vec<(String, WalletSpec)>),
    /// It is noted of holds that they have expired.
    Tidy,
}

/// One who works at a ledger.
#[derive(Debug)]
pub struct Clerk {
    rng: Rng,
    name: String,
    number: u64,
    usd: Asset,
    wei: Asset,
    dollars: Vec<Wallet>,
    weis: Vec<Wallet>,
    holds: Vec<HoldId>,
    done: Vec<TransactionId>,
    /// When the last that was done was recorded.
    latest: Option<Timestamp>,
    earlier: Vec<Call>,
}

impl Clerk {
    /// A clerk with a name that no other has had at this ledger. Opens the wallets or finds them.
    pub fn new(
        name: &str,
        seed: u64,
        ledger: &Ledger,
        tell: &mut dyn FnMut(Tell),
    ) -> Result<Self, Error> {
        let (usd, wei) = (Asset::iso("USD")?, Asset::new("WEI", 18)?);
        ledger.define_asset(wei)?;
        let mut open = |spec: Result<WalletSpec, Invalid>, name: &str| {
            tell(Tell::SentWallet(name.to_owned()));
            let wallet = ledger.open_wallet(spec?)?;
            tell(Tell::Wallet(name.to_owned(), wallet.id));
            Ok::<Wallet, Error>(wallet)
        };
        let spec = |name| WalletSpec::new(name, usd);
        let dollars = vec![
            open(spec("user:ann"), "user:ann")?,
            open(spec("user:bob"), "user:bob")?,
            open(spec("credit").and_then(|it| it.floor(usd.minor(-50_000))), "credit")?,
            open(spec("jar").and_then(|it| it.ceiling(usd.minor(90_000))), "jar")?,
            open(spec("fees").map(WalletSpec::no_floor), "fees")?,
        ];
        let weis = vec![
            open(WalletSpec::new("whale", wei), "whale")?,
            open(WalletSpec::new("krill", wei), "krill")?,
        ];
        Ok(Self {
            rng: Rng::with_seed(seed),
            name: name.to_owned(),
            number: 0,
            usd,
            wei,
            dollars,
            weis,
            holds: Vec::new(),
            done: Vec::new(),
            latest: None,
            earlier: Vec::new(),
        })
    }

    /// Does one piece of business and tells what was said.
    pub fn work(&mut self, ledger: &Ledger, tell: &mut dyn FnMut(Tell)) -> Result<(), Error> {
        let call = self.choose()?;
        self.carry_out(&call, ledger, tell);
        Ok(())
    }

    /// What would be done next.
    pub fn choose(&mut self) -> Result<Call, Error> {
        if !self.earlier.is_empty() && self.rng.u8(0..12) == 0 {
            // As clients do who were not answered.
            let place = self.rng.usize(..self.earlier.len());
            return Ok(self.earlier.swap_remove(place));
        }
        match self.rng.u8(0..20) {
            0..12 => Ok(Call::One(self.single()?)),
            12..16 => self.several(2..9, Self::single).map(Call::Each),
            16..18 => self.several(2..5, Self::command).map(Call::All),
            18 => Ok(Call::Tidy),
            _ => {
                let count = self.rng.usize(1..4);
                (0..count).map(|_| self.new_wallet()).collect::<Result<_, _>>().map(Call::Open)
            }
        }
    }

    fn new_wallet(&mut self) -> Result<(String, WalletSpec), Error> {
        self.number += 1;
        let name = format!("user:{}:{}", self.name, self.number);
        let spec = WalletSpec::new(&name, self.usd)?;
        Ok((name, spec))
    }

    /// Carries a call out, and tells before what is sent and after what was said.
    pub fn carry_out(&mut self, call: &Call, ledger: &Ledger, tell: &mut dyn FnMut(Tell)) {
        match call {
            Call::One(command) => {
                tell(Tell::Sent(command.key().to_string()));
                let answer = ledger.submit(command.clone());
                self.hear(command, &answer, tell);
            }
            Call::Each(commands) => {
                for command in commands {
                    tell(Tell::Sent(command.key().to_string()));
                }
                match ledger.submit_each(commands.clone()) {
                    Ok(answers) => commands
                        .iter()
                        .zip(&answers)
                        .for_each(|(command, answer)| self.hear(command, answer, tell)),
                    Err(error) => refuse_all(commands, &error, tell),
                }
            }
            Call::All(commands) => {
                let keys = commands.iter().map(|it| it.key().to_string()).collect();
                tell(Tell::SentTogether(keys));
                match ledger.submit_all(commands.clone()) {
                    Ok(receipts) => commands
                        .iter()
                        .zip(receipts)
                        .for_each(|(command, it)| self.hear(command, &Ok(it), tell)),
                    Err(error) => refuse_all(commands, &error, tell),
                }
            }
            Call::Open(specs) => {
                for (name, _) in specs {
                    tell(Tell::SentWallet(name.clone()));
                }
                match ledger.open_wallets(specs.iter().map(|(_, spec)| spec.clone())) {
                    Ok(answers) => answers.into_iter().for_each(|it| self.take(it, tell)),
                    Err(error) => tell_failure(&error, tell),
                }
            }
            Call::Tidy => self.tidy(ledger, tell),
        }
        if self.rng.u8(0..4) == 0 && self.earlier.len() < REMEMBERED {
            self.earlier.push(call.clone());
        }
    }

    fn take(&mut self, wallet: Result<Wallet, Error>, tell: &mut dyn FnMut(Tell)) {
        match wallet {
            Ok(wallet) => {
                tell(Tell::Wallet(wallet.name.to_string(), wallet.id));
                self.dollars.push(wallet);
            }
            Err(error) => tell_failure(&error, tell),
        }
    }

    /// What it did has keys of the ledger's own: those of the holds that are remembered are looked up.
    fn tidy(&self, ledger: &Ledger, tell: &mut dyn FnMut(Tell)) {
        let keys: Vec<String> = self.holds.iter().map(|hold| format!("{TIDIED}{hold}")).collect();
        for key in &keys {
            tell(Tell::Sent(key.clone()));
        }
        if let Err(error) = ledger.expire_due(REMEMBERED) {
            return tell_failure(&error, tell);
        }
        for key in keys {
            match ledger.transaction_by_key(key.as_str()) {
                Ok(Some(answer)) => tell(Tell::Shown(key, Said::found(Some(&answer)))),
                Ok(None) => {}
                Err(error) => tell_failure(&error, tell),
            }
        }
    }

    fn hear(
        &mut self,
        command: &Command,
        answer: &Result<Receipt, Error>,
        tell: &mut dyn FnMut(Tell),
    ) {
        tell(Tell::Said(command.key().to_string(), Said::of(answer)));
        let receipt = match answer {
            Ok(receipt) => receipt,
            Err(error) => return tell_failure(error, tell),
        };
        remember(&mut self.done, receipt.id, &mut self.rng);
        self.latest = Some(receipt.at);
        if let (Kind::Hold, Some(hold)) = (receipt.kind, receipt.hold()) {
            remember(&mut self.holds, hold.id, &mut self.rng);
        }
    }

    fn several(
        &mut self,
        count: std::ops::Range<usize>,
        one: fn(&mut Self) -> Result<Command, Error>,
    ) -> Result<Vec<Command>, Error> {
        (0..self.rng.usize(count)).map(|_| one(self)).collect()
    }

    fn command(&mut self) -> Result<Command, Error> {
        self.number += 1;
        let key = Key::new(format!("{}:{}", self.name, self.number))?;
        let mut command = self.bare(key);
        if self.rng.u8(0..5) == 0 {
            let note = self.word();
            let text = format!(r#"{{"order": {}, "note": "{note}"}}"#, self.number);
            command = command.meta(Metadata::from_json(&text)?);
        }
        if self.rng.u8(0..10) == 0 {
            command = command.actor(Actor::new("clerk")?);
        }
        if let (0, Some(earlier)) = (self.rng.u8(0..12), self.earlier_time()) {
            command = command.effective_at(earlier);
        }
        Ok(if self.rng.u8(0..16) == 0 { self.with_expectation(command) } else { command })
    }

    /// A command that goes on its own; now and then one that whoever knows its key alone can send again.
    fn single(&mut self) -> Result<Command, Error> {
        let ([ann, bob, ..], 0) = (self.dollars.as_slice(), self.rng.u8(0..6)) else {
            return self.command();
        };
        self.number += 1;
        let verb = self.rng.choice(spelled::VERBS).unwrap_or_default();
        let key = format!("{}:{}/{verb}/{}", self.name, self.number, self.rng.u32(1..9_000));
        match spelled::command(&key, ann, bob)? {
            Some(command) => Ok(command),
            None => self.command(),
        }
    }

    fn with_expectation(&mut self, command: Command) -> Command {
        let wallet = self.dollar().id;
        match self.rng.u8(0..3) {
            0 => command.expect_version(wallet, self.rng.u64(0..8)),
            1 => command.expect_balance(wallet, self.usd.minor(self.rng.i128(0..9_000))),
            _ => command.expect_status(wallet, Status::Open),
        }
    }

    /// Up to two hours before the last that was done.
    fn earlier_time(&mut self) -> Option<Timestamp> {
        let ms = self.rng.i64(0..7_200_000);
        self.latest.map(|latest| Timestamp::from_unix_ms(latest.unix_ms() - ms))
    }

    fn word(&mut self) -> String {
        let length = if self.rng.u8(0..10) == 0 { 3_000 } else { 12 };
        std::iter::repeat_with(|| self.rng.lowercase()).take(length).collect()
    }

    fn bare(&mut self, key: Key) -> Command {
        match self.rng.u8(0..100) {
            0..28 => {
                let (wallet, money) = self.wallet_and_money();
                Command::deposit(key, wallet.id, money)
            }
            28..36 => {
                let (wallet, money) = self.wallet_and_money();
                Command::withdraw(key, wallet.id, money)
            }
            36..56 => {
                let (from, money) = self.wallet_and_money();
                Command::transfer(key, from.id, self.other(&from).id, money)
            }
            56..63 => {
                let legs: Vec<Leg> = (0..self.rng.usize(1..5)).map(|_| self.leg()).collect();
                Command::post(key, legs)
            }
            63..66 => self.trade(key),
            66..70 => self.status(key),
            70..74 => self.limits(key),
            74..79 => self.reversal(key),
            79..87 => self.hold(key),
            87..98 => self.about_hold(key),
            _ => self.about_all(key),
        }
    }

    fn trade(&mut self, key: Key) -> Command {
        let (buyer, whale) = (self.dollar(), pick(&self.weis, &mut self.rng));
        let (price, goods) = (self.rng.i128(1..900), self.rng.i128(1..1_000_000));
        let paid = Leg::new(buyer.id, self.other(&buyer).id, self.usd.minor(price));
        let goods = Leg::new(whale.id, self.other(&whale).id, self.wei.minor(goods));
        Command::trade(key, paid, goods)
    }

    fn reversal(&mut self, key: Key) -> Command {
        let Some(id) = self.pick_done() else { return self.hold(key) };
        let spec = ReversalSpec::of(id);
        if self.rng.bool() {
            return Command::reverse(key, spec);
        }
        let part = self.usd.minor(self.rng.i128(1..3_000));
        Command::reverse(key, spec.posting(self.rng.u32(0..2)).amount(part))
    }

    /// What is about the ledger as a whole.
    fn about_all(&mut self, key: Key) -> Command {
        match (self.rng.u8(0..3), self.earlier_time()) {
            (0, Some(until)) => Command::lock_periods(key, until),
            (1, until) => Command::unlock_periods(key, until),
            _ => {
                let names = ["order", "note"].into_iter().take(self.rng.usize(0..3));
                Command::index_metadata(key, names.filter_map(|name| MetaKey::new(name).ok()))
            }
        }
    }

    fn about_hold(&mut self, key: Key) -> Command {
        if self.holds.is_empty() {
            return self.hold(key);
        }
        let place = self.rng.usize(..self.holds.len());
        let Some(&hold) = self.holds.get(place) else { return self.hold(key) };
        match self.rng.u8(0..8) {
            0..2 => Command::capture(key, CaptureSpec::of(hold)),
            2..4 => Command::capture(key, CaptureSpec::of(hold).amount(self.usd.minor(7))),
            4 => Command::capture(
                key,
                CaptureSpec::of(hold).amount(self.usd.minor(9)).release_rest(),
            ),
            5 => Command::release(key, hold),
            6 => Command::extend(key, hold, Duration::from_hours(2)),
            _ => Command::expire(key, hold),
        }
    }

    fn hold(&mut self, key: Key) -> Command {
        let (from, money) = self.wallet_and_money();
        let lasting = Duration::from_millis(if self.rng.bool() { 3_600_000 } else { 2 });
        let spec = HoldSpec::new(from.id, self.other(&from).id, money, lasting);
        let more = from.asset.minor(self.rng.i128(0..20));
        Command::hold(key, if self.rng.u8(0..4) == 0 { spec.tolerance(more) } else { spec })
    }

    fn status(&mut self, key: Key) -> Command {
        let wallet = self.dollar();
        match self.rng.u8(0..8) {
            0..2 => Command::freeze(key, wallet.id),
            // Else everything would be frozen in the end.
            2..7 => Command::unfreeze(key, wallet.id),
            _ => Command::close(key, wallet.id),
        }
    }

    fn limits(&mut self, key: Key) -> Command {
        let spec = LimitsSpec::of(self.dollar().id);
        let money = self.usd.minor(self.rng.i128(5_000..90_000));
        let minute = Duration::from_mins(1);
        let spec = match self.rng.u8(0..8) {
            0..3 => spec.floor(self.usd.minor(-self.rng.i128(0..40_000))),
            3 => spec.largest(money),
            4 => spec.ceiling(money).no_largest(),
            5 => spec.windows([Window::leaving(minute).amount(money)]),
            6 => {
                spec.windows([Window::entering(minute).count(9), Window::leaving(minute).count(9)])
            }
            // Else little would be possible in the end.
            _ => spec.no_ceiling().no_windows().no_largest(),
        };
        Command::set_limits(key, spec)
    }

    fn leg(&mut self) -> Leg {
        let (from, money) = self.wallet_and_money();
        Leg::new(from.id, self.other(&from).id, money)
    }

    fn dollar(&mut self) -> Wallet {
        pick(&self.dollars, &mut self.rng)
    }

    fn wallet_and_money(&mut self) -> (Wallet, Money) {
        if self.rng.u8(0..8) > 0 {
            return (self.dollar(), self.usd.minor(self.rng.i128(1..9_000)));
        }
        // Past 64 bits, now and then.
        let digits = self.rng.u32(1..25);
        let amount = self.rng.i128(1..=10_i128.pow(digits));
        (pick(&self.weis, &mut self.rng), self.wei.minor(amount))
    }

    fn other(&mut self, than: &Wallet) -> Wallet {
        let wallets = if than.asset == self.wei { &self.weis } else { &self.dollars };
        loop {
            let other = pick(wallets, &mut self.rng);
            if other.id != than.id {
                return other;
            }
        }
    }

    fn pick_done(&mut self) -> Option<TransactionId> {
        let place = self.rng.usize(..self.done.len().max(1));
        self.done.get(place).copied()
    }
}

fn refuse_all(commands: &[Command], error: &Error, tell: &mut dyn FnMut(Tell)) {
    for command in commands {
        tell(Tell::Said(command.key().to_string(), Said::of_error(error)));
    }
    tell_failure(error, tell);
}

fn tell_failure(error: &Error, tell: &mut dyn FnMut(Tell)) {
    if error.class() != Class::Rejected {
        tell(Tell::Failed(Box::new(error.clone())));
    }
}

fn remember<T>(list: &mut Vec<T>, it: T, rng: &mut Rng) {
    if list.len() < REMEMBERED {
        list.push(it);
    } else if let Some(place) = list.get_mut(rng.usize(..REMEMBERED)) {
        *place = it;
    }
}

#[allow(clippy::indexing_slicing, reason = "a clerk always has wallets")]
fn pick(wallets: &[Wallet], rng: &mut Rng) -> Wallet {
    wallets[rng.usize(..wallets.len())].clone()
}
