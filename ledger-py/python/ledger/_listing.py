"""Lists that may be long: read page by page as they are walked through."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar, cast, final, overload

from ledger._errors import build
from ledger._values import BALANCE_COLUMNS, ENTRY_COLUMNS, Balance, Entry, arrow_of, table

T = TypeVar("T")

Fetch = Callable[[int, Any], "tuple[list[T], Any, Any]"]
"""Reads a page: of so many rows, from a cursor on; gives the rows, and the cursors of the next page and of
the one before."""

PAGE = 1_000
"""Rows that are read at a time when a list is walked through."""


def _size(limit: int) -> int:
    """A page's size. What is no size at all is refused here, and the ledger refuses the rest."""
    if isinstance(limit, int) and not 0 <= limit < 2**32:
        raise build("invalid_page", f"a page must have 1 to {PAGE} rows; this one asks for {limit}")
    return limit


class Page(Sequence[T]):
    """A page of a list: a sequence of its rows."""

    __slots__ = ("_rows", "next", "previous")

    next: Any
    """Where the next page begins: give it as ``cursor``. None at the end."""
    previous: Any
    """Where the page before begins. None at the beginning."""

    def __init__(self, rows: list[T], next: Any, previous: Any) -> None:
        self._rows = rows
        self.next = next
        self.previous = previous

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> list[T]: ...
    def __getitem__(self, place: int | slice) -> T | list[T]:
        return self._rows[place]

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[T]:
        return iter(self._rows)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self)}, next={self.next!r}>"


class Listing(Generic[T]):
    """A list that is read as it is walked through, as often as one likes."""

    __slots__ = ("_fetch", "_what")

    def __init__(self, fetch: Fetch[T], what: str) -> None:
        self._fetch = fetch
        self._what = what

    def __iter__(self) -> Iterator[T]:
        cursor = None
        while True:
            rows, cursor, _ = self._fetch(PAGE, cursor)
            yield from rows
            if cursor is None:
                return

    def page(self, limit: int = 50, cursor: Any = None) -> Page[T]:
        """One page of at most so many rows, 1 to 1,000, from a cursor on that another page gave."""
        return Page(*self._fetch(_size(limit), cursor))

    def __repr__(self) -> str:
        return f"<{self._what}>"


@final
class HistoryPage(Page[Entry]):
    """A page of history."""

    __slots__ = ("_export",)

    def __init__(
        self, rows: list[Entry], next: Any, previous: Any, export: Callable[[], Any]
    ) -> None:
        super().__init__(rows, next, previous)
        self._export = export

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        """The page as a stream of Arrow data."""
        return self._export()

    def _repr_html_(self) -> str:
        return table(ENTRY_COLUMNS, [entry.row() for entry in self])


@final
class History(Listing[Entry]):
    """A wallet's history, read as it is walked through; a stream of Arrow data for tables."""

    __slots__ = ("_export",)

    def __init__(
        self,
        fetch: Fetch[Entry],
        what: str,
        export: Callable[[int | None, str | None], Any],
    ) -> None:
        super().__init__(fetch, what)
        self._export = export

    def page(self, limit: int = 50, cursor: str | None = None) -> HistoryPage:
        """One page of at most so many entries, 1 to 1,000, from a cursor on that another page gave."""
        rows, following, before = self._fetch(_size(limit), cursor)
        return HistoryPage(rows, following, before, lambda: self._export(limit, cursor))

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        """All of it as a stream of Arrow data: amounts as decimal128, times in UTC.

        ``pyarrow.table(history)``, ``polars.DataFrame(history)`` and duckdb read it as it is.
        """
        return self._export(None, None)

    def _repr_html_(self) -> str:
        return self.page()._repr_html_()


@final
class Balances(Sequence[Balance]):
    """What several wallets hold, all at one moment; a stream of Arrow data for tables."""

    __slots__ = ("_balances",)

    def __init__(self, balances: list[Balance]) -> None:
        self._balances = balances

    @overload
    def __getitem__(self, place: int) -> Balance: ...
    @overload
    def __getitem__(self, place: slice) -> list[Balance]: ...
    def __getitem__(self, place: int | slice) -> Balance | list[Balance]:
        return self._balances[place]

    def __len__(self) -> int:
        return len(self._balances)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return list(self) == list(cast("Sequence[object]", other))

    __hash__ = None  # type: ignore[assignment]

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        """The balances as a stream of Arrow data."""
        return arrow_of(self._balances)

    def __repr__(self) -> str:
        return f"Balances({self._balances!r})"

    def _repr_html_(self) -> str:
        return table(BALANCE_COLUMNS, [balance.row() for balance in self])


@final
class Rows(list[tuple[Any, ...]]):
    """What a query gave: a list of tuples, with the columns' names."""

    __slots__ = ("columns",)

    columns: list[str]

    def __init__(self, columns: list[str], rows: list[tuple[Any, ...]]) -> None:
        super().__init__(rows)
        self.columns = columns

    def __reduce__(self) -> tuple[Any, ...]:
        return (Rows, (self.columns, list(self)))

    def _repr_html_(self) -> str:
        return table(self.columns, self)
