//! Decides a command. The order of the checks is the documented order of precedence: wallets known,
//! assets right, preconditions, dates, then posting by posting status, limits, funds, overflow, ceiling.

use crate::base::id::{Stamp, TransactionId};
use crate::model::expectation::{Expectation, Expected};
use crate::model::prepared::{Body, Prepared};
use crate::model::rejection::Rejection;
use crate::model::transaction::{Change, IndexChange, Kind, Postings, StatusChange, Transaction};
use crate::model::wallet::Status;
use crate::money::amount::Amount;
use crate::rules::moves::{check_assets, move_all};
use crate::rules::rows::Rows;
use crate::rules::scratch::{Draft, Scratch};
use crate::rules::{Decided, dates, holds, limits, reversals};

/// Decides `command` on `rows`, as of `stamp`. Changes nothing: a yes is a transaction that
/// [`apply`](crate::rules::apply::apply) carries out.
pub fn decide(command: &Prepared, rows: &Rows, stamp: Stamp) -> Decided<Transaction> {
    let id = TransactionId::from_stamp(stamp);
    let mut scratch = Scratch::new(command, rows, id.time())?;
    match &command.body {
        Body::Move(legs) => legs.iter().try_for_each(|leg| check_assets(leg, &mut scratch))?,
        Body::Hold(spec) => check_assets(&spec.leg(), &mut scratch)?,
        Body::SetLimits(spec) => limits::check_assets(spec, &mut scratch)?,
        Body::OnHold(_)
        | Body::Reverse(_)
        | Body::SetStatus(_)
        | Body::LockPeriods(_)
        | Body::UnlockPeriods(_)
        | Body::IndexMetadata(_) => {}
    }
    for expectation in &command.expectations {
        check_expectation(expectation, &mut scratch)?;
    }
    let effective_at = dates::effective_at(command, rows, id.time())?;
    let (postings, change) = act(command, rows, stamp, &mut scratch)?;
    Ok(Transaction {
        id,
        at: id.time(),
        effective_at,
        kind: command.kind,
        key: command.key.clone(),
        fingerprint: command.fingerprint,
        postings,
        change: change.map(Box::new),
        meta: command.meta.clone(),
        actor: command.actor.clone(),
    })
}

fn act(
    command: &Prepared,
    rows: &Rows,
    stamp: Stamp,
    scratch: &mut Scratch<'_>,
) -> Decided<(Postings, Option<Change>)> {
    Ok(match &command.body {
        Body::Move(legs) => (move_all(legs, scratch)?, None),
        Body::SetStatus(wallet) => {
            let change = set_status(command.kind, scratch.draft(*wallet)?)?;
            (Postings::default(), Some(Change::Status(change)))
        }
        Body::Hold(spec) => {
            let change = holds::reserve(spec, stamp, scratch)?;
            (Postings::default(), Some(Change::Hold(change)))
        }
        Body::OnHold(on) => {
            let hold = rows.hold(on.hold).ok_or(Rejection::UnknownHold { hold: on.hold })?;
            let (postings, change) = holds::change(on, hold, stamp.time(), scratch)?;
            (postings, Some(Change::Hold(change)))
        }
        Body::SetLimits(spec) => {
            let change = limits::set(spec, scratch.draft(spec.wallet)?)?;
            (Postings::default(), Some(Change::Limits(change)))
        }
        Body::LockPeriods(until) => {
            let change = dates::lock(*until, rows, stamp.time())?;
            (Postings::default(), Some(Change::PeriodLock(change)))
        }
        Body::UnlockPeriods(until) => {
            let change = dates::unlock(*until, rows);
            (Postings::default(), Some(Change::PeriodLock(change)))
        }
        Body::IndexMetadata(keys) => {
            let change = IndexChange { from: rows.terms().indexed.to_vec(), to: keys.clone() };
            (Postings::default(), Some(Change::IndexMetadata(change)))
        }
        Body::Reverse(reversing) => {
            let so_far = rows.reversals(reversing.original.id);
            let (postings, reverses) = reversals::reverse(reversing, so_far, scratch)?;
            (postings, Some(Change::Reversal(reverses)))
        }
    })
}

fn check_expectation(expectation: &Expectation, scratch: &mut Scratch<'_>) -> Decided<()> {
    let &Expectation { wallet, expected } = expectation;
    let draft = scratch.draft(wallet)?;
    let present = draft.present();
    Err(match expected {
        Expected::Version(expected) if present.version != expected => {
            Rejection::VersionMismatch { wallet, expected, present }
        }
        Expected::BalanceAtLeast(expected) if draft.row.asset != expected.asset() => {
            let (expected, given) = (draft.row.asset, expected.asset());
            Rejection::AssetMismatch { wallet, expected, given }
        }
        Expected::BalanceAtLeast(expected) if present.posted.amount() < expected.amount() => {
            Rejection::BalanceTooLow { wallet, expected, present }
        }
        Expected::Status(expected) if present.status != expected => {
            Rejection::StatusMismatch { wallet, expected, present }
        }
        _ => return Ok(()),
    }
    .into())
}

fn set_status(kind: Kind, draft: &mut Draft<'_>) -> Decided<StatusChange> {
    let row = draft.row;
    let wallet = row.id;
    let to = match (kind, row.status) {
        (_, Status::Closed) => return Err(Rejection::WalletClosed { wallet }.into()),
        (Kind::Freeze, Status::Frozen) => return Err(Rejection::WalletFrozen { wallet }.into()),
        (Kind::Freeze, Status::Open) => Status::Frozen,
        (Kind::Unfreeze, Status::Frozen) => Status::Open,
        (Kind::Unfreeze, status) => {
            return Err(Rejection::WalletNotFrozen { wallet, status }.into());
        }
        _ => {
            check_closable(draft)?;
            Status::Closed
        }
    };
    Ok(StatusChange { wallet, from: row.status, to, version: draft.next_version() })
}

fn check_closable(draft: &Draft<'_>) -> Decided<()> {
    let row = draft.row;
    if row.is_world {
        return Err(Rejection::WorldWallet { wallet: row.id }.into());
    }
    if (draft.posted, draft.held) == (Amount::ZERO, Amount::ZERO) {
        return Ok(());
    }
    let (posted, held) = (row.asset.of(draft.posted), row.asset.of(draft.held));
    Err(Rejection::WalletNotEmpty { wallet: row.id, posted, held }.into())
}
