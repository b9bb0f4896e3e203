//! A balance over time, in a bounded number of points. Time is divided into as many pieces as can be
//! told apart on paper; of each, the first, lowest, highest and last balance are kept, so no
//! extreme is lost.

use ledger_core::{Amount, Timestamp};

/// Into how many pieces time is divided.
const PIECES: i128 = 400;

/// A balance from some time on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) at: Timestamp,
    pub(super) balance: Amount,
}

/// A balance over time.
#[derive(Debug)]
pub(super) struct Curve {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
    /// What is finished.
    points: Vec<Point>,
    /// The piece of time that is not, and its number.
    piece: Option<(i128, Piece)>,
}

/// What is kept of a piece of time.
#[derive(Clone, Copy, Debug)]
struct Piece {
    first: Point,
    lowest: Point,
    highest: Point,
    last: Point,
    lowest_is_first: bool,
}

impl Curve {
    pub(super) fn new(from: Timestamp, until: Timestamp, opening: Amount) -> Self {
        let begin = Point { at: from, balance: opening };
        Self { from, until, points: vec![begin], piece: None }
    }

    /// Goes on: the balance is this one from then on.
    pub(super) fn add(&mut self, at: Timestamp, balance: Amount) {
        let point = Point { at, balance };
        let number = self.number(at);
        match &mut self.piece {
            Some((current, piece)) if *current == number => piece.add(point),
            _ => {
                self.finish();
                self.piece = Some((number, Piece::of(point)));
            }
        }
    }

    /// All points, in order.
    pub(super) fn points(&self) -> Vec<Point> {
        let open = self.piece.iter().flat_map(|(_, piece)| piece.points());
        self.points.iter().copied().chain(open).collect()
    }

    fn finish(&mut self) {
        if let Some((_, piece)) = self.piece.take() {
            self.points.extend(piece.points());
        }
    }

    /// In which piece of time this is.
    fn number(&self, at: Timestamp) -> i128 {
        let [from, until, at] = [self.from, self.until, at].map(|time| i128::from(time.unix_ms()));
        (at - from) * PIECES / (until - from).max(1)
    }
}

impl Piece {
    fn of(point: Point) -> Self {
        Self { first: point, lowest: point, highest: point, last: point, lowest_is_first: true }
    }

    fn add(&mut self, point: Point) {
        if point.balance < self.lowest.balance {
            self.lowest = point;
            self.lowest_is_first = false;
        }
        if point.balance > self.highest.balance {
            self.highest = point;
            self.lowest_is_first = true;
        }
        self.last = point;
    }

    fn points(&self) -> Vec<Point> {
        let (low, high) = (self.lowest, self.highest);
        let middle = if self.lowest_is_first { [low, high] } else { [high, low] };
        let mut points = vec![self.first, middle[0], middle[1], self.last];
        points.dedup();
        points
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(balances: &[i128]) -> Curve {
        let until = i64::try_from(balances.len()).unwrap();
        let time = |ms| Timestamp::from_unix_ms(1_000_000 + ms);
        let mut curve = Curve::new(time(0), time(until), Amount::ZERO);
        for (at, &balance) in (0..).zip(balances) {
            curve.add(time(at), Amount::from_minor(balance));
        }
        curve
    }

    #[test]
    fn few_entries_are_all_points() {
        let points = curve(&[5, -3, 8]).points();
        let balances: Vec<i128> = points.iter().map(|point| point.balance.minor()).collect();
        assert_eq!(balances, [0, 5, -3, 8]);
    }

    #[test]
    fn a_million_entries_are_thinned_and_keep_their_extremes() {
        let mut random = fastrand::Rng::with_seed(4);
        let mut balances: Vec<i128> = (0..1_000_000).map(|_| random.i128(-1_000..1_000)).collect();
        balances[123_456] = 1_000_000;
        balances[654_321] = -1_000_000;
        let points = curve(&balances).points();
        assert!(points.len() <= 4 * 400 + 1, "{}", points.len());
        assert!(points.is_sorted_by_key(|point| point.at));
        for extreme in [1_000_000, -1_000_000] {
            assert!(points.iter().any(|point| point.balance.minor() == extreme));
        }
        assert_eq!(points.last().unwrap().balance.minor(), balances[999_999]);
    }

    #[test]
    fn all_at_one_instant_is_a_curve_as_well() {
        let at = Timestamp::FIRST;
        let mut curve = Curve::new(at, at, Amount::ZERO);
        curve.add(at, Amount::MAX);
        curve.add(at, Amount::MIN);
        assert_eq!(curve.points().len(), 3);
    }
}
