//! Decides a command. The order of the checks is the documented order of precedence: wallets known,
//! assets right, preconditions, then posting by posting status, funds, overflow, ceiling.

use crate::base::id::{Stamp, TransactionId};
use crate::model::command::{Expectation, Leg};
use crate::model::prepared::{Body, Prepared};
use crate::model::rejection::Rejection;
use crate::model::transaction::{Kind, Posting, Postings, StatusChange, Transaction};
use crate::model::wallet::{Status, WalletRow};
use crate::money::amount::Amount;
use crate::money::value::Money;
use crate::rules::rows::Rows;
use crate::rules::scratch::{Draft, Scratch};

type Decided<T> = Result<T, Box<Rejection>>;

/// Decides `command` on `rows`, as of `stamp`. Changes nothing: a yes is a transaction that
/// [`apply`](crate::rules::apply::apply) carries out.
pub fn decide(command: &Prepared, rows: &Rows, stamp: Stamp) -> Decided<Transaction> {
    let mut scratch = Scratch::new(command.wallets(), rows)?;
    if let Body::Move(legs) = &command.body {
        legs.iter().try_for_each(|leg| check_assets(leg, &mut scratch))?;
    }
    for expectation in &command.expectations {
        check_version(expectation, &mut scratch)?;
    }
    let (postings, status) = match &command.body {
        Body::Move(legs) => (move_all(legs, &mut scratch)?, None),
        Body::SetStatus(wallet) => {
            let change = set_status(command.kind, scratch.draft(*wallet)?.row)?;
            (Postings::default(), Some(change))
        }
    };
    let id = TransactionId::from_stamp(stamp);
    Ok(Transaction {
        id,
        at: id.time(),
        kind: command.kind,
        key: command.key.clone(),
        fingerprint: command.fingerprint,
        postings,
        status,
        meta: command.meta.clone(),
        actor: command.actor.clone(),
    })
}

fn check_assets(leg: &Leg, scratch: &mut Scratch<'_>) -> Decided<()> {
    let given = leg.amount.asset();
    for wallet in [leg.from, leg.to] {
        let expected = scratch.draft(wallet)?.row.asset;
        if expected != given {
            return Err(Rejection::AssetMismatch { wallet, expected, given }.into());
        }
    }
    Ok(())
}

fn check_version(expectation: &Expectation, scratch: &mut Scratch<'_>) -> Decided<()> {
    let &Expectation { wallet, version: expected } = expectation;
    let actual = scratch.draft(wallet)?.version;
    if actual == expected {
        return Ok(());
    }
    Err(Rejection::VersionMismatch { wallet, expected, actual }.into())
}

fn move_all(legs: &[Leg], scratch: &mut Scratch<'_>) -> Decided<Postings> {
    legs.iter().map(|leg| move_one(leg, scratch)).collect()
}

/// Both ends' status comes before either's funds, so that a frozen receiver is not reported as a
/// poor sender.
fn move_one(leg: &Leg, scratch: &mut Scratch<'_>) -> Decided<Posting> {
    check_open(scratch.draft(leg.from)?.row)?;
    check_open(scratch.draft(leg.to)?.row)?;
    let from = *take(scratch.draft(leg.from)?, leg.amount)?;
    let to = *give(scratch.draft(leg.to)?, leg.amount)?;
    Ok(Posting {
        from: leg.from,
        to: leg.to,
        amount: leg.amount,
        from_balance: from.posted,
        to_balance: to.posted,
        from_version: from.version,
        to_version: to.version,
    })
}

fn check_open(row: &WalletRow) -> Decided<()> {
    let wallet = row.id;
    match row.status {
        Status::Open => Ok(()),
        Status::Frozen => Err(Rejection::WalletFrozen { wallet }.into()),
        Status::Closed => Err(Rejection::WalletClosed { wallet }.into()),
    }
}

fn take<'d, 'r>(draft: &'d mut Draft<'r>, amount: Money) -> Decided<&'d Draft<'r>> {
    if let Some(available) = draft.available()
        && available < amount.amount()
    {
        return Err(insufficient(draft.row, available, amount));
    }
    let balance = draft.posted.checked_sub(amount.amount());
    draft.set(balance.ok_or_else(|| overflow(draft, amount))?);
    Ok(draft)
}

fn insufficient(row: &WalletRow, available: Amount, needed: Money) -> Box<Rejection> {
    // What is missing can be more than a number can say only for a balance far below its floor.
    let shortfall = needed.amount().saturating_sub(available);
    Box::new(Rejection::InsufficientFunds {
        wallet: row.id,
        available: row.asset.of(available),
        needed,
        shortfall: row.asset.of(shortfall),
    })
}

fn give<'d, 'r>(draft: &'d mut Draft<'r>, amount: Money) -> Decided<&'d Draft<'r>> {
    let balance = draft.posted.checked_add(amount.amount());
    let balance = balance.ok_or_else(|| overflow(draft, amount))?;
    if let Some(ceiling) = draft.row.ceiling
        && balance > ceiling
    {
        return Err(Box::new(Rejection::CeilingExceeded {
            wallet: draft.row.id,
            ceiling: draft.row.asset.of(ceiling),
            balance: draft.row.asset.of(balance),
        }));
    }
    draft.set(balance);
    Ok(draft)
}

fn overflow(draft: &Draft<'_>, amount: Money) -> Box<Rejection> {
    let balance = draft.row.asset.of(draft.posted);
    Box::new(Rejection::BalanceOverflow { wallet: draft.row.id, balance, amount })
}

fn set_status(kind: Kind, row: &WalletRow) -> Decided<StatusChange> {
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
            check_closable(row)?;
            Status::Closed
        }
    };
    Ok(StatusChange { wallet, from: row.status, to, version: row.version + 1 })
}

fn check_closable(row: &WalletRow) -> Decided<()> {
    if row.is_world {
        return Err(Rejection::WorldWallet { wallet: row.id }.into());
    }
    if (row.posted, row.held) == (Amount::ZERO, Amount::ZERO) {
        return Ok(());
    }
    let (posted, held) = (row.asset.of(row.posted), row.asset.of(row.held));
    Err(Rejection::WalletNotEmpty { wallet: row.id, posted, held }.into())
}
