//! A command made ready on the caller's thread: checked, its wallets known, its fingerprint taken.
//! What is left to do for the writer, which everyone waits for, is only what depends on state.

use std::sync::Arc;

use smallvec::smallvec;

use crate::base::bounds::METADATA_BYTES_PER_POSTING;
use crate::base::encode::Encoder;
use crate::base::id::WalletId;
use crate::base::invalid::Invalid;
use crate::input::actor::Actor;
use crate::input::key::Key;
use crate::input::metadata::Metadata;
use crate::model::command::{Action, Command, Expectation, Leg, Legs, check_ends};
use crate::model::fingerprint::Fingerprint;
use crate::model::transaction::Kind;
use crate::money::asset::Asset;

/// What a prepared command does.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    Move(Legs),
    SetStatus(WalletId),
}

/// A command that only needs to be decided.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub(crate) key: Key,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) kind: Kind,
    pub(crate) body: Body,
    pub(crate) expectations: Vec<Expectation>,
    pub(crate) meta: Option<Metadata>,
    pub(crate) actor: Option<Arc<Actor>>,
}

impl Prepared {
    /// Makes a checked command ready. `world` finds the wallet that stands for everything outside.
    pub(crate) fn new<E: From<Invalid>>(
        command: Command,
        world: impl FnOnce(Asset) -> Result<WalletId, E>,
    ) -> Result<Self, E> {
        let (kind, body) = match command.action {
            Action::Deposit { to, amount } => {
                let from = world(amount.asset())?;
                (Kind::Deposit, with_world(Leg { from, to, amount })?)
            }
            Action::Withdraw { from, amount } => {
                let to = world(amount.asset())?;
                (Kind::Withdrawal, with_world(Leg { from, to, amount })?)
            }
            Action::Move { kind, legs } => (kind, Body::Move(legs)),
            Action::SetStatus { kind, wallet } => (kind, Body::SetStatus(wallet)),
        };
        Ok(Self {
            fingerprint: fingerprint(kind, &body, command.meta.as_ref()),
            key: command.key,
            kind,
            body,
            expectations: command.expectations,
            meta: command.meta,
            actor: command.actor,
        })
    }

    /// Every wallet the command touches or looks at; some may come twice.
    pub(crate) fn wallets(&self) -> impl Iterator<Item = WalletId> {
        let (legs, one): (&[Leg], _) = match &self.body {
            Body::Move(legs) => (legs, None),
            Body::SetStatus(wallet) => (&[], Some(*wallet)),
        };
        let expected = self.expectations.iter().map(|&Expectation { wallet, .. }| wallet);
        legs.iter().flat_map(|leg| [leg.from, leg.to]).chain(one).chain(expected)
    }

    /// How much it takes to keep and carry out, in postings.
    pub(crate) fn weight(&self) -> usize {
        let postings = match &self.body {
            Body::Move(legs) => legs.len(),
            Body::SetStatus(_) => 1,
        };
        postings + weight_of(self.meta.as_ref())
    }
}

/// How much it takes to keep metadata, in postings.
pub(crate) fn weight_of(meta: Option<&Metadata>) -> usize {
    meta.map_or(0, |meta| meta.as_json().len() / METADATA_BYTES_PER_POSTING)
}

/// Only now is it known whether the world would pay itself.
fn with_world(leg: Leg) -> Result<Body, Invalid> {
    check_ends(&leg)?;
    Ok(Body::Move(smallvec![leg]))
}

/// The canonical bytes of a request: what makes two requests the same one. Preconditions and the
/// actor are no part of it, and neither is the key.
fn fingerprint(kind: Kind, body: &Body, meta: Option<&Metadata>) -> Fingerprint {
    let mut encoder = Encoder::tagged(*b"C1");
    encoder.u8(kind.number());
    match meta {
        None => encoder.u8(0),
        Some(meta) => encoder.u8(1).fixed(meta.digest()),
    };
    match body {
        Body::Move(legs) => {
            encoder.len(legs.len());
            legs.iter().for_each(|leg| encode_leg(leg, &mut encoder));
        }
        Body::SetStatus(wallet) => {
            encoder.u64(wallet.raw());
        }
    }
    Fingerprint::from_bytes(encoder.sha256())
}

fn encode_leg(leg: &Leg, encoder: &mut Encoder) {
    let asset = leg.amount.asset();
    encoder
        .u64(leg.from.raw())
        .u64(leg.to.raw())
        .i128(leg.amount.amount().minor())
        .u8(asset.scale())
        .text(asset.code().as_str());
}
