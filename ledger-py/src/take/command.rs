//! Verbs: what Python asks for, as a command of the ledger.

use ledger_core::bounds::{METADATA_BYTES_PER_POSTING, POSTINGS_MAX};
use ledger_core::{
    Answer, Asset, CaptureSpec, Command, Field, HoldSpec, Key, Ledger, Leg, MetaKey, Metadata,
    Money, Rejection, ReversalSpec, TransactionId,
};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::base::plain::{duration, time_of};
use crate::base::whole::Whole;
use crate::call::book::Open;
use crate::call::detach::detached;
use crate::out::directory::Known;
use crate::out::fault::{Fault, Taken};
use crate::take::amount;
use crate::take::ends;
use crate::take::input::{self, Any};
use crate::take::limits;

/// A verb with its arguments, and what every verb can have.
#[derive(FromPyObject)]
pub(crate) struct Asked<'py>(
    pub(crate) String,
    pub(crate) Bound<'py, PyTuple>,
    pub(crate) Bound<'py, PyAny>,
    pub(crate) Bound<'py, PyAny>,
    pub(crate) Bound<'py, PyAny>,
    pub(crate) Bound<'py, PyAny>,
    pub(crate) Option<i64>,
);

/// A command, and how many postings it counts as where a call's are limited: that many at most.
pub(crate) struct Weighed {
    pub(crate) command: Command,
    pub(crate) at_most: usize,
}

impl Weighed {
    pub(crate) fn new(command: Command, postings: usize, meta: Option<Metadata>) -> Self {
        let Some(meta) = meta else { return Self { command, at_most: postings } };
        let at_most = postings + meta.as_json().len() / METADATA_BYTES_PER_POSTING;
        Self { command: command.meta(meta), at_most }
    }
}

impl Asked<'_> {
    /// The command that it stands for.
    pub(crate) fn command(&self, open: &Open) -> Taken<Weighed> {
        let Self(verb, arguments, key, meta, actor, expect, effective_at) = self;
        let key = input::key(key)?;
        let command = build(verb, arguments, key, open)?;
        let Weighed { mut command, at_most } =
            Weighed::new(command, postings(verb, arguments), input::meta(meta)?);
        if let Some(actor) = input::actor(actor)? {
            command = command.actor(actor);
        }
        if let Some(at) = effective_at {
            command = command.effective_at(time_of(*at));
        }
        let command = input::expect(command, expect, open)?;
        Ok(Weighed { command, at_most })
    }
}

/// At most so many. What a reversal moves back is not looked up for this.
fn postings(verb: &str, given: &Bound<'_, PyTuple>) -> usize {
    match verb {
        "post" => {
            let legs = given.get_item(0).and_then(|legs| legs.len());
            legs.map_or(POSTINGS_MAX, |legs| legs.min(POSTINGS_MAX))
        }
        "trade" => 2,
        "reverse" => POSTINGS_MAX,
        _ => 1,
    }
}

type Given<'py> = Bound<'py, PyAny>;

fn build(verb: &str, given: &Bound<'_, PyTuple>, key: Key, open: &Open) -> Taken<Command> {
    match verb {
        "deposit" => outside(given, open, |wallet, amount| Command::deposit(key, wallet, amount)),
        "withdraw" => outside(given, open, |wallet, amount| Command::withdraw(key, wallet, amount)),
        "transfer" => {
            let leg = leg(given.as_any(), "a transfer", open)?;
            Ok(Command::transfer(key, leg.from, leg.to, leg.amount))
        }
        "post" => Ok(Command::post(key, legs(&given.get_item(0)?, open)?)),
        "trade" => {
            let (paid, goods): (Given<'_>, Given<'_>) = given.extract()?;
            Ok(Command::trade(
                key,
                leg(&paid, "what is paid", open)?,
                leg(&goods, "the goods", open)?,
            ))
        }
        "freeze" | "unfreeze" | "close" => {
            let wallet = ends::take(&given.get_item(0)?, open)?.wallet.id;
            Ok(match verb {
                "freeze" => Command::freeze(key, wallet),
                "unfreeze" => Command::unfreeze(key, wallet),
                _ => Command::close(key, wallet),
            })
        }
        "hold" => hold(given, open).map(|spec| Command::hold(key, spec)),
        "capture" => capture(given, open).map(|spec| Command::capture(key, spec)),
        "release" => Ok(Command::release(key, input::hold(&given.get_item(0)?, open)?)),
        "extend" => {
            let (hold, expires_in): (Given<'_>, i128) = given.extract()?;
            let expires_in = duration(expires_in, Field::Hold)?;
            Ok(Command::extend(key, input::hold(&hold, open)?, expires_in))
        }
        "reverse" => reversal(given, open).map(|spec| Command::reverse(key, spec)),
        "set_limits" => limits::change(given, open).map(|spec| Command::set_limits(key, spec)),
        "lock_periods" => Ok(Command::lock_periods(key, time_of(given.get_item(0)?.extract()?))),
        "unlock_periods" => {
            let until: Option<i64> = given.get_item(0)?.extract()?;
            Ok(Command::unlock_periods(key, until.map(time_of)))
        }
        "index_metadata" => index(given, key),
        other => Err(Fault::own("internal", format!("there is no verb {other:?}")).into()),
    }
}

/// Money in or out. The ledger looks for the outside of the amount's asset first, so an amount in another
/// asset than the wallet's is refused here.
fn outside(
    given: &Bound<'_, PyTuple>,
    open: &Open,
    command: impl FnOnce(&ledger_core::Wallet, Money) -> Command,
) -> Taken<Command> {
    let (of, amount): (Given<'_>, Given<'_>) = given.extract()?;
    let of = ends::take(&of, open)?;
    let amount = amount::take(&amount, of.asset())?;
    check_asset(&of, amount)?;
    Ok(command(&of.wallet, amount))
}

fn check_asset(of: &Known, amount: Money) -> Result<(), Fault> {
    let (wallet, expected, given) = (of.wallet.id, of.asset(), amount.asset());
    if expected == given {
        return Ok(());
    }
    Err(Rejection::AssetMismatch { wallet, expected, given }.into())
}

/// From, to, amount.
fn leg(given: Any<'_, '_>, what: &str, open: &Open) -> Taken<Leg> {
    let given = input::row(given, 3..=3, || format!("{what} must be (from, to, amount)"))?;
    let (from, to, amount): (Given<'_>, Given<'_>, Given<'_>) = given.extract()?;
    leg_of(&from, &to, &amount, open)
}

pub(crate) fn leg_of(
    from: Any<'_, '_>,
    to: Any<'_, '_>,
    amount: Any<'_, '_>,
    open: &Open,
) -> Taken<Leg> {
    let (from, to) = (ends::take(from, open)?, ends::take(to, open)?);
    Ok(Leg::new(from.wallet.id, to.wallet.id, amount::take(amount, from.asset())?))
}

fn legs(given: Any<'_, '_>, open: &Open) -> Taken<Vec<Leg>> {
    let legs = given.try_iter()?.enumerate();
    legs.map(|(place, given)| leg(&given?, &format!("leg {place}"), open)).collect()
}

fn hold(given: &Bound<'_, PyTuple>, open: &Open) -> Taken<HoldSpec> {
    let (of, target, amount, expires_in, tolerance): (
        Given<'_>,
        Given<'_>,
        Given<'_>,
        i128,
        Given<'_>,
    ) = given.extract()?;
    let (of, target) = (ends::take(&of, open)?, ends::take(&target, open)?);
    let amount = amount::take(&amount, of.asset())?;
    let expires_in = duration(expires_in, Field::Hold)?;
    let spec = HoldSpec::new(of.wallet.id, target.wallet.id, amount, expires_in);
    let tolerance = amount::take_optional(&tolerance, of.asset())?;
    Ok(tolerance.map_or(spec, |tolerance| spec.tolerance(tolerance)))
}

fn capture(given: &Bound<'_, PyTuple>, open: &Open) -> Taken<CaptureSpec> {
    let (hold, amount, release_rest): (Given<'_>, Given<'_>, bool) = given.extract()?;
    let id = input::hold(&hold, open)?;
    let mut spec = CaptureSpec::of(id);
    if !amount.is_none() {
        let known = detached(hold.py(), || open.ledger.get_hold(id))?;
        let known = known.ok_or(Rejection::UnknownHold { hold: id })?;
        spec = spec.amount(amount::take(&amount, known.amount.asset())?);
    }
    Ok(if release_rest { spec.release_rest() } else { spec })
}

fn reversal(given: &Bound<'_, PyTuple>, open: &Open) -> Taken<ReversalSpec> {
    let (transaction, amount, posting): (Given<'_>, Given<'_>, Option<Whole>) = given.extract()?;
    let id = input::transaction(&transaction, open)?;
    let places = 0..=i128::from(u32::MAX);
    let posting = posting.map(|place| place.within(places, Field::Reversal, "a posting's place"));
    let posting: Option<u32> = posting.transpose()?;
    let mut spec = ReversalSpec::of(id);
    if let Some(posting) = posting {
        spec = spec.posting(posting);
    }
    if !amount.is_none() {
        let place = posting.unwrap_or(0);
        let asset = detached(given.py(), || asset_of(&open.ledger, id, place))?;
        spec = spec.amount(amount::take(&amount, asset)?);
    }
    Ok(spec)
}

/// The asset of a transaction's posting; of its first one, if there is none in that place, because the
/// ledger says best what is wrong then.
fn asset_of(ledger: &Ledger, id: TransactionId, place: u32) -> Result<Asset, Fault> {
    let Some(Answer::Done(transaction)) = ledger.transaction(id)? else {
        return Err(Rejection::UnknownTransaction { transaction: id }.into());
    };
    let place = usize::try_from(place).unwrap_or(usize::MAX);
    let posting = transaction.postings.get(place).or(transaction.postings.first());
    let kind = transaction.kind;
    let none = Rejection::NotReversible { transaction: id, kind };
    Ok(posting.ok_or(none)?.amount.asset())
}

fn index(given: &Bound<'_, PyTuple>, key: Key) -> Taken<Command> {
    let names = given.get_item(0)?.try_iter()?;
    let names = names.map(|name| Ok(MetaKey::new(input::text(&name?, "a key of metadata")?)?));
    Ok(Command::index_metadata(key, names.collect::<Taken<Vec<_>>>()?))
}
