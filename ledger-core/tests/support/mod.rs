//! What several tests share.

#![allow(dead_code, reason = "not every test uses all of it")]
#![allow(clippy::unwrap_used, clippy::panic)]

pub mod faulty;
pub mod gate;

use std::sync::Arc;

use ledger_core::{
    Asset, Ledger, LedgerBuilder, ManualClock, Receipt, Result, Wallet, WalletId, WalletSpec,
};

use self::faulty::{Fault, Faulty};
use self::gate::Gate;

/// A ledger on a faulty store, with a clock that stands still and two wallets, one of them with
/// 100 dollars.
pub struct Shop {
    pub store: Arc<Faulty>,
    pub clock: Arc<ManualClock>,
    pub ledger: Ledger,
    pub usd: Asset,
    pub alice: Wallet,
    pub bob: Wallet,
}

impl Shop {
    pub fn new() -> Self {
        Self::with(1, |settings| settings)
    }

    /// A shop with so many lanes, and with other settings.
    pub fn with(lanes: usize, settings: impl FnOnce(LedgerBuilder) -> LedgerBuilder) -> Self {
        let store = Arc::new(Faulty::with_lanes(lanes));
        let clock = Arc::new(ManualClock::new("2026-03-01T12:00:00Z".parse().unwrap()));
        let builder = LedgerBuilder::on(store.clone()).clock(clock.clone());
        let ledger = settings(builder).build().unwrap();
        let usd = Asset::iso("USD").unwrap();
        let open = |name| ledger.open_wallet(WalletSpec::new(name, usd).unwrap()).unwrap();
        let (alice, bob) = (open("user:alice"), open("user:bob"));
        ledger.deposit(&alice, usd.money("100").unwrap(), "fund").unwrap();
        Self { store, clock, ledger, usd, alice, bob }
    }

    pub fn pay(&self, amount: &str, key: &str) -> Result<Receipt> {
        self.ledger.transfer(&self.alice, &self.bob, self.usd.money(amount).unwrap(), key)
    }

    pub fn bob_has(&self) -> String {
        self.has(self.bob.id)
    }

    pub fn has(&self, wallet: WalletId) -> String {
        self.ledger.balance(wallet).unwrap().posted.to_string()
    }

    /// Runs `others` while a payment of one dollar under the key "slow" is being committed.
    pub fn while_committing<T>(&self, others: impl FnOnce() -> T) -> T {
        let gate = Gate::new();
        self.store.plan([Fault::CommitWaits(gate.clone())]);
        std::thread::scope(|scope| {
            let slow = scope.spawn(|| self.pay("1", "slow").unwrap());
            gate.wait_until_reached();
            let result = others();
            gate.open();
            slow.join().unwrap();
            result
        })
    }

    /// Waits until that many postings are in the queue.
    pub fn wait_until_waiting(&self, postings: u64) {
        gate::wait_until(|| self.ledger.stats().waiting == postings);
    }
}
