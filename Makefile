.PHONY: test bench

# Everything that must hold: format, lints, tests, examples in the documentation.
test:
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets --all-features -- --deny warnings
	cargo clippy --locked --package ledger-core -- --deny warnings
	cargo test --locked --workspace --all-features --all-targets
	cargo test --locked --workspace --all-features --doc
	RUSTDOCFLAGS="--deny warnings" cargo doc --locked --workspace --no-deps --all-features
	python3 docs/canonical_encoding.py --check

# The core's figures and their bars.
bench:
	cargo run --locked --release --package ledger-benches
