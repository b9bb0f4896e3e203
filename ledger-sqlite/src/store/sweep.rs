//! Writing wallets' states down, a bounded piece with each commit. Between two sweeps the journal is
//! all there is of them on the disk; opening reads it from where the last sweep began.

use ledger_core::WalletId;
use ledger_core::store::StoreResult;
use rusqlite::Connection;

use crate::chain::account::{Account, Accounts};
use crate::schema::progress::Progress;
use crate::schema::registry;

/// With many wallets there are more lines between two sweeps, so that a wallet is written at most once for so many lines.
const LINES_PER_WALLET: u64 = 4;
/// Bytes that writing a wallet's state down changes, besides its windows: a page, because its neighbours
/// may stay.
const SAVED_BYTES: u64 = 4_096;

/// A sweep under way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sweep {
    /// The wallets still to be written, the next one last.
    left: Vec<WalletId>,
    /// The last line when it began.
    upto: Option<u64>,
    /// Bytes written since they were last asked for, about.
    bytes: u64,
    /// Before this line there is no need to count what is to be written.
    look_at: u64,
}

impl Sweep {
    /// How many bytes it has written since this was last asked, about.
    pub(crate) fn take_bytes(&mut self) -> u64 {
        std::mem::take(&mut self.bytes)
    }

    /// Begins one if it is time, which it is not for so many lines at least after the last began.
    pub(crate) fn begin_if_due(
        &mut self,
        accounts: &Accounts,
        saved: u64,
        last: u64,
        lines_min: u64,
    ) {
        let behind = last.saturating_sub(saved);
        if self.upto.is_some() || behind < lines_min || last < self.look_at {
            return;
        }
        let touched = |account: &&Account| account.head() > saved;
        let count = accounts.iter().filter(touched).count() as u64;
        if behind < count * LINES_PER_WALLET {
            self.look_at = last + lines_min;
            return;
        }
        *self = Self::over(accounts, saved, last);
    }

    /// A sweep over all wallets that were touched since `saved`.
    pub(crate) fn over(accounts: &Accounts, saved: u64, last: u64) -> Self {
        let touched = accounts.iter().filter(|account| account.head() > saved);
        let mut left: Vec<WalletId> = touched.map(|account| account.row.id).collect();
        // In the order of the table, so that its pages are written one after the other.
        left.sort_unstable_by(|a, b| b.cmp(a));
        Self { left, upto: Some(last), bytes: 0, look_at: 0 }
    }

    /// Writes so many wallets, at most, as they are in `newer`, else in `accounts`. If these were the last, says
    /// up to which line all states are written.
    pub(crate) fn step(
        &mut self,
        wallets: usize,
        newer: &Accounts,
        accounts: &Accounts,
        connection: &Connection,
    ) -> StoreResult<Option<u64>> {
        let Some(upto) = self.upto else { return Ok(None) };
        for _ in 0..wallets {
            let Some(wallet) = self.left.pop() else {
                Progress::Balances.set(upto, connection)?;
                *self = Self { bytes: self.bytes, ..Self::default() };
                return Ok(Some(upto));
            };
            if let Some(account) = newer.get(wallet).or_else(|| accounts.get(wallet)) {
                self.bytes += SAVED_BYTES + registry::save(account, connection)?;
            }
        }
        Ok(None)
    }

    /// Writes all that is left.
    pub(crate) fn finish(
        &mut self,
        accounts: &Accounts,
        connection: &Connection,
    ) -> StoreResult<u64> {
        let none = Accounts::default();
        loop {
            if let Some(upto) = self.step(usize::MAX, &none, accounts, connection)? {
                return Ok(upto);
            }
        }
    }
}
