.PHONY: test bench

# Everything that must hold: format, lints, tests, examples in the documentation.
test:
	cargo fmt --all --check
	cargo fmt --manifest-path benches/rivals/Cargo.toml --check
	cargo clippy --locked --workspace --all-targets --all-features -- --deny warnings
	cargo clippy --locked --package ledger-core -- --deny warnings
	cargo test --locked --workspace --all-features --all-targets
	cargo test --locked --workspace --all-features --doc
	RUSTDOCFLAGS="--deny warnings" cargo doc --locked --workspace --no-deps --all-features
	python3 docs/canonical_encoding.py --check

# The figures and their bars: the core's, then the file's against its rivals. The second takes ten
# minutes; BENCH_MILLIONS=1 is a quick look, BENCH_DIR chooses the disk.
bench:
	cargo run --locked --release --package ledger-benches
	cargo run --locked --release --manifest-path benches/rivals/Cargo.toml --target-dir target/rivals
