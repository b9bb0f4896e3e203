//! Dividing money, exact to the last unit.

use crate::base::bounds::POSTINGS_MAX;
use crate::base::invalid::{Field, Invalid};
use crate::money::amount::Amount;
use crate::money::rate::Rate;
use crate::money::value::Money;

impl Money {
    /// Divides the amount by weights. The parts always add up to it: what can't be divided evenly goes,
    /// a smallest unit each, to the parts that lost most by rounding down, the first of them first.
    ///
    /// ```
    /// use ledger_core::Asset;
    /// let usd = Asset::iso("USD")?;
    /// let parts = usd.money("100.00")?.split(&[1, 1, 1])?;
    /// assert_eq!(parts, [usd.money("33.34")?, usd.money("33.33")?, usd.money("33.33")?]);
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    pub fn split(self, weights: &[u64]) -> Result<Vec<Self>, Invalid> {
        if let Some(zero) = weights.iter().position(|&weight| weight == 0) {
            let problem = format!("weight {zero} is zero; a part must weigh something");
            return Err(Invalid::new(Field::Split, problem));
        }
        check_count(weights.len())?;
        self.divide(weights)
    }

    fn divide(self, weights: &[u64]) -> Result<Vec<Self>, Invalid> {
        let problem = |problem: String| Err(Invalid::new(Field::Split, problem));
        if self.is_negative() {
            return problem(format!("only an amount of zero or above can be split, not {self}"));
        }
        let total = weights.iter().try_fold(0_u64, |sum, &weight| sum.checked_add(weight));
        let Some(total) = total else {
            return problem(
                "the weights must add up to less than 2^64; make them smaller".to_owned(),
            );
        };
        let parts = largest_remainder(self.amount().minor().unsigned_abs(), weights, total);
        let money = |minor: u128| {
            // Never more than the whole, which is an amount.
            self.asset().of(Amount::from_minor(i128::try_from(minor).unwrap_or(i128::MAX)))
        };
        Ok(parts.into_iter().map(money).collect())
    }

    /// Divides the amount by rates, such as the commissions of several levels; the last part is what is
    /// left for whoever pays them. The parts always add up to the amount, as those of
    /// [`split`](Self::split) do.
    ///
    /// ```
    /// use ledger_core::{Asset, Rate};
    /// let usd = Asset::iso("USD")?;
    /// let levels = [Rate::percent("10")?, Rate::percent("5")?, Rate::percent("2.5")?];
    /// let parts = usd.money("19.99")?.split_rates(&levels)?;
    /// let parts: Vec<String> = parts.iter().map(|part| part.to_string()).collect();
    /// assert_eq!(parts, ["2.00 USD", "1.00 USD", "0.50 USD", "16.49 USD"]);
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    pub fn split_rates(self, rates: &[Rate]) -> Result<Vec<Self>, Invalid> {
        let mut weights: Vec<u64> = rates.iter().map(|rate| rate.billionths()).collect();
        let sum = weights.iter().try_fold(0_u64, |sum, &weight| sum.checked_add(weight));
        let Some(rest) = sum.and_then(|sum| Rate::WHOLE.billionths().checked_sub(sum)) else {
            let problem = "the rates add up to more than 100%; there is not so much to divide";
            return Err(Invalid::new(Field::Split, problem));
        };
        // What is left need not be paid to anyone, so it is no part that counts.
        check_count(rates.len().max(1))?;
        weights.push(rest);
        self.divide(&weights)
    }
}

fn check_count(parts: usize) -> Result<(), Invalid> {
    if (1..=POSTINGS_MAX).contains(&parts) {
        return Ok(());
    }
    let problem = format!("a split must have 1 to {POSTINGS_MAX} parts, not {parts}");
    Err(Invalid::new(Field::Split, problem))
}

/// The parts of `whole`, each rounded down, and one more for those that lost most by that.
fn largest_remainder(whole: u128, weights: &[u64], total: u64) -> Vec<u128> {
    let total = u128::from(total);
    let (each, rest) = (whole / total, whole % total);
    // `rest` and every weight are below 2^64, so their products are below 2^128.
    let shares = weights
        .iter()
        .map(|&weight| u128::from(weight))
        .map(|weight| (each * weight + rest * weight / total, rest * weight % total));
    let mut shares: Vec<(u128, u128)> = shares.collect();
    let given: u128 = shares.iter().map(|(share, _)| share).sum();
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by_key(|&place| std::cmp::Reverse(shares.get(place).map_or(0, |share| share.1)));
    let left = usize::try_from(whole - given).unwrap_or(usize::MAX);
    for place in order.into_iter().take(left) {
        if let Some(share) = shares.get_mut(place) {
            share.0 += 1;
        }
    }
    shares.into_iter().map(|(share, _)| share).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::money::asset::Asset;

    fn cents(minor: i128, weights: &[u64]) -> Vec<i128> {
        let usd = Asset::iso("USD").unwrap();
        let parts = usd.minor(minor).split(weights).unwrap();
        parts.iter().map(|part| part.amount().minor()).collect()
    }

    #[test]
    fn what_is_left_goes_to_those_who_lost_most_and_then_to_the_first() {
        assert_eq!(cents(100, &[1, 1, 1]), [34, 33, 33]);
        assert_eq!(cents(101, &[1, 1, 1]), [34, 34, 33]);
        assert_eq!(cents(10, &[1, 2, 4]), [1, 3, 6]);
        assert_eq!(cents(1, &[1, 99]), [0, 1]);
        assert_eq!(cents(0, &[3, 4]), [0, 0]);
        assert_eq!(cents(7, &[5]), [7]);
        let largest = cents(i128::MAX, &[u64::MAX - 1, 1]);
        assert_eq!(largest.iter().sum::<i128>(), i128::MAX);
    }

    #[test]
    fn bad_splits_are_refused() {
        let usd = Asset::iso("USD").unwrap();
        for (minor, weights, said) in [
            (1, vec![], "1 to 1000 parts"),
            (1, vec![1; 1_001], "1 to 1000 parts"),
            (1, vec![1, 0], "weight 1 is zero"),
            (-1, vec![1], "zero or above"),
            (1, vec![u64::MAX, 1], "less than 2^64"),
        ] {
            let refused = usd.minor(minor).split(&weights).unwrap_err();
            assert_eq!(refused.field(), Field::Split);
            assert!(refused.to_string().contains(said), "{refused}");
        }
        let most = vec![Rate::percent("0.1").unwrap(); 1_000];
        assert_eq!(usd.minor(1_000).split_rates(&most).unwrap().last(), Some(&usd.minor(0)));
        let more = vec![Rate::percent("0").unwrap(); 1_001];
        assert!(usd.minor(1).split_rates(&more).is_err());
        let much = [Rate::percent("60").unwrap(), Rate::percent("40.1").unwrap()];
        assert!(usd.minor(1).split_rates(&much).unwrap_err().to_string().contains("100%"));
        let all = [Rate::percent("60").unwrap(), Rate::percent("40").unwrap()];
        let some = [Rate::percent("0").unwrap(), Rate::percent("10").unwrap()];
        let parts = usd.minor(99).split_rates(&some).unwrap();
        assert_eq!(parts, [0, 10, 89].map(|minor| usd.minor(minor)));
        let parts = usd.minor(99).split_rates(&all).unwrap();
        assert_eq!(parts.iter().map(|it| it.amount().minor()).collect::<Vec<_>>(), [59, 40, 0]);
    }

    proptest! {
        #[test]
        fn parts_add_up_and_are_never_a_unit_off(
            whole in prop_oneof![0..10_000_i128, 0..1_i128 << 80],
            weights in prop::collection::vec(1..1_000_000_u64, 1..20),
        ) {
            let parts = cents(whole, &weights);
            prop_assert_eq!(parts.iter().sum::<i128>(), whole);
            let total: i128 = weights.iter().copied().map(i128::from).sum();
            for (part, weight) in parts.iter().zip(&weights) {
                let off = (part * total - whole * i128::from(*weight)).abs();
                prop_assert!(off < total, "{} of {}", part, whole);
            }
        }
    }
}
