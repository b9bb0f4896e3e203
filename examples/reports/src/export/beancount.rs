//! A ledger for beancount.

use std::collections::HashMap;
use std::fmt::Display;
use std::io::{self, Write};

use ledger_core::store::WalletRecord;
use ledger_core::{
    Asset, AssetCode, AssetRecord, Metadata, Money, Timestamp, Transaction, Wallet, WalletName,
};

use crate::error::ReportError;
use crate::export::account;
use crate::export::date::Day;
use crate::export::{Form, aside, number};
use crate::names::Names;

#[derive(Default)]
pub(super) struct Beancount {
    /// The assets whose codes are no commodities.
    renamed: HashMap<AssetCode, String>,
    /// How many assets there were.
    assets: u64,
    /// When balances are checked: at the beginning of the day after the last.
    checked_on: Option<Day>,
    /// How many numbers are longer than it counts with.
    too_long: u64,
}

/// Python's decimals, with which beancount counts, are rounded to so many digits.
const DIGITS_MAX: u32 = 28;

impl Beancount {
    fn commodity(&self, asset: Asset) -> String {
        let code = asset.code();
        self.renamed.get(&code).cloned().unwrap_or_else(|| code.to_string())
    }

    fn number(&mut self, money: Money) -> impl Display + use<> {
        let digits = money.amount().minor().unsigned_abs().checked_ilog10().map_or(1, |it| it + 1);
        self.too_long += u64::from(digits > DIGITS_MAX);
        number(money)
    }
}

impl Form for Beancount {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(
            out,
            ";; Each wallet is an account, each transaction stands as the ledger recorded it."
        )
    }

    fn asset(&mut self, asset: &AssetRecord, out: &mut dyn Write) -> io::Result<()> {
        self.assets += 1;
        let code = asset.code();
        let name = account::commodity(code.as_str(), self.assets);
        if name != code.as_str() {
            self.renamed.insert(code, name.clone());
        }
        writeln!(out, "\n{} commodity {name}", beginning())?;
        meta("asset", code, out)?;
        open(&WalletName::world(code), &name, out)
    }

    fn wallet(&mut self, wallet: &WalletRecord, out: &mut dyn Write) -> io::Result<()> {
        open(&wallet.name, &self.commodity(wallet.asset), out)?;
        meta("opened", wallet.id.time(), out)?;
        wallet.owner.iter().try_for_each(|owner| meta("owner", owner, out))
    }

    fn transaction(
        &mut self,
        transaction: &Transaction,
        names: &mut Names<'_>,
        out: &mut dyn Write,
    ) -> Result<(), ReportError> {
        if transaction.postings.is_empty() {
            return Ok(aside(";;", transaction, out)?);
        }
        let day = Day::of(transaction.effective_at);
        writeln!(out, "\n{day} * \"{}\"", transaction.kind)?;
        metas(transaction, out)?;
        for posting in &*transaction.postings {
            let commodity = self.commodity(posting.amount.asset());
            let amount = self.number(posting.amount);
            let [to, from] = [names.of(posting.to)?, names.of(posting.from)?];
            writeln!(out, "  {}  {amount} {commodity}", account::beancount(&to))?;
            writeln!(out, "  {}  -{amount} {commodity}", account::beancount(&from))?;
        }
        Ok(())
    }

    fn has_balances(&self) -> bool {
        true
    }

    fn too_long(&self) -> u64 {
        self.too_long
    }

    fn end(&mut self, time: Timestamp, out: &mut dyn Write) -> io::Result<()> {
        self.checked_on = Some(Day::of(time).next());
        writeln!(out, "\n;; As of {time}")
    }

    fn balance(&mut self, wallet: &Wallet, balance: Money, out: &mut dyn Write) -> io::Result<()> {
        let Some(day) = self.checked_on else { return Ok(()) };
        let (account, commodity) = (account::beancount(&wallet.name), self.commodity(wallet.asset));
        // Without a tolerance of its own, a balance may be off by the last digit.
        writeln!(out, "{day} balance {account}  {} ~ 0 {commodity}", self.number(balance))
    }
}

/// Accounts are open from the first day on which anything can have taken effect: what takes effect
/// earlier than it is recorded can do so before its wallet was opened.
fn beginning() -> Day {
    Day::of(Timestamp::EARLIEST)
}

fn open(wallet: &WalletName, commodity: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n{} open {} {commodity}", beginning(), account::beancount(wallet))?;
    meta("wallet", wallet, out)
}

fn metas(transaction: &Transaction, out: &mut dyn Write) -> io::Result<()> {
    meta("id", transaction.id, out)?;
    meta("key", &transaction.key, out)?;
    meta("recorded", transaction.at, out)?;
    meta("effective", transaction.effective_at, out)?;
    transaction.hold().iter().try_for_each(|hold| meta("hold", hold.id, out))?;
    transaction.reverses().iter().try_for_each(|it| meta("reverses", it.transaction, out))?;
    transaction.meta.iter().try_for_each(|it| meta("meta", Metadata::as_json(it), out))?;
    let Some(actor) = &transaction.actor else { return Ok(()) };
    meta("actor", &actor.who, out)?;
    actor.origin.iter().try_for_each(|origin| meta("origin", origin, out))?;
    actor.reason.iter().try_for_each(|reason| meta("reason", reason, out))
}

/// Text in quotes, in which a quote and a backslash have a backslash before them.
fn meta(name: &str, value: impl Display, out: &mut dyn Write) -> io::Result<()> {
    let value = value.to_string().replace('\\', "\\\\").replace('"', "\\\"");
    writeln!(out, "  {name}: \"{value}\"")
}
