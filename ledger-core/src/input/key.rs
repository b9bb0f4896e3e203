//! The caller's idempotency key.

use crate::base::bounds::KEY_BYTES_MAX;
use crate::base::invalid::Field;
use crate::base::text::check_plain;
use crate::input::text_type;

text_type! {
    /// The caller's idempotency key: 1 to 255 bytes without control characters.
    ///
    /// The same key with the same request is answered with the first answer; with another request
    /// it is a conflict. Make it from what the money is for, such as `order:7`, and send it again
    /// with every retry.
    ///
    /// ```
    /// use ledger_core::Key;
    /// assert_eq!(Key::new("order:7")?.as_str(), "order:7");
    /// assert!(Key::new("order\n7").is_err());
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    Key, check_plain, Field::Key, "key", KEY_BYTES_MAX
}
