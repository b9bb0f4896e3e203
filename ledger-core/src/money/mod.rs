//! Exact money: an amount is a whole number of the smallest unit of one asset. No floats anywhere.

pub(crate) mod amount;
pub(crate) mod asset;
mod iso;
pub(crate) mod price;
pub(crate) mod rate;
pub(crate) mod rounding;
mod split;
pub(crate) mod value;
