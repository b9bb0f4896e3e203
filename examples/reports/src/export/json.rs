//! A JSON object on a line for each transaction.

use std::io::{self, Write};

use ledger_core::{
    Actor, Change, Key, Kind, Metadata, Posting, Timestamp, Transaction, TransactionId, WalletId,
    WalletName,
};
use serde::Serialize;
use serde_json::Value;

use crate::error::ReportError;
use crate::export::{Form, number};
use crate::names::Names;

pub(super) struct JsonLines;

#[derive(Serialize)]
struct Line<'t> {
    id: TransactionId,
    recorded_at: Timestamp,
    effective_at: Timestamp,
    kind: Kind,
    key: &'t Key,
    postings: Vec<PostingLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<&'t Metadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<&'t Actor>,
}

#[derive(Serialize)]
struct PostingLine {
    from: WalletName,
    to: WalletName,
    amount: String,
    asset: String,
    from_balance: String,
    to_balance: String,
}

impl Form for JsonLines {
    fn transaction(
        &mut self,
        transaction: &Transaction,
        names: &mut Names<'_>,
        out: &mut dyn Write,
    ) -> Result<(), ReportError> {
        let postings = transaction.postings.iter().map(|posting| PostingLine::of(posting, names));
        let line = Line {
            id: transaction.id,
            recorded_at: transaction.at,
            effective_at: transaction.effective_at,
            kind: transaction.kind,
            key: &transaction.key,
            postings: postings.collect::<Result<_, _>>()?,
            change: transaction.change.as_deref().map(|it| told(it, names)).transpose()?,
            meta: transaction.meta.as_ref(),
            actor: transaction.actor.as_deref(),
        };
        serde_json::to_writer(&mut *out, &line).map_err(io::Error::from)?;
        Ok(out.write_all(b"\n")?)
    }
}

impl PostingLine {
    fn of(posting: &Posting, names: &mut Names<'_>) -> Result<Self, ReportError> {
        let asset = posting.amount.asset();
        Ok(Self {
            from: names.of(posting.from)?,
            to: names.of(posting.to)?,
            amount: number(posting.amount).to_string(),
            asset: asset.code().to_string(),
            from_balance: number(asset.of(posting.from_balance)).to_string(),
            to_balance: number(asset.of(posting.to_balance)).to_string(),
        })
    }
}

/// A change as the ledger writes it, but with the names of wallets.
fn told(change: &Change, names: &mut Names<'_>) -> Result<Value, ReportError> {
    let mut value = serde_json::to_value(change).map_err(io::Error::from)?;
    let place = match change {
        Change::Hold(_) => "/hold/hold",
        Change::Status(_) => "/status",
        Change::Limits(_) => "/limits",
        _ => return Ok(value),
    };
    let Some(Value::Object(fields)) = value.pointer_mut(place) else { return Ok(value) };
    for what in ["wallet", "target"] {
        let id = fields.get(what).and_then(Value::as_str);
        if let Some(id) = id.and_then(|id| id.parse::<WalletId>().ok()) {
            fields.insert(what.to_owned(), names.of(id)?.as_str().into());
        }
    }
    Ok(value)
}
