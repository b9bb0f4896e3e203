//! Text, amounts and times as a page shows them.

use std::fmt::{self, Display, Formatter};

use ledger_core::{Money, Timestamp};

use crate::export::number;

/// Text that can't become a part of the page's own language. It stands apart, so that text which is
/// read from right to left moves nothing around it.
pub(super) struct Text<'t>(pub(super) &'t str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "<bdi>{}</bdi>", Escaped(self.0))
    }
}

/// The same where only text may stand.
pub(super) struct Escaped<'t>(pub(super) &'t str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                c => write!(f, "{c}")?,
            }
        }
        Ok(())
    }
}

/// An amount without its asset, as in `−12 345.60`.
#[derive(Clone, Copy)]
pub(super) struct Figure {
    pub(super) money: Money,
    /// Whether a plus stands before what is above zero.
    pub(super) signed: bool,
}

impl Figure {
    pub(super) fn of(money: Money) -> Self {
        Self { money, signed: false }
    }

    pub(super) fn signed(money: Money) -> Self {
        Self { money, signed: true }
    }
}

/// A space that is narrow and does not break.
const NARROW: char = '\u{202F}';
const MINUS: char = '\u{2212}';

impl Display for Figure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let text = number(self.money).to_string();
        let digits = text.strip_prefix('-').unwrap_or(&text);
        match (self.money.is_negative(), self.signed && self.money.is_positive()) {
            (true, _) => write!(f, "{MINUS}")?,
            (false, true) => f.write_str("+")?,
            (false, false) => {}
        }
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        for (place, digit) in whole.chars().enumerate() {
            if place > 0 && (whole.len() - place).is_multiple_of(3) {
                write!(f, "{NARROW}")?;
            }
            write!(f, "{digit}")?;
        }
        if fraction.is_empty() { Ok(()) } else { write!(f, ".{fraction}") }
    }
}

/// The same as markup: where there are many digits after the point, the zeros at their end step back.
pub(super) struct Shown(pub(super) Figure);

/// Of how many digits after the point that is done.
const FINE_SCALE: u8 = 5;

impl Display for Shown {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        if self.0.money.asset().scale() < FINE_SCALE {
            return f.write_str(&text);
        }
        let kept = text.trim_end_matches('0').trim_end_matches('.');
        write!(f, "{kept}<i>{}</i>", text.strip_prefix(kept).unwrap_or_default())
    }
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A day as in `1 Mar 2026`, in UTC.
pub(super) fn day(time: Timestamp) -> String {
    let text = time.to_string();
    let date = text.split('T').next().unwrap_or(&text);
    let mut parts = date.rsplitn(3, '-');
    let day = parts.next().unwrap_or_default().trim_start_matches('0');
    let month = parts.next().and_then(|month| month.parse::<usize>().ok()).unwrap_or_default();
    let month = month.checked_sub(1).and_then(|place| MONTHS.get(place)).unwrap_or(&"");
    format!("{day} {month} {}", parts.next().unwrap_or_default())
}

/// A time of day as in `14:05:09`, in UTC.
pub(super) fn clock(time: Timestamp) -> String {
    let text = time.to_string();
    let clock = text.split('T').nth(1).unwrap_or_default();
    clock.split('.').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use ledger_core::{Amount, Asset};

    use super::*;

    #[test]
    fn amounts_are_grouped_and_signed() {
        let usd = Asset::iso("USD").unwrap();
        for (minor, plain, signed) in [
            (0, "0.00", "0.00"),
            (5, "0.05", "+0.05"),
            (99_999, "999.99", "+999.99"),
            (-100_000, "−1\u{202F}000.00", "−1\u{202F}000.00"),
            (123_456_789, "1\u{202F}234\u{202F}567.89", "+1\u{202F}234\u{202F}567.89"),
        ] {
            let money = usd.minor(minor);
            assert_eq!(Figure::of(money).to_string(), plain);
            assert_eq!(Figure::signed(money).to_string(), signed);
        }
        let yen = Asset::iso("JPY").unwrap();
        assert_eq!(Figure::of(yen.minor(1_000)).to_string(), "1\u{202F}000");
        assert_eq!(Figure::of(yen.of(Amount::MIN)).to_string().chars().next(), Some(MINUS));
    }

    #[test]
    fn the_zeros_at_the_end_of_fine_amounts_step_back() {
        let eth = Asset::new("ETH", 18).unwrap();
        for (amount, shown) in [
            ("0", "0<i>.000000000000000000</i>"),
            ("-10", "−10<i>.000000000000000000</i>"),
            ("1.050", "1.05<i>0000000000000000</i>"),
            ("0.000000000000000001", "0.000000000000000001<i></i>"),
        ] {
            assert_eq!(Shown(Figure::of(eth.money(amount).unwrap())).to_string(), shown);
        }
        let usd = Asset::iso("USD").unwrap();
        assert_eq!(Shown(Figure::of(usd.minor(100))).to_string(), "1.00");
    }

    #[test]
    fn text_becomes_no_markup() {
        let text = Text("<script>alert('a' & \"b\")</script>").to_string();
        let inner = "&lt;script&gt;alert(&#39;a&#39; &amp; &quot;b&quot;)&lt;/script&gt;";
        assert_eq!(text, format!("<bdi>{inner}</bdi>"));
    }

    #[test]
    fn times_are_shown_in_utc() {
        let time = "2026-03-01T14:05:09.250Z".parse().unwrap();
        assert_eq!((day(time).as_str(), clock(time).as_str()), ("1 Mar 2026", "14:05:09"));
    }
}
