//! What wallets are called and who owns them.

use crate::base::bounds::{NAME_BYTES_MAX, OWNER_BYTES_MAX};
use crate::base::invalid::{Field, Invalid};
use crate::base::text::check_visible;
use crate::input::text_type;
use crate::money::asset::AssetCode;

/// What the names of the ledger's own wallets begin with.
const WORLD_PREFIX: &str = "world/";

text_type! {
    /// A wallet's unique name: 1 to 255 bytes, all of them visible, such as `user:42/main`.
    ///
    /// Names that begin with `world/` belong to the ledger: `world/USD` is everything outside.
    ///
    /// ```
    /// use ledger_core::WalletName;
    /// assert!(WalletName::new("user:42/main").is_ok());
    /// assert!(WalletName::new("user:42\u{200B}").is_err(), "nothing invisible");
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    WalletName, check_visible, Field::Wallet, "wallet name", NAME_BYTES_MAX
}

impl WalletName {
    /// The name of the wallet that stands for everything outside, in one asset.
    pub fn world(asset: AssetCode) -> Self {
        Self(format!("{WORLD_PREFIX}{asset}").into())
    }

    /// Whether the name belongs to the ledger.
    pub fn is_world(&self) -> bool {
        let prefix = self.as_str().get(..WORLD_PREFIX.len());
        prefix.is_some_and(|prefix| prefix.eq_ignore_ascii_case(WORLD_PREFIX))
    }

    pub(crate) fn check_not_world(&self) -> Result<(), Invalid> {
        if self.is_world() {
            let problem = format!(
                "wallet name {self} begins with {WORLD_PREFIX}, which the ledger keeps for itself; \
                 choose another name"
            );
            return Err(Invalid::new(Field::Wallet, problem));
        }
        Ok(())
    }
}

text_type! {
    /// Who a wallet belongs to: 1 to 255 bytes, all of them visible.
    Owner, check_visible, Field::Owner, "owner", OWNER_BYTES_MAX
}
