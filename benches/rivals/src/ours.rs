//! The ledger.

use std::path::Path;

use ledger_core::{Asset, Command, Key, WalletId, WalletSpec};
use ledger_sqlite::SqliteLedger;

use crate::transfer::{Book, Transfer};

pub struct Ours {
    pub ledger: SqliteLedger,
    pub wallets: Vec<WalletId>,
    asset: Asset,
}

impl Ours {
    pub fn make(path: &Path, wallets: usize, exclusive: bool) -> Self {
        let ledger = SqliteLedger::builder(path).exclusive(exclusive).open().expect("opened");
        let asset = Asset::iso("USD").expect("known");
        let spec = |number| WalletSpec::new(format!("user:{number}"), asset).expect("a name");
        let mut ids = Vec::with_capacity(wallets);
        for chunk in (0..wallets).collect::<Vec<_>>().chunks(5_000) {
            let opened = ledger.open_wallets(chunk.iter().map(spec)).expect("opened");
            ids.extend(opened.into_iter().map(|wallet| wallet.expect("opened").id));
        }
        for chunk in ids.chunks(5_000) {
            let fund = |wallet: &WalletId| {
                let key = Key::new(format!("fund:{wallet}")).expect("a key");
                Command::deposit(key, *wallet, asset.minor(1_000_000_000))
            };
            ledger.submit_all(chunk.iter().map(fund)).expect("funded");
        }
        Self { ledger, wallets: ids, asset }
    }
}

impl Book for Ours {
    fn transfer(&self, transfers: &[Transfer]) {
        let command = |it: &Transfer| {
            let key = Key::new(&it.key).expect("a key");
            Command::transfer(key, self.wallets[it.from], self.wallets[it.to], self.asset.minor(1))
        };
        match transfers {
            [one] => drop(self.ledger.submit(command(one)).expect("carried out")),
            many => {
                for answer in self.ledger.submit_each(many.iter().map(command)).expect("queued") {
                    answer.expect("carried out");
                }
            }
        }
    }
}
