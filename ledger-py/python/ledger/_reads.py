"""The verbs that only look."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from os import PathLike, fspath
from typing import Any

from ledger import _ledger
from ledger._command import HoldLike, TransactionLike, WalletLike
from ledger._kinds import flag
from ledger._ledger import Receipt, Wallet
from ledger._listing import Balances, History, Listing, Rows
from ledger._money import Money
from ledger._time import from_us, optional_ms, to_ms
from ledger._values import (
    Asset,
    Balance,
    Head,
    Hold,
    Refusal,
    Report,
    Reversal,
    Stats,
    Total,
    WindowUse,
)

_OUTSIDE = "world/"

Progress = Callable[[int, int], object]
"""Told now and then how much is done, and of how much."""


class Reads:
    """A ledger's verbs that only look."""

    __slots__ = ()

    _native: _ledger.Book

    def wallet(self, name: str) -> Wallet | None:
        """A wallet by its name, as it is now; None if there is none.

        >>> book.wallet("user:alice")
        <Wallet "user:alice" USD>
        """
        return _ledger.get_wallet(self._native, name)

    def wallets(self, prefix: str | None = None, owner: str | None = None) -> Listing[Wallet]:
        """Wallets by name: all, or those whose names begin so, or those of an owner. The outside is left out,
        unless the prefix is ``"world/"`` or begins so.

        >>> [wallet.name for wallet in book.wallets(prefix="shop")]
        ['shop:42']
        """
        wanted = prefix or ""

        def is_wanted(wallet: Wallet) -> bool:
            return wanted.startswith(_OUTSIDE) or not wallet.name.startswith(_OUTSIDE)

        def fetch(limit: int, cursor: str | None) -> tuple[list[Wallet], str | None, None]:
            found: list[Wallet] = []
            while True:
                room = limit - len(found)
                wallets, cursor = _ledger.list_wallets(self._native, wanted, owner, cursor, room)
                found += [it for it in wallets if is_wanted(it)]
                if cursor is None or len(found) == limit:
                    return (found, cursor, None)

        return Listing(fetch, f"wallets of {self._native.file}")

    def world(self, asset: str) -> Wallet:
        """The wallet that stands for everything outside, in one asset."""
        return _ledger.world(self._native, asset)

    def assets(self) -> list[Asset]:
        """The assets that were defined or used, by code."""
        return _ledger.list_assets(self._native)

    def balance(self, wallet: WalletLike) -> Balance:
        """What a wallet holds.

        >>> receipt = book.deposit(alice, "100.00", key="stripe:ch_1")
        >>> book.balance(alice).posted
        Money('100.00', 'USD')
        """
        return _ledger.balance(self._native, wallet)

    def balances(self, wallets: Iterable[WalletLike]) -> Balances:
        """What several wallets hold, at most 10,000, all at one moment, in the order asked for."""
        return Balances(_ledger.balances(self._native, list(wallets)))

    def balance_at(self, wallet: WalletLike, when: datetime) -> Money:
        """What a wallet had posted at a time: everything recorded then or before. The time must have a
        zone.
        """
        return _ledger.balance_at(self._native, wallet, to_ms(when))

    def balance_effective_at(
        self, wallet: WalletLike, when: datetime, *, recorded: datetime | None = None
    ) -> Money:
        """What a wallet had posted at a time, with what was recorded later and took effect by then. With
        ``recorded``, as far as it was recorded by that time: what a report said that was made then.
        """
        known = optional_ms(recorded)
        return _ledger.balance_effective_at(self._native, wallet, to_ms(when), known)

    def window_use(self, wallet: WalletLike) -> list[WindowUse]:
        """What is used of a wallet's windows now, and what is left.

        >>> receipt = book.deposit(alice, "9.00", key="d1")
        >>> a_day = Window("leaving", timedelta(days=1), amount="5.00")
        >>> receipt = book.set_limits(alice, windows=[a_day], key="l1")
        >>> receipt = book.withdraw(alice, "2.00", key="w1")
        >>> book.window_use(alice)[0].room
        Money('3.00', 'USD')
        """
        return _ledger.window_use(self._native, wallet)

    @property
    def periods_locked_until(self) -> datetime | None:
        """Until when periods are locked; None where nothing is."""
        return _ledger.periods_locked_until(self._native)

    def totals(self, prefix: str | None = None, owner: str | None = None) -> list[Total]:
        """What a family of wallets, at most 10,000, holds together, asset by asset and all at one moment.

        >>> receipt = book.deposit(alice, "100.00", key="stripe:ch_1")
        >>> book.totals(prefix="user:")
        [Total(wallets=1, posted=Money('100.00', 'USD'), held=Money('0.00', 'USD'))]
        """
        return _ledger.totals(self._native, prefix or "", owner)

    def history(
        self,
        wallet: WalletLike,
        *,
        newest_first: bool = False,
        since: datetime | None = None,
        until: datetime | None = None,
        kinds: Iterable[str] | str = (),
    ) -> History:
        """A wallet's history, one entry a posting, read as it is walked through: all, or from a time on
        (included) until another (excluded), or of one kind or some.

        >>> receipt = book.deposit(alice, "100.00", key="stripe:ch_1")
        >>> receipt = book.transfer(alice, shop, "12.50", key="order:7")
        >>> for entry in book.history(alice, newest_first=True):
        ...     print(entry.kind, entry.amount, entry.balance_after)
        transfer -12.50 USD 87.50 USD
        deposit 100.00 USD 100.00 USD

        ``history.page(limit=50, cursor=None)`` is one page of it, whose ``next`` is the next one's cursor.
        """
        kinds = [kinds] if isinstance(kinds, str) else list(kinds)
        wanted = (flag(newest_first, "newest_first"), optional_ms(since), optional_ms(until), kinds)

        def fetch(limit: int, cursor: str | None) -> tuple[Any, str | None, str | None]:
            return _ledger.history(self._native, wallet, wanted, limit, cursor)

        def export(limit: int | None, cursor: str | None) -> Any:
            return _ledger.export_history(self._native, wallet, wanted, limit, cursor)

        return History(fetch, f"history of {wallet}", export)

    def transaction(
        self, id: TransactionLike | None = None, *, key: str | None = None
    ) -> Receipt | Refusal | None:
        """What has this id, or what became of this key: a receipt, a remembered refusal (whose ``status`` is
        ``"rejected"``), or None.

        >>> book.transaction(key="order:99") is None
        True
        """
        if (id is None) == (key is None):
            raise TypeError("give either the id of a transaction or its key")
        if id is not None:
            return _ledger.transaction(self._native, id)
        return _ledger.transaction_by_key(self._native, key)

    def find(self, name: str, value: str | int | bool) -> Listing[Receipt]:
        """Transactions with this value under this key of their metadata, the oldest first. They are found by
        ``reference``, and by the keys that `index_metadata` names.

        >>> paid = book.deposit(alice, "1.00", key="d1", meta={"reference": "invoice:77"})
        >>> list(book.find("reference", "invoice:77")) == [paid]
        True
        """

        def fetch(limit: int, cursor: int | None) -> tuple[list[Receipt], int | None, None]:
            page = _ledger.find(self._native, name, value, cursor, limit)
            return (*page, None)

        return Listing(fetch, f"transactions with {name} {value!r}")

    @property
    def indexed_metadata(self) -> list[str]:
        """The keys of metadata by which transactions can be found, besides their reference."""
        return _ledger.indexed_metadata(self._native)

    def reversals(self, transaction: TransactionLike) -> list[Reversal]:
        """What was moved back of a transaction, and by which, in the order in which it was."""
        return _ledger.reversals(self._native, transaction)

    def get_hold(self, hold: HoldLike) -> Hold | None:
        """A hold as it is now; None if there is none."""
        return _ledger.get_hold(self._native, hold)

    def holds(
        self,
        wallet: WalletLike | None = None,
        *,
        state: str | None = None,
        expires_before: datetime | None = None,
    ) -> Listing[Hold]:
        """Holds, the oldest first: all, or those on a wallet, in a state, or expiring before a time."""
        wanted = (wallet, state, optional_ms(expires_before))

        def fetch(limit: int, cursor: int | None) -> tuple[list[Hold], int | None, None]:
            page = _ledger.list_holds(self._native, wanted, cursor, limit)
            return (*page, None)

        return Listing(fetch, f"holds of {self._native.file}")

    @property
    def key_retention(self) -> timedelta | None:
        """How long keys are remembered; None for ever."""
        microseconds = _ledger.key_retention(self._native)
        return None if microseconds is None else from_us(microseconds)

    def verify(
        self, progress: Progress | None = None, *, heads: Iterable[Head | str] = ()
    ) -> Report:
        """Checks everything in the file, and that its journal has these heads, which were kept elsewhere.
        ``progress`` is called now and then with what is done and with all there is.

        >>> book.verify().ok
        True
        """
        return report(_ledger.verify(self._native, [str(head) for head in heads], progress))

    def head(self) -> Head:
        """The end of the journal: keep it elsewhere, and ``verify(heads=[...])`` can later tell whether
        anything before it was changed or cut off.
        """
        epoch, lines, seal, _ = _ledger.head(self._native)
        return Head(epoch, lines, seal)

    def backup(self, path: str | PathLike[str]) -> None:
        """Copies the file, as it is at one moment, to a path where there is none yet. Writing goes on
        meanwhile. Keys that were used after the copy was made are unknown in it.
        """
        _ledger.backup(self._native, fspath(path))

    def query(self, sql: str, params: Sequence[str | int | float | bytes | None] = ()) -> Rows:
        """Asks the file in SQL; only reading is possible. The rows are tuples, of at most 100,000; amounts
        are whole numbers of the smallest unit. ``params`` are the values of the SQL's ``?``, in their order:
        what users have typed belongs there.

        >>> receipt = book.deposit(alice, "100.00", key="stripe:ch_1")
        >>> book.query("SELECT name, posted FROM balance WHERE name = ?", ["user:alice"])
        [('user:alice', 10000)]
        """
        if isinstance(params, (str, bytes)) or not isinstance(params, Sequence):
            raise TypeError(f"params must be a list or a tuple, not {type(params).__name__}")
        return Rows(*_ledger.query(self._native, sql, list(params)))

    def stats(self) -> Stats:
        """What this handle has done since the ledger was opened, and figures of the file."""
        known = Stats.__slots__
        figures = _ledger.stats(self._native)
        return Stats(**{name: figure for name, figure in figures.items() if name in known})


def report(found: tuple[Any, ...]) -> Report:
    """A check's report from what the native side gives."""
    problem, *rest = found
    return Report([] if problem is None else [problem], *rest)
