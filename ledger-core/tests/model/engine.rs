//! The engine, driven by the model's commands, and each of its answers compared with the model's.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ledger_core::{
    Amount, Asset, CaptureSpec, Clock, Command, Direction, Error, FindQuery, HoldId, HoldSpec, Key,
    Kind, Ledger, Leg, LimitsSpec, ManualClock, Metadata, Receipt, ReversalSpec, Timestamp,
    TransactionId, WalletId, WalletSpec,
};

use crate::model::{Act, Cmd, EUR, Model, NOBODY, WORLD, Window};

/// A call of a client's.
#[derive(Clone, Debug)]
pub enum Call {
    Each(Vec<Cmd>),
    All(Vec<Cmd>),
    Wait(i64),
}

/// The engine, driven by the same commands.
pub struct Engine {
    pub ledger: Ledger,
    usd: Asset,
    ids: Vec<WalletId>,
    first: HashMap<u8, Receipt>,
    clock: Arc<ManualClock>,
    holds: Vec<HoldId>,
    transactions: Vec<TransactionId>,
}

impl Engine {
    /// Opens the wallets in a new ledger with that clock.
    pub fn new(ledger: Ledger, clock: Arc<ManualClock>) -> (Self, Model) {
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
        let model = Model::new(clock.now().unix_ms());
        let (first, holds, transactions) = (HashMap::new(), vec![], vec![]);
        (Self { ledger, usd, ids, first, clock, holds, transactions }, model)
    }

    /// Sends it to both, and compares the answers and all that can be seen.
    pub fn call(&mut self, model: &mut Model, call: &Call) {
        match call {
            Call::Wait(ms) => {
                model.now += ms;
                self.clock.set(Timestamp::from_unix_ms(model.now));
            }
            Call::Each(cmds) => {
                let before = model.state.clone();
                let commands: Vec<Command> = cmds.iter().map(|c| self.command(c)).collect();
                let answers = self.ledger.submit_each(commands).unwrap();
                for (cmd, answer) in cmds.iter().zip(answers) {
                    let expected = model.each(&before, cmd);
                    assert_eq!(answer.as_ref().map(drop).map_err(code), expected, "{cmd:?}");
                    if let Ok(receipt) = answer {
                        self.check_receipt(cmd.key, &receipt);
                    }
                }
            }
            Call::All(cmds) => {
                let commands: Vec<Command> = cmds.iter().map(|c| self.command(c)).collect();
                let answer = self.ledger.submit_all(commands);
                assert_eq!(answer.as_ref().map(drop).map_err(code), model.all(cmds), "{cmds:?}");
                for (cmd, receipt) in cmds.iter().zip(answer.iter().flatten()) {
                    self.check_receipt(cmd.key, receipt);
                }
            }
        }
        self.check_against(model);
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
            Act::Limits(wallet, limits) => Command::set_limits(key, self.limits(*wallet, limits)),
            Act::Unlock(until) => Command::unlock_periods(key, until.map(Timestamp::from_unix_ms)),
            Act::Lock(until) => Command::lock_periods(key, Timestamp::from_unix_ms(*until)),
            Act::Windows(wallet, windows) => {
                let windows = windows.iter().map(|window| self.window(window));
                Command::set_limits(key, LimitsSpec::of(self.ids[*wallet]).windows(windows))
            }
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
        let command = match cmd.effective {
            Some(at) => command.effective_at(Timestamp::from_unix_ms(at)),
            None => command,
        };
        let command = match cmd.tag {
            Some(tag) => {
                let meta = format!(r#"{{"reference":"t{tag}"}}"#);
                command.meta(Metadata::from_json(&meta).unwrap())
            }
            None => command,
        };
        match cmd.expect {
            Some((wallet, version)) => command.expect_version(self.ids[wallet], version),
            None => command,
        }
    }

    #[allow(clippy::option_option, reason = "stays, none, or an amount")]
    fn limits(&self, wallet: usize, limits: &[Option<Option<i128>>; 3]) -> LimitsSpec {
        let [floor, ceiling, largest] = *limits;
        let amount = |n| self.usd.of(Amount::from_minor(n));
        let spec = LimitsSpec::of(self.ids[wallet]);
        let spec = match floor {
            None => spec,
            Some(None) => spec.no_floor(),
            Some(Some(n)) => spec.floor(amount(n)),
        };
        let spec = match ceiling {
            None => spec,
            Some(None) => spec.no_ceiling(),
            Some(Some(n)) => spec.ceiling(amount(n)),
        };
        match largest {
            None => spec,
            Some(None) => spec.no_largest(),
            Some(Some(n)) => spec.largest(amount(n)),
        }
    }

    fn window(&self, window: &Window) -> ledger_core::Window {
        ledger_core::Window {
            direction: if window.leaves { Direction::Out } else { Direction::In },
            lasting: Duration::from_millis(u64::try_from(window.ms).unwrap_or(0)),
            amount: window.amount.map(|n| self.usd.of(Amount::from_minor(n))),
            count: window.count.map(|count| u32::try_from(count).unwrap()),
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

    pub fn check_against(&self, model: &Model) {
        let balances = self.ledger.balances(&self.ids[..NOBODY]).unwrap();
        for (place, (balance, wallet)) in balances.iter().zip(&model.state.wallets).enumerate() {
            let found = (balance.posted.amount().minor(), balance.version);
            assert_eq!(found, (wallet.posted, wallet.version), "wallet {place}");
            let held = model.state.held(place, model.now);
            assert_eq!(balance.held.amount().minor(), held, "wallet {place}");
        }
        for (wallet, id) in self.ids[..NOBODY].iter().enumerate() {
            let [on, by] = [model.now - 90, model.now - 200];
            for (effective, recorded) in [(on, by), (by, on), (by, model.now)] {
                let Some(known) = model.state.known(wallet, effective, recorded) else { continue };
                let [e, r] = [effective, recorded].map(Timestamp::from_unix_ms);
                let found = self.ledger.balance_known_at(*id, e, r);
                assert!(
                    found.is_ok_and(|found| found.amount().minor() == known),
                    "wallet {wallet}"
                );
            }
        }
        let usd = balances[..EUR].iter().map(|balance| balance.posted.amount().minor());
        // The extremes cancel out only as a whole, so sum up without carrying over.
        assert_eq!(usd.fold(0_i128, i128::wrapping_add), 0);
        for tag in 0..3 {
            let query = FindQuery::reference(format!("t{tag}")).limit(1_000);
            let found = self.ledger.find(&query).unwrap().transactions;
            let tagged = self.transactions.iter().zip(&model.state.tags);
            let expected = tagged.filter(|(_, it)| **it == Some(tag)).map(|(id, _)| *id);
            assert!(found.iter().map(|it| it.id).eq(expected), "tag {tag}");
        }
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
