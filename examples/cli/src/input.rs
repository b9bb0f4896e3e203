//! What people type: amounts, spans of time, metadata, how much of a list, folders.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, ValueHint};
use ledger_core::{Asset, ErrorKind, Metadata, Money};

use crate::failure::Failure;

/// An amount, with or without its asset.
#[derive(Args, Debug)]
pub struct AmountArg {
    /// How much, such as 12.50 or "12.50 USD"; without an asset, in the wallet's
    #[arg(value_name = "AMOUNT", num_args = 1..=2, required = true, allow_negative_numbers = true)]
    amount: Vec<String>,
}

impl AmountArg {
    /// The amount, of a wallet's asset unless another is named.
    pub fn of(&self, asset: Asset) -> Result<Money, Failure> {
        money(&self.amount.join(" "), asset)
    }
}

/// An amount that need not be given.
#[derive(Args, Debug)]
pub struct PartArg {
    /// How much, such as 12.50 or "12.50 USD"; if not given, all that is left
    #[arg(value_name = "AMOUNT", num_args = 1..=2, allow_negative_numbers = true)]
    amount: Vec<String>,
}

impl PartArg {
    /// The words, if there are any.
    pub fn given(&self) -> Option<String> {
        Some(self.amount.join(" ")).filter(|text| !text.is_empty())
    }
}

/// Reads an amount, with or without its asset. That it is not the wallet's is for the ledger to say.
pub fn money(text: &str, asset: Asset) -> Result<Money, Failure> {
    let mut words = text.split_whitespace();
    let (amount, code) = (words.next().unwrap_or_default(), words.next());
    if words.next().is_some() {
        let message = format!("{text:?} is no amount; write it as \"12.50 USD\" or 12.50");
        return Err(Failure::refused(ErrorKind::InvalidAmount.code(), message));
    }
    match code {
        Some(_) if amount == asset.code().as_str() => {
            let message =
                format!("{text:?} is no amount; write the number first, as \"12.50 {amount}\"");
            Err(Failure::refused(ErrorKind::InvalidAmount.code(), message))
        }
        Some(code) if code != asset.code().as_str() => {
            let message = format!(
                "{text} is not in the wallet's asset, which is {}; give an amount of that",
                asset.code()
            );
            Err(Failure::refused(ErrorKind::AssetMismatch.code(), message))
        }
        _ => Ok(asset.money(amount)?),
    }
}

/// How much of a list is to be shown.
#[derive(Args, Debug)]
pub struct LimitArg {
    /// At most so many; if not given, 50 in a table and all of them in JSON
    #[arg(long)]
    pub limit: Option<NonZeroUsize>,
}

/// A folder on the disk that is to be tried.
#[derive(Args, Debug)]
pub struct FolderArg {
    /// A folder on that disk; what is made there is removed again, unless the program is stopped: then
    /// bench-... or torture-... is left, and can be removed
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    path: PathBuf,
}

impl FolderArg {
    /// The path of a folder that is there.
    pub fn existing(&self) -> Result<&Path, Failure> {
        if self.path.is_dir() {
            return Ok(&self.path);
        }
        let path = self.path.display();
        let message = format!("{path} is no folder; name one on the disk to be tried");
        Err(Failure::new("no_folder", message))
    }
}

/// Refuses a path at which something is, so that nothing is written over.
pub fn must_be_free(path: &Path) -> Result<(), Failure> {
    if fs::symlink_metadata(path).is_ok() { Err(Failure::of_a_taken_path(path)) } else { Ok(()) }
}

/// Reads the caller's own JSON.
pub fn metadata(json: Option<&str>) -> Result<Option<Metadata>, Failure> {
    Ok(json.map(Metadata::from_json).transpose()?)
}

/// A span of time as it is typed: `90s`, `30m`, `7d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration);

const UNITS: &[(&str, u64)] =
    &[("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let end = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(end);
        let unit = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, ms)| *ms);
        let number = number.parse::<u64>().ok();
        let ms = number.zip(unit).and_then(|(number, unit)| number.checked_mul(unit));
        let form = "a time must be a whole number with ms, s, m, h or d, such as 30m or 7d";
        ms.map(|ms| Self(Duration::from_millis(ms))).ok_or_else(|| form.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_may_name_its_asset() {
        let usd = Asset::iso("USD").unwrap();
        for text in ["12.50", "12.5 USD", " 12.50   USD "] {
            assert_eq!(money(text, usd).unwrap(), usd.money("12.50").unwrap());
        }
        for (text, code) in [
            ("", "invalid_amount"),
            ("12,50", "invalid_amount"),
            ("12.505", "invalid_amount"),
            ("1 2 USD", "invalid_amount"),
            ("12.50 EUR", "asset_mismatch"),
            ("12.50 usd", "asset_mismatch"),
        ] {
            let failure = money(text, usd).unwrap_err();
            assert!(failure.report().unwrap().sentence().contains(code), "{text}: {failure:?}");
            assert_eq!(failure.exit(), 1);
        }
    }

    #[test]
    fn times_have_a_unit() {
        assert_eq!("7d".parse(), Ok(Span(Duration::from_hours(168))));
        assert_eq!("1500ms".parse(), Ok(Span(Duration::from_millis(1_500))));
        for bad in ["", "7", "d", "-1d", "1.5h", "7 d", "7w", "18446744073709551615d"] {
            assert!(bad.parse::<Span>().is_err(), "{bad}");
        }
    }
}
