"""The same verbs, awaited."""

from __future__ import annotations

import asyncio
import inspect
import threading
from datetime import timedelta
from pathlib import Path

import pytest

import ledger
from ledger import Money, aio


PROPERTIES = {"indexed_metadata", "key_retention", "periods_locked_until"}


def test_every_verb_can_be_awaited() -> None:
    of_books = {name for name in dir(ledger.Book) if not name.startswith("_")}
    assert of_books - set(dir(aio.AsyncBook)) == set()
    for name in of_books - {"close", "closed", "path", *PROPERTIES}:
        own = inspect.signature(getattr(aio.AsyncBook, name))
        assert own == inspect.signature(getattr(ledger.Book, name)), name


def test_a_program(path: Path) -> None:
    async def main() -> None:
        async with await aio.open(path, durability="normal") as book:
            alice = await book.open_wallet("user:alice", "USD")
            shop = await book.open_wallet("shop:42", "USD")
            await book.deposit(alice, "100.00", key="fund")
            calls = [book.transfer(alice, shop, "0.10", key=f"k{n}") for n in range(100)]
            receipts = await asyncio.gather(*calls)
            assert len({receipt.id for receipt in receipts}) == 100
            balance, found = await asyncio.gather(book.balance(alice), book.wallet("shop:42"))
            assert balance.posted == Money("90", "USD") and found == shop
            hour = timedelta(hours=1)
            hold = await book.hold(alice, shop, "1", key="h", expires_in=hour)
            assert (await book.capture(hold, key="c")).kind == "capture"
            keys = [entry.key async for entry in book.history(alice)]
            assert len(keys) == 102 and keys[0] == "fund"
            page = await book.history(alice, newest_first=True).page(limit=1)
            assert page[0].key == "c" and page.next
            assert [wallet.name async for wallet in book.wallets(prefix="shop")] == ["shop:42"]
            assert [it.state async for it in book.holds()] == ["captured"]
            assert await book.key_retention() is None
            assert (await book.verify()).ok and book.path == str(path)
            with pytest.raises(ledger.InsufficientFunds):
                await book.withdraw(alice, "1000", key="w")
        assert book.closed
        with pytest.raises(ledger.Closed):
            await book.balance(alice)
        await book.close()

    asyncio.run(main())


def test_a_book_is_opened_in_either_way(path: Path) -> None:
    async def main() -> None:
        async with aio.open(path, threads=2, durability="normal") as book:
            assert (await book.open_wallet("a", "USD")).name == "a"
        assert book.closed
        book = await aio.open(path)
        assert await book.wallet("a") is not None
        await book.close()

    asyncio.run(main())
    own = set(inspect.signature(ledger.open).parameters) - {"path"}
    assert set(aio.Options.__annotations__) == own
    with pytest.raises(ValueError, match="threads must be"):
        aio.open(path, threads=0)


def test_a_cancelled_call_can_be_asked_for_by_its_key(path: Path) -> None:
    async def main() -> None:
        async with await aio.open(path) as book:
            alice = await book.open_wallet("user:alice", "USD")
            for number in range(20):
                key = f"k{number}"
                task = asyncio.ensure_future(book.deposit(alice, "1", key=key))
                await asyncio.sleep(0)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                # The same key again: found or made, and never twice.
                await book.deposit(alice, "1", key=key)
            assert (await book.balance(alice)).posted == Money("20", "USD")

    asyncio.run(main())


def test_what_is_cancelled_ends_where_it_waits_and_where_it_is_long(path: Path) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"

    async def main() -> None:
        async with aio.open(path, threads=1) as book:
            task = asyncio.ensure_future(book.query(endless))
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            # The only thread is free again, and closing waits for nothing.
            assert await book.query("SELECT 1") == [(1,)]
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(book.query(endless), 0.1)

    asyncio.run(main())


def test_a_call_for_which_no_thread_can_be_had_is_not_made(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async def main() -> None:
        async with aio.open(path, threads=2) as book:
            alice = await book.open_wallet("user:alice", "USD")
            gate = threading.Event()
            while not book._threads._idle_semaphore._value:
                await asyncio.sleep(0.001)
            book._threads.submit(gate.wait)
            # The only thread there is has something to do, so that the next call wants another.
            try:
                with monkeypatch.context() as patched:
                    patched.setattr(threading.Thread, "start", start)
                    with pytest.raises(RuntimeError, match="can't start new thread"):
                        await book.deposit(alice, "1", key="unheard")
            finally:
                gate.set()
            assert (await book.deposit(alice, "2", key="heard")).replayed is False
            assert [entry.key async for entry in book.history(alice)] == ["heard"]

    asyncio.run(main())


def test_a_call_while_it_is_being_closed_is_refused(path: Path) -> None:
    async def main() -> None:
        book = await aio.open(path, threads=1)
        await book.open_wallet("user:alice", "USD")
        gate = threading.Event()
        book._threads.submit(gate.wait)
        closing = asyncio.ensure_future(book.close())
        try:
            while not book._threads._shutdown:
                await asyncio.sleep(0.001)
            with pytest.raises(ledger.Closed):
                await book.balance("user:alice")
        finally:
            gate.set()
        await closing
        assert book.closed

    asyncio.run(main())
