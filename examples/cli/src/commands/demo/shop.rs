//! The shop: its wallets, and its customers'.

use ledger_core::{Asset, Error, Wallet, WalletSpec};

use crate::book::Book;
use crate::failure::{Done, Failure};

pub(super) const CUSTOMERS: usize = 24;

/// A shop that sells for dollars and gives points.
pub(super) struct Shop {
    pub(super) book: Book,
    pub(super) usd: Asset,
    pub(super) points: Asset,
    pub(super) sales: Wallet,
    pub(super) fees: Wallet,
    pub(super) bonus: Wallet,
    pub(super) customers: Vec<Customer>,
}

/// Someone who buys.
pub(super) struct Customer {
    pub(super) cash: Wallet,
    pub(super) points: Wallet,
}

impl Shop {
    /// Opens all wallets.
    pub(super) fn open(book: Book) -> Result<Self, Failure> {
        let usd = Asset::iso("USD")?;
        let points = book.define_asset(Asset::new("POINTS", 0)?)?;
        let open = |name: &str, asset| book.open_wallet(WalletSpec::new(name, asset)?);
        let [sales, fees] = [open("shop:sales", usd)?, open("shop:fees", usd)?];
        let bonus = open("shop:points", points)?;
        book.deposit(&bonus, points.minor(1_000_000), "points:issue")?;
        let customers = (1..=CUSTOMERS).map(|number| Customer::open(&book, number, usd, points));
        let customers = customers.collect::<Result<_, _>>()?;
        Ok(Self { book, usd, points, sales, fees, bonus, customers })
    }

    /// The takings go to the bank, and the first customer gets wages.
    pub(super) fn end_of_day(&self) -> Done {
        let takings = self.book.balance(&self.sales)?.posted;
        if takings.is_positive() {
            self.book.withdraw(&self.sales, takings, "bank:day-1")?;
        }
        let customer = self.book.named("customer:01")?;
        self.book.deposit(&customer, self.usd.money("100.00")?, "wages:day-1")?;
        Ok(())
    }
}

impl Customer {
    /// Every fourth may owe the shop something.
    fn open(book: &Book, number: usize, usd: Asset, points: Asset) -> Result<Self, Error> {
        let owner = format!("customer:{number:02}");
        let mut cash = WalletSpec::new(&owner, usd)?.owner(&owner)?;
        if number.is_multiple_of(4) {
            cash = cash.floor(usd.money("-50.00")?)?;
        }
        let points = WalletSpec::new(format!("{owner}/points"), points)?.owner(&owner)?;
        Ok(Self { cash: book.open_wallet(cash)?, points: book.open_wallet(points)? })
    }
}
