//! What text a ledger accepts. A name that looks like another one is a way to steal.

use unicode_normalization::char::is_combining_mark;
use unicode_normalization::is_nfc;

use crate::base::invalid::{Field, Invalid};

/// Accepts 1 to `bytes_max` bytes without control characters, in the composed form (NFC): one text
/// has one spelling, so a retry that went through another system is still the same text.
pub(crate) fn check_plain(
    field: Field,
    what: &str,
    text: &str,
    bytes_max: usize,
) -> Result<(), Invalid> {
    let refuse = |problem: String| Err(Invalid::new(field, problem));
    if text.is_empty() || text.len() > bytes_max {
        return refuse(format!(
            "{what} must be 1 to {bytes_max} bytes; this one has {}",
            text.len()
        ));
    }
    if text.bytes().all(|byte| matches!(byte, 0x20..=0x7e)) {
        return Ok(());
    }
    if let Some(found) = text.chars().find(|c| c.is_control()) {
        return refuse(format!(
            "{what} must not contain control characters; remove U+{:04X}",
            found as u32
        ));
    }
    if !is_nfc(text) {
        return refuse(format!("{what} must be in Unicode's composed form; normalize it to NFC"));
    }
    Ok(())
}

/// Accepts what [`check_plain`] accepts when a person can also see all of it and type it: nothing
/// invisible, no space but the ordinary one, none at either end, and nothing that turns the reading
/// direction around.
pub(crate) fn check_visible(
    field: Field,
    what: &str,
    text: &str,
    bytes_max: usize,
) -> Result<(), Invalid> {
    check_plain(field, what, text, bytes_max)?;
    if text.trim() != text {
        let problem = format!("{what} must not begin or end with a space; trim it");
        return Err(Invalid::new(field, problem));
    }
    let begins_with_mark = text.chars().next().filter(|&c| is_combining_mark(c));
    match begins_with_mark.or_else(|| text.chars().find(|&c| is_invisible(c))) {
        None => Ok(()),
        Some(found) => Err(Invalid::new(
            field,
            format!(
                "{what} must not contain invisible, unusual space or direction characters; remove \
                 U+{:04X}",
                found as u32
            ),
        )),
    }
}

/// Characters that show nothing, show something else on each machine, or change how their neighbours
/// are shown.
fn is_invisible(c: char) -> bool {
    let is_other_space = c.is_whitespace() && c != ' ';
    let is_no_character = c as u32 & 0xFFFE == 0xFFFE;
    is_other_space
        || is_no_character
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}'
            | '\u{17B5}' | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}'
            | '\u{E000}'..='\u{F8FF}' | '\u{FE00}'..='\u{FE0F}' | '\u{FDD0}'..='\u{FDEF}' | '\u{FEFF}' | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFF}' | '\u{13430}'..='\u{1345F}' | '\u{16FE4}'
            | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D159}' | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{10FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_bounded_and_without_control_characters() {
        let check = |text: &str| check_plain(Field::Key, "key", text, 8);
        for good in ["a", "12345678", "é", "a b", "日本"] {
            assert_eq!(check(good), Ok(()), "{good:?}");
        }
        for (bad, reason) in [
            ("", "1 to 8 bytes"),
            ("123456789", "has 9"),
            ("a\0", "U+0000"),
            ("a\n", "U+000A"),
            ("\u{7f}", "U+007F"),
            ("\u{85}", "U+0085"),
            ("e\u{301}", "NFC"),
        ] {
            let refused = check(bad).unwrap_err();
            assert!(refused.to_string().contains(reason), "{bad:?}: {refused}");
        }
    }

    #[test]
    fn visible_text_hides_nothing() {
        let check = |text: &str| check_visible(Field::Wallet, "wallet name", text, 64);
        for good in ["user:42/main", "münchen", "Łódź 7", "価値"] {
            assert_eq!(check(good), Ok(()), "{good:?}");
        }
        for bad in [
            " a",
            "a ",
            "a\u{200B}b",
            "a\u{202E}b",
            "\u{FEFF}a",
            "a\u{AD}b",
            "a\u{2066}b",
            "a\u{A0}b",
            "a\u{2009}b",
            "a\u{3000}b",
            "a\u{2028}b",
            "a\u{1BCA0}b",
            "a\u{E000}b",
            "a\u{FFFF}b",
            "a\u{FDD0}b",
            "a\u{1FFFE}b",
            "\u{301}a",
        ] {
            assert!(check(bad).is_err(), "{bad:?}");
        }
    }
}
