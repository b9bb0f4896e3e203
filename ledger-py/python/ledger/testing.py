"""For tests of programs that use the ledger: one in memory, a clock to set, and strategies.

>>> clock = ledger.testing.Clock(datetime(2026, 3, 1, tzinfo=timezone.utc))
>>> with ledger.testing.memory(clock) as book:
...     alice = book.open_wallet("user:alice", "USD")
...     first = book.deposit(alice, "1.00", key="d1")
...     clock.advance(timedelta(days=1))
...     second = book.deposit(alice, "2.00", key="d2")
...     book.balance_at(alice, first.at), second.at - first.at
(Money('1.00', 'USD'), datetime.timedelta(days=1))
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, final

from ledger import _ledger
from ledger._book import Book
from ledger._money import Money
from ledger._time import from_ms, to_ms, to_us

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


@final
class Clock:
    """A clock that stands still until it is set, to the millisecond."""

    __slots__ = ("_native",)

    def __init__(self, now: datetime) -> None:
        self._native = _ledger.Clock(to_ms(now))

    @property
    def now(self) -> datetime:
        """What it shows."""
        return from_ms(self._native.now_ms())

    def set(self, now: datetime) -> None:
        """Sets it, forward or back."""
        self._native.set_ms(to_ms(now))

    def advance(self, by: timedelta) -> None:
        """Moves it forward, or back by a negative duration."""
        ms = self._native.now_ms() + to_us(by, "by") // 1_000
        try:
            from_ms(ms)
        except OverflowError:
            raise ValueError(f"a clock can't be moved by {by}, beyond the years 1 to 9999") from None
        self._native.set_ms(ms)

    def __repr__(self) -> str:
        return f"Clock({self.now!r})"


def memory(clock: Clock | None = None) -> Book:
    """A ledger in memory, which is gone when it is closed. It has everything but what belongs to a file:
    `verify`, `backup`, `head` and `query`.
    """
    return Book(_ledger.open_memory(clock=None if clock is None else clock._native))


def amounts(
    asset: str = "USD",
    *,
    scale: int = 2,
    min_value: int = 1,
    max_value: int = 10**12,
) -> SearchStrategy[Money]:
    """A hypothesis strategy for money of an asset, between so many of its smallest units."""
    from hypothesis import strategies

    def money(minor: int) -> Money:
        digits = str(abs(minor)).rjust(scale + 1, "0")
        point = len(digits) - scale
        sign = "-" if minor < 0 else ""
        return Money(f"{sign}{digits[:point]}.{digits[point:]}".rstrip("."), asset)

    return strategies.integers(min_value, max_value).map(money)


def keys() -> SearchStrategy[str]:
    """A hypothesis strategy for idempotency keys."""
    from hypothesis import strategies

    letters = strategies.sampled_from("abcdefghijklmnopqrstuvwxyz0123456789:-_")
    return strategies.text(letters, min_size=1, max_size=40)
