"""The ledger with `await`: the same verbs, carried out by a few threads of the book's own.

>>> async def main() -> None:
...     async with ledger.aio.open(folder / "shop.ledger") as book:
...         alice = await book.open_wallet("user:alice", "USD")
...         await book.deposit(alice, "100.00", key="stripe:ch_1")
...         print((await book.balance(alice)).posted)
>>> asyncio.run(main())
100.00 USD

Cancelling a call ends it where it waits, and where it is long, as a query or a check can be. It does not take
it back: a change that has begun goes on and may be written all the same. "Cancelled" means that nobody has heard
the answer; send the call again with the same key to hear it.
"""

from __future__ import annotations

import asyncio
import functools
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Generator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Concatenate, Generic, ParamSpec, TypedDict, TypeVar, Unpack, cast, final

import ledger
from ledger import _ledger
from ledger._book import Book
from ledger._listing import HistoryPage, Listing, Page
from ledger._values import Entry

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 8
"""How many calls of one book are carried out at once, unless it is opened with another number. Calls that
are carried out at once share commits."""


def awaited(
    method: Callable[Concatenate[Book, P], T],
) -> Callable[Concatenate[AsyncBook, P], Coroutine[Any, Any, T]]:
    """The method that has a thread carry out the book's."""

    @functools.wraps(method)
    async def call(self: AsyncBook, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._run(functools.partial(method, self._book, *args, **kwargs))

    return cast("Callable[Concatenate[AsyncBook, P], Coroutine[Any, Any, T]]", call)


def listed(
    method: Callable[Concatenate[Book, P], Listing[T]],
) -> Callable[Concatenate[AsyncBook, P], AsyncListing[T]]:
    """The method whose list is read with ``async for``."""

    @functools.wraps(method)
    def call(self: AsyncBook, /, *args: P.args, **kwargs: P.kwargs) -> AsyncListing[T]:
        return AsyncListing(self, method(self._book, *args, **kwargs))

    return cast("Callable[Concatenate[AsyncBook, P], AsyncListing[T]]", call)


class AsyncListing(Generic[T]):
    """A list that is read page by page as it is walked through with ``async for``."""

    __slots__ = ("_book", "_listing")

    def __init__(self, book: AsyncBook, listing: Listing[T]) -> None:
        self._book = book
        self._listing = listing

    async def __aiter__(self) -> AsyncIterator[T]:
        cursor: Any = None
        while True:
            page = await self.page(1_000, cursor)
            for row in page:
                yield row
            cursor = page.next
            if cursor is None:
                return

    async def page(self, limit: int = 50, cursor: Any = None) -> Page[T]:
        """One page of at most so many rows, from a cursor on that another page gave."""
        return await self._book._run(functools.partial(self._listing.page, limit, cursor))

    def __repr__(self) -> str:
        return repr(self._listing)


@final
class AsyncBook:
    """A ledger whose verbs are awaited. See `ledger.Book` for what they do."""

    __slots__ = ("_book", "_is_closing", "_opened_by", "_threads")

    deposit = awaited(Book.deposit)
    withdraw = awaited(Book.withdraw)
    transfer = awaited(Book.transfer)
    post = awaited(Book.post)
    trade = awaited(Book.trade)
    freeze = awaited(Book.freeze)
    unfreeze = awaited(Book.unfreeze)
    close_wallet = awaited(Book.close_wallet)
    hold = awaited(Book.hold)
    capture = awaited(Book.capture)
    release = awaited(Book.release)
    extend = awaited(Book.extend)
    reverse = awaited(Book.reverse)
    set_limits = awaited(Book.set_limits)
    lock_periods = awaited(Book.lock_periods)
    unlock_periods = awaited(Book.unlock_periods)
    index_metadata = awaited(Book.index_metadata)
    submit = awaited(Book.submit)
    submit_each = awaited(Book.submit_each)
    submit_all = awaited(Book.submit_all)
    transfer_many = awaited(Book.transfer_many)
    define_asset = awaited(Book.define_asset)
    open_wallet = awaited(Book.open_wallet)
    open_wallets = awaited(Book.open_wallets)
    expire_due = awaited(Book.expire_due)
    set_key_retention = awaited(Book.set_key_retention)
    wallet = awaited(Book.wallet)
    world = awaited(Book.world)
    assets = awaited(Book.assets)
    balance = awaited(Book.balance)
    balances = awaited(Book.balances)
    balance_at = awaited(Book.balance_at)
    balance_effective_at = awaited(Book.balance_effective_at)
    window_use = awaited(Book.window_use)
    totals = awaited(Book.totals)
    transaction = awaited(Book.transaction)
    reversals = awaited(Book.reversals)
    get_hold = awaited(Book.get_hold)
    verify = awaited(Book.verify)
    head = awaited(Book.head)
    backup = awaited(Book.backup)
    query = awaited(Book.query)
    stats = awaited(Book.stats)
    wallets = listed(Book.wallets)
    holds = listed(Book.holds)
    find = listed(Book.find)
    history = listed(Book.history)

    def __init__(self, book: Book, threads: int = THREADS) -> None:
        self._book = book
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="ledger")
        self._opened_by = os.getpid()
        self._is_closing = False

    async def _run(self, call: Callable[[], T]) -> T:
        if self._is_forked():
            # Its threads are the parent's, and would never answer; the book says so in its own words.
            return call()
        cancel = _ledger.Cancel()
        try:
            future = self._threads.submit(cancel.run, call)
        except RuntimeError:
            if self._is_closing:
                raise ledger.Closed("the ledger is closed; open it again with ledger.open") from None
            # There was no thread for it, but it is in the queue all the same: it must not be made later.
            cancel.set()
            raise
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            cancel.set()
            raise

    def _is_forked(self) -> bool:
        return os.getpid() != self._opened_by

    async def key_retention(self) -> timedelta | None:
        """How long keys are remembered; None for ever."""
        return await self._run(lambda: self._book.key_retention)

    async def indexed_metadata(self) -> list[str]:
        """The keys of metadata by which transactions can be found, besides their reference."""
        return await self._run(lambda: self._book.indexed_metadata)

    async def periods_locked_until(self) -> datetime | None:
        """Until when periods are locked; None where nothing is."""
        return await self._run(lambda: self._book.periods_locked_until)

    @property
    def path(self) -> str:
        """The file it is in."""
        return self._book.path

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._book.closed

    async def close(self) -> None:
        """Closes it. Calls that are under way come to their end first; closing again is fine."""
        if not self._is_forked():
            await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._is_closing = True
        self._threads.shutdown()
        self._book.close()

    async def __aenter__(self) -> AsyncBook:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<AsyncBook {self.path!r}{', closed' if self.closed else ''}>"


@final
class Opening:
    """A ledger that is being opened: await it, or use it with ``async with``."""

    __slots__ = ("_book", "_make", "_threads")

    def __init__(self, make: Callable[[], Book], threads: int) -> None:
        self._make = make
        self._threads = threads
        self._book: AsyncBook | None = None

    async def _open(self) -> AsyncBook:
        return AsyncBook(await asyncio.to_thread(self._make), self._threads)

    def __await__(self) -> Generator[Any, Any, AsyncBook]:
        return self._open().__await__()

    async def __aenter__(self) -> AsyncBook:
        self._book = await self._open()
        return self._book

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._book is not None:
            await self._book.close()


class Options(TypedDict, total=False):
    """The options of `ledger.open`."""

    durability: str
    exclusive: bool
    node: int
    key_retention: timedelta | None
    lock_wait: timedelta
    call_wait: timedelta | None


def open(path: str | os.PathLike[str], *, threads: int = THREADS, **options: Unpack[Options]) -> Opening:
    """Opens the ledger in a file, or makes it, with the options of `ledger.open`. ``threads`` is how many
    calls are carried out at once.
    """
    if isinstance(threads, bool) or not isinstance(threads, int) or threads < 1:
        raise ValueError(f"threads must be a whole number above zero, not {threads!r}")
    return Opening(functools.partial(ledger.open, path, **options), threads)


__all__ = ["THREADS", "AsyncBook", "AsyncListing", "Entry", "HistoryPage", "Opening", "open"]
