//! What is decided as one: a command, an all-or-nothing batch, or a registration.

use std::sync::Arc;

use crate::base::bounds::{BATCH_MAX, BATCH_POSTINGS_MAX, METADATA_BYTES_PER_POSTING};
use crate::base::invalid::{Field, Invalid};
use crate::base::time::Timestamp;
use crate::error::report::{Error, Result};
use crate::model::fingerprint::Fingerprint;
use crate::model::prepared::{Prepared, weight_of};
use crate::model::record::{AssetRecord, AssetSpec};
use crate::model::retention::KeyRetention;
use crate::model::transaction::Receipt;
use crate::model::wallet::{Wallet, WalletSpec};
use crate::rules::rows::Wants;

/// One thing to decide.
#[derive(Debug)]
pub(crate) enum Unit {
    Command(Prepared),
    Batch(Vec<Prepared>),
    Asset(AssetSpec),
    Wallet(WalletSpec),
    Retention(KeyRetention),
    /// The same, unless it was said before.
    FirstRetention(KeyRetention),
}

/// A unit, and when the call came that asks for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) unit: &'a Unit,
    pub(super) since: Timestamp,
}

/// What came of it.
#[derive(Debug)]
pub(crate) enum Outcome {
    Receipt(Receipt),
    Receipts(Vec<Receipt>),
    Asset(Arc<AssetRecord>),
    Wallet(Box<Wallet>),
    Retention,
}

impl Unit {
    /// An all-or-nothing batch. Each command's fingerprint takes in the whole batch, so that a
    /// retry must bring all of it.
    pub(crate) fn batch(mut commands: Vec<Prepared>) -> Result<Self, Invalid> {
        check_keys_differ(&commands)?;
        let batch = Fingerprint::of_batch(commands.iter().map(|c| (&c.key, &c.fingerprint)));
        for command in &mut commands {
            command.fingerprint = command.fingerprint.within(&batch);
        }
        Ok(Self::Batch(commands))
    }

    fn commands(&self) -> &[Prepared] {
        match self {
            Self::Command(command) => std::slice::from_ref(command),
            Self::Batch(commands) => commands,
            Self::Asset(_) | Self::Wallet(_) | Self::Retention(_) | Self::FirstRetention(_) => &[],
        }
    }

    /// How many postings it is worth.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Self::Command(_) | Self::Batch(_) => self.commands().iter().map(Prepared::weight).sum(),
            Self::Asset(spec) => 1 + weight_of(spec.attributes.as_ref()),
            Self::Wallet(spec) => 1 + weight_of(spec.meta.as_ref()),
            Self::Retention(_) | Self::FirstRetention(_) => 1,
        }
    }

    /// How many stamps deciding it may take.
    pub(super) fn stamps(&self) -> usize {
        match self {
            Self::Command(_) | Self::Asset(_) | Self::Retention(_) | Self::FirstRetention(_) => 1,
            Self::Batch(commands) => commands.len(),
            Self::Wallet(_) => 2,
        }
    }

    /// Adds what must be loaded before it can be decided.
    pub(super) fn want<'a>(&'a self, wants: &mut Wants<'a>) {
        for command in self.commands() {
            wants.keys.push(&command.key);
            command.each_wallet(|wallet| wants.wallets.push(wallet));
            wants.terms |= command.is_about_terms();
            wants.holds.extend(command.hold());
            wants.reversed.extend(command.reverses());
        }
        match self {
            Self::Command(_) | Self::Batch(_) => {}
            Self::Retention(_) | Self::FirstRetention(_) => wants.terms = true,
            Self::Asset(spec) => wants.assets.push(spec.asset.code()),
            Self::Wallet(spec) => {
                wants.names.push(&spec.name);
                wants.assets.push(spec.asset.code());
            }
        }
    }
}

fn check_keys_differ(commands: &[Prepared]) -> Result<(), Invalid> {
    let mut keys: Vec<_> = commands.iter().map(|command| &command.key).collect();
    keys.sort_unstable();
    match keys.iter().zip(keys.iter().skip(1)).find(|(one, next)| one == next) {
        None => Ok(()),
        Some((key, _)) => {
            let problem = format!("key {key} stands twice in one all-or-nothing batch");
            Err(Invalid::new(Field::Batch, problem))
        }
    }
}

/// What a call has taken so far. Asked as it is taken, so that a list without an end is no way to
/// fill the memory.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    items: usize,
    postings: usize,
}

impl Tally {
    /// Refuses an item that is one too many.
    pub(crate) fn item(&mut self) -> Result<(), Invalid> {
        if self.items == BATCH_MAX {
            return Err(bad_item_count("more"));
        }
        self.items += 1;
        Ok(())
    }

    /// Refuses postings that are too many.
    pub(crate) fn postings(&mut self, weight: usize) -> Result<(), Invalid> {
        self.postings += weight;
        if self.postings <= BATCH_POSTINGS_MAX {
            return Ok(());
        }
        let problem = format!(
            "a call must have at most {BATCH_POSTINGS_MAX} postings over all its commands, each \
             {METADATA_BYTES_PER_POSTING} bytes of metadata counting as one; this one has more. \
             Split it"
        );
        Err(Invalid::new(Field::Batch, problem))
    }
}

fn bad_item_count(count: &str) -> Invalid {
    let problem = format!("a call must have 1 to {BATCH_MAX} items; this one has {count}");
    Invalid::new(Field::Batch, problem)
}

/// Refuses calls with nothing in them.
pub(crate) fn check_not_empty(units: &[Unit]) -> Result<(), Invalid> {
    let is_empty = |unit: &Unit| matches!(unit, Unit::Batch(commands) if commands.is_empty());
    if units.is_empty() || units.iter().any(is_empty) {
        return Err(bad_item_count("none"));
    }
    Ok(())
}

impl Outcome {
    pub(crate) fn receipt(self) -> Result<Receipt> {
        match self {
            Self::Receipt(receipt) => Ok(receipt),
            other => Err(other.unexpected()),
        }
    }

    pub(crate) fn receipts(self) -> Result<Vec<Receipt>> {
        match self {
            Self::Receipts(receipts) => Ok(receipts),
            other => Err(other.unexpected()),
        }
    }

    pub(crate) fn asset(self) -> Result<Arc<AssetRecord>> {
        match self {
            Self::Asset(asset) => Ok(asset),
            other => Err(other.unexpected()),
        }
    }

    pub(crate) fn wallet(self) -> Result<Wallet> {
        match self {
            Self::Wallet(wallet) => Ok(*wallet),
            other => Err(other.unexpected()),
        }
    }

    pub(crate) fn retention(self) -> Result<()> {
        match self {
            Self::Retention => Ok(()),
            other => Err(other.unexpected()),
        }
    }

    /// How many of its receipts were given before.
    pub(super) fn replays(&self) -> usize {
        match self {
            Self::Receipt(receipt) => usize::from(receipt.replayed),
            Self::Receipts(receipts) => receipts.iter().filter(|receipt| receipt.replayed).count(),
            Self::Asset(_) | Self::Wallet(_) | Self::Retention => 0,
        }
    }

    fn unexpected(&self) -> Error {
        Error::internal(format!("a request got the answer of another one: {self:?}"))
    }
}
