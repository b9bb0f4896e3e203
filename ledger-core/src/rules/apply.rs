//! What a transaction does to wallets' rows. Deciding the next command, publishing a commit,
//! catching up with another process and rebuilding from the journal all go through here.

use crate::base::id::WalletId;
use crate::model::transaction::Transaction;
use crate::model::wallet::WalletRow;

/// Rows that can be changed, wherever they live.
pub trait WalletRows {
    /// The row of a wallet that is about to change, if it is here. Called once for each change, in
    /// order; `posting` says by which of the transaction's postings.
    fn touch(&mut self, wallet: WalletId, posting: Option<u32>) -> Option<&mut WalletRow>;
}

/// Changes the rows of the wallets that `transaction` touched to what they are after it.
pub fn apply(transaction: &Transaction, rows: &mut impl WalletRows) {
    for (index, posting) in (0..).zip(transaction.postings.iter()) {
        if let Some(row) = rows.touch(posting.from, Some(index)) {
            row.posted = posting.from_balance;
            row.version = posting.from_version;
        }
        if let Some(row) = rows.touch(posting.to, Some(index)) {
            row.posted = posting.to_balance;
            row.version = posting.to_version;
        }
    }
    if let Some(change) = transaction.status
        && let Some(row) = rows.touch(change.wallet, None)
    {
        row.status = change.to;
        row.version = change.version;
    }
}
