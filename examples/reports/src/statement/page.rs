//! The page around a statement's chart and entries.

use std::io::{self, Write};

use ledger_core::{Money, Status, Wallet};

use crate::statement::summary::Summary;
use crate::statement::text::{Escaped, Figure, Text, clock, day};

const STYLE: &str = include_str!("style.css");

pub(super) fn begin(wallet: &Wallet, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let name = wallet.name.as_str();
    writeln!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>Statement of {}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>",
        Escaped(name)
    )?;
    header(wallet, summary, out)?;
    figures(wallet, summary, out)
}

fn header(wallet: &Wallet, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<header>\n<p class=\"over\">Statement</p>\n<h1>{}</h1>",
        Text(wallet.name.as_str())
    )?;
    writeln!(out, "<dl class=\"about\">")?;
    if let Some(owner) = &wallet.owner {
        about("Owner", Text(owner.as_str()), out)?;
    }
    about("Asset", wallet.asset.code(), out)?;
    // The end is excluded: the last day is that of the millisecond before it.
    let last = ledger_core::Timestamp::from_unix_ms(summary.until.unix_ms().saturating_sub(1));
    about("Period", format_args!("{} – {}", day(summary.from), day(last.max(summary.from))), out)?;
    if wallet.status != Status::Open {
        about("Status", wallet.status, out)?;
    }
    writeln!(out, "</dl>\n</header>")
}

fn about(name: &str, value: impl std::fmt::Display, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<div><dt>{name}</dt><dd>{value}</dd></div>")
}

fn figures(wallet: &Wallet, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let code = wallet.asset.code();
    writeln!(
        out,
        "<section class=\"closing\" aria-label=\"Closing balance\">\n<p>Closing balance</p>\n\
         <p class=\"figure\">{} <span>{code}</span></p>\n</section>\n<dl class=\"figures\">",
        Figure::of(summary.closing)
    )?;
    figure("Opening balance", Figure::of(summary.opening), out)?;
    total("Money in", summary.paid_in, out)?;
    total("Money out", summary.paid_out, out)?;
    if let Some(now) = &summary.now {
        figure("On hold", Figure::of(now.held), out)?;
        if let Some(available) = now.available {
            figure("Available", Figure::of(available), out)?;
        }
    }
    writeln!(out, "</dl>")
}

fn total(name: &str, sum: Option<Money>, out: &mut dyn Write) -> io::Result<()> {
    match sum {
        Some(sum) => figure(name, Figure::signed(sum), out),
        None => figure(name, "more than 128 bits can count", out),
    }
}

fn figure(name: &str, value: impl std::fmt::Display, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<div><dt>{name}</dt><dd>{value}</dd></div>")
}

pub(super) fn end(summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    if summary.count == 0 {
        writeln!(out, "<p class=\"nothing\">Nothing moved in this period.</p>")?;
    }
    let until = ledger_core::Timestamp::from_unix_ms(summary.until.unix_ms().saturating_sub(1));
    writeln!(
        out,
        "<footer>Everything recorded until {}, {} UTC. Times are those at which entries were \
         recorded, in UTC.</footer>\n</main>\n</body>\n</html>",
        day(until),
        clock(until),
    )
}
