//! What families of wallets hold together.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::base::bounds::BALANCES_MAX;
use crate::base::id::WalletId;
use crate::base::invalid::{Field, Invalid};
use crate::base::time::Timestamp;
use crate::error::report::{Error, Result};
use crate::model::row::WalletRow;
use crate::money::asset::AssetCode;
use crate::money::value::Money;
use crate::read::listing::WalletQuery;
use crate::store::backend::Store;
use crate::store::failure::StoreError;

/// What several wallets hold together in one asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Total {
    /// How many wallets.
    pub wallets: usize,
    /// The sum of what they hold.
    pub posted: Money,
    /// The part of it that is reserved.
    pub held: Money,
}

/// How often the family is listed again when wallets were opened meanwhile.
const TRIES: usize = 8;

/// The wallets that `query` names, all at one moment.
pub(crate) fn rows(store: &dyn Store, query: &WalletQuery) -> Result<Vec<WalletRow>> {
    let mut family = list(store, query)?;
    for _ in 0..TRIES {
        let rows = store.rows(&family)?;
        // Wallets are never removed: if none was added, these were all of them at that moment.
        let again = list(store, query)?;
        if again == family {
            return Ok(rows.into_iter().flatten().collect());
        }
        family = again;
    }
    Err(StoreError::Busy("wallets kept being opened; try again".to_owned()).into())
}

fn list(store: &dyn Store, query: &WalletQuery) -> Result<Vec<WalletId>> {
    let wallets = store.wallets(&query.filter(BALANCES_MAX + 1)?)?;
    if wallets.len() > BALANCES_MAX {
        let problem = format!(
            "totals takes at most {BALANCES_MAX} wallets; narrow it by owner or by a longer prefix"
        );
        return Err(Invalid::new(Field::Page, problem).into());
    }
    Ok(wallets.into_iter().map(|wallet| wallet.id).collect())
}

/// What they hold together at that time, asset by asset.
pub(crate) fn sum(rows: &[WalletRow], now: Timestamp) -> Result<Vec<Total>> {
    let mut totals: BTreeMap<AssetCode, Total> = BTreeMap::new();
    for row in rows {
        let [posted, held] = [row.posted, row.held(now)].map(|it| row.asset.of(it));
        let entry = totals.entry(row.asset.code());
        let nothing = || Total { wallets: 0, posted: row.asset.minor(0), held: row.asset.minor(0) };
        let total = entry.or_insert_with(nothing);
        let sums = (total.posted.checked_add(posted), total.held.checked_add(held));
        let (Some(posted), Some(held)) = sums else { return Err(too_much(row.asset.code())) };
        *total = Total { wallets: total.wallets + 1, posted, held };
    }
    Ok(totals.into_values().collect())
}

fn too_much(code: AssetCode) -> Error {
    let problem = format!("the wallets hold more {code} together than 128 bits can say; narrow it");
    Invalid::new(Field::Page, problem).into()
}
