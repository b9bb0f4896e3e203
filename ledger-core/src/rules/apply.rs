//! What a transaction does to wallets' rows. Deciding the next command, publishing a commit,
//! catching up with another process and rebuilding from the journal all go through here.

use crate::base::id::WalletId;
use crate::model::row::WalletRow;
use crate::model::transaction::{Change, Kind, Transaction};
use crate::model::window::Direction;

/// Rows that can be changed, wherever they live.
pub trait WalletRows {
    /// The row of a wallet that is about to change, if it is here. Called once for each change, in
    /// order; `posting` says by which of the transaction's postings.
    fn touch(&mut self, wallet: WalletId, posting: Option<u32>) -> Option<&mut WalletRow>;
}

/// Changes the rows of the wallets that `transaction` touched to what they are after it.
pub fn apply(transaction: &Transaction, rows: &mut impl WalletRows) {
    let change = transaction.change.as_deref();
    let counts = transaction.kind != Kind::Reversal;
    for (index, posting) in (0..).zip(transaction.postings.iter()) {
        if let Some(row) = rows.touch(posting.from, Some(index)) {
            row.posted = posting.from_balance;
            row.version = posting.from_version;
            if counts {
                row.moved(Direction::Out, posting.amount.amount(), transaction.at);
            }
            change.inspect(|change| apply_change(change, transaction, row));
        }
        if let Some(row) = rows.touch(posting.to, Some(index)) {
            row.posted = posting.to_balance;
            row.version = posting.to_version;
            if counts {
                row.moved(Direction::In, posting.amount.amount(), transaction.at);
            }
        }
    }
    // Where money moved, the change came with it.
    if let Some(change) = change
        && transaction.postings.is_empty()
        && let Some((wallet, version)) = change.wallet()
        && let Some(row) = rows.touch(wallet, None)
    {
        row.version = version;
        apply_change(change, transaction, row);
    }
}

fn apply_change(change: &Change, transaction: &Transaction, row: &mut WalletRow) {
    match change {
        Change::Status(change) => row.status = change.to,
        Change::Hold(change) => row.update_hold(&change.hold, transaction.at),
        Change::Limits(change) => row.set_limits(&change.to),
        Change::Reversal(_) | Change::PeriodLock(_) | Change::IndexMetadata(_) => {}
    }
}
