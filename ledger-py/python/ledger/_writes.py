"""The verbs that change something."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar, cast

from ledger import _ledger
from ledger._command import Amount, Command, Meta, WalletLike
from ledger._errors import LedgerError
from ledger._kinds import flag, of_kind
from ledger._ledger import Receipt, Wallet
from ledger._time import to_us
from ledger._values import Asset, Hold

if TYPE_CHECKING:
    from types import EllipsisType

P = ParamSpec("P")
M = TypeVar("M")

Transfers = Iterable[
    tuple[WalletLike, WalletLike, Amount, str] | tuple[WalletLike, WalletLike, Amount, str, Meta]
]
"""From, to, amount, key, and perhaps metadata."""


class ArrowStream(Protocol):
    """What gives a stream of Arrow data: a table of pyarrow, polars or pandas."""

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """The stream, in a capsule."""


class _Default(str):
    """An option that was not given, and shows what is used then."""


_ZERO = _Default("0")


@dataclass(frozen=True, slots=True)
class WalletSpec:
    """How one of many wallets is to be opened."""

    name: str
    asset: str
    floor: Amount | None = _ZERO
    ceiling: Amount | None = None
    owner: str | None = None
    meta: Meta | None = None

    def __hash__(self) -> int:
        return hash(self.name)


def verb(make: Callable[P, Command]) -> Callable[Concatenate[Writes, P], Receipt]:
    """The method that carries out such a command."""

    def method(self: Writes, /, *args: P.args, **kwargs: P.kwargs) -> Receipt:
        return _ledger.submit(self._native, make(*args, **kwargs))

    return _said_like(make, method)


def verb_of_hold(make: Callable[P, Command]) -> Callable[Concatenate[Writes, P], Hold]:
    """The same for a command that is answered with a hold."""

    def method(self: Writes, /, *args: P.args, **kwargs: P.kwargs) -> Hold:
        return cast("Hold", _ledger.submit(self._native, make(*args, **kwargs)).hold)

    return _said_like(make, method)


def _said_like(make: Callable[P, Command], method: M) -> M:
    """Gives a method the name, the words and the arguments of what makes its command."""
    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    arguments = inspect.signature(make).parameters.values()
    functools.update_wrapper(cast("Any", method), make)
    del cast("Any", method).__wrapped__
    cast("Any", method).__signature__ = inspect.Signature([own, *arguments])
    return method


class Writes:
    """A ledger's verbs that change something."""

    __slots__ = ("__weakref__", "_native")

    _native: _ledger.Book

    deposit = verb(Command.deposit)
    withdraw = verb(Command.withdraw)
    transfer = verb(Command.transfer)
    post = verb(Command.post)
    trade = verb(Command.trade)
    freeze = verb(Command.freeze)
    unfreeze = verb(Command.unfreeze)
    close_wallet = verb(Command.close_wallet)
    hold = verb_of_hold(Command.hold)
    capture = verb(Command.capture)
    release = verb(Command.release)
    extend = verb(Command.extend)
    reverse = verb(Command.reverse)
    set_limits = verb(Command.set_limits)
    lock_periods = verb(Command.lock_periods)
    unlock_periods = verb(Command.unlock_periods)
    index_metadata = verb(Command.index_metadata)

    def submit(self, command: Command) -> Receipt:
        """Carries out one command."""
        return _ledger.submit(self._native, command)

    def submit_each(self, commands: Iterable[Command]) -> list[Receipt | LedgerError]:
        """Carries out commands in their order, each on its own: one that is refused does not stop the
        others. They share commits. The answers come in their order; an error says its ``index``.

        >>> answers = book.submit_each([
        ...     Command.deposit(alice, "1.00", key="d1"),
        ...     Command.withdraw(alice, "2.00", key="w1"),
        ... ])
        >>> [type(answer).__name__ for answer in answers]
        ['Receipt', 'InsufficientFunds']
        """
        return _ledger.submit_many(self._native, list(commands), False)

    def submit_all(self, commands: Iterable[Command]) -> list[Receipt]:
        """Carries out all commands, at most 10,000, or none. An error says at which ``index`` it stopped. A
        retry must bring the same commands in the same order.
        """
        return cast("list[Receipt]", _ledger.submit_many(self._native, list(commands), True))

    def transfer_many(
        self, transfers: Transfers | ArrowStream, *, atomic: bool = False
    ) -> list[Receipt | LedgerError]:
        """Carries out many transfers: tuples or lists of from, to, amount and key, perhaps with metadata
        as a fifth.

        Each stands on its own, and the answers come in their order: a receipt, or the error of that one.
        With ``atomic`` all are carried out (at most 10,000) or none, and the first error is raised, with its
        ``index``. A TypeError is raised before anything is written.

        >>> receipt = book.deposit(alice, "100.00", key="stripe:ch_1")
        >>> book.transfer_many([(alice, shop, "1.00", "k1"), (alice, shop, "9999", "k2")])[1].shortfall
        Money('9900.00', 'USD')

        An Arrow stream (a table of pyarrow, polars or pandas) is taken as well, with columns ``from``,
        ``to`` (names or ids), ``amount`` (decimals or text), ``key``, and perhaps ``meta`` (text of JSON).
        """
        flag(atomic, "atomic")
        export: Any = getattr(transfers, "__arrow_c_stream__", None)
        if export is not None:
            return _ledger.transfer_arrow(self._native, export(), atomic)
        return _ledger.transfer_many(self._native, cast("Transfers", transfers), atomic)

    def define_asset(
        self, code: str, scale: int, attributes: Mapping[str, Any] | None = None
    ) -> Asset:
        """Defines an asset of your own, with 0 to 38 digits after the point. Defining it again in the same
        way changes nothing. Currencies of ISO 4217 need no definition.

        >>> book.define_asset("GOLD-18K", scale=3)
        Asset(code='GOLD-18K', scale=3, attributes=None)
        """
        code, scale = _ledger.define_asset(self._native, code, scale, attributes)
        return Asset(code, scale, attributes)

    def open_wallet(
        self,
        name: str,
        asset: str,
        *,
        floor: Amount | None = _ZERO,
        ceiling: Amount | None = None,
        owner: str | None = None,
        meta: Meta | None = None,
    ) -> Wallet:
        """Opens a wallet. Opening it again in the same way gives the same wallet; only the options that are
        given are compared. ``floor`` is the least it may hold: below zero it is a credit line, and None is
        no limit.

        >>> book.open_wallet("user:bob", "EUR", floor="-50.00")
        <Wallet "user:bob" EUR>
        """
        spec = WalletSpec(name, asset, floor, ceiling, owner, meta)
        (opened,) = self.open_wallets([spec])
        if isinstance(opened, LedgerError):
            raise opened
        return opened

    def open_wallets(self, specs: Iterable[WalletSpec]) -> list[Wallet | LedgerError]:
        """Opens wallets, at most 10,000, each on its own, in one call."""
        return _ledger.open_wallets(self._native, [_wanted(item, spec) for item, spec in enumerate(specs)])

    def expire_due(self, budget: int = 1_000) -> int:
        """Notes that holds have expired, at most so many of them; says how many. Their money was free from
        the moment of their deadline: this tidies up, and changes no answer.
        """
        return _ledger.expire_due(self._native, budget)

    def set_key_retention(self, keep: timedelta | None) -> None:
        """Changes how long keys are remembered; None is for ever."""
        _ledger.set_key_retention(self._native, None if keep is None else to_us(keep, "keep"))


def _wanted(item: int, spec: WalletSpec) -> tuple[Any, ...]:
    of_kind(spec, WalletSpec, f"item {item}")
    floor: Amount | EllipsisType | None = ... if isinstance(spec.floor, _Default) else spec.floor
    return (spec.name, spec.asset, floor, spec.ceiling, spec.owner, spec.meta)
