//! The file passes the contract suite, shared and exclusive.

mod support;

use ledger_core::contract_tests;

use crate::support::TestFile;

mod shared {
    use super::*;
    contract_tests!(TestFile::new().keep(|file| file));
}

mod exclusive {
    use super::*;
    contract_tests!(TestFile::new().keep(|file| file.exclusive(true)));
}
