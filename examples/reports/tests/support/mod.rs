//! A ledger on which everything has happened that can.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use ledger_core::{
    Actor, Asset, CaptureSpec, Command, Error, HoldSpec, Key, Kind, Leg, LimitsSpec, ManualClock,
    Metadata, ReversalSpec, Timestamp, TransactionId, Wallet, WalletQuery, WalletSpec,
};
use ledger_reports::{Exported, Format, export};
use ledger_sqlite::SqliteLedger;
use tempfile::TempDir;

pub mod tools;

/// Names that other tools take for something else.
const NAMES: &[&str] = &[
    "user:alice",
    "user:Alice",
    "user",
    "user:alice:savings",
    "42",
    "4 2",
    "a;b",
    "a  b",
    "münchen",
    "a::b",
    ":",
    "x%20y",
    "x y",
    "x-20-y",
    "=1+1",
    "＝1＋1",
    "(virtual)",
    "* \"star\"",
    "価値/1",
    "<script>alert(1)</script>",
    "-,-",
];

pub struct Town {
    pub ledger: SqliteLedger,
    pub clock: Arc<ManualClock>,
    pub wallets: Vec<Wallet>,
    random: Rng,
    moved: Vec<TransactionId>,
    kinds: BTreeMap<&'static str, usize>,
    keys: u64,
    folder: TempDir,
}

impl Town {
    /// A ledger on which nothing has happened but that wallets were opened.
    pub fn new(seed: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new("2026-03-01T12:00:00Z".parse().unwrap()));
        let path = folder.path().join("town.ledger");
        let ledger = SqliteLedger::builder(path).clock(clock.clone()).open().unwrap();
        let random = Rng::with_seed(seed);
        let (wallets, moved, kinds) = Default::default();
        let mut town = Self { ledger, clock, wallets, random, moved, kinds, keys: 0, folder };
        town.open_wallets();
        town
    }

    fn open_wallets(&mut self) {
        for (code, scale) in
            [("USD", 2), ("JPY", 0), ("ETH", 18), ("GOLD-18K", 3), ("points", 0), ("POINTS", 1)]
        {
            let asset = self.ledger.define_asset(Asset::new(code, scale).unwrap()).unwrap();
            for (place, name) in NAMES.iter().enumerate() {
                let name =
                    if code == "USD" { (*name).to_owned() } else { format!("{name} {code}") };
                let spec = WalletSpec::new(name, asset).unwrap().owner("Ann \"&\" Bob").unwrap();
                let spec = if place % 3 == 0 { spec.no_floor() } else { spec };
                self.wallets.push(self.ledger.open_wallet(spec).unwrap());
            }
        }
    }

    /// A ledger on which that many things were tried.
    pub fn lived(seed: u64, steps: usize) -> Self {
        let mut town = Self::new(seed);
        for _ in 0..steps {
            town.clock.advance(Duration::from_secs(town.random.u64(0..40_000)));
            town.step();
        }
        for kind in [
            Kind::Deposit,
            Kind::Withdrawal,
            Kind::Transfer,
            Kind::Post,
            Kind::Hold,
            Kind::Capture,
            Kind::Release,
            Kind::Reversal,
            Kind::Trade,
            Kind::Limits,
            Kind::Freeze,
        ] {
            assert!(town.kinds.contains_key(kind.code()), "no {kind} in {:?}", town.kinds);
        }
        town
    }

    pub fn key(&mut self) -> Key {
        self.keys += 1;
        let marks = ["", " , ", "\"", "\\", "=1+", "é", " ;x:y ", "%2C", "<b>"];
        let mark = marks[self.random.usize(..marks.len())];
        format!("{mark}key {}{mark}", self.keys).parse().unwrap()
    }

    fn wallet(&mut self) -> Wallet {
        self.wallets[self.random.usize(..self.wallets.len())].clone()
    }

    /// Two wallets of one asset.
    fn pair(&mut self) -> (Wallet, Wallet) {
        let from = self.wallet();
        loop {
            let to = self.wallet();
            if to.asset == from.asset && to.id != from.id {
                return (from, to);
            }
        }
    }

    fn amount(&mut self, asset: Asset) -> ledger_core::Money {
        let digits = self.random.u32(1..=22);
        asset.minor(self.random.i128(1..=10_i128.pow(digits)))
    }

    fn step(&mut self) {
        let (from, to) = self.pair();
        let amount = self.amount(from.asset);
        let key = self.key();
        let command = match self.random.u32(..13) {
            0..=2 => Command::deposit(key, &from, amount),
            3 => Command::withdraw(key, &from, amount),
            4 => Command::transfer(key, &from, &to, amount),
            5 => {
                let payees = [(self.pair_of(&from).id, 3), (to.id, 2), (to.id, 2)];
                match Leg::split(&from, amount, payees) {
                    Ok(legs) => Command::post(key, legs),
                    Err(_) => return,
                }
            }
            6 => {
                let (other, back) = self.pair();
                let goods = Leg::new(&other, &back, self.amount(other.asset));
                Command::trade(key, Leg::new(&from, &to, amount), goods)
            }
            7 | 8 => return self.hold(&from, &to, amount),
            9 | 10 => {
                let Some(&id) = self.random.choice(&self.moved) else { return };
                Command::reverse(key, ReversalSpec::of(id))
            }
            11 => {
                let floor = from.asset.minor(-self.random.i128(0..1_000));
                Command::set_limits(key, LimitsSpec::of(&from).floor(floor))
            }
            _ => {
                self.tried(Command::freeze(key, &from)).ok();
                Command::unfreeze(self.key(), &from)
            }
        };
        self.dated(command);
    }

    /// Another wallet of that wallet's asset.
    fn pair_of(&mut self, wallet: &Wallet) -> Wallet {
        loop {
            let other = self.wallet();
            if other.asset == wallet.asset && other.id != wallet.id {
                return other;
            }
        }
    }

    fn hold(&mut self, from: &Wallet, to: &Wallet, amount: ledger_core::Money) {
        let spec = HoldSpec::new(from, to, amount, Duration::from_hours(24));
        let command = Command::hold(self.key(), spec);
        let Ok(Some(hold)) = self.tried(command) else { return };
        let half = amount.asset().minor(amount.amount().minor() / 2);
        let key = self.key();
        let command = match self.random.u32(..4) {
            0 => Command::capture(key, &hold),
            1 if half.is_positive() => Command::capture(key, CaptureSpec::of(&hold).amount(half)),
            2 => Command::release(key, &hold),
            _ => return,
        };
        self.tried(command).ok();
    }

    /// Some of what moves money takes effect earlier than it is recorded.
    fn dated(&mut self, command: Command) {
        let now = ledger_core::Clock::now(&*self.clock);
        let back = self.random.i64(0..400) * 86_400_000;
        let earlier = Timestamp::from_unix_ms(now.unix_ms() - back);
        let dated = self.random.u32(..4) == 0;
        let command = if dated { command.effective_at(earlier) } else { command };
        self.tried(command).ok();
    }

    fn tried(&mut self, command: Command) -> Result<Option<ledger_core::Hold>, Error> {
        let meta = r#"{"a,b":"50% \"off\"; date:2020-01-01, \\n\n","n":1.5,"u":"ü<"}"#;
        let actor = Actor::new("@eve").unwrap().reason("=why, \"so\"").unwrap();
        let command = match self.random.u32(..3) {
            0 => command.meta(Metadata::from_json(meta).unwrap()).actor(actor),
            _ => command,
        };
        let receipt = self.ledger.submit(command)?;
        *self.kinds.entry(receipt.kind.code()).or_default() += 1;
        if receipt.is_reversible() {
            self.moved.push(receipt.id);
        }
        Ok(receipt.hold().copied())
    }

    /// What every wallet holds, by its name.
    pub fn balances(&self) -> BTreeMap<String, String> {
        let wallets = self.ledger.wallets(&WalletQuery::all().limit(1_000)).unwrap();
        assert!(wallets.next.is_none());
        let balance = |wallet: &Wallet| {
            (wallet.name.to_string(), self.ledger.balance(wallet).unwrap().posted.to_string())
        };
        wallets.wallets.iter().map(balance).collect()
    }

    pub fn export(&self, format: Format) -> (Exported, String) {
        exported(&self.ledger, format)
    }
}

pub fn exported(ledger: &SqliteLedger, format: Format) -> (Exported, String) {
    let mut out = Vec::new();
    let exported = export(ledger, format, &mut out, &mut |_| {}).unwrap();
    (exported, String::from_utf8(out).unwrap())
}
