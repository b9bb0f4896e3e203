//! A command made ready on the caller's thread: checked, its wallets known, its fingerprint taken.
//! What is left to do for the writer, which everyone waits for, is only what depends on state.

use std::sync::Arc;
use std::time::Duration;

use smallvec::smallvec;

use crate::base::bounds::METADATA_BYTES_PER_POSTING;
use crate::base::encode::Encoder;
use crate::base::id::{HoldId, TransactionId, WalletId};
use crate::base::invalid::{Field, Invalid};
use crate::base::time::Timestamp;
use crate::input::actor::Actor;
use crate::input::key::Key;
use crate::input::meta_key::MetaKey;
use crate::input::metadata::Metadata;
use crate::model::command::{Action, Command};
use crate::model::expectation::Expectation;
use crate::model::fingerprint::Fingerprint;
use crate::model::hold::Hold;
use crate::model::hold_spec::{CaptureSpec, HoldSpec};
use crate::model::leg::{Leg, Legs, check_ends};
use crate::model::limits::LimitsSpec;
use crate::model::reversal::ReversalSpec;
use crate::model::transaction::{Kind, Transaction};
use crate::model::window::{Direction, Window};
use crate::money::asset::Asset;
use crate::money::value::Money;

/// What must be known of the ledger to make a command ready. None of it ever changes.
pub(crate) trait Known {
    type Error: From<Invalid>;

    /// The wallet that stands for everything outside.
    fn world(&self, asset: Asset) -> Result<WalletId, Self::Error>;

    /// A hold, of which only the wallets are looked at.
    fn hold(&self, hold: HoldId) -> Result<Hold, Self::Error>;

    /// A transaction.
    fn transaction(&self, id: TransactionId) -> Result<Arc<Transaction>, Self::Error>;
}

/// What a prepared command does.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    Move(Legs),
    SetStatus(WalletId),
    Hold(Box<HoldSpec>),
    OnHold(Box<OnHold>),
    Reverse(Box<Reversing>),
    SetLimits(Box<LimitsSpec>),
    LockPeriods(Timestamp),
    UnlockPeriods(Option<Timestamp>),
    IndexMetadata(Vec<MetaKey>),
}

/// A reversal, and what it reverses.
#[derive(Clone, Debug)]
pub(crate) struct Reversing {
    pub(crate) spec: ReversalSpec,
    pub(crate) original: Arc<Transaction>,
}

impl Reversing {
    fn body<K: Known>(
        spec: ReversalSpec,
        effective_at: Option<Timestamp>,
        known: &K,
    ) -> Result<Body, K::Error> {
        let original = known.transaction(spec.transaction)?;
        spec.check(&original)?;
        check_after(effective_at, original.effective_at, "what it reverses did")?;
        Ok(Body::Reverse(Box::new(Self { spec, original })))
    }
}

/// What is done with a hold, and the wallets that it is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OnHold {
    pub(crate) hold: HoldId,
    wallet: WalletId,
    target: WalletId,
    pub(crate) act: HoldAct,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum HoldAct {
    Capture { amount: Option<Money>, release_rest: bool },
    Release,
    Extend(Duration),
    Expire,
}

impl HoldAct {
    fn on<K: Known>(self, hold: HoldId, known: &K) -> Result<Body, K::Error> {
        let Hold { wallet, target, .. } = known.hold(hold)?;
        Ok(Body::OnHold(Box::new(OnHold { hold, wallet, target, act: self })))
    }
}

/// A command that only needs to be decided.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub(crate) key: Key,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) kind: Kind,
    pub(crate) body: Body,
    pub(crate) expectations: Vec<Expectation>,
    pub(crate) effective_at: Option<Timestamp>,
    pub(crate) meta: Option<Metadata>,
    pub(crate) actor: Option<Arc<Actor>>,
}

impl Prepared {
    /// Makes a checked command ready.
    pub(crate) fn new<K: Known>(command: Command, known: &K) -> Result<Self, K::Error> {
        let (kind, body) = match command.action {
            Action::Deposit { to, amount } => {
                let from = known.world(amount.asset())?;
                (Kind::Deposit, with_world(Leg { from, to, amount })?)
            }
            Action::Withdraw { from, amount } => {
                let to = known.world(amount.asset())?;
                (Kind::Withdrawal, with_world(Leg { from, to, amount })?)
            }
            Action::Move { kind, legs } => (kind, Body::Move(legs)),
            Action::SetStatus { kind, wallet } => (kind, Body::SetStatus(wallet)),
            Action::Hold(spec) => (Kind::Hold, Body::Hold(spec)),
            Action::Capture(spec) => {
                let CaptureSpec { hold, amount, release_rest } = *spec;
                check_after(command.effective_at, hold.stamp().time(), "the hold was made")?;
                (Kind::Capture, HoldAct::Capture { amount, release_rest }.on(hold, known)?)
            }
            Action::Release { hold } => (Kind::Release, HoldAct::Release.on(hold, known)?),
            Action::Extend { hold, expires_in } => {
                (Kind::Extend, HoldAct::Extend(expires_in).on(hold, known)?)
            }
            Action::Expire { hold } => (Kind::Expire, HoldAct::Expire.on(hold, known)?),
            Action::SetLimits(spec) => (Kind::Limits, Body::SetLimits(spec)),
            Action::LockPeriods { until } => (Kind::PeriodLock, Body::LockPeriods(until)),
            Action::UnlockPeriods { until } => (Kind::PeriodUnlock, Body::UnlockPeriods(until)),
            Action::IndexMetadata(keys) => (Kind::IndexMetadata, Body::IndexMetadata(keys)),
            Action::Reverse(spec) => {
                let body = Reversing::body(*spec, command.effective_at, known)?;
                (Kind::Reversal, body)
            }
        };
        Ok(Self {
            fingerprint: fingerprint(kind, &body, command.effective_at, command.meta.as_ref()),
            key: command.key,
            kind,
            body,
            expectations: command.expectations,
            effective_at: command.effective_at,
            meta: command.meta,
            actor: command.actor,
        })
    }

    /// Shows every wallet that the command touches or looks at; some may come twice.
    #[inline]
    pub(crate) fn each_wallet(&self, mut each: impl FnMut(WalletId)) {
        let mut both = |from, to| {
            each(from);
            each(to);
        };
        match &self.body {
            Body::Move(legs) => legs.iter().for_each(|leg| both(leg.from, leg.to)),
            Body::Hold(spec) => both(spec.wallet, spec.target),
            Body::OnHold(on) => both(on.wallet, on.target),
            Body::Reverse(reversing) => {
                let postings = &reversing.original.postings;
                postings.iter().for_each(|posting| both(posting.from, posting.to));
            }
            Body::SetStatus(wallet) => each(*wallet),
            Body::SetLimits(spec) => each(spec.wallet),
            Body::LockPeriods(_) | Body::UnlockPeriods(_) | Body::IndexMetadata(_) => {}
        }
        self.expectations.iter().for_each(|expectation| each(expectation.wallet));
    }

    /// The hold it is about.
    pub(crate) fn hold(&self) -> Option<HoldId> {
        match &self.body {
            Body::OnHold(on) => Some(on.hold),
            _ => None,
        }
    }

    /// The transaction it reverses.
    pub(crate) fn reverses(&self) -> Option<TransactionId> {
        match &self.body {
            Body::Reverse(reversing) => Some(reversing.spec.transaction),
            _ => None,
        }
    }

    /// Whether it depends on what holds for the ledger as a whole, or changes that.
    pub(crate) fn is_about_terms(&self) -> bool {
        let changes = matches!(
            self.body,
            Body::LockPeriods(_) | Body::UnlockPeriods(_) | Body::IndexMetadata(_)
        );
        changes || self.effective_at.is_some()
    }

    /// How much it takes to keep and carry out, in postings.
    pub(crate) fn weight(&self) -> usize {
        let postings = match &self.body {
            Body::Move(legs) => legs.len(),
            Body::Reverse(reversing) => reversing.original.postings.len().max(1),
            Body::SetStatus(_)
            | Body::Hold(_)
            | Body::OnHold(_)
            | Body::SetLimits(_)
            | Body::LockPeriods(_)
            | Body::UnlockPeriods(_)
            | Body::IndexMetadata(_) => 1,
        };
        postings + weight_of(self.meta.as_ref())
    }
}

/// How much it takes to keep metadata, in postings.
pub(crate) fn weight_of(meta: Option<&Metadata>) -> usize {
    meta.map_or(0, |meta| meta.as_json().len() / METADATA_BYTES_PER_POSTING)
}

/// Nothing takes effect before what it goes back to.
fn check_after(
    effective_at: Option<Timestamp>,
    earliest: Timestamp,
    what: &str,
) -> Result<(), Invalid> {
    match effective_at {
        Some(time) if time < earliest => {
            let problem = format!(
                "it can't take effect at {time}, before {what}, at {earliest}; give a later time"
            );
            Err(Invalid::new(Field::EffectiveAt, problem))
        }
        _ => Ok(()),
    }
}

/// Only now is it known whether the world would pay itself.
fn with_world(leg: Leg) -> Result<Body, Invalid> {
    check_ends(&leg)?;
    Ok(Body::Move(smallvec![leg]))
}

/// The canonical bytes of a request: what makes two requests the same one. Preconditions and the
/// actor are no part of it, and neither is the key.
fn fingerprint(
    kind: Kind,
    body: &Body,
    effective_at: Option<Timestamp>,
    meta: Option<&Metadata>,
) -> Fingerprint {
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
        Body::Hold(spec) => {
            encode_leg(&spec.leg(), &mut encoder);
            encoder.i128(spec.extra().amount().minor());
            encode_duration(spec.expires_in, &mut encoder);
        }
        Body::OnHold(on) => encode_on_hold(on, &mut encoder),
        Body::Reverse(reversing) => encode_reversal(&reversing.spec, &mut encoder),
        Body::SetLimits(spec) => encode_limits(spec, &mut encoder),
        Body::LockPeriods(until) => encode_time(*until, &mut encoder),
        Body::UnlockPeriods(None) => {
            encoder.u8(0);
        }
        Body::UnlockPeriods(Some(until)) => encode_time(*until, encoder.u8(1)),
        Body::IndexMetadata(keys) => {
            encoder.len(keys.len());
            for key in keys {
                encoder.text(key.as_str());
            }
        }
    }
    // At the end, so that what says nothing of it is what it was before there was such a thing.
    if let Some(at) = effective_at {
        encode_time(at, &mut encoder);
    }
    Fingerprint::from_bytes(encoder.sha256())
}

fn encode_on_hold(on: &OnHold, encoder: &mut Encoder) {
    encoder.u64(on.hold.raw());
    match on.act {
        HoldAct::Capture { amount, release_rest } => {
            encode_some_money(amount, encoder);
            encoder.u8(release_rest.into());
        }
        HoldAct::Extend(by) => encode_duration(by, encoder),
        HoldAct::Release | HoldAct::Expire => {}
    }
}

fn encode_reversal(spec: &ReversalSpec, encoder: &mut Encoder) {
    encoder.u64(spec.transaction.raw());
    match spec.posting {
        None => encoder.u8(0),
        Some(posting) => encoder.u8(1).u64(posting.into()),
    };
    encode_some_money(spec.amount, encoder);
}

fn encode_limits(spec: &LimitsSpec, encoder: &mut Encoder) {
    encoder.u64(spec.wallet.raw());
    for limit in [spec.floor, spec.ceiling, spec.largest] {
        match limit {
            None => {
                encoder.u8(0);
            }
            Some(given) => encode_some_money(given, encoder.u8(1)),
        }
    }
    // At the end, so that what says nothing of windows is what it was before there were any.
    if let Some(windows) = &spec.windows {
        encoder.len(windows.len());
        for window in windows {
            encode_window(window, encoder);
        }
    }
}

fn encode_window(window: &Window, encoder: &mut Encoder) {
    encoder.u8(match window.direction {
        Direction::Out => 0,
        Direction::In => 1,
    });
    encode_duration(window.lasting, encoder);
    encode_some_money(window.amount, encoder);
    match window.count {
        None => encoder.u8(0),
        Some(count) => encoder.u8(1).u64(count.into()),
    };
}

fn encode_some_money(money: Option<Money>, encoder: &mut Encoder) {
    match money {
        None => encoder.u8(0),
        Some(money) => encode_money(money, encoder.u8(1)),
    };
}

fn encode_time(time: Timestamp, encoder: &mut Encoder) {
    encoder.i128(time.unix_ms().into());
}

/// Durations are bounded far below 2^64 milliseconds.
fn encode_duration(duration: Duration, encoder: &mut Encoder) {
    encoder.u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX));
}

fn encode_leg(leg: &Leg, encoder: &mut Encoder) {
    encode_money(leg.amount, encoder.u64(leg.from.raw()).u64(leg.to.raw()));
}

fn encode_money(money: Money, encoder: &mut Encoder) -> &mut Encoder {
    let asset = money.asset();
    encoder.i128(money.amount().minor()).u8(asset.scale()).text(asset.code().as_str())
}
