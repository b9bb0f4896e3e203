//! Judges a history. The journal says in which order everything happened; it must explain each answer.

use ledger_core::WalletId;
use ledger_core::store::{Record, Store};

use crate::check::Loss;
use crate::history::calls::{calls, check_time};
use crate::history::looks::check_looks;
use crate::history::note::Note;
use crate::history::order::Order;

/// Records read at once.
const PAGE: usize = 1_000;

/// Finds what the journal's order does not explain; says how many calls it explains.
pub fn judge(records: &[Record], wallets: &[WalletId], notes: &[Note]) -> Result<u64, Loss> {
    let order = Order::replay(records, notes)?;
    let calls = calls(&order, notes)?;
    check_time(&calls)?;
    check_looks(&order, wallets, notes, &calls)?;
    Ok(notes.len() as u64)
}

/// The journal.
pub fn records(store: &dyn Store) -> Result<Vec<Record>, Loss> {
    let mut all: Vec<Record> = Vec::new();
    loop {
        let last = all.last().map(Record::stamp);
        let records = store.records(last, PAGE).map_err(|error| error.to_string())?;
        if records.is_empty() {
            return Ok(all);
        }
        all.extend(records);
    }
}
