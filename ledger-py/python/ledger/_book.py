"""A ledger that is open."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from os import PathLike, fspath
from types import TracebackType
from typing import final

from ledger import _ledger
from ledger._kinds import flag
from ledger._reads import Progress, Reads, report
from ledger._time import to_us
from ledger._values import Head, Report
from ledger._writes import Writes

_SECOND = timedelta(seconds=1)


@final
class Book(Writes, Reads):
    """A ledger: wallets, the money in them, and everything that ever happened to it.

    Any number of threads may use it at once. It is closed at the end of a ``with``, by `close`, or when
    nobody has it any more; what was answered is safe in any case.
    """

    __slots__ = ()

    def __init__(self, native: _ledger.Book) -> None:
        self._native = native

    @property
    def path(self) -> str:
        """The file it is in."""
        return self._native.file

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._native.closed

    def close(self) -> None:
        """Closes it. Calls that are under way come to their end first; closing again is fine."""
        self._native.close()

    def __enter__(self) -> Book:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Book {self.path!r}{', closed' if self.closed else ''}>"


def open(
    path: str | PathLike[str],
    *,
    durability: str = "full",
    exclusive: bool = False,
    node: int = 0,
    key_retention: timedelta | None = None,
    lock_wait: timedelta = _SECOND,
    call_wait: timedelta | None = 30 * _SECOND,
) -> Book:
    """Opens the ledger in a file, or makes it. ``":memory:"`` is a ledger that is gone when it is closed; of the
    options it can have ``node``, ``key_retention`` and ``call_wait``.

    - ``durability``: ``"full"`` flushes each commit to the disk before it is answered; with ``"normal"`` a
      power cut may take the last moments back; ``"memory"`` never flushes, for tests.
    - ``exclusive`` keeps every other process from opening the file, and makes reading balances faster.
    - ``node``: a number, 0 to 255, in the ids that are made here.
    - ``key_retention``: how long keys are remembered. It is set when the file is made, and opening it with
      another one is an error. None is whatever the file has; for a new one that is for ever.
    - ``lock_wait``: how long other processes that write are waited for, each of three times.
    - ``call_wait``: how long a call waits for others before it is withdrawn; None for as long as it takes.

    >>> with ledger.open(folder / "shop.ledger") as book:
    ...     alice = book.open_wallet("user:alice", "USD")
    ...     receipt = book.deposit(alice, "100.00", key="stripe:ch_1")
    """
    if not isinstance(durability, str):
        raise TypeError(f"durability must be a str, not {type(durability).__name__}")
    if not isinstance(node, int) or isinstance(node, bool):
        raise TypeError(f"node must be an int, not {type(node).__name__}")
    settings = {
        "durability": durability,
        "exclusive": flag(exclusive, "exclusive"),
        "node": node,
        "key_retention": None if key_retention is None else to_us(key_retention, "key_retention"),
        "lock_wait": to_us(lock_wait, "lock_wait"),
        "call_wait": None if call_wait is None else to_us(call_wait, "call_wait"),
    }
    if isinstance(path, str) and path == ":memory:":
        return Book(_ledger.open_memory(settings))
    return Book(_ledger.open_file(fspath(path), settings))


def verify(
    path: str | PathLike[str],
    progress: Progress | None = None,
    *,
    heads: Iterable[Head | str] = (),
) -> Report:
    """Checks a file without opening the ledger in it, which may be too damaged for that."""
    return report(_ledger.verify_file(fspath(path), [str(head) for head in heads], progress))


def rebuild(
    path: str | PathLike[str],
    progress: Progress | None = None,
    *,
    keep_what_is_left: bool = False,
) -> None:
    """Makes everything in a file that is derived from its journal again. Nobody may have it open
    meanwhile. The journal itself is taken as it stands; whether that is whole, ``verify`` says afterwards.

    A journal that has lost its end is refused, because nobody would see it afterwards: restore a backup.
    Where there is none, ``keep_what_is_left`` goes on with what there is.
    """
    _ledger.rebuild_file(fspath(path), progress, flag(keep_what_is_left, "keep_what_is_left"))
