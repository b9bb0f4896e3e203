//! Defining assets and opening wallets: idempotent by name, so they need no key.

use std::sync::Arc;

use crate::base::id::{Stamp, WalletId};
use crate::model::record::{AssetRecord, AssetSpec, Record};
use crate::model::rejection::Rejection;
use crate::model::row::WalletRow;
use crate::model::wallet::{WalletRecord, WalletSpec};
use crate::money::asset::Asset;
use crate::rules::Decided;
use crate::rules::rows::Rows;

/// The asset that `spec` asks for: the one that is there, or a new one in `records`.
pub(crate) fn define_asset(
    spec: &AssetSpec,
    stamp: Stamp,
    rows: &mut Rows,
    records: &mut Vec<Record>,
) -> Decided<Arc<AssetRecord>> {
    if let Some(known) = rows.asset(spec.asset.code()) {
        return same_asset(known, spec).cloned();
    }
    let asset = Arc::new(AssetRecord::new(WalletId::from_stamp(stamp), spec));
    let world = Arc::new(asset.world_wallet());
    rows.insert_asset(asset.clone());
    rows.insert_wallet(&WalletRow::opened(&world));
    rows.insert_name(world);
    records.push(Record::Asset(asset.clone()));
    Ok(asset)
}

fn same_asset<'a>(known: &'a Arc<AssetRecord>, spec: &AssetSpec) -> Decided<&'a Arc<AssetRecord>> {
    let option = if known.asset != spec.asset {
        "scale"
    } else if spec.attributes.is_some() && spec.attributes != known.attributes {
        "attributes"
    } else {
        return Ok(known);
    };
    Err(Rejection::AssetConflict { code: known.code(), option: option.to_owned() }.into())
}

/// The wallet that `spec` asks for: the one that is there, or a new one in `records`. The stamps
/// are for the asset, should it be new, and for the wallet.
pub(crate) fn open_wallet(
    spec: &WalletSpec,
    [asset_stamp, wallet_stamp]: [Stamp; 2],
    rows: &mut Rows,
    records: &mut Vec<Record>,
) -> Decided<Arc<WalletRecord>> {
    if let Some(known) = rows.named(&spec.name) {
        return same_wallet(known, spec).cloned();
    }
    check_asset(spec.asset, rows)?;
    // Known to ISO 4217 is as good as defined; it becomes a record with its first wallet.
    define_asset(&spec.asset.into(), asset_stamp, rows, records)?;
    let wallet = Arc::new(WalletRecord::open(WalletId::from_stamp(wallet_stamp), spec));
    rows.insert_wallet(&WalletRow::opened(&wallet));
    rows.insert_name(wallet.clone());
    records.push(Record::Wallet(wallet.clone()));
    Ok(wallet)
}

fn same_wallet<'a>(
    known: &'a Arc<WalletRecord>,
    spec: &WalletSpec,
) -> Decided<&'a Arc<WalletRecord>> {
    known.differs_from(spec).map_or(Ok(known), |option| {
        let name = spec.name.clone();
        Err(Rejection::WalletConflict { name, option: option.to_owned() }.into())
    })
}

fn check_asset(asset: Asset, rows: &Rows) -> Decided<()> {
    let code = asset.code();
    if rows.asset(code).is_none() && Asset::known(code).is_none() {
        return Err(Rejection::UnknownAsset { code }.into());
    }
    Ok(())
}
