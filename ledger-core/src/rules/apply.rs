//! What a transaction does to wallets' rows. Deciding the next command, publishing a commit,
//! catching up with another process and rebuilding from the journal all go through here.

use crate::base::id::WalletId;
use crate::model::transaction::{Posting, Transaction};
use crate::model::wallet::WalletRow;

/// Rows that can be changed, wherever they live.
pub trait WalletRows {
    /// The row of a wallet, if it is here.
    fn row_mut(&mut self, id: WalletId) -> Option<&mut WalletRow>;
}

/// Changes the rows of the wallets that `transaction` touched to what they are after it.
pub fn apply(transaction: &Transaction, rows: &mut impl WalletRows) {
    for posting in transaction.postings.iter() {
        apply_posting(posting, rows);
    }
    if let Some(change) = transaction.status
        && let Some(row) = rows.row_mut(change.wallet)
    {
        row.status = change.to;
        row.version = change.version;
    }
}

fn apply_posting(posting: &Posting, rows: &mut impl WalletRows) {
    if let Some(row) = rows.row_mut(posting.from) {
        row.posted = posting.from_balance;
        row.version = posting.from_version;
    }
    if let Some(row) = rows.row_mut(posting.to) {
        row.posted = posting.to_balance;
        row.version = posting.to_version;
    }
}
