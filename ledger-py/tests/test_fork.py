"""A child of fork must not touch what is its parent's, and the parent must not be harmed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from conftest import Shop

import ledger
from ledger import aio

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork"),
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]


def in_child(what: Callable[[], object]) -> str:
    """What a child of fork says: the name of what was raised, or of nothing."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            what()
            said = "nothing"
        except BaseException as raised:
            said = type(raised).__name__
        os.write(writing, said.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    assert os.waitpid(child, 0)[1] == 0
    return said


def test_the_inherited_handle_is_refused_at_once(shop: Shop) -> None:
    assert in_child(lambda: shop.pay("1", "child")) == "Forked"
    assert in_child(lambda: shop.book.balance(shop.alice)) == "Forked"
    assert in_child(lambda: list(shop.book.history(shop.alice))) == "Forked"
    assert in_child(lambda: shop.book.stats()) == "Forked"
    assert in_child(shop.book.close) == "nothing", "it is not the child's to close"
    shop.pay("1", "parent")
    assert shop.posted() == ("99.00 USD", "1.00 USD")


def test_a_new_open_of_the_same_file_is_refused_at_once(shop: Shop, path: Path) -> None:
    begun = time.monotonic()
    assert in_child(lambda: ledger.open(path)) == "Forked"
    assert time.monotonic() - begun < 10
    shop.pay("1", "parent")
    assert shop.book.verify().ok


def test_a_child_may_open_other_files_and_this_one_once_it_is_closed(
    path: Path, tmp_path: Path
) -> None:
    def use(file: Path) -> None:
        with ledger.open(file) as book:
            assert book.open_wallet("user:bob", "USD").name == "user:bob"

    with ledger.open(path) as book:
        Shop.on(book)
        assert in_child(lambda: use(tmp_path / "other.ledger")) == "nothing"
    assert in_child(lambda: use(path)) == "nothing"
    with ledger.open(path) as book:
        assert book.wallet("user:bob") is not None


def test_the_parent_loses_nothing_while_children_end(shop: Shop, path: Path) -> None:
    def everything() -> None:
        for attempt in (lambda: shop.pay("1", "child"), lambda: ledger.open(path)):
            try:
                attempt()
            except ledger.Forked:
                continue
            sys.exit(1)

    for number in range(10):
        assert in_child(everything) == "nothing"
        shop.pay("1", f"parent {number}")
    shop.book.close()
    with ledger.open(path) as book:
        assert str(book.balance("shop:42").posted) == "10.00 USD" and book.verify().ok


def test_forks_while_other_threads_write(shop: Shop) -> None:
    done = threading.Event()

    def write() -> None:
        number = 0
        while not done.is_set():
            shop.pay("0.01", f"thread {number}")
            number += 1

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for _ in range(20):
            assert in_child(lambda: shop.pay("1", "child")) == "Forked"
    finally:
        done.set()
        thread.join()
    assert shop.book.verify().ok


def test_a_forked_error_is_fatal_and_says_what_to_do() -> None:
    assert issubclass(ledger.Forked, ledger.Fatal)
    assert (ledger.Forked.code, ledger.Forked.retryable) == ("forked", False)


def test_an_awaited_call_on_the_inherited_handle_is_refused_and_waits_for_nothing(path: Path) -> None:
    async def begin() -> aio.AsyncBook:
        book = await aio.open(path, threads=1)
        await book.open_wallet("user:alice", "USD")
        return book

    book = asyncio.run(begin())
    # The thread that has carried it out is idle; a child has no such thread.
    time.sleep(0.2)

    def in_time(call: Callable[[], Coroutine[Any, Any, object]]) -> None:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(20)
        asyncio.run(call())

    async def walk() -> None:
        async for _ in book.wallets():
            pass

    assert in_child(lambda: in_time(lambda: book.balance("user:alice"))) == "Forked"
    assert in_child(lambda: in_time(walk)) == "Forked"
    assert in_child(lambda: in_time(book.close)) == "nothing", "it is not the child's to close"
    asyncio.run(book.deposit("user:alice", "1", key="parent"))
    asyncio.run(book.close())
    assert book.closed
