//! A small world for cases to play in.

use std::sync::Arc;

use crate::store::Store;
use crate::{
    Asset, ErrorKind, Key, Ledger, LedgerBuilder, ManualClock, Money, Receipt, Rejection, Result,
    Wallet, WalletSpec,
};

/// A ledger with a clock that stands still, and two wallets.
pub(super) struct Shop {
    pub(super) ledger: Ledger,
    pub(super) clock: Arc<ManualClock>,
    pub(super) usd: Asset,
    pub(super) alice: Wallet,
    pub(super) bob: Wallet,
}

impl Shop {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        let clock = Arc::new(ManualClock::new("2026-03-01T12:00:00Z".parse().unwrap()));
        let ledger = LedgerBuilder::on(store).clock(clock.clone()).build().unwrap();
        let usd = Asset::iso("USD").unwrap();
        let open = |name| ledger.open_wallet(WalletSpec::new(name, usd).unwrap()).unwrap();
        let (alice, bob) = (open("user:alice"), open("user:bob"));
        Self { ledger, clock, usd, alice, bob }
    }

    /// The same with 100 dollars in Alice's wallet.
    pub(super) fn funded(store: Arc<dyn Store>) -> Self {
        let shop = Self::new(store);
        shop.ledger.deposit(&shop.alice, shop.usd("100.00"), "fund").unwrap();
        shop
    }

    pub(super) fn usd(&self, amount: &str) -> Money {
        self.usd.money(amount).unwrap()
    }

    pub(super) fn open(&self, spec: WalletSpec) -> Wallet {
        self.ledger.open_wallet(spec).unwrap()
    }

    pub(super) fn spec(&self, name: &str) -> WalletSpec {
        WalletSpec::new(name, self.usd).unwrap()
    }

    /// From Alice to Bob.
    pub(super) fn pay(&self, amount: &str, key: &str) -> Result<Receipt> {
        self.ledger.transfer(&self.alice, &self.bob, self.usd(amount), key)
    }

    pub(super) fn posted(&self, wallet: &Wallet) -> Money {
        self.ledger.balance(wallet).unwrap().posted
    }

    /// What is posted in these wallets, in dollars.
    pub(super) fn assert_posted(&self, expected: &[(&Wallet, &str)]) {
        for (wallet, amount) in expected {
            assert_eq!(self.posted(wallet), self.usd(amount), "{}", wallet.name);
        }
        self.assert_balanced();
    }

    /// All wallets of an asset together hold nothing.
    pub(super) fn assert_balanced(&self) {
        let page = self.ledger.wallets(&crate::WalletQuery::all().limit(1_000)).unwrap();
        let dollars = page.wallets.iter().filter(|wallet| wallet.asset == self.usd);
        let amounts = dollars.map(|wallet| self.posted(wallet).amount().minor());
        // The largest and smallest balances cancel out only as a whole.
        assert_eq!(amounts.fold(0, i128::wrapping_add), 0);
    }
}

pub(super) fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

pub(super) fn kind_of<T: std::fmt::Debug>(result: Result<T>) -> ErrorKind {
    result.unwrap_err().kind()
}

pub(super) fn rejection_of<T: std::fmt::Debug>(result: Result<T>) -> Rejection {
    result.unwrap_err().rejection().unwrap().clone()
}
