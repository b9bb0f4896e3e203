//! Ids: 64 bits, time-ordered, strictly increasing in the order of the journal.
//!
//! From the top: a zero bit (so that an id is a positive `i64` for SQL), 41 bits of milliseconds
//! since 2020, 14 bits of counter, 8 bits of node. Because ids grow with time, a range of time is a
//! range of ids and needs no index.

use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::base::invalid::{Field, Invalid};
use crate::base::time::Timestamp;

const COUNTER_BITS: u32 = 14;
const NODE_BITS: u32 = 8;
const TIME_SHIFT: u32 = COUNTER_BITS + NODE_BITS;

/// A record's place in the journal: the raw form of every id.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Stamp(NonZeroU64);

impl Stamp {
    /// The stamp with this number; zero and numbers past `i64::MAX` are no stamp.
    pub fn from_raw(raw: u64) -> Option<Self> {
        NonZeroU64::new(raw).filter(|raw| raw.get() <= i64::MAX.unsigned_abs()).map(Self)
    }

    /// The number.
    pub fn raw(self) -> u64 {
        self.0.get()
    }

    /// When the record was made.
    pub fn time(self) -> Timestamp {
        let since_first = i64::try_from(self.raw() >> TIME_SHIFT).unwrap_or(i64::MAX);
        Timestamp::from_unix_ms(Timestamp::FIRST.unix_ms().saturating_add(since_first))
    }

    /// The number that divides the stamps made before `time` from those made at it or later, which
    /// are not below the number.
    pub(crate) fn edge(time: Timestamp) -> u64 {
        sequence_at(time.clamp(Timestamp::FIRST, Timestamp::END)) << NODE_BITS
    }
}

impl fmt::Debug for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.raw())
    }
}

/// The smallest time-and-counter number at `time`, which must not lie before the first.
fn sequence_at(time: Timestamp) -> u64 {
    let since_first = time.unix_ms().saturating_sub(Timestamp::FIRST.unix_ms());
    u64::try_from(since_first).unwrap_or(0) << COUNTER_BITS
}

/// A run of stamps that one commit group may use, in order.
#[derive(Debug)]
pub struct Stamps {
    next: u64,
    end: u64,
    node: u8,
}

impl Stamps {
    /// `count` stamps later than `last` and not before `now`, or none if that would leave the span
    /// of time an id can carry. This is the one place where ids come from.
    pub fn after(last: Option<Stamp>, now: Timestamp, node: u8, count: usize) -> Option<Self> {
        let after_last = last.map_or(0, |last| (last.raw() >> NODE_BITS) + 1);
        // Number 0 is no stamp, so the very first instant begins at 1.
        let next = sequence_at(now).max(after_last).max(1);
        let end = next.checked_add(u64::try_from(count).ok()?)?;
        let fits = now.is_recordable() && end <= sequence_at(Timestamp::END);
        fits.then_some(Self { next, end, node })
    }

    /// The last stamp of the run, if it has any.
    pub fn end(&self) -> Option<Stamp> {
        let last = self.end.checked_sub(1).filter(|&last| last >= self.next)?;
        self.stamp(last)
    }

    /// The time of the next one, if any is left.
    pub(crate) fn time(&self) -> Option<Timestamp> {
        let next = (self.next < self.end).then_some(self.next)?;
        self.stamp(next).map(Stamp::time)
    }

    /// How many are left.
    pub fn left(&self) -> usize {
        usize::try_from(self.end - self.next).unwrap_or(usize::MAX)
    }

    fn stamp(&self, sequence: u64) -> Option<Stamp> {
        Stamp::from_raw((sequence << NODE_BITS) | u64::from(self.node))
    }
}

impl Iterator for Stamps {
    type Item = Stamp;

    fn next(&mut self) -> Option<Stamp> {
        let sequence = (self.next < self.end).then_some(self.next)?;
        self.next += 1;
        self.stamp(sequence)
    }
}

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Stamp);

        impl $name {
            /// The id made from a journal stamp.
            pub fn from_stamp(stamp: Stamp) -> Self {
                Self(stamp)
            }

            /// The journal stamp this id is made from.
            pub fn stamp(self) -> Stamp {
                self.0
            }

            /// The id with this number; zero and numbers past `i64::MAX` are no id.
            pub fn from_raw(raw: u64) -> Option<Self> {
                Stamp::from_raw(raw).map(Self)
            }

            /// The number.
            pub fn raw(self) -> u64 {
                self.0.raw()
            }

            /// When it was made.
            pub fn time(self) -> Timestamp {
                self.0.time()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.raw())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.raw())
            }
        }

        impl FromStr for $name {
            type Err = Invalid;

            fn from_str(text: &str) -> Result<Self, Invalid> {
                let plain = text.bytes().all(|byte| byte.is_ascii_digit());
                let raw = if plain { text.parse().ok() } else { None };
                raw.and_then(Self::from_raw).ok_or_else(|| {
                    let form = concat!($what, " id must be a whole number from 1 to 2^63 - 1");
                    Invalid::new(Field::Value, form)
                })
            }
        }

        // Text for people and JSON: a number past 2^53 does not survive every JSON reader.
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(self)
                } else {
                    serializer.serialize_u64(self.raw())
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
                } else {
                    let raw = u64::deserialize(deserializer)?;
                    Self::from_raw(raw).ok_or_else(|| de::Error::custom("an id out of range"))
                }
            }
        }
    };
}

id_type! {
    /// Names a wallet.
    ///
    /// Ids of different kinds can't be mixed up:
    ///
    /// ```compile_fail
    /// # use ledger_core::{TransactionId, WalletId};
    /// fn balance_of(wallet: WalletId) {}
    /// balance_of(TransactionId::from_raw(1).unwrap());
    /// ```
    WalletId, "a wallet's"
}
id_type! {
    /// Names a hold. It has the number of the transaction that made the hold.
    HoldId, "a hold's"
}
id_type! {
    /// Names a transaction, or a request that was refused and is remembered.
    TransactionId, "a transaction's"
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::from_unix_ms(1_772_366_400_000);

    fn hour(count: i64) -> Timestamp {
        Timestamp::from_unix_ms(NOON.unix_ms() + count * 3_600_000)
    }

    #[test]
    fn stamps_increase_strictly_even_when_the_clock_steps_back_an_hour() {
        let first: Vec<Stamp> = Stamps::after(None, NOON, 7, 3).unwrap().collect();
        let later: Vec<Stamp> =
            Stamps::after(first.last().copied(), hour(-1), 7, 3).unwrap().collect();
        let all: Vec<Stamp> = first.into_iter().chain(later).collect();
        assert!(all.windows(2).all(|pair| pair[0] < pair[1]), "{all:?}");
        assert!(all.iter().all(|stamp| stamp.time() == NOON));
    }

    #[test]
    fn a_full_millisecond_runs_on_into_the_next() {
        let count = (1 << COUNTER_BITS) + 1;
        let stamps: Vec<Stamp> = Stamps::after(None, NOON, 0, count).unwrap().collect();
        assert_eq!(stamps.len(), count);
        assert_eq!(stamps[count - 1].time().unix_ms(), NOON.unix_ms() + 1);
    }

    #[test]
    fn clocks_outside_2020_to_2080_give_no_stamps() {
        for ms in [i64::MIN, -1, Timestamp::FIRST.unix_ms() - 1, Timestamp::END.unix_ms(), i64::MAX]
        {
            assert!(Stamps::after(None, Timestamp::from_unix_ms(ms), 0, 1).is_none(), "{ms}");
        }
        let last_ms = Timestamp::from_unix_ms(Timestamp::END.unix_ms() - 1);
        assert!(Stamps::after(None, last_ms, 0, 1 << COUNTER_BITS).is_some());
        assert!(Stamps::after(None, last_ms, 0, (1 << COUNTER_BITS) + 1).is_none());
    }

    #[test]
    fn the_first_instant_makes_valid_ids() {
        let mut stamps = Stamps::after(None, Timestamp::FIRST, 0, 1).unwrap();
        assert_eq!(stamps.next().unwrap().time(), Timestamp::FIRST);
        assert!(stamps.next().is_none());
    }

    #[test]
    fn a_time_divides_the_stamps_before_it_from_those_at_it() {
        let at = Stamps::after(None, NOON, 0, 1).unwrap().next().unwrap();
        let just_before = Timestamp::from_unix_ms(NOON.unix_ms() - 1);
        let before = Stamps::after(None, just_before, 255, 1 << COUNTER_BITS).unwrap().end();
        let edge = Stamp::edge(NOON);
        assert!(before.unwrap().raw() < edge && edge <= at.raw());
        assert_eq!(Stamp::edge(Timestamp::from_unix_ms(i64::MIN)), 0);
        assert!(Stamp::from_raw(Stamp::edge(Timestamp::from_unix_ms(i64::MAX))).is_some());
    }

    #[test]
    fn nodes_never_share_an_id() {
        let one: Vec<Stamp> = Stamps::after(None, NOON, 1, 100).unwrap().collect();
        let two: Vec<Stamp> = Stamps::after(None, NOON, 2, 100).unwrap().collect();
        assert!(one.iter().all(|stamp| !two.contains(stamp)));
    }

    #[test]
    fn ids_are_text_in_json_and_refuse_what_is_no_id() {
        let id = WalletId::from_raw(9_007_199_254_740_993).unwrap();
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, "\"9007199254740993\"");
        assert_eq!(serde_json::from_str::<WalletId>(&json).unwrap(), id);
        for text in ["", "0", "-1", "+1", "9223372036854775808", "1x"] {
            assert!(text.parse::<WalletId>().is_err(), "{text}");
        }
    }
}
