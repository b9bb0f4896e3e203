.PHONY: demo test test-python bench bench-python prove fuzz

PYTHON ?= python3
VENV := target/python

# A small shop's ledger, built, worked with, checked and shown. After the build it takes seconds.
demo:
	cargo run --locked --package ledger-cli -- demo

# Everything that must hold: format, lints, tests, examples in the documentation.
test: $(VENV)/ready
	cargo fmt --all --check
	cargo fmt --manifest-path benches/rivals/Cargo.toml --check
	cargo fmt --manifest-path fuzz/Cargo.toml --check
	cargo clippy --locked --workspace --all-targets --all-features -- --deny warnings
	cargo clippy --locked --package ledger-core -- --deny warnings
	cargo test --locked --workspace --exclude ledger-py --all-features --all-targets
	cargo test --locked --workspace --exclude ledger-py --all-features --doc
	RUSTFLAGS="--cfg shuttle" cargo test --locked --package ledger-core --lib --target-dir target/schedules schedules
	cargo clippy --locked --manifest-path fuzz/Cargo.toml --target-dir target/fuzz --all-targets -- --deny warnings
	cargo test --locked --manifest-path fuzz/Cargo.toml --target-dir target/fuzz
	RUSTDOCFLAGS="--deny warnings" cargo doc --locked --workspace --no-deps --all-features
	python3 docs/canonical_encoding.py --check
	python3 docs/pictures.py --check
	$(MAKE) test-python

# Python's tools that the tests ask, in a virtual environment of their own.
REQUIREMENTS := ledger-py/requirements-test.txt examples/reports/requirements-test.txt
$(VENV)/ready: $(REQUIREMENTS)
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet $(REQUIREMENTS:%=--requirement %)
	touch $@

# The Python module, built and installed as a user does it: its tests with every example of its
# documentation, and its types as three checkers see them.
test-python: $(VENV)/ready
	rm -rf target/wheel
	$(VENV)/bin/pip wheel --quiet --no-deps --wheel-dir target/wheel ./ledger-py
	test $$(cat target/wheel/*.whl | wc -c) -lt 3000000
	$(VENV)/bin/pip install --quiet --force-reinstall target/wheel/*.whl
	cd ledger-py && ../$(VENV)/bin/python -m pytest
	$(VENV)/bin/python -m pytest --quiet examples/recipes/python
	$(VENV)/bin/python -m mypy --strict --explicit-package-bases examples/recipes/python
	cd ledger-py && ../$(VENV)/bin/python -m mypy python/ledger tests benches
	cd ledger-py && ../$(VENV)/bin/python -m mypy.stubtest ledger
	cd ledger-py && ../$(VENV)/bin/python -m pyright --pythonpath ../$(VENV)/bin/python

# The figures and their bars: the core's, then the file's against its rivals. The second takes ten
# minutes; BENCH_MILLIONS=1 is a quick look, BENCH_DIR chooses the disk.
bench:
	cargo run --locked --release --package ledger-benches
	cargo run --locked --release --manifest-path benches/rivals/Cargo.toml --target-dir target/rivals

# The module's pace beside Rust's and beside sqlite3, in one run, on files of BENCH_MILLIONS.
bench-python:
	$(VENV)/bin/python ledger-py/benches/speed.py $(BENCH_DIR)

# How hard it was tried to lose money: a few minutes, or PROVE=minutes. What came of it is added to
# target/prove/summary.json, a line for each part.
prove:
	cargo run --locked --profile prove --package ledger-prove

# Random and mutated input for whatever reads input: FUZZ minutes for each target, after what was found before. It
# takes cargo-fuzz, a nightly toolchain and a C++ compiler. What came of it is added to the same summary.
FUZZ ?= 1
fuzz:
	cargo run --locked --manifest-path fuzz/Cargo.toml --target-dir target/fuzz --bin all -- --minutes $(FUZZ)
