"""Opening, closing, threads, panics, and the end of the interpreter."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import Shop

import ledger
from ledger import _ledger


def test_use_after_close_is_an_error_and_closing_again_is_fine(shop: Shop) -> None:
    receipt = shop.pay("1", "k")
    shop.book.close()
    shop.book.close()
    assert shop.book.closed and "closed" in repr(shop.book)
    for call in (
        lambda: shop.pay("1", "k"),
        lambda: shop.book.balance(shop.alice),
        lambda: list(shop.book.history(shop.alice)),
        lambda: shop.book.stats(),
        lambda: shop.book.verify(),
        lambda: shop.book.transfer_many([]),
        lambda: shop.book.history(shop.alice).__arrow_c_stream__(),
    ):
        with pytest.raises(ledger.Closed):
            call()
    assert receipt.postings[0].from_wallet == shop.alice, "a receipt is complete without it"


def test_with_closes_also_when_something_is_raised(path: Path) -> None:
    with pytest.raises(LookupError), ledger.open(path) as book:
        raise LookupError
    assert book.closed
    ledger.open(path, exclusive=True).close()


def test_a_book_that_nobody_has_is_closed(path: Path) -> None:
    book = ledger.open(path, exclusive=True)
    del book
    gc.collect()
    ledger.open(path, exclusive=True).close()


def test_closing_while_others_are_in_calls(path: Path) -> None:
    book = ledger.open(path)
    shop = Shop.on(book)
    paid: list[str] = []

    def pay(thread: int) -> None:
        for number in range(10_000):
            key = f"{thread}:{number}"
            try:
                shop.pay("0.01", key)
            except ledger.Closed:
                return
            paid.append(key)

    threads = [threading.Thread(target=pay, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    while len(paid) < 50:
        threading.Event().wait(0.01)
    book.close()
    for thread in threads:
        thread.join()
    with ledger.open(path, exclusive=True) as again:
        assert again.balance("shop:42").posted == ledger.Money("0.01", "USD") * len(paid)
        assert all(again.transaction(key=key) for key in paid)


def test_many_threads_share_commits_and_lose_nothing(shop: Shop) -> None:
    before = shop.book.stats()

    def pay(number: int) -> ledger.Receipt:
        return shop.pay("0.01", f"k{number % 200}")

    with ThreadPoolExecutor(16) as threads:
        receipts = list(threads.map(pay, range(400)))
    assert len({receipt.id for receipt in receipts}) == 200
    assert sum(receipt.replayed for receipt in receipts) == 200
    assert shop.posted() == ("98.00 USD", "2.00 USD")
    after = shop.book.stats()
    assert after.requests - before.requests == 400


@pytest.mark.parametrize("detached", [True, False])
def test_a_panic_is_an_exception_like_others(shop: Shop, detached: bool) -> None:
    with pytest.raises(ledger.Internal, match="planted") as raised:
        _ledger.panic_in_call(shop.book._native, detached)
    assert isinstance(raised.value, Exception) and not raised.value.retryable
    shop.pay("1", "after")


def test_the_interpreter_s_end_with_open_books_and_threads(path: Path) -> None:
    program = """
import sys, threading, ledger
book = ledger.open(sys.argv[1])
alice = book.open_wallet("user:alice", "USD")
def pay():
    for number in range(100_000):
        book.deposit(alice, "1", key=f"{threading.get_ident()}:{number}")
for _ in range(3):
    threading.Thread(target=pay, daemon=True).start()
book.deposit(alice, "1", key="main")
history = iter(book.history(alice))
print(next(history).key is not None)
"""
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", program, str(path)], capture_output=True, text=True
        )
        assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr
    with ledger.open(path) as book:
        assert book.verify().ok


def test_bad_options_are_refused(path: Path) -> None:
    with pytest.raises(ledger.InvalidConfig, match="durability"):
        ledger.open(path, durability="most")
    with pytest.raises(ledger.InvalidConfig, match="node must be 0 to 255"):
        ledger.open(path, node=256)
    with pytest.raises(TypeError):
        ledger.open(7)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="timedelta"):
        ledger.open(path, key_retention=30)  # type: ignore[arg-type]
    with pytest.raises(ledger.Fatal):
        ledger.open(path / "nowhere" / "shop.ledger")
