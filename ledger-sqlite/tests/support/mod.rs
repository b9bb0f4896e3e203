//! Files to test with.

#![allow(dead_code, reason = "each test uses some of it")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ledger_core::{
    Asset, CaptureSpec, Command, HoldSpec, Key, Ledger, Leg, LimitsSpec, Money, Receipt, Result,
    ReversalSpec, Wallet, WalletSpec,
};
use ledger_sqlite::{SqliteLedger, SqliteLedgerBuilder, SqliteStore};
use rusqlite::Connection;
use tempfile::TempDir;

thread_local! {
    static KEPT: RefCell<Vec<TestFile>> = const { RefCell::new(Vec::new()) };
}

/// A path in a folder of its own, which goes away with it.
pub struct TestFile {
    folder: TempDir,
}

impl TestFile {
    pub fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    /// A file in which a shop has done some business.
    pub fn with_business() -> Self {
        let file = Self::new();
        let shop = Shop::on(&file.open());
        shop.do_business();
        file
    }

    /// The same, as a crash leaves it: all of it is in the log.
    pub fn crashed() -> Self {
        let (file, left) = (Self::new(), Self::new());
        let ledger = file.open();
        Shop::on(&ledger).do_business();
        for ending in ["", "-wal"] {
            std::fs::copy(file.beside(ending), left.beside(ending)).unwrap();
        }
        left
    }

    pub fn path(&self) -> PathBuf {
        self.beside("")
    }

    pub fn beside(&self, ending: &str) -> PathBuf {
        self.folder.path().join(format!("test.ledger{ending}"))
    }

    /// Opens it; the folder stays until the test's thread ends.
    pub fn keep(
        self,
        open: impl FnOnce(SqliteLedgerBuilder) -> SqliteLedgerBuilder,
    ) -> Arc<SqliteStore> {
        let ledger = open(self.builder()).open().unwrap();
        KEPT.with_borrow_mut(|kept| kept.push(self));
        ledger.store().clone()
    }

    pub fn builder(&self) -> SqliteLedgerBuilder {
        SqliteLedger::builder(self.path())
    }

    pub fn open(&self) -> SqliteLedger {
        self.builder().open().unwrap()
    }

    /// The file as any other program sees it.
    pub fn sql(&self) -> Connection {
        Connection::open(self.path()).unwrap()
    }

    /// What is wrong with it; an empty text if nothing is.
    pub fn problem(&self) -> String {
        let go_on = &mut |_| std::ops::ControlFlow::Continue(());
        match SqliteLedger::verify_file(self.path(), &[], go_on) {
            Err(error) => error.to_string(),
            Ok(found) => found.problem.unwrap_or_default(),
        }
    }
}

/// Two wallets in a file.
pub struct Shop {
    pub ledger: Ledger,
    pub usd: Asset,
    pub alice: Wallet,
    pub bob: Wallet,
}

impl Shop {
    /// Opens the wallets, or finds them.
    pub fn on(ledger: &SqliteLedger) -> Self {
        let ledger = ledger.ledger().clone();
        let usd = Asset::iso("USD").unwrap();
        let open = |name| ledger.open_wallet(WalletSpec::new(name, usd).unwrap()).unwrap();
        let (alice, bob) = (open("user:alice"), open("user:bob"));
        Self { ledger, usd, alice, bob }
    }

    pub fn usd(&self, amount: &str) -> Money {
        self.usd.money(amount).unwrap()
    }

    pub fn fund(&self, amount: &str, key: &str) -> Receipt {
        self.ledger.deposit(&self.alice, self.usd(amount), key).unwrap()
    }

    /// From Alice to Bob.
    pub fn pay(&self, amount: &str, key: &str) -> Result<Receipt> {
        self.ledger.transfer(&self.alice, &self.bob, self.usd(amount), key)
    }

    pub fn posted(&self, wallet: &Wallet) -> String {
        self.ledger.balance(wallet).unwrap().posted.to_string()
    }

    /// Some of everything: postings, a batch, noes, a status, metadata, amounts past 64 bits.
    pub fn do_business(&self) {
        self.fund("100.00", "fund");
        self.pay("12.50", "pay").unwrap();
        self.pay("1000", "too much").unwrap_err();
        let pay = |amount, key: &str| {
            let key = Key::new(key).unwrap();
            Command::transfer(key, &self.alice, &self.bob, self.usd(amount))
        };
        self.ledger.submit_all([pay("1", "batch a"), pay("2", "batch b")]).unwrap();
        self.ledger.submit_all([pay("1", "no a"), pay("9999", "no b")]).unwrap_err();
        let meta = ledger_core::Metadata::from_json(r#"{"sku": "A1"}"#).unwrap();
        let actor = ledger_core::Actor::new("api").unwrap();
        let noted = pay("3", "noted").meta(meta).actor(actor);
        self.ledger.submit(noted).unwrap();
        let wei = self.ledger.define_asset(Asset::new("WEI", 18).unwrap()).unwrap();
        let whale = self.ledger.open_wallet(WalletSpec::new("whale", wei).unwrap()).unwrap();
        self.ledger.deposit(&whale, wei.money("123456789012345.6").unwrap(), "wide").unwrap();
        self.hold_some(&whale);
        self.ledger.freeze(&self.bob, "freeze").unwrap();
        self.pay("1", "frozen").unwrap_err();
    }

    /// Holds in every state but expired: 22 WEI stay reserved for a year, wide and narrow.
    fn hold_some(&self, whale: &Wallet) {
        let wei = |amount: &str| whale.asset.money(amount).unwrap();
        let krill = WalletSpec::new("krill", whale.asset).unwrap();
        let krill = self.ledger.open_wallet(krill).unwrap();
        let hold = |amount: &str, key: &str| {
            let year = Duration::from_hours(365 * 24);
            let spec = HoldSpec::new(whale, &krill, wei(amount), year).tolerance(wei("0.5"));
            self.ledger.hold(spec, key).unwrap()
        };
        let [open, part, captured, released] =
            [("20", "open"), ("12345678901.5", "part"), ("1", "whole"), ("1", "back")]
                .map(|(amount, key)| hold(amount, key));
        let some = CaptureSpec::of(&part).amount(wei("12345678899.5"));
        self.ledger.capture(some, "part of it").unwrap();
        let more = CaptureSpec::of(&captured).amount(wei("1.25"));
        self.ledger.capture(more, "all of it and more").unwrap();
        self.ledger.release(&released, "release").unwrap();
        self.ledger.extend(&open, Duration::from_hours(366 * 24), "extend").unwrap();
        let both = [(whale, &krill), (&krill, whale)];
        let legs = both.map(|(from, to)| Leg::new(from, to, wei("12345678901")));
        let there_and_back = self.ledger.post(legs, "there and back").unwrap().id;
        let part = ReversalSpec::of(there_and_back).posting(1).amount(wei("1"));
        self.ledger.reverse(part, "a part back").unwrap();
        self.ledger.reverse(there_and_back, "all back").unwrap();
        let limits = LimitsSpec::of(&krill).floor(wei("-1")).largest(wei("9999999999999"));
        self.ledger.set_limits(limits.no_ceiling(), "limits").unwrap();
    }
}
