//! The memory store passes the contract suite, with one lane and with several.

use std::sync::Arc;

use ledger_core::{MemoryStore, contract_tests};

mod one_lane {
    use super::*;
    contract_tests!(Arc::new(MemoryStore::new()));
}

mod two_lanes {
    use super::*;
    contract_tests!(Arc::new(MemoryStore::with_lanes(2)));
}

mod eight_lanes {
    use super::*;
    contract_tests!(Arc::new(MemoryStore::with_lanes(8)));
}
