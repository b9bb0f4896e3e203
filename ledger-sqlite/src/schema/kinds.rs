//! The numbers in the journal's column `kind`. They are part of the file format.

use ledger_core::Kind;

/// What a record's first line says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineKind {
    /// A request that was carried out: 1 to 99, the kind's own number.
    Done(Kind),
    /// A request that was refused: 100 more.
    Refused(Kind),
    /// An asset was defined.
    Asset,
    /// A wallet was opened.
    Wallet,
    /// The file began, or went on as a copy.
    Epoch,
    /// How long keys are remembered was changed.
    Retention,
}

const REFUSED: i64 = 100;
const ASSET: i64 = 201;
const WALLET: i64 = 202;
const EPOCH: i64 = 203;
const RETENTION: i64 = 204;

impl LineKind {
    pub(crate) fn number(self) -> i64 {
        match self {
            Self::Done(kind) => i64::from(kind.number()),
            Self::Refused(kind) => REFUSED + i64::from(kind.number()),
            Self::Asset => ASSET,
            Self::Wallet => WALLET,
            Self::Epoch => EPOCH,
            Self::Retention => RETENTION,
        }
    }

    pub(crate) fn from_number(number: i64) -> Option<Self> {
        let kind = |number: i64| Kind::from_number(u8::try_from(number).ok()?);
        match number {
            ASSET => Some(Self::Asset),
            WALLET => Some(Self::Wallet),
            EPOCH => Some(Self::Epoch),
            RETENTION => Some(Self::Retention),
            1..REFUSED => kind(number).map(Self::Done),
            _ => number.checked_sub(REFUSED).and_then(kind).map(Self::Refused),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_means_one_kind() {
        let requests =
            Kind::ALL.iter().flat_map(|&kind| [LineKind::Done(kind), LineKind::Refused(kind)]);
        let all = requests.chain([
            LineKind::Asset,
            LineKind::Wallet,
            LineKind::Epoch,
            LineKind::Retention,
        ]);
        for kind in all {
            assert_eq!(LineKind::from_number(kind.number()), Some(kind));
        }
        for bad in [i64::MIN, -1, 0, 99, 100, 199, 200, 205, i64::MAX] {
            assert_eq!(LineKind::from_number(bad), None, "{bad}");
        }
    }
}
