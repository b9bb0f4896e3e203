"""Ctrl-C ends what waits and what is long, and says what became of it."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import Shop

import ledger

HOLDER = """
import sqlite3, sys
other = sqlite3.connect(sys.argv[1], isolation_level=None)
other.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
LONG = timedelta(minutes=5)


@contextmanager
def interrupted_soon() -> Iterator[None]:
    """Sends Ctrl-C to this process, again and again until it is heard."""
    heard = threading.Event()

    def send() -> None:
        while not heard.wait(0.2):
            os.kill(os.getpid(), signal.SIGINT)

    def handle(*_: object) -> None:
        heard.set()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, handle)
    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        heard.set()
        thread.join()
        signal.signal(signal.SIGINT, before)


@contextmanager
def alarm_soon(seconds: float) -> Iterator[None]:
    """Sends a signal whose handler raises KeyboardInterrupt, from the system: no thread of Python's need run."""

    def handle(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def held_by_another_program(path: Path) -> Iterator[None]:
    """Has another process hold SQLite's lock for writing."""
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as holder:
        assert holder.stdin is not None and holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        yield
        holder.stdin.close()


def wait_until_someone_has_the_turn(path: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    with open(f"{path}-lock") as lock:
        with suppress(BlockingIOError):
            while True:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                fcntl.flock(lock, fcntl.LOCK_UN)
                time.sleep(0.001)


def delays() -> Iterator[float]:
    """From a millisecond to half a second, again and again: one of them ends in the middle of a call."""
    for _ in range(20):
        yield from (0.001 * 1.25**step for step in range(28))


def interrupt(call: Callable[[], object]) -> BaseException:
    with interrupted_soon(), pytest.raises(KeyboardInterrupt) as raised:
        call()
    return raised.value


def notes(error: BaseException) -> str:
    return " ".join(error.__notes__)


def test_a_wait_for_another_program(path: Path) -> None:
    with ledger.open(path, lock_wait=LONG) as book:
        shop = Shop.on(book)
        with held_by_another_program(path):
            error = interrupt(lambda: shop.pay("1", "k"))
        assert isinstance(error.__cause__, ledger.Transient)
        assert "nothing was written" in notes(error)
        assert not shop.pay("1", "k").replayed


def test_a_wait_for_another_process_that_has_its_turn(path: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    with ledger.open(path, lock_wait=LONG) as book:
        shop = Shop.on(book)
        with open(f"{path}-lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            error = interrupt(lambda: shop.pay("1", "k"))
        assert isinstance(error.__cause__, ledger.Transient)


def test_a_wait_in_the_queue_is_withdrawn(path: Path) -> None:
    with ledger.open(path, lock_wait=LONG, call_wait=None) as book:
        shop = Shop.on(book)
        leader = threading.Thread(target=shop.pay, args=("1", "leader"))
        with held_by_another_program(path):
            leader.start()
            wait_until_someone_has_the_turn(path)
            error = interrupt(lambda: shop.pay("2", "follower"))
        leader.join()
        assert isinstance(error.__cause__, ledger.WaitTimeout)
        assert "withdrawn" in notes(error)
        assert book.transaction(key="follower") is None
        assert book.transaction(key="leader") is not None


def test_many_items_say_how_many_of_them_were_written(shop: Shop) -> None:
    shop.book.deposit(shop.alice, "50000", key="more")
    count = 100_000

    def rows(attempt: int) -> list[tuple[ledger.Wallet, ledger.Wallet, str, str]]:
        return [(shop.alice, shop.shop, "0.01", f"{attempt}:{n}") for n in range(count)]

    def interrupt_after_the_first(attempt: int) -> str | None:
        """What it says; nothing if all was written before the signal came."""
        is_done = threading.Event()

        def send() -> None:
            while shop.book.transaction(key=f"{attempt}:0") is None:
                time.sleep(0.001)
            if not is_done.is_set():
                os.kill(os.getpid(), signal.SIGINT)

        sender = threading.Thread(target=send)
        sender.start()
        try:
            shop.book.transfer_many(rows(attempt))
            is_done.set()
            sender.join()
        except KeyboardInterrupt as heard:
            sender.join()
            return " ".join(getattr(heard, "__notes__", [])) or None
        return None

    for attempt in range(50):
        before = shop.book.balance(shop.shop).posted.amount
        if said := interrupt_after_the_first(attempt):
            break
    written = int((shop.book.balance(shop.shop).posted.amount - before) * 100)
    assert said is not None and 0 < written < count and written % 10_000 == 0
    assert said.startswith(f"at least {written} of {count} items were written; send the call")
    again = shop.book.transfer_many(rows(attempt)[:10])
    assert all(isinstance(it, ledger.Receipt) and it.replayed for it in again)


def test_many_items_that_wait_were_not_written(path: Path) -> None:
    with ledger.open(path, lock_wait=LONG) as book:
        shop = Shop.on(book)
        commands = [ledger.Command.deposit(shop.alice, "1", key=f"d{n}") for n in range(10_001)]
        specs = [ledger.WalletSpec(f"user:{n}", "USD") for n in range(3)]
        with held_by_another_program(path):
            deposits = interrupt(lambda: book.submit_each(commands))
            wallets = interrupt(lambda: book.open_wallets(specs))
        assert "at least 0 of 10001 items were written" in notes(deposits)
        assert "written" in notes(wallets) and "end" not in notes(wallets)
        assert book.transaction(key="d0") is None and book.wallet("user:0") is None


def test_taking_many_items_in(shop: Shop) -> None:
    row = (shop.alice, shop.shop, "0.01", "k")
    # The alarm is set in the middle; from then on no Python runs that would hear of it.
    alarm: Iterator[Any] = map(signal.setitimer, [signal.ITIMER_REAL], [0.001])
    rows = itertools.chain(
        itertools.repeat(row, 10_000), itertools.filterfalse(None, alarm), itertools.repeat(row)
    )

    with pytest.raises(KeyboardInterrupt) as raised, alarm_soon(0):
        shop.book.transfer_many(rows)
    assert "nothing was written" in notes(raised.value)
    assert shop.book.transaction(key="k") is None


def test_opening_a_file_that_another_holds(path: Path) -> None:
    with ledger.open(path, exclusive=True):
        interrupt(lambda: ledger.open(path, lock_wait=LONG))


def test_a_long_query(shop: Shop) -> None:
    interrupt(lambda: shop.book.query(ENDLESS))
    assert shop.book.query("SELECT 1") == [(1,)]


def test_a_copy_of_a_large_file(shop: Shop) -> None:
    book, copy = shop.book, Path(f"{shop.book.path}.copy")
    book.deposit(shop.alice, "1000000", key="more")
    # Signals are looked for every 50 ms, so that a copy must be several times as long, without its flush.
    for part in itertools.count():
        book.transfer_many([(shop.alice, shop.shop, "0.01", f"{part}:{n}") for n in range(200_000)])
        begun = time.thread_time()
        book.backup(copy)
        copy.unlink()
        if time.thread_time() - begun > 0.25:
            break
    for delay in delays():
        copy.unlink(missing_ok=True)
        try:
            with alarm_soon(delay):
                book.backup(copy)
                time.sleep(delay)
        except KeyboardInterrupt as heard:
            if getattr(heard, "__notes__", None):
                break
    else:
        pytest.fail("no signal was heard while the file was copied")
    assert not copy.exists() and [it.name for it in copy.parent.glob("*.copy*")] == []
    book.backup(copy)
    assert ledger.verify(copy).ok


def test_a_handler_can_look_but_not_write_in_the_middle_of_a_call(path: Path) -> None:
    seen: list[object] = []
    with ledger.open(path, lock_wait=LONG, call_wait=None) as book:
        shop = Shop.on(book)

        def handle(*_: object) -> None:
            seen.append(book.balance(shop.alice).posted)
            for write in (lambda: shop.pay("1", "h"), lambda: book.define_asset("X", 1)):
                with pytest.raises(ledger.Reentered, match="a signal's handler can't write") as no:
                    write()
                seen.append(no.value.retryable)
            raise KeyboardInterrupt

        before = signal.signal(signal.SIGALRM, handle)
        try:
            with held_by_another_program(path):
                signal.setitimer(signal.ITIMER_REAL, 0.2)
                with pytest.raises(KeyboardInterrupt):
                    shop.pay("1", "k")
        finally:
            signal.signal(signal.SIGALRM, before)
        assert seen == [ledger.Money("100", "USD"), False, False], "trying again there would never end"
        assert book.transaction(key="h") is None and not shop.pay("1", "h").replayed


def test_a_long_history_that_another_library_reads(shop: Shop) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    shop.book.transfer_many([(shop.alice, shop.shop, "0.01", f"k{n}") for n in range(5_000)])

    for delay in delays():
        try:
            with alarm_soon(delay):
                pyarrow.table(shop.book.history(shop.alice))
                time.sleep(delay)
        except KeyboardInterrupt as heard:
            if "stopped by a signal" in str(heard.__context__):
                return
    pytest.fail("no signal was heard while the library read")


def test_a_long_check(shop: Shop) -> None:
    for piece in range(4):
        shop.book.transfer_many(
            [(shop.alice, shop.shop, "0.01", f"{piece}:{n}") for n in range(8_000)]
        )
    calls = []

    def progress(done: int, total: int) -> None:
        calls.append((done, total))
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt) as raised:
        shop.book.verify(progress)
    assert notes(raised.value) == "the check was stopped"
    assert len(calls) <= 2 and shop.book.verify().ok


def test_what_a_progress_raises_ends_the_check(shop: Shop) -> None:
    shop.book.transfer_many([(shop.alice, shop.shop, "0.01", f"{n}") for n in range(9_000)])

    def progress(done: int, total: int) -> None:
        raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        shop.book.verify(progress)


def test_ctrl_c_is_heard_about_as_soon_as_by_a_sleeping_program(path: Path) -> None:
    """Compared in one run, on the same machine: a wait looks for signals every 50 ms."""

    def heard_after(call: Callable[[], object]) -> float:
        sent: list[float] = []

        def send() -> None:
            sent.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGINT)

        timer = threading.Timer(0.2, send)
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            call()
        heard = time.monotonic()
        timer.join()
        return heard - sent[0]

    with ledger.open(path, lock_wait=LONG) as book:
        shop = Shop.on(book)
        with held_by_another_program(path):
            waits = [heard_after(lambda: shop.pay("1", "k")) for _ in range(5)]
        sleeps = [heard_after(lambda: time.sleep(60)) for _ in range(5)]
    assert min(waits) < min(sleeps) + 0.1
