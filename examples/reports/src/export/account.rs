//! Names of wallets and assets as other tools accept them. Each can be read back, so two wallets never
//! become one account.

use std::fmt::Write;

use ledger_core::WalletName;

/// The account of a wallet in hledger.
pub(super) fn hledger(name: &WalletName) -> String {
    let root = if name.is_world() { "equity" } else { "assets" };
    let mut account = root.to_owned();
    for part in parts(name.as_str()) {
        account.push(':');
        percent(part, |c| c.is_alphanumeric() || "/_.@+-#".contains(c), &mut account);
    }
    account
}

/// Writes what is not to be kept as its bytes, each as a percent sign and two digits.
pub(super) fn percent(text: &str, keep: impl Fn(char) -> bool, out: &mut String) {
    for c in text.chars() {
        if keep(c) {
            out.push(c);
        } else {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
}

/// The account of a wallet in beancount, where an account's balance includes the accounts below it: a part
/// that others stand below ends in a dash, so that no wallet's account is above another one's.
pub(super) fn beancount(name: &WalletName) -> String {
    let root = if name.is_world() { "Equity" } else { "Assets" };
    let mut account = root.to_owned();
    let mut parts = parts(name.as_str()).peekable();
    while let Some(part) = parts.next() {
        account.push(':');
        push_part(part, &mut account);
        if parts.peek().is_some() {
            account.push('-');
        }
    }
    account
}

/// A part begins with a capital or a digit: a small letter but `x` becomes a capital, and before
/// anything else but a digit stands an `X`. A dash is doubled; what is neither a letter, a digit nor a dash is its
/// number between two dashes.
fn push_part(part: &str, account: &mut String) {
    let mut rest = part.chars();
    match part.chars().next() {
        Some('x') => account.push('X'),
        Some(first) if first.is_ascii_lowercase() => {
            account.push(first.to_ascii_uppercase());
            rest.next();
        }
        Some(first) if first.is_ascii_digit() => {}
        _ => account.push('X'),
    }
    for c in rest {
        match c {
            '-' => account.push_str("--"),
            c if c.is_ascii_alphanumeric() => account.push(c),
            c => {
                let _ = write!(account, "-{:X}-", u32::from(c));
            }
        }
    }
}

/// A name's parts between colons; all of it where one of them would be empty.
fn parts(name: &str) -> impl Iterator<Item = &str> {
    let has_gap = name.split(':').any(str::is_empty);
    let separator = if has_gap { '\0' } else { ':' };
    name.split(separator)
}

/// An asset's code as beancount accepts it: most stand as they are. Others get their capitals, an
/// apostrophe, which no code has, and the number that the asset has in the journal.
pub(super) fn commodity(code: &str, number: u64) -> String {
    if is_commodity(code) {
        return code.to_owned();
    }
    let end = format!("'{number}");
    let start = if code.starts_with(|c: char| c.is_ascii_alphabetic()) { "" } else { "X" };
    let mut name = format!("{start}{}", code.to_ascii_uppercase());
    name.truncate(COMMODITY_BYTES_MAX.saturating_sub(end.len()));
    name + &end
}

const COMMODITY_BYTES_MAX: usize = 24;

/// Whether beancount reads it as a commodity.
fn is_commodity(code: &str) -> bool {
    let is_word = matches!(code, "TRUE" | "FALSE" | "NULL");
    let fits = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || "._-".contains(c);
    let ends_well = code.ends_with(|c: char| c.is_ascii_alphanumeric());
    let begins_well = code.starts_with(|c: char| c.is_ascii_uppercase());
    !is_word && code.len() > 1 && begins_well && ends_well && code.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    const NASTY: &[&str] = &[
        "user:alice",
        "user:Alice",
        "user:xalice",
        "user:Xalice",
        "user:XXalice",
        "user",
        "user-",
        "user--",
        "user:",
        "user::alice",
        ":user",
        ":",
        "user%3Aalice",
        "user-3A-alice",
        "user 3A alice",
        "user;alice",
        "user  alice",
        "user alice",
        "user%20alice",
        "user-20-alice",
        "42",
        "42:7",
        "42/7",
        "X42",
        "x42",
        "/x",
        "x/",
        "X/",
        "-x",
        "x-",
        "x-:y",
        "x:-y",
        "x!:y",
        "x!-:y",
        "münchen",
        "munchen",
        "Łódź",
        "а",
        "a",
        "A",
        "価値",
        "(virtual)",
        "[virtual]",
        "* star",
        "=1+1",
        "\"quoted\"",
        "a\\b",
        "=100 USD",
        "<script>",
    ];

    /// What was written, back to the name.
    fn read_beancount(account: &str) -> String {
        let (_, parts) = account.split_once(':').unwrap();
        let parts: Vec<&str> = parts.split(':').collect();
        let last = parts.len() - 1;
        let whole = |(place, part): (usize, &&str)| {
            let part = if place < last { part.strip_suffix('-').unwrap() } else { part }.to_owned();
            let (first, rest) = part.split_at(1);
            let rest = match first {
                "X" => rest.to_owned(),
                first => format!("{}{rest}", first.to_lowercase()),
            };
            read_escapes(&rest)
        };
        parts.iter().enumerate().map(whole).collect::<Vec<_>>().join(":")
    }

    fn read_escapes(text: &str) -> String {
        let mut found = String::new();
        let mut rest = text.chars();
        while let Some(c) = rest.next() {
            if c != '-' {
                found.push(c);
                continue;
            }
            let code: String = rest.by_ref().take_while(|&c| c != '-').collect();
            let number = u32::from_str_radix(&code, 16).ok();
            found.push(number.and_then(char::from_u32).unwrap_or('-'));
        }
        found
    }

    fn read_hledger(account: &str) -> String {
        let (_, text) = account.split_once(':').unwrap();
        let mut pieces = text.split('%');
        let mut bytes = pieces.next().unwrap().as_bytes().to_vec();
        for piece in pieces {
            bytes.push(u8::from_str_radix(&piece[..2], 16).unwrap());
            bytes.extend(&piece.as_bytes()[2..]);
        }
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn every_name_can_be_read_back_from_its_account() {
        for name in NASTY {
            let wallet = WalletName::new(name).unwrap();
            assert_eq!(read_beancount(&beancount(&wallet)), *name, "{}", beancount(&wallet));
            assert_eq!(read_hledger(&hledger(&wallet)), *name, "{}", hledger(&wallet));
        }
    }

    #[test]
    fn two_short_names_never_become_one_account() {
        let letters = ['a', 'x', 'A', 'X', '0', 'F', '-', ':', '%', ' ', 'é'];
        let mut names = vec![String::new()];
        for length in 1..=4 {
            let longer = names.iter().filter(|name| name.chars().count() == length - 1);
            let longer = longer.flat_map(|name| letters.map(|c| format!("{name}{c}")));
            names.extend(longer.collect::<Vec<_>>());
        }
        let mut seen: [HashMap<String, WalletName>; 2] = Default::default();
        for name in names.iter().filter_map(|name| WalletName::new(name).ok()) {
            for (seen, account) in seen.iter_mut().zip([hledger(&name), beancount(&name)]) {
                let other = seen.insert(account.clone(), name.clone());
                assert_eq!(other, None, "{name} is {account} as well");
            }
        }
        assert!(seen[0].len() > 10_000, "{}", seen[0].len());
    }

    #[test]
    fn accounts_look_like_the_documents_say() {
        let document = include_str!("../../../../docs/exports.md");
        for name in ["user:alice", "user:42/main", "Alice", "a  b;c", "world/USD"] {
            let wallet = WalletName::new(name).unwrap();
            let row = format!("| `{name}` | `{}` | `{}` |", hledger(&wallet), beancount(&wallet));
            assert!(document.contains(&row), "{row}");
        }
        assert_eq!(document.matches("` | `assets:").count(), 4, "no other rows");
    }

    #[test]
    fn where_a_part_would_be_empty_colons_make_no_levels() {
        for (name, expected) in
            [("a::b", "assets:a%3A%3Ab"), (":a", "assets:%3Aa"), ("a:", "assets:a%3A")]
        {
            assert_eq!(hledger(&WalletName::new(name).unwrap()), expected);
        }
    }

    #[test]
    fn no_wallet_is_above_another_in_beancount() {
        let [above, below] =
            ["user", "user:alice"].map(|name| beancount(&WalletName::new(name).unwrap()));
        assert!(!below.starts_with(&format!("{above}:")), "{above} {below}");
    }

    #[test]
    fn commodities_are_valid_and_differ() {
        for (code, number, expected) in [
            ("USD", 1, "USD"),
            ("GOLD-18K", 2, "GOLD-18K"),
            ("points", 3, "POINTS'3"),
            ("POINTS", 4, "POINTS"),
            ("Points", 5, "POINTS'5"),
            ("1INCH", 6, "X1INCH'6"),
            ("A", 7, "A'7"),
            ("TRUE", 8, "TRUE'8"),
            ("X-", 9, "X-'9"),
            ("abcdefghijklmnopqrstuv", u64::MAX, "ABC'18446744073709551615"),
        ] {
            let name = commodity(code, number);
            assert_eq!(name, expected);
            assert!((2..=COMMODITY_BYTES_MAX).contains(&name.len()));
        }
    }
}
