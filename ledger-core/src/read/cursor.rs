//! A place in a wallet's history that a caller can keep and come back to.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::base::id::WalletId;
use crate::base::invalid::{Field, Invalid};
use crate::model::entry::{Entry, Order, Position};

/// A place in a wallet's history and the direction to go on in. Text, safe in a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cursor {
    pub(crate) wallet: WalletId,
    pub(crate) position: Position,
    /// The order in which entries are met going on from here.
    pub(crate) toward: Order,
}

impl Cursor {
    /// The place just beyond `entry` of `wallet`'s history, met in `order`: to come back later for
    /// what is new, keep the last entry's place in [`Order::OldestFirst`].
    ///
    /// ```
    /// use ledger_core::{Asset, Cursor, HistoryQuery, Ledger, Order, WalletSpec};
    /// let ledger = Ledger::in_memory();
    /// let usd = Asset::iso("USD")?;
    /// let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
    /// ledger.deposit(&alice, usd.money("1.00")?, "d1")?;
    /// let query = HistoryQuery::oldest_first();
    /// let seen = ledger.history(&alice, &query)?.entries;
    /// let place = Cursor::beyond(&alice, &seen[0], Order::OldestFirst);
    ///
    /// ledger.deposit(&alice, usd.money("2.00")?, "d2")?;
    /// let new = ledger.history(&alice, &query.cursor(place))?.entries;
    /// assert_eq!(new[0].key.as_str(), "d2");
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    pub fn beyond(wallet: impl Into<WalletId>, entry: &Entry, order: Order) -> Self {
        Self { wallet: wallet.into(), position: entry.position(), toward: order }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let toward = match self.toward {
            Order::NewestFirst => "older",
            Order::OldestFirst => "newer",
        };
        let Position { stamp, posting } = self.position;
        write!(f, "{}-{stamp}-{posting}-{toward}", self.wallet)
    }
}

impl FromStr for Cursor {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        parse(text).ok_or_else(|| {
            Invalid::new(Field::Page, "this is no cursor; use one that a page gave, as it is")
        })
    }
}

fn parse(text: &str) -> Option<Cursor> {
    let mut parts = text.split('-');
    let wallet = parts.next()?.parse().ok()?;
    let position = Position {
        stamp: number(parts.next()?)?,
        posting: number(parts.next()?)?.try_into().ok()?,
    };
    let toward = match parts.next()? {
        "older" => Order::NewestFirst,
        "newer" => Order::OldestFirst,
        _ => return None,
    };
    parts.next().is_none().then_some(Cursor { wallet, position, toward })
}

fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

impl Serialize for Cursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_text_and_refuse_what_is_no_cursor() {
        for toward in [Order::NewestFirst, Order::OldestFirst] {
            let position = Position { stamp: u64::MAX, posting: u32::MAX };
            let cursor = Cursor { wallet: WalletId::from_raw(7).unwrap(), position, toward };
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        for text in [
            "",
            "7",
            "7-1-2",
            "7-1-2-sideways",
            "7-1-2-older-3",
            "0-1-2-older",
            "7-+1-2-older",
            "7-1-4294967296-older",
            "7-18446744073709551616-2-older",
        ] {
            assert!(text.parse::<Cursor>().is_err(), "{text}");
        }
    }
}
