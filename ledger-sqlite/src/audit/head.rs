//! The head: which life of the file this is, and the last seal. Kept elsewhere, it shows later that
//! nothing before it was changed and that nothing was cut off.

use std::fmt;
use std::str::FromStr;

use ledger_core::store::StoreResult;
use rusqlite::Connection;

use crate::journal::epoch::last_epoch;
use crate::journal::read;

/// The end of a journal.
///
/// It is printed and read as `epoch:lines:seal`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Head {
    /// Which life of the file it is: a copy that is opened begins another one.
    pub epoch: u64,
    /// How many lines the journal has.
    pub lines: u64,
    /// The seal of the last line.
    pub seal: [u8; 32],
}

impl Head {
    /// The head of the file that a connection is open on.
    pub(crate) fn read(connection: &Connection) -> StoreResult<Self> {
        let tip = read::known_tip(connection)?;
        let epoch = last_epoch(connection)?;
        Ok(Self { epoch: epoch.number, lines: tip.row, seal: tip.seal })
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:", self.epoch, self.lines)?;
        self.seal.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A text is no head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAHead;

impl fmt::Display for NotAHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a head is epoch:lines:seal, two whole numbers and 64 hexadecimal digits")
    }
}

impl std::error::Error for NotAHead {}

impl FromStr for Head {
    type Err = NotAHead;

    fn from_str(text: &str) -> Result<Self, NotAHead> {
        let mut parts = text.split(':');
        let mut next = || parts.next().ok_or(NotAHead);
        let (epoch, lines, digits) = (next()?, next()?, next()?);
        let number = |text: &str| {
            let plain = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|_| plain).ok_or(NotAHead)
        };
        // The fingerprint's form is the same: 64 hexadecimal digits.
        let seal: ledger_core::Fingerprint = digits.parse().map_err(|_| NotAHead)?;
        let end = parts.next().is_none();
        let head = Self { epoch: number(epoch)?, lines: number(lines)?, seal: *seal.as_bytes() };
        end.then_some(head).ok_or(NotAHead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_as_it_is_printed() {
        let head = Head { epoch: 3, lines: 1_000_000, seal: [0xab; 32] };
        let text = head.to_string();
        assert_eq!(text, format!("3:1000000:{}", "ab".repeat(32)));
        assert_eq!(text.parse(), Ok(head));
        for bad in
            ["", "1", "1:2", "1:2:ab", "x:2:", "+1:2:3", &format!("{text}:"), &format!("{text}0")]
        {
            assert_eq!(bad.parse::<Head>(), Err(NotAHead), "{bad}");
        }
    }
}
