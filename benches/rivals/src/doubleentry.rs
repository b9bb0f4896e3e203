//! The crate `doubleentry`, over SQLite.

use std::path::Path;

use doubleentry::prelude::*;
use doubleentry::store::{SqlStore, Sqlite};
use tokio::runtime::{Builder, Runtime};

use crate::transfer::{Book, Transfer};

pub struct DoubleEntry {
    ledger: Ledger<SqlStore<Sqlite>>,
    runtime: Runtime,
}

fn account(wallet: usize) -> String {
    format!("Liabilities:Wallets:w{wallet}")
}

impl DoubleEntry {
    pub fn make(path: &Path, wallets: usize) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("built");
        let ledger = runtime.block_on(async {
            let url = format!("sqlite://{}?mode=rwc", path.display());
            let store = SqlStore::sqlite(&url).await.expect("opened");
            let id = LedgerId::new("example.com/bench").expect("an id");
            let ledger = Ledger::new(store, id).await.expect("made");
            let start = date!("2026-01-01");
            ledger.declare_currency(EUR, 2, start).await.expect("declared");
            ledger.define_months(2026, 1..=12).await.expect("defined");
            for wallet in 0..wallets {
                let kind = AccountKind::Liability;
                ledger.open(account(wallet), kind, start).await.expect("opened");
            }
            ledger
        });
        Self { ledger, runtime }
    }

    fn entry(it: &Transfer) -> Entry {
        let entry = Entry::new(it.key.as_str(), date!("2026-03-15"));
        let amount = amount!("0.01");
        entry.debit(account(it.from), amount, EUR).credit(account(it.to), amount, EUR)
    }
}

impl Book for DoubleEntry {
    fn transfer(&self, transfers: &[Transfer]) {
        let record = async {
            match transfers {
                [one] => drop(self.ledger.record(Self::entry(one)).await.expect("recorded")),
                many => drop(
                    self.ledger.record_batch(many.iter().map(Self::entry)).await.expect("recorded"),
                ),
            }
        };
        // Threads share the runtime; each drives its own call.
        self.runtime.block_on(record);
    }
}
