//! The list of entries, the latest first.

use std::io::{self, Write};

use ledger_core::{Actor, ActorText, Entry, HistoryQuery, Kind};
use ledger_sqlite::SqliteLedger;

use crate::error::ReportError;
use crate::names::Names;
use crate::statement::StatementSpec;
use crate::statement::summary::{NARROW_LETTERS_MAX, Summary, each_entry};
use crate::statement::text::{Figure, Shown, Text, clock, day};

/// Of amounts that are longer, two do not fit beside the rest of a row.
const WIDE_LETTERS_MAX: usize = 24;

/// How much of an entry's metadata is shown.
const META_CHARS_MAX: usize = 240;

pub(super) fn write(
    ledger: &SqliteLedger,
    spec: &StatementSpec,
    summary: &Summary,
    names: &mut Names<'_>,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    begin(spec.listed, summary, out)?;
    let query = HistoryQuery::newest_first().since(summary.from).until(summary.until);
    let mut listed = 0;
    each_entry(ledger, spec.wallet.id, query, |entry| {
        if summary.covers(entry) && listed < spec.listed {
            row(entry, names.of(entry.counterparty)?.as_str(), out)?;
            listed += 1;
        }
        Ok(listed < spec.listed)
    })?;
    Ok(writeln!(out, "</tbody>\n</table>")?)
}

/// The roles are said although they are plain, because on a narrow page rows are no longer laid out as
/// a table.
fn begin(listed: usize, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let code = summary.opening.asset().code();
    let class = match summary.letters() {
        letters if letters > WIDE_LETTERS_MAX => " class=\"wide long\"",
        letters if letters > NARROW_LETTERS_MAX => " class=\"wide\"",
        _ => "",
    };
    let all = summary.count <= listed as u64;
    let caption = match (all, summary.count) {
        (true, 1) => "The only entry".to_owned(),
        (true, count) => format!("All {} entries, the latest first", grouped(count)),
        (false, count) => format!(
            "The latest {} of {} entries. The totals and the curve above are of all of them",
            grouped(listed as u64),
            grouped(count)
        ),
    };
    writeln!(
        out,
        "<h2>Entries</h2>\n<table{class} role=\"table\">\n<caption>{caption}.</caption>\n\
         <thead role=\"rowgroup\"><tr role=\"row\"><th role=\"columnheader\" scope=\"col\">Date</th>\
         <th role=\"columnheader\" scope=\"col\">What</th>\
         <th role=\"columnheader\" scope=\"col\" class=\"sum\">Amount, {code}</th>\
         <th role=\"columnheader\" scope=\"col\" class=\"sum\">Balance, {code}</th></tr></thead>\n\
         <tbody role=\"rowgroup\">"
    )
}

fn row(entry: &Entry, counterparty: &str, out: &mut dyn Write) -> io::Result<()> {
    let (day, clock, at) = (day(entry.at), clock(entry.at), entry.at);
    write!(
        out,
        "<tr role=\"row\"><td role=\"cell\" class=\"date\"><time datetime=\"{at}\">{day} \
         <small>{clock}</small></time></td><td role=\"cell\" class=\"what\">\
         {} <strong>{}</strong>",
        title(entry),
        Text(counterparty),
    )?;
    details(entry, out)?;
    let class = if entry.amount.is_negative() { "sum" } else { "sum in" };
    writeln!(
        out,
        "</td><td role=\"cell\" class=\"{class}\">{}</td>\
         <td role=\"cell\" class=\"sum after\">{}</td></tr>",
        Shown(Figure::signed(entry.amount)),
        Shown(Figure::of(entry.balance_after)),
    )
}

/// What it was, and which way.
fn title(entry: &Entry) -> String {
    let kind = match entry.kind {
        Kind::Post => "Payment".to_owned(),
        kind => capitalized(kind.code()),
    };
    let way = if entry.amount.is_negative() { "to" } else { "from" };
    format!("{kind} {way}")
}

fn capitalized(code: &str) -> String {
    let mut letters = code.chars();
    letters
        .next()
        .map_or(String::new(), |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

fn details(entry: &Entry, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "<div class=\"key\">{}</div>", Text(entry.key.as_str()))?;
    if entry.effective_at != entry.at {
        write!(out, "<div>Took effect on {}</div>", day(entry.effective_at))?;
    }
    if let Some(actor) = &entry.actor {
        write!(out, "<div>By {}</div>", Text(&by(actor)))?;
    }
    if let Some(meta) = &entry.meta {
        let mut text: String = meta.as_json().chars().take(META_CHARS_MAX).collect();
        if text.len() < meta.as_json().len() {
            text.push('…');
        }
        write!(out, "<div class=\"meta\">{}</div>", Text(&text))?;
    }
    Ok(())
}

fn by(actor: &Actor) -> String {
    let parts = [Some(&actor.who), actor.origin.as_ref(), actor.reason.as_ref()];
    let parts: Vec<&str> = parts.into_iter().flatten().map(ActorText::as_str).collect();
    parts.join(", ")
}

/// A count, as amounts are written.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('\u{202F}');
        }
        text.push(digit);
    }
    text
}
