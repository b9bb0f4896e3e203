//! Moving back what a transaction moved.

use crate::base::id::TransactionId;
use crate::model::leg::Leg;
use crate::model::prepared::Reversing;
use crate::model::rejection::Rejection;
use crate::model::reversal::{Reversal, ReversalSpec};
use crate::model::transaction::{Posting, Postings, Reverses};
use crate::money::amount::Amount;
use crate::money::value::Money;
use crate::rules::Decided;
use crate::rules::moves::{check_assets, move_one};
use crate::rules::scratch::Scratch;

/// Moves back what is asked for, the last posting first, as each was decided on what the one before
/// left.
pub(super) fn reverse(
    reversing: &Reversing,
    so_far: &[Reversal],
    scratch: &mut Scratch<'_>,
) -> Decided<(Postings, Reverses)> {
    let original = &*reversing.original;
    let transaction = original.id;
    if !original.is_reversible() {
        return Err(Rejection::NotReversible { transaction, kind: original.kind }.into());
    }
    let mut legs = Vec::new();
    for (number, posting) in original.postings.iter().enumerate().rev() {
        // A transaction is bounded far below 2^32 postings.
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        let is_wanted = reversing.spec.posting.is_none_or(|wanted| wanted == number);
        let left = if is_wanted { left_of(number, posting, so_far) } else { Amount::ZERO };
        if let Some(amount) = amount_of(&reversing.spec, number, posting, left)? {
            legs.push((number, Leg { from: posting.to, to: posting.from, amount }));
        }
    }
    if legs.is_empty() {
        return Err(Rejection::AlreadyReversed { transaction }.into());
    }
    legs.iter().try_for_each(|(_, leg)| check_assets(leg, scratch))?;
    let postings = legs.iter().map(|(_, leg)| move_one(leg, scratch)).collect::<Decided<_>>()?;
    let postings_of = legs.iter().map(|(number, _)| *number).collect();
    Ok((postings, Reverses { transaction, postings: postings_of }))
}

/// What of a posting was not moved back yet.
fn left_of(number: u32, posting: &Posting, so_far: &[Reversal]) -> Amount {
    let parts = so_far.iter().filter(|part| part.posting == number);
    parts.fold(posting.amount.amount(), |left, part| left.saturating_sub(part.amount.amount()))
}

/// How much of a posting is to be moved back; none of what has nothing left, unless it was asked for.
fn amount_of(
    spec: &ReversalSpec,
    number: u32,
    posting: &Posting,
    left: Amount,
) -> Decided<Option<Money>> {
    let asset = posting.amount.asset();
    match spec.amount {
        Some(amount) if amount.asset() == asset && amount.amount() > left && left.is_positive() => {
            Err(too_large(spec.transaction, number, amount, asset.of(left)))
        }
        _ if !left.is_positive() => Ok(None),
        Some(amount) => Ok(Some(amount)),
        None => Ok(Some(asset.of(left))),
    }
}

fn too_large(
    transaction: TransactionId,
    posting: u32,
    amount: Money,
    left: Money,
) -> Box<Rejection> {
    Box::new(Rejection::ReversalTooLarge { transaction, posting, amount, left })
}
