//! One who calls the ledger for some of the customers, the same at every demo.

use std::time::Duration;

use fastrand::Rng;
use ledger_core::{CaptureSpec, Command, HoldSpec, Key, Leg, Money, TransactionId};

use super::shop::{Customer, Shop};
use super::tally::Tally;
use crate::failure::{Done, Failure};

/// How far back what was bought can be returned.
const REMEMBERED: usize = 16;

/// A caller.
pub(super) struct Worker<'a> {
    shop: &'a Shop,
    customers: &'a [Customer],
    rng: Rng,
    number: u64,
    sent: u64,
    tally: Tally,
    bought: Vec<TransactionId>,
    last: Option<Command>,
}

impl<'a> Worker<'a> {
    /// A caller with that number, for those customers.
    pub(super) fn new(number: u64, shop: &'a Shop, customers: &'a [Customer]) -> Self {
        let rng = Rng::with_seed(number);
        let (tally, bought) = (Tally::default(), Vec::new());
        Self { shop, customers, rng, number, sent: 0, tally, bought, last: None }
    }

    /// Sends so many requests, or a few more.
    pub(super) fn work(&mut self, requests: u64, step: &dyn Fn()) -> Result<Tally, Failure> {
        while self.sent < requests {
            let before = self.sent;
            let Some(customer) = self.rng.choice(self.customers) else { break };
            match self.rng.u8(0..20) {
                0..5 => self.deposit(customer)?,
                5..12 => self.buy(customer)?,
                12..15 => self.reserve(customer)?,
                15..17 => self.take_back()?,
                17 => self.ask_too_much(customer)?,
                _ => self.send_again()?,
            }
            (before..self.sent.max(before)).for_each(|_| step());
        }
        Ok(std::mem::take(&mut self.tally))
    }

    fn deposit(&mut self, customer: &Customer) -> Done {
        let (key, amount) = (self.key("deposit")?, self.dollars(20..=200));
        self.send("deposit", Command::deposit(key, &customer.cash, amount)).map(|_| ())
    }

    /// The shop pays a fee of each sale, in the same transaction; the customer gets a point a dollar.
    fn buy(&mut self, customer: &Customer) -> Done {
        let shop = self.shop;
        let price = self.dollars(1..=60);
        let fee = shop.usd.minor(price.amount().minor() / 50);
        let legs =
            [Leg::new(&customer.cash, &shop.sales, price), Leg::new(&shop.sales, &shop.fees, fee)];
        let bought = self.key("order").map(|key| Command::post(key, legs))?;
        let Some(id) = self.send("purchase", bought)? else { return Ok(()) };
        self.bought.insert(0, id);
        self.bought.truncate(REMEMBERED);
        let points = shop.points.minor(price.amount().minor() / 100);
        let given = Command::transfer(self.key("points")?, &shop.bonus, &customer.points, points);
        self.send("points", given).map(|_| ())
    }

    /// Money is reserved, and then taken in full, in part, or given back.
    fn reserve(&mut self, customer: &Customer) -> Done {
        let amount = self.dollars(10..=40);
        let hour = Duration::from_hours(1);
        let spec = HoldSpec::new(&customer.cash, &self.shop.sales, amount, hour);
        let hold = Command::hold(self.key("hold")?, spec);
        let Some(id) = self.send("hold", hold)? else { return Ok(()) };
        // A hold has the id of the transaction that made it.
        let hold = ledger_core::HoldId::from_stamp(id.stamp());
        let key = self.key("settle")?;
        let (what, command) = match self.rng.u8(0..3) {
            0 => ("capture", Command::capture(key, hold)),
            1 => {
                let part = self.shop.usd.minor(amount.amount().minor() / 2);
                let spec = CaptureSpec::of(hold).amount(part).release_rest();
                ("capture of a part", Command::capture(key, spec))
            }
            _ => ("release", Command::release(key, hold)),
        };
        self.send(what, command).map(|_| ())
    }

    fn take_back(&mut self) -> Done {
        let Some(id) = self.bought.pop() else { return Ok(()) };
        let command = Command::reverse(self.key("refund")?, id);
        self.send("refund", command).map(|_| ())
    }

    fn ask_too_much(&mut self, customer: &Customer) -> Done {
        let amount = self.shop.usd.minor(10_000_000);
        let command = Command::withdraw(self.key("payout")?, &customer.cash, amount);
        self.send("payout of too much", command).map(|_| ())
    }

    /// As if the answer had been lost on the way.
    fn send_again(&mut self) -> Done {
        let Some(command) = self.last.clone() else { return Ok(()) };
        self.send("the same again", command).map(|_| ())
    }

    fn send(
        &mut self,
        what: &'static str,
        command: Command,
    ) -> Result<Option<TransactionId>, Failure> {
        self.sent += 1;
        self.last = Some(command.clone());
        let answer = self.shop.book.submit(command);
        Ok(self.tally.take(what, answer)?.map(|receipt| receipt.id))
    }

    fn key(&self, what: &str) -> Result<Key, Failure> {
        Ok(Key::new(format!("{what}:{}-{}", self.number, self.sent))?)
    }

    /// Some dollars and cents.
    fn dollars(&mut self, dollars: std::ops::RangeInclusive<i128>) -> Money {
        let (low, high) = dollars.into_inner();
        self.shop.usd.minor(self.rng.i128(low * 100..=high * 100))
    }
}
