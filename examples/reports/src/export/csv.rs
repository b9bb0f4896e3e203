//! A table with a line for each posting (RFC 4180).

use std::borrow::Cow;
use std::io::{self, Write};

use ledger_core::{Actor, Metadata, Transaction};

use crate::error::ReportError;
use crate::export::{Form, number};
use crate::names::Names;

const HEADER: [&str; 18] = [
    "id",
    "posting",
    "recorded_at",
    "effective_at",
    "kind",
    "key",
    "from",
    "to",
    "amount",
    "asset",
    "from_balance",
    "to_balance",
    "hold",
    "reverses",
    "meta",
    "actor",
    "origin",
    "reason",
];

pub(super) struct Csv;

impl Form for Csv {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        line(&HEADER.map(Cow::Borrowed), out)
    }

    fn transaction(
        &mut self,
        transaction: &Transaction,
        names: &mut Names<'_>,
        out: &mut dyn Write,
    ) -> Result<(), ReportError> {
        let hold = transaction.hold().map(|hold| hold.id.to_string());
        let reverses = transaction.reverses().map(|it| it.transaction.to_string());
        let [actor, origin, reason] = parts(transaction.actor.as_deref());
        for (place, posting) in transaction.postings.iter().enumerate() {
            let asset = posting.amount.asset();
            let (code, from, to) = (asset.code(), names.of(posting.from)?, names.of(posting.to)?);
            let fields: [Cow<'_, str>; 18] = [
                transaction.id.to_string().into(),
                place.to_string().into(),
                transaction.at.to_string().into(),
                transaction.effective_at.to_string().into(),
                transaction.kind.code().into(),
                text(transaction.key.as_str()),
                text(from.as_str()),
                text(to.as_str()),
                number(posting.amount).to_string().into(),
                code.as_str().into(),
                number(asset.of(posting.from_balance)).to_string().into(),
                number(asset.of(posting.to_balance)).to_string().into(),
                hold.as_deref().unwrap_or_default().into(),
                reverses.as_deref().unwrap_or_default().into(),
                transaction.meta.as_ref().map_or("", Metadata::as_json).into(),
                text(actor),
                text(origin),
                text(reason),
            ];
            line(&fields, out)?;
        }
        Ok(())
    }
}

/// Who, from where and why.
fn parts(actor: Option<&Actor>) -> [&str; 3] {
    let Some(actor) = actor else { return [""; 3] };
    [Some(&actor.who), actor.origin.as_ref(), actor.reason.as_ref()]
        .map(|part| part.map_or("", |part| part.as_str()))
}

/// Text of the caller's. A spreadsheet runs what begins like a formula; with an apostrophe before it,
/// it does not. Text that begins with an apostrophe gets another one, so that nothing is lost: whoever
/// takes one apostrophe from the front of what begins with one has what was recorded.
fn text(text: &str) -> Cow<'_, str> {
    if text.starts_with(FORMULA) || text.starts_with('\'') {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// With what a formula begins, also in the wide letters of East Asia.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

fn line<const N: usize>(fields: &[Cow<'_, str>; N], out: &mut dyn Write) -> io::Result<()> {
    for (place, field) in fields.iter().enumerate() {
        let comma = if place == 0 { "" } else { "," };
        if field.contains([',', '"', '\r', '\n']) {
            write!(out, "{comma}\"{}\"", field.replace('"', "\"\""))?;
        } else {
            write!(out, "{comma}{field}")?;
        }
    }
    out.write_all(b"\r\n")
}
