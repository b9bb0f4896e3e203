//! The journal's records: everything that changes an answer.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::id::{Stamp, TransactionId, WalletId};
use crate::base::time::Timestamp;
use crate::input::actor::Actor;
use crate::input::key::Key;
use crate::input::metadata::Metadata;
use crate::model::fingerprint::Fingerprint;
use crate::model::rejection::Rejection;
use crate::model::retention::RetentionRecord;
use crate::model::transaction::{Kind, Transaction};
use crate::model::wallet::WalletRecord;
use crate::money::asset::{Asset, AssetCode};

/// How an asset is to be defined. Defining it again in the same way changes nothing.
///
/// ```
/// use ledger_core::{Asset, AssetSpec, Ledger, Metadata};
/// let ledger = Ledger::in_memory();
/// let karat = Metadata::from_json(r#"{"metal": "gold", "karat": 18}"#)?;
/// let gold = ledger.define_asset(AssetSpec::new(Asset::new("GOLD-18K", 3)?).attributes(karat))?;
/// assert_eq!(ledger.asset("GOLD-18K")?, gold);
/// # Ok::<(), ledger_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetSpec {
    pub(crate) asset: Asset,
    pub(crate) attributes: Option<Metadata>,
}

impl AssetSpec {
    /// An asset without attributes.
    pub fn new(asset: Asset) -> Self {
        Self { asset, attributes: None }
    }

    /// Keeps `attributes` with the asset.
    #[must_use]
    pub fn attributes(self, attributes: Metadata) -> Self {
        Self { attributes: Some(attributes).filter(|meta| !meta.is_empty()), ..self }
    }
}

impl From<Asset> for AssetSpec {
    fn from(asset: Asset) -> Self {
        Self::new(asset)
    }
}

/// The journal's record of an asset. With it comes the wallet that stands for everything outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetRecord {
    /// The wallet for everything outside; its id is the record's place in the journal.
    pub world: WalletId,
    /// The code and scale.
    pub asset: Asset,
    /// What else is known of it.
    pub attributes: Option<Metadata>,
}

impl AssetRecord {
    pub(crate) fn new(world: WalletId, spec: &AssetSpec) -> Self {
        Self { world, asset: spec.asset, attributes: spec.attributes.clone() }
    }

    /// The record of the wallet that comes with the asset.
    pub fn world_wallet(&self) -> WalletRecord {
        WalletRecord::world(self.world, self.asset)
    }

    /// The code.
    pub fn code(&self) -> AssetCode {
        self.asset.code()
    }
}

/// One request of a refused call, as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedItem {
    /// The caller's key.
    pub key: Key,
    /// What the request looked like.
    pub fingerprint: Fingerprint,
    /// What was asked for.
    pub kind: Kind,
    /// The caller's own data.
    pub meta: Option<Metadata>,
    /// Who asked for it.
    pub actor: Option<Arc<Actor>>,
}

/// A request that was refused by the rules and is remembered, so that a retry gets the same answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Its place in the journal.
    pub id: TransactionId,
    /// When it was refused.
    pub at: Timestamp,
    /// The request, or all requests of an all-or-nothing batch.
    pub items: Vec<RefusedItem>,
    /// Which request of an all-or-nothing batch was refused; none where the request stood alone.
    pub batch_item: Option<usize>,
    /// Why.
    pub rejection: Rejection,
}

/// One entry of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Record {
    /// An asset was defined.
    Asset(Arc<AssetRecord>),
    /// A wallet was opened.
    Wallet(Arc<WalletRecord>),
    /// A request was carried out.
    Transaction(Arc<Transaction>),
    /// A request was refused.
    Refusal(Arc<Refusal>),
    /// Keys are remembered that long from now on.
    Retention(RetentionRecord),
}

impl Record {
    /// Its place in the journal.
    pub fn stamp(&self) -> Stamp {
        match self {
            Self::Asset(asset) => asset.world.stamp(),
            Self::Wallet(wallet) => wallet.id.stamp(),
            Self::Transaction(transaction) => transaction.id.stamp(),
            Self::Refusal(refusal) => refusal.id.stamp(),
            Self::Retention(retention) => retention.id.stamp(),
        }
    }
}
