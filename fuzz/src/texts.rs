//! Text that callers hand in: amounts, keys, names, codes, times, ids, places. Each is parsed as a second,
//! plainer reading says, and what was accepted comes back as it was.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use ledger_core::{
    ActorText, Amount, Asset, AssetCode, Cursor, Fingerprint, HoldId, Key, MetaKey, MetaValue,
    Owner, Price, Rate, Rounding, Timestamp, TransactionId, WalletId, WalletName,
};
use unicode_normalization::UnicodeNormalization;

use crate::bytes::Bytes;

/// The last number of digits that an asset can have.
const SCALE_MAX: u8 = 38;

/// Reads the bytes as text of each sort. Planted: spaces around an amount are overlooked.
pub fn check(data: &[u8], planted: bool) {
    let mut bytes = Bytes::new(data);
    let (scale, minor) = (bytes.u8() % (SCALE_MAX + 3), bytes.i128());
    let text = &*String::from_utf8_lossy(bytes.rest());
    check_amount(if planted { text.trim() } else { text }, text, scale);
    check_printed(minor, scale);
    check_texts(text);
    check_code(text, scale);
    check_time(text);
    check_any_time(minor);
    check_rate(text, minor);
    round_trip::<WalletId>(text);
    round_trip::<HoldId>(text);
    round_trip::<TransactionId>(text);
    round_trip::<Fingerprint>(text);
    round_trip::<Cursor>(text);
}

/// The number that a text stands for, in smallest units.
fn plain_amount(text: &str, scale: u8) -> Option<i128> {
    let scale = usize::from(scale);
    let number = text.strip_prefix('-').unwrap_or(text);
    let parts: Vec<&str> = number.split('.').collect();
    let is_number = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    if text.len() > 96 || parts.len() > 2 || !parts.iter().all(is_number) {
        return None;
    }
    let fraction = parts.get(1).unwrap_or(&"").trim_end_matches('0');
    if fraction.len() > scale {
        return None;
    }
    let digits = format!("{}{fraction:0<scale$}", parts[0]);
    let digits = digits.trim_start_matches('0');
    let sign = if text.starts_with('-') { "-" } else { "" };
    format!("{sign}0{digits}").parse().ok()
}

fn check_amount(given: &str, text: &str, scale: u8) {
    let found = Amount::parse(given, scale).map(Amount::minor).ok();
    assert_eq!(found, plain_amount(text, scale), "{text:?} with {scale} digits");
    if let Some(minor) = found {
        check_printed(minor, scale);
    }
}

/// Each amount has one text, which is read as that amount.
fn check_printed(minor: i128, scale: u8) {
    let printed = Amount::from_minor(minor).display(scale).to_string();
    assert_eq!(plain_amount(&printed, scale), Some(minor), "{printed}");
    assert_eq!(Amount::parse(&printed, scale).unwrap().minor(), minor, "{printed}");
    if let Ok(asset) = Asset::new("Fuzz-1", scale) {
        assert_eq!(asset.minor(minor).to_string(), format!("{printed} Fuzz-1"));
        assert_eq!(asset.money(&printed).unwrap(), asset.minor(minor));
    }
}

/// Whether a text is one that other systems will not spell in another way.
fn is_plain(text: &str, bytes_max: usize) -> bool {
    let is_control = |c: char| matches!(c as u32, 0..=0x1f | 0x7f..=0x9f);
    (1..=bytes_max).contains(&text.len())
        && !text.chars().any(is_control)
        && text.nfc().collect::<String>() == text
}

fn check_texts(text: &str) {
    assert_eq!(Key::new(text).is_ok(), is_plain(text, 255), "key {text:?}");
    assert_eq!(ActorText::new(text).is_ok(), is_plain(text, 255), "actor {text:?}");
    assert_eq!(MetaKey::new(text).is_ok(), is_plain(text, 64), "metadata key {text:?}");
    let name = WalletName::new(text);
    assert_eq!(name.is_ok(), Owner::new(text).is_ok(), "{text:?}");
    let shows = |c: char| matches!(c, ' '..='~');
    if text.chars().all(shows) {
        let fits = is_plain(text, 255) && !text.starts_with(' ') && !text.ends_with(' ');
        assert_eq!(name.is_ok(), fits, "name {text:?}");
    }
    assert!(name.is_err() || is_plain(text, 255), "name {text:?}");
    round_trip::<Key>(text);
    round_trip::<WalletName>(text);
    let json = serde_json::Value::from(text).to_string();
    assert_eq!(MetaValue::from_json(&json).unwrap(), MetaValue::from(text));
    if let Ok(key) = Key::new(text) {
        assert_eq!(serde_json::from_str::<Key>(&json).unwrap(), key);
    }
}

fn check_code(text: &str, scale: u8) {
    let may_be = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    let fits = (1..=22).contains(&text.len()) && begins && text.chars().all(may_be);
    let code = AssetCode::new(text);
    // A code of three letters may be mistaken for a currency.
    let is_known = fits && text.len() == 3 && code.is_err();
    assert!(code.is_ok() == fits || is_known, "code {text:?}");
    if is_known {
        assert!(Asset::iso(&text.to_ascii_uppercase()).is_ok(), "code {text:?}");
    }
    let Ok(asset) = Asset::new(text, scale) else { return };
    assert_eq!((asset.code().as_str(), asset.scale()), (text, scale));
    assert!(scale <= SCALE_MAX, "{text:?} with {scale} digits");
}

/// Days of a date since 1970, counted year by year.
fn plain_days(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap = |year: i64| (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let february = if is_leap(year) { 29 } else { 28 };
    let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let length = *months.get(usize::try_from(month).ok()?.checked_sub(1)?)?;
    let length_of = |year: i64| if is_leap(year) { 366 } else { 365 };
    let years: i64 = (0..year).map(length_of).sum::<i64>() - (0..1970).map(length_of).sum::<i64>();
    let before: i64 = months.iter().take(usize::try_from(month).ok()? - 1).sum();
    (1..=length).contains(&day).then_some(years + before + day - 1)
}

/// The milliseconds that a text stands for.
fn plain_time(text: &str) -> Option<i64> {
    let form = |pattern: &str| {
        let fits = |(c, p): (char, char)| if p == '0' { c.is_ascii_digit() } else { c == p };
        text.len() == pattern.len() && text.chars().zip(pattern.chars()).all(fits)
    };
    let ms = form("0000-00-00T00:00:00.000Z");
    if !ms && !form("0000-00-00T00:00:00Z") {
        return None;
    }
    let number = |from: usize, to: usize| text[from..to].parse::<i64>().ok();
    let days = plain_days(number(0, 4)?, number(5, 7)?, number(8, 10)?)?;
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let is_real = hour < 24 && minute < 60 && second < 60;
    let ms = if ms { number(20, 23)? } else { 0 };
    is_real.then_some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000 + ms)
}

fn check_time(text: &str) {
    let found = text.parse::<Timestamp>().map(Timestamp::unix_ms).ok();
    assert_eq!(found, plain_time(text), "time {text:?}");
    round_trip::<Timestamp>(text);
}

/// Any time can be said, and within four digits of a year it can be read again.
fn check_any_time(number: i128) {
    let low = number.to_le_bytes();
    let ms = i64::from_le_bytes(std::array::from_fn(|place| low[place]));
    let said = Timestamp::from_unix_ms(ms).to_string();
    if (-62_167_219_200_000..253_402_300_800_000).contains(&ms) {
        assert_eq!(plain_time(&said), Some(ms), "{said}");
        assert_eq!(said.parse::<Timestamp>().unwrap().unix_ms(), ms);
    }
}

/// What is computed either is exact to the rounded unit, or is refused as too large; nothing panics.
fn check_rate(text: &str, minor: i128) {
    let Ok(asset) = Asset::new("Fuzz-1", 2) else { return };
    let money = asset.minor(minor);
    for rounding in [Rounding::Down, Rounding::Up, Rounding::HalfUp, Rounding::HalfEven] {
        if let Ok(rate) = Rate::percent(text) {
            let share = plain_amount(text, 7).unwrap();
            let whole = 1_000_000_000;
            let taken = rate.taken_from(money, rounding);
            let contained = rate.contained_in(money, rounding);
            for (fee, of) in [(taken, whole), (contained, whole + share)] {
                let part = fee.as_ref().ok().map(|it| it.fee.amount().minor());
                check_quotient(minor.checked_mul(share), of, part, rounding);
                assert!(
                    fee.is_err() || fee.is_ok_and(|it| it.net.checked_add(it.fee) == Some(money))
                );
            }
        }
        if let Ok(price) = Price::new(text, asset) {
            let fraction = text.split_once('.').map_or("", |(_, fraction)| fraction);
            let scale = u8::try_from(fraction.len()).unwrap_or(SCALE_MAX).min(SCALE_MAX);
            let product = minor.checked_mul(plain_amount(text, scale).unwrap());
            let cost = price.cost(money, rounding).ok().map(|it| it.amount().minor());
            check_quotient(product, 10_i128.pow(scale.into()), cost, rounding);
        }
    }
}

/// Whether `found` is `number / by`, rounded so; none where the number is too large.
fn check_quotient(number: Option<i128>, by: i128, found: Option<i128>, rounding: Rounding) {
    let about = format!("{number:?} / {by} is {found:?}, {rounding:?}");
    let (Some(number), Some(found)) = (number, found) else {
        assert_eq!(number, found, "{about}");
        return;
    };
    assert!(number.signum() * found.signum() >= 0, "{about}");
    let (number, by) = (number.unsigned_abs(), by.unsigned_abs());
    let product = found.unsigned_abs() * by;
    let off = number.abs_diff(product);
    let is_even = found % 2 == 0;
    let fits = match rounding {
        Rounding::Down => product <= number && off < by,
        Rounding::Up => product >= number && off < by,
        Rounding::HalfUp => off < by - off || off == by - off && product > number,
        Rounding::HalfEven => off < by - off || off == by - off && is_even,
    };
    assert!(fits, "{about}");
}

/// What was read is said so that it is read as the same.
fn round_trip<T: FromStr + Display + PartialEq + Debug>(text: &str) {
    let Ok(found) = text.parse::<T>() else { return };
    let said = found.to_string();
    assert_eq!(said.parse::<T>().ok().as_ref(), Some(&found), "{text:?} said as {said:?}");
}
