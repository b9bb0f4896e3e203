//! The ledger's own pace, for a program in another language to be measured beside: reads lines such as
//! `each 500` (transfers, one a call) or `batch 8000` (in one call), carries them out on the file that is
//! named, and prints how many nanoseconds each took.

use std::io::{self, BufRead, Write};
use std::time::Instant;

use ledger_core::{Asset, Command, Key, Result, Wallet, WalletSpec};
use ledger_sqlite::SqliteLedger;

struct Shop {
    ledger: SqliteLedger,
    usd: Asset,
    wallets: Vec<Wallet>,
    keys: u64,
}

impl Shop {
    fn open(path: &str, wallets: usize) -> Result<Self> {
        let ledger = SqliteLedger::open(path)?;
        let usd = Asset::iso("USD")?;
        let specs = (0..wallets).map(|number| WalletSpec::new(format!("user:{number}"), usd));
        let specs = specs.collect::<Result<Vec<_>, _>>()?;
        let wallets = ledger.open_wallets(specs)?.into_iter().collect::<Result<Vec<_>>>()?;
        for wallet in &wallets {
            ledger.deposit(wallet, usd.money("1000000000.00")?, format!("fund:{}", wallet.id))?;
        }
        Ok(Self { ledger, usd, wallets, keys: 0 })
    }

    /// The keys of the next transfers, made before the clock starts.
    fn keys(&mut self, count: u64) -> Vec<String> {
        let from = self.keys;
        self.keys += count;
        (from..self.keys).map(|number| format!("rust:{number}")).collect()
    }

    /// A transfer of one cent between two wallets that the key chooses.
    fn ends(&self, number: usize) -> (&Wallet, &Wallet) {
        let count = self.wallets.len();
        let (from, to) = (number * 7 % count, (number * 13 + 1) % count);
        let to = if from == to { (to + 1) % count } else { to };
        match (self.wallets.get(from), self.wallets.get(to)) {
            (Some(from), Some(to)) => (from, to),
            _ => std::process::exit(2),
        }
    }

    fn each(&mut self, count: u64) -> Result<u128> {
        let keys = self.keys(count);
        let begun = Instant::now();
        for (number, key) in keys.iter().enumerate() {
            let (from, to) = self.ends(number);
            self.ledger.transfer(from, to, self.usd.money("0.01")?, key.as_str())?;
        }
        Ok(begun.elapsed().as_nanos() / u128::from(count))
    }

    fn batch(&mut self, count: u64) -> Result<u128> {
        let keys = self.keys(count);
        let begun = Instant::now();
        let command = |(number, key): (usize, &String)| {
            let (from, to) = self.ends(number);
            Ok(Command::transfer(Key::new(key)?, from, to, self.usd.money("0.01")?))
        };
        let commands = keys.iter().enumerate().map(command).collect::<Result<Vec<_>>>()?;
        let answers = self.ledger.submit_each(commands)?;
        let took = begun.elapsed().as_nanos() / u128::from(count);
        answers.into_iter().collect::<Result<Vec<_>>>()?;
        Ok(took)
    }
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(path), Some(wallets)) = (arguments.next(), arguments.next()) else {
        std::process::exit(2)
    };
    let mut shop = Shop::open(&path, wallets.parse().unwrap_or(1_000))?;
    for line in io::stdin().lock().lines().map_while(std::io::Result::ok) {
        let (what, count) = line.split_once(' ').unwrap_or_default();
        let count = count.parse().unwrap_or(1);
        let nanoseconds = if what == "each" { shop.each(count)? } else { shop.batch(count)? };
        let mut out = io::stdout();
        if writeln!(out, "{nanoseconds}").and_then(|()| out.flush()).is_err() {
            break;
        }
    }
    Ok(())
}
