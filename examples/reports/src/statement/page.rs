//! The page around a statement's chart and entries.

use std::fmt::Display;
use std::io::{self, Write};

use ledger_core::{Money, Status, Wallet};

use crate::statement::summary::{NARROW_LETTERS_MAX, Summary};
use crate::statement::text::{Escaped, Figure, Shown, Text, clock, day};

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
        item("Owner", Text(owner.as_str()), out)?;
    }
    item("Asset", wallet.asset.code(), out)?;
    let (first, last) = (day(summary.from), day(summary.last()));
    item("Period", format_args!("{first} – {last}"), out)?;
    if wallet.status != Status::Open {
        item("Status", wallet.status, out)?;
    }
    writeln!(out, "</dl>\n</header>")
}

fn item(name: &str, value: impl Display, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<div><dt>{name}</dt><dd>{value}</dd></div>")
}

fn figures(wallet: &Wallet, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let (code, closing) = (wallet.asset.code(), Figure::of(summary.closing));
    let class = if summary.letters() > NARROW_LETTERS_MAX { "figures long" } else { "figures" };
    // What is long is written smaller rather than on two lines.
    writeln!(
        out,
        "<section class=\"closing\" aria-label=\"Closing balance\">\n<p>Closing balance</p>\n\
         <p class=\"figure\" style=\"--letters: {}\">{} <span>{code}</span></p>\n\
         </section>\n<dl class=\"{class}\">",
        closing.to_string().chars().count(),
        Shown(closing),
    )?;
    item("Opening balance", Shown(Figure::of(summary.opening)), out)?;
    total("Money in", summary.paid_in, out)?;
    total("Money out", summary.paid_out, out)?;
    if let Some(now) = &summary.now {
        item("On hold", Shown(Figure::of(now.held)), out)?;
        if let Some(available) = now.available {
            item("Available", Shown(Figure::of(available)), out)?;
        }
    }
    writeln!(out, "</dl>")
}

fn total(name: &str, sum: Option<Money>, out: &mut dyn Write) -> io::Result<()> {
    match sum {
        Some(sum) => item(name, Shown(Figure::signed(sum)), out),
        None => item(name, "more than 128 bits can count", out),
    }
}

pub(super) fn end(summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    if summary.count == 0 {
        writeln!(out, "<p class=\"nothing\">Nothing moved in this period.</p>")?;
    }
    let until = summary.last();
    writeln!(
        out,
        "<footer>Everything recorded until {}, {} UTC. Times are those at which entries were \
         recorded, in UTC.</footer>\n</main>\n</body>\n</html>",
        day(until),
        clock(until),
    )
}
