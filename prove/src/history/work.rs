//! Clerks of a bank in which money only goes round.

use fastrand::Rng;
use ledger_core::{Asset, Command, Error, Key, Ledger, Result, Wallet, WalletId, WalletSpec};

use crate::history::note::{Note, What, now};

/// Few wallets, so that everyone is in everyone's way.
const WALLETS: usize = 6;
/// What each holds at the beginning.
const EACH: i128 = 1_000;

/// A bank.
#[derive(Debug)]
pub struct Bank {
    ledger: Ledger,
    wallets: Vec<Wallet>,
}

impl Bank {
    /// Opens the wallets and puts money into them, or finds them.
    pub fn open(ledger: &Ledger) -> Result<Self> {
        let usd = Asset::iso("USD")?;
        let open = |number: usize| {
            let wallet = ledger.open_wallet(WalletSpec::new(format!("wallet {number}"), usd)?)?;
            ledger.deposit(&wallet, usd.minor(EACH), format!("fund-{number}").as_str())?;
            Ok(wallet)
        };
        let wallets = (0..WALLETS).map(open).collect::<Result<_>>()?;
        Ok(Self { ledger: ledger.clone(), wallets })
    }

    /// The wallets, in their order.
    pub fn wallets(&self) -> Vec<WalletId> {
        self.wallets.iter().map(|wallet| wallet.id).collect()
    }

    /// Makes so many calls and notes each that was answered.
    pub fn work(&self, name: u64, seed: u64, calls: usize, planted: bool) -> Vec<Note> {
        let mut rng = Rng::with_seed(seed ^ name);
        let mut notes = Vec::with_capacity(calls);
        while notes.len() < calls {
            let number = notes.len();
            match rng.u8(0..10) {
                0 => self.look(&mut notes, planted),
                1 => self.pay_several(&format!("{name}-{number}"), &mut rng, &mut notes),
                // Everyone uses these keys, and one is the first.
                2 => self.pay(&format!("common-{number}"), &mut Rng::with_seed(7), &mut notes),
                _ => self.pay(&format!("{name}-{number}"), &mut rng, &mut notes),
            }
        }
        notes
    }

    fn look(&self, notes: &mut Vec<Note>, planted: bool) {
        let began = now();
        let ids = self.wallets();
        let looked = if planted {
            ids.iter().map(|id| self.ledger.balance(*id)).collect()
        } else {
            self.ledger.balances(&ids)
        };
        let Ok(balances) = looked else { return };
        let of = |it: &ledger_core::Balance| {
            (it.version, i64::try_from(it.posted.amount().minor()).unwrap_or(i64::MIN))
        };
        let what = What::Looked(balances.iter().map(of).collect());
        notes.push(Note { began, ended: now(), what });
    }

    fn pay(&self, key: &str, rng: &mut Rng, notes: &mut Vec<Note>) {
        let Some(command) = self.command(key, rng) else { return };
        let began = now();
        let answer = self.ledger.submit(command);
        let ended = now();
        notes.extend(note(key, began, ended, answer.map(|it| (it.id.raw(), it.replayed))));
    }

    fn pay_several(&self, key: &str, rng: &mut Rng, notes: &mut Vec<Note>) {
        let keys: Vec<String> = (0..4).map(|number| format!("{key}-{number}")).collect();
        let commands: Vec<Command> = keys.iter().filter_map(|key| self.command(key, rng)).collect();
        let began = now();
        let Ok(answers) = self.ledger.submit_each(commands) else { return };
        let ended = now();
        for (key, answer) in keys.iter().zip(answers) {
            notes.extend(note(key, began, ended, answer.map(|it| (it.id.raw(), it.replayed))));
        }
    }

    fn command(&self, key: &str, rng: &mut Rng) -> Option<Command> {
        let from = rng.usize(..WALLETS);
        let to = (from + rng.usize(1..WALLETS)) % WALLETS;
        let (from, to) = (self.wallets.get(from)?, self.wallets.get(to)?);
        let amount = from.asset.minor(rng.i128(1..400));
        Some(Command::transfer(Key::new(key).ok()?, from, to, amount))
    }
}

fn note(key: &str, began: u64, ended: u64, answer: Result<(u64, bool), Error>) -> Option<Note> {
    let key = key.to_owned();
    let what = match answer {
        Ok((id, replayed)) => What::Paid { key, id, replayed },
        Err(error) if error.kind() == ledger_core::ErrorKind::InsufficientFunds => {
            What::Refused { key, replayed: error.is_replay() }
        }
        // Nothing was written, or nobody knows: nothing was told.
        Err(_) => return None,
    };
    Some(Note { began, ended, what })
}
