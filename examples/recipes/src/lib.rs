//! The programs of the README and of `docs/cookbook.md` are in `examples`, in Rust, and in `python`.
//! Each asserts what it claims; the tests run each in an empty folder.
