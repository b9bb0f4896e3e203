"""Several processes write one file, and one of them is killed again and again."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import ledger

WRITER = """
import sys, ledger
path, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
with ledger.open(path) as book:
    for number in range(count):
        key = f"{name}:{number}"
        book.transfer("user:alice", "shop:42", "0.01", key=key)
        print(key, flush=True)
"""


def start(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(path), name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_what_was_answered_is_there_whoever_is_killed(path: Path) -> None:
    with ledger.open(path) as book:
        alice = book.open_wallet("user:alice", "USD")
        book.open_wallet("shop:42", "USD")
        book.deposit(alice, "1000.00", key="fund")
    steady = [start(path, f"steady {number}", 150) for number in range(2)]
    answered = []
    for number in range(4):
        victim = start(path, f"victim {number}", 100_000)
        assert victim.stdout is not None
        for _ in range(15):
            answered.append(victim.stdout.readline().strip())
        victim.send_signal(signal.SIGKILL)
        answered += [line.strip() for line in victim.stdout if line.endswith("\n")]
        victim.wait()
        victim.stdout.close()
    for writer in steady:
        said, _ = writer.communicate()
        assert writer.returncode == 0
        answered += said.splitlines()
    with ledger.open(path) as book:
        assert all(book.transaction(key=key) is not None for key in answered)
        paid = book.balance("shop:42").posted
        entries = list(book.history("shop:42"))
        assert paid == ledger.Money("0.01", "USD") * len(entries)
        assert len({entry.key for entry in entries}) == len(entries) >= len(answered) >= 360
        assert book.verify().ok
