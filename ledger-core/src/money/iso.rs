//! ISO 4217: which codes are known, and how many digits each has.

use iso_currency::Currency;

/// The digits after the point of an ISO 4217 currency. Codes that are no money (`XAU`, `XXX`) have
/// none in the standard, so they are not known here and can be defined like any other asset.
pub(super) fn scale_of(code: &str) -> Option<u8> {
    let currency = Currency::from_code(code)?;
    u8::try_from(currency.exponent()?).ok()
}

/// The ISO code that `code` is a look-alike of: the same letters in another case.
pub(super) fn looks_like(code: &str) -> Option<String> {
    let upper = code.to_ascii_uppercase();
    (upper != code && scale_of(&upper).is_some()).then_some(upper)
}
