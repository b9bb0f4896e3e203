//! `open-wallet` and `define-asset`: how a ledger begins.

use clap::Args;
use ledger_core::{Asset, AssetSpec, Error, Invalid, WalletSpec};

use crate::book::FileArg;
use crate::commands::wallets;
use crate::failure::{Done, Failure};
use crate::input::{metadata, money};
use crate::output::Output;
use crate::record::Record;

/// Opens a wallet.
#[derive(Args, Debug)]
pub struct OpenWallet {
    #[command(flatten)]
    file: FileArg,
    /// The wallet's name, such as user:alice
    name: String,
    /// What it holds: a currency such as USD, or an asset that was defined
    asset: String,
    /// Who it belongs to
    #[arg(long)]
    owner: Option<String>,
    /// The least it may hold, such as -50.00 for a credit line, or none; 0 if not given
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true)]
    floor: Option<String>,
    /// The most it may hold
    #[arg(long, value_name = "AMOUNT", allow_negative_numbers = true)]
    ceiling: Option<String>,
    /// JSON to keep with it
    #[arg(long, value_name = "JSON")]
    meta: Option<String>,
}

impl OpenWallet {
    /// Does it.
    pub fn run(&self, output: &mut Output) -> Done {
        // What is wrong without a ledger is said before a file is made.
        if !self.file.path().exists() {
            let _only_checked = self.spec(Asset::iso(&self.asset).map_err(undefined)?)?;
        }
        let (book, is_new) = self.file.open_or_make(output)?;
        let wallet = book.open_wallet(self.spec(book.asset(&self.asset)?)?)?;
        let balance = book.balance(&wallet)?;
        let record = wallets::shown(&wallet, &balance);
        output.record(&with_made(record, is_new, output))
    }

    fn spec(&self, asset: Asset) -> Result<WalletSpec, Failure> {
        let mut spec = WalletSpec::new(&self.name, asset)?;
        if let Some(owner) = &self.owner {
            spec = spec.owner(owner)?;
        }
        spec = match self.floor.as_deref() {
            None => spec,
            Some("none") => spec.no_floor(),
            Some(floor) => spec.floor(money(floor, asset)?)?,
        };
        if let Some(ceiling) = &self.ceiling {
            spec = spec.ceiling(money(ceiling, asset)?)?;
        }
        Ok(match metadata(self.meta.as_deref())? {
            Some(meta) => spec.meta(meta),
            None => spec,
        })
    }
}

/// Without a file there are currencies only.
fn undefined(error: Invalid) -> Failure {
    let advice = "define it first, with `ledger define-asset`";
    Failure::from(error).reworded(|said| said.replace("give the asset's scale", advice))
}

/// Defines an asset.
#[derive(Args, Debug)]
pub struct DefineAsset {
    #[command(flatten)]
    file: FileArg,
    /// The asset's code, such as POINTS or GOLD-18K
    code: String,
    /// Digits after the point, 0 to 38
    scale: u8,
    /// JSON to keep with it, such as '{"karat": 18}'
    #[arg(long, value_name = "JSON")]
    attributes: Option<String>,
}

impl DefineAsset {
    /// Does it.
    pub fn run(&self, output: &mut Output) -> Done {
        let asset = Asset::new(&self.code, self.scale).map_err(Error::from)?;
        let spec = match metadata(self.attributes.as_deref())? {
            Some(attributes) => AssetSpec::new(asset).attributes(attributes),
            None => AssetSpec::new(asset),
        };
        let (book, is_new) = self.file.open_or_make(output)?;
        let asset = book.define_asset(spec)?;
        let record = Record::default()
            .with("asset", asset.code().as_str())
            .with("scale", u64::from(asset.scale()));
        output.record(&with_made(record, is_new, output))
    }
}

/// For programs, with whether the file was made; people had a note.
fn with_made(record: Record, is_new: bool, output: &Output) -> Record {
    record.with_some("made", output.is_json().then_some(is_new))
}
