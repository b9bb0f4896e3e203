//! Reversals: moving back what a transaction moved, all of it or a part, and never more than it.

use serde::{Deserialize, Serialize};

use crate::base::id::TransactionId;
use crate::base::invalid::{Field, Invalid};
use crate::model::transaction::{Kind, Receipt, Reverses, Transaction};
use crate::money::value::Money;

/// What is to be moved back of a transaction: by default, all that is left of it.
///
/// ```
/// use ledger_core::{Asset, Ledger, ReversalSpec, WalletSpec};
/// let ledger = Ledger::in_memory();
/// let usd = Asset::iso("USD")?;
/// let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
/// let shop = ledger.open_wallet(WalletSpec::new("shop:42", usd)?)?;
/// ledger.deposit(&alice, usd.money("100.00")?, "d1")?;
/// let paid = ledger.transfer(&alice, &shop, usd.money("30.00")?, "order:7")?;
/// ledger.reverse(ReversalSpec::of(paid.id).amount(usd.money("10.00")?), "refund:1")?;
/// ledger.reverse(paid.id, "refund:2")?;
/// assert_eq!(ledger.balance(&alice)?.posted, usd.money("100.00")?);
/// assert!(ledger.reverse(paid.id, "refund:3").is_err());
/// assert_eq!(ledger.reversals(paid.id)?.len(), 2);
/// # Ok::<(), ledger_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "it only describes what is to be done"]
pub struct ReversalSpec {
    pub(crate) transaction: TransactionId,
    pub(crate) posting: Option<u32>,
    pub(crate) amount: Option<Money>,
}

impl ReversalSpec {
    /// All that is left of the transaction.
    pub fn of(transaction: TransactionId) -> Self {
        Self { transaction, posting: None, amount: None }
    }

    /// Only of this posting, counted from 0.
    pub fn posting(self, posting: u32) -> Self {
        Self { posting: Some(posting), ..self }
    }

    /// Only so much of it. Where the transaction has several postings, name one of them.
    pub fn amount(self, amount: Money) -> Self {
        Self { amount: Some(amount), ..self }
    }

    /// Refuses what this transaction can't be asked for.
    pub(crate) fn check(&self, original: &Transaction) -> Result<(), Invalid> {
        let count = original.postings.len();
        let problem = match (self.posting, self.amount) {
            (Some(posting), _) if usize::try_from(posting).is_ok_and(|it| it < count) => {
                return Ok(());
            }
            (Some(posting), _) => format!(
                "transaction {} has {count} postings, counted from 0; there is no posting {posting}",
                original.id
            ),
            (None, Some(_)) if count > 1 => format!(
                "transaction {} has {count} postings; name the posting of which a part is to be \
                 moved back",
                original.id
            ),
            (None, _) => return Ok(()),
        };
        Err(Invalid::new(Field::Reversal, problem))
    }
}

impl From<&Receipt> for ReversalSpec {
    fn from(receipt: &Receipt) -> Self {
        Self::of(receipt.id)
    }
}

impl From<TransactionId> for ReversalSpec {
    fn from(transaction: TransactionId) -> Self {
        Self::of(transaction)
    }
}

/// A part of a transaction's posting that was moved back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reversal {
    /// The transaction that moved it back.
    pub by: TransactionId,
    /// Which posting of the original.
    pub posting: u32,
    /// How much.
    pub amount: Money,
}

impl Reverses {
    /// What `transaction`, which has this, moved back.
    pub(crate) fn parts<'a>(
        &'a self,
        transaction: &'a Transaction,
    ) -> impl Iterator<Item = Reversal> + 'a {
        let by = transaction.id;
        let amounts = transaction.postings.iter().map(|posting| posting.amount);
        let parts = self.postings.iter().zip(amounts);
        parts.map(move |(&posting, amount)| Reversal { by, posting, amount })
    }
}

impl Transaction {
    /// Whether it can be reversed: it moved money, and is no reversal itself.
    pub fn is_reversible(&self) -> bool {
        self.kind != Kind::Reversal && !self.postings.is_empty()
    }

    /// What it moved back of another transaction, part by part.
    pub fn reversed(&self) -> Option<(TransactionId, Vec<Reversal>)> {
        let reverses = self.reverses()?;
        Some((reverses.transaction, reverses.parts(self).collect()))
    }
}
