"""How fast the module is beside the Rust crate and beside a careful `sqlite3` program, in one run.

    python ledger-py/benches/speed.py [folder]

It builds the Rust counterpart, alternates between the rivals, and prints medians, ratios and their bars. Beside
`sqlite3` both files have a million transfers before it begins, or BENCH_MILLIONS of them.
"""

from __future__ import annotations

import gc
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import ledger

ROOT = Path(__file__).resolve().parents[2]
WALLETS = 1_000
EACH = 200
BATCH = 8_000
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "15"))
LOADED = int(os.environ.get("BENCH_MILLIONS", "1")) * 1_000_000
GROWN_WALLETS = 10_000


class Rust:
    """The Rust counterpart, in a process of its own."""

    def __init__(self, path: Path) -> None:
        command = ["cargo", "run", "--quiet", "--release", "--package", "ledger-sqlite"]
        command += ["--example", "pace", "--", str(path), str(WALLETS)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ns(self, what: str, count: int) -> float:
        assert self.process.stdin is not None and self.process.stdout is not None
        print(what, count, file=self.process.stdin, flush=True)
        return float(self.process.stdout.readline())

    def stop(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


class Python:
    """The module, with the same wallets; or with more of them, and transfers between them."""

    def __init__(self, path: Path, wallets: int = WALLETS, loaded: int = 0) -> None:
        self.book = ledger.open(path)
        specs = [ledger.WalletSpec(f"user:{number}", "USD") for number in range(wallets)]
        self.wallets = [it for it in self.book.open_wallets(specs) if isinstance(it, ledger.Wallet)]
        for wallet in self.wallets:
            self.book.deposit(wallet, "1000000000.00", key=f"fund:{wallet.id}")
        self.keys = 0
        for _ in range(loaded // BATCH):
            self.batch(BATCH)

    def transfers(self, count: int) -> list[tuple[ledger.Wallet, ledger.Wallet, str, str]]:
        made, many = [], len(self.wallets)
        for number in range(self.keys, self.keys + count):
            source, target = number * 7 % many, (number * 13 + 1) % many
            target = (target + 1) % many if source == target else target
            key = f"python:{self.keys}"
            self.keys += 1
            made.append((self.wallets[source], self.wallets[target], "0.01", key))
        return made

    def each(self, count: int) -> float:
        transfers, transfer = self.transfers(count), self.book.transfer
        begun = time.perf_counter_ns()
        for source, target, amount, key in transfers:
            transfer(source, target, amount, key=key)
        return (time.perf_counter_ns() - begun) / count

    def batch(self, count: int) -> float:
        transfers = self.transfers(count)
        begun = time.perf_counter_ns()
        answers = self.book.transfer_many(transfers)
        took = (time.perf_counter_ns() - begun) / count
        assert all(isinstance(answer, ledger.Receipt) for answer in answers)
        return took

    def arrow(self, count: int) -> float:
        import pyarrow  # type: ignore[import-untyped]

        transfers = self.transfers(count)
        cents = pyarrow.array([Decimal("0.01")] * count, pyarrow.decimal128(18, 2))
        columns = {
            "from": [source.name for source, _, _, _ in transfers],
            "to": [target.name for _, target, _, _ in transfers],
            "amount": cents,
            "key": [key for _, _, _, key in transfers],
        }
        table = pyarrow.table(columns)
        begun = time.perf_counter_ns()
        answers = self.book.transfer_many(table)
        took = (time.perf_counter_ns() - begun) / count
        assert all(isinstance(answer, ledger.Receipt) for answer in answers)
        return took


CAREFUL = """
PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;
CREATE TABLE wallet (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL CHECK (balance >= 0)) STRICT;
CREATE TABLE transfer (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    source INTEGER NOT NULL REFERENCES wallet,
    target INTEGER NOT NULL REFERENCES wallet,
    amount INTEGER NOT NULL CHECK (amount > 0),
    at INTEGER NOT NULL
) STRICT;
CREATE TABLE entry (
    wallet INTEGER NOT NULL,
    transfer INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    balance INTEGER NOT NULL,
    PRIMARY KEY (wallet, transfer)
) STRICT, WITHOUT ROWID;
"""


class Careful:
    """What a careful person writes over `sqlite3`: a retry is recognised, nobody is overdrawn, and each
    wallet has a history. Keys are random, as they are where they come from others.
    """

    def __init__(self, path: Path, loaded: int) -> None:
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.executescript(CAREFUL)
        self.random = random.Random(7)
        self.many = many = GROWN_WALLETS
        self.db.execute("BEGIN")
        self.db.executemany(
            "INSERT INTO wallet VALUES (?, 1000000000)", ((number,) for number in range(many))
        )
        rows = [
            (number, f"{self.random.getrandbits(128):032x}", number * 7 % many, (number * 13 + 1) % many)
            for number in range(loaded)
        ]
        self.db.executemany("INSERT INTO transfer VALUES (?, ?, ?, ?, 1, 0)", rows)
        entries = [(row[2], row[0], -1, 0) for row in rows] + [(row[3], row[0], 1, 0) for row in rows]
        entries = list({(entry[0], entry[1]): entry for entry in entries}.values())
        self.db.executemany("INSERT INTO entry VALUES (?, ?, ?, ?)", sorted(entries))
        self.db.execute("COMMIT")
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def batch(self, count: int) -> float:
        transfers: list[tuple[str, int, int]] = []
        for _ in range(count):
            source, target = self.random.sample(range(self.many), 2)
            transfers.append((f"{self.random.getrandbits(128):032x}", source, target))
        begun = time.perf_counter_ns()
        self.db.execute("BEGIN IMMEDIATE")
        for key, source, target in transfers:
            self.transfer(key, source, target)
        self.db.execute("COMMIT")
        return (time.perf_counter_ns() - begun) / count

    def transfer(self, key: str, source: int, target: int) -> None:
        db = self.db
        if db.execute("SELECT id FROM transfer WHERE key = ?", (key,)).fetchone():
            return
        taken = db.execute(
            "UPDATE wallet SET balance = balance - 1 WHERE id = ? AND balance >= 1 RETURNING balance",
            (source,),
        ).fetchone()
        if taken is None:
            return
        given = db.execute(
            "UPDATE wallet SET balance = balance + 1 WHERE id = ? RETURNING balance", (target,)
        ).fetchone()
        transfer = db.execute(
            "INSERT INTO transfer (key, source, target, amount, at) VALUES (?, ?, ?, 1, ?)",
            (key, source, target, time.time_ns()),
        ).lastrowid
        db.execute("INSERT INTO entry VALUES (?, ?, -1, ?)", (source, transfer, taken[0]))
        db.execute("INSERT INTO entry VALUES (?, ?, 1, ?)", (target, transfer, given[0]))


def main() -> int:
    folder = sys.argv[1] if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory(dir=folder) as name:
        return compare(Path(name))


def compare(folder: Path) -> int:
    rust, python = Rust(folder / "rust.ledger"), Python(folder / "python.ledger")
    grown = Python(folder / "grown.ledger", GROWN_WALLETS, LOADED)
    careful = Careful(folder / "careful.sqlite", LOADED)
    runs: dict[str, tuple[Callable[[], float], list[float]]] = {
        "rust each": (lambda: rust.ns("each", EACH), []),
        "python each": (lambda: python.each(EACH), []),
        "rust batch": (lambda: rust.ns("batch", BATCH), []),
        "python batch": (lambda: python.batch(BATCH), []),
        "python arrow": (lambda: python.arrow(BATCH), []),
        "grown batch": (lambda: grown.batch(BATCH), []),
        "sqlite3 batch": (lambda: careful.batch(BATCH), []),
    }
    for round in range(ROUNDS + 1):
        # Whoever follows another batch on the same file pays for what that one left to be done, so
        # everybody does in turn.
        turns = list(runs.values())
        random.Random(round).shuffle(turns)
        for run, found in turns:
            # As timeit does: whose turn it is to collect garbage is chance.
            gc.collect()
            gc.disable()
            ns = run()
            gc.enable()
            if round:
                found.append(ns)
    rust.stop()
    python.book.close()
    grown.book.close()
    medians = {name: statistics.median(found) for name, (_, found) in runs.items()}
    for name, ns in medians.items():
        print(f"{name:14} {ns / 1_000:9.2f} us a transfer {1e9 / ns:12,.0f}/s")
    bars = [
        ("one durable transfer a call, beside Rust", "rust each", "python each", 0.9),
        (f"transfer_many of {BATCH:,}, beside Rust", "rust batch", "python batch", 0.5),
        (f"from Arrow, {BATCH:,}, beside Rust", "rust batch", "python arrow", 0.8),
        (f"batches, beside sqlite3 at {LOADED:,} rows", "sqlite3 batch", "grown batch", 20.0),
    ]
    missed = 0
    for what, base, ours, bar in bars:
        ratio = medians[base] / medians[ours]
        missed += ratio < bar
        print(f"{what:46} {ratio:6.2f} (bar {bar}) {'' if ratio >= bar else 'MISSED'}")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
