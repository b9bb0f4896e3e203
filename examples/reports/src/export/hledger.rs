//! A journal for hledger.

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

pub(super) struct Hledger;

impl Form for Hledger {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(
            out,
            "; Each wallet is an account, each transaction stands as the ledger recorded it."
        )?;
        writeln!(out, "\ndecimal-mark .")
    }

    fn asset(&mut self, asset: &AssetRecord, out: &mut dyn Write) -> io::Result<()> {
        let unit = asset.asset.minor(0);
        let point = if asset.asset.scale() == 0 { "." } else { "" };
        writeln!(out, "\ncommodity {}{point} {}", number(unit), symbol(asset.code()))?;
        open(&WalletName::world(asset.code()), out)
    }

    fn wallet(&mut self, wallet: &WalletRecord, out: &mut dyn Write) -> io::Result<()> {
        open(&wallet.name, out)?;
        wallet.owner.iter().try_for_each(|owner| tag("owner", owner, out))
    }

    fn transaction(
        &mut self,
        transaction: &Transaction,
        names: &mut Names<'_>,
        out: &mut dyn Write,
    ) -> Result<(), ReportError> {
        if transaction.postings.is_empty() {
            return Ok(aside(";", transaction, out)?);
        }
        let day = Day::of(transaction.effective_at);
        writeln!(out, "\n{day} * ({}) {}", transaction.id, transaction.kind)?;
        tags(transaction, out)?;
        for posting in &*transaction.postings {
            let amount = Amount(posting.amount);
            writeln!(out, "    {}  {amount}", account::hledger(&names.of(posting.to)?))?;
            writeln!(out, "    {}  -{amount}", account::hledger(&names.of(posting.from)?))?;
        }
        Ok(())
    }

    fn has_balances(&self) -> bool {
        true
    }

    fn end(&mut self, time: Timestamp, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "\n{} balances", Day::of(time))?;
        tag("as-of", time, out)
    }

    fn balance(&mut self, wallet: &Wallet, balance: Money, out: &mut dyn Write) -> io::Result<()> {
        let (account, none) = (account::hledger(&wallet.name), Amount(wallet.asset.minor(0)));
        writeln!(out, "    {account}  {none} == {}", Amount(balance))
    }
}

fn open(wallet: &WalletName, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\naccount {}", account::hledger(wallet))?;
    tag("wallet", wallet, out)
}

fn tags(transaction: &Transaction, out: &mut dyn Write) -> io::Result<()> {
    tag("key", &transaction.key, out)?;
    tag("recorded", transaction.at, out)?;
    tag("effective", transaction.effective_at, out)?;
    transaction.hold().iter().try_for_each(|hold| tag("hold", hold.id, out))?;
    transaction.reverses().iter().try_for_each(|it| tag("reverses", it.transaction, out))?;
    transaction.meta.iter().try_for_each(|meta| tag("meta", Metadata::as_json(meta), out))?;
    let Some(actor) = &transaction.actor else { return Ok(()) };
    tag("actor", &actor.who, out)?;
    actor.origin.iter().try_for_each(|origin| tag("origin", origin, out))?;
    actor.reason.iter().try_for_each(|reason| tag("reason", reason, out))
}

/// A tag's value goes on to the next comma or the end of the line, and loses the spaces around it.
fn tag(name: &str, value: impl Display, out: &mut dyn Write) -> io::Result<()> {
    let value = value.to_string();
    let inner = value.trim_matches(' ');
    let (before, after) = value.split_once(inner).unwrap_or_default();
    let mut text = "%20".repeat(before.len());
    account::percent(
        inner,
        |c| c == ' ' || !(c.is_whitespace() || c.is_control() || ",%".contains(c)),
        &mut text,
    );
    text.push_str(&"%20".repeat(after.len()));
    writeln!(out, "    ; {name}: {text}")
}

/// An amount with its commodity.
struct Amount(Money);

impl Display for Amount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let asset: Asset = self.0.asset();
        write!(f, "{} {}", number(self.0), symbol(asset.code()))
    }
}

/// A commodity's name: in quotes unless all of it are letters.
fn symbol(code: AssetCode) -> String {
    if code.as_str().bytes().all(|byte| byte.is_ascii_alphabetic()) {
        code.to_string()
    } else {
        format!("\"{code}\"")
    }
}
