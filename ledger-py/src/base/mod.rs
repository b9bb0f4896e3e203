//! What every part needs: what Python provides, and small values.

pub(crate) mod plain;
pub(crate) mod python;
pub(crate) mod whole;
