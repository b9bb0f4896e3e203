//! Whatever reads input, given any input. Each target is a function of bytes that panics when something is
//! wrong: libFuzzer looks for such bytes, and the tests give it what was found and what is random.
//!
//! With `planted`, something is wrong on purpose, to see that it is found.

#![allow(clippy::missing_panics_doc, reason = "they are how a fault is told")]

mod bytes;
pub mod commands;
pub mod damage;
pub mod json;
pub mod requests;
pub mod texts;

#[path = "../../ledger-core/tests/model/engine.rs"]
#[allow(missing_docs, clippy::pedantic, reason = "a test's")]
pub mod engine;

#[path = "../../ledger-core/tests/model/model.rs"]
#[allow(missing_docs, clippy::pedantic, reason = "a test's")]
pub mod model;

/// A target: bytes, and whether a fault is planted.
pub type Target = fn(&[u8], bool);

/// Every target by its name.
pub const TARGETS: &[(&str, Target)] = &[
    ("texts", texts::check),
    ("requests", requests::check),
    ("commands", commands::check),
    ("damage", damage::check),
];
