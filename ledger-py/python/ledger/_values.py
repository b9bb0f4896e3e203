"""What the ledger gives back: plain values that never change."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from html import escape
from typing import TYPE_CHECKING, Any, final

from ledger import _ledger

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from ledger._errors import LedgerError
    from ledger._ledger import Wallet
    from ledger._money import Money


@final
class Actor(str):
    """Who asked for something, and if known from where and why. It is the text of who, with more.

    >>> Actor("support:eve", origin="203.0.113.9", reason="chargeback")
    Actor('support:eve', origin='203.0.113.9', reason='chargeback')
    >>> Actor("api") == "api"
    True
    """

    origin: str | None
    """The address or place."""
    reason: str | None
    """The reason."""

    def __new__(cls, who: str, origin: str | None = None, reason: str | None = None) -> Actor:
        actor = super().__new__(cls, who)
        actor.origin = origin
        actor.reason = reason
        return actor

    def __getnewargs__(self) -> tuple[str, str | None, str | None]:  # type: ignore[override]
        return (str(self), self.origin, self.reason)

    def __repr__(self) -> str:
        more = [("origin", self.origin), ("reason", self.reason)]
        parts = [f"{name}={value!r}" for name, value in more if value is not None]
        return f"Actor({', '.join([super().__repr__(), *parts])})"


@dataclass(frozen=True, slots=True)
class Asset:
    """What money is made of: a code, and how many digits there are after the point."""

    code: str
    scale: int
    attributes: Mapping[str, Any] | None = None

    def __str__(self) -> str:
        return self.code

    def __hash__(self) -> int:
        return hash((self.code, self.scale))


@dataclass(frozen=True, slots=True)
class Balance:
    """What a wallet holds. Given as ``expect=``, it asks that the wallet has not changed since."""

    wallet: Wallet
    posted: Money
    """The sum of its postings."""
    held: Money
    """The part of it that is reserved."""
    available: Money | None
    """What can be spent: posted less held, down to the floor. None where there is no floor."""
    version: int
    """How often the wallet has changed."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        """The balance as a stream of Arrow data, of one row."""
        return arrow_of([self])

    def _repr_html_(self) -> str:
        return table(BALANCE_COLUMNS, [self.row()])

    def row(self) -> tuple[object, ...]:
        """Its fields, for a table."""
        available = "" if self.available is None else self.available
        return (self.wallet, self.posted, self.held, available, self.version)


def arrow_of(balances: Iterable[Balance]) -> Any:
    """Balances as a stream of Arrow data."""
    return _ledger.export_balances(
        [
            (
                str(it.wallet),
                it.posted.asset,
                f"{it.posted.amount:f}",
                f"{it.held.amount:f}",
                None if it.available is None else f"{it.available.amount:f}",
                it.version,
            )
            for it in balances
        ]
    )


BALANCE_COLUMNS = ("wallet", "posted", "held", "available", "version")


@dataclass(frozen=True, slots=True)
class Posting:
    """One amount that moved from one wallet to another, and what both hold after it."""

    from_wallet: Wallet
    to_wallet: Wallet
    amount: Money
    from_balance: Money
    to_balance: Money
    from_version: int
    to_version: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A posting as one of its two wallets sees it."""

    id: int
    """The transaction."""
    posting: int
    """Which of the transaction's postings it is."""
    at: datetime
    """When it was recorded."""
    effective_at: datetime
    """When it took effect: as it was recorded, or earlier."""
    kind: str
    """What was asked for."""
    amount: Money
    """Above zero what came in, below zero what went out."""
    balance_after: Money
    """What the wallet held after it."""
    version: int
    """The wallet's version after it."""
    counterparty: Wallet
    """The wallet at the other end."""
    key: str
    """The caller's key."""
    meta: Mapping[str, Any] | None
    """The caller's own data."""
    actor: Actor | None
    """Who asked for it."""

    def __hash__(self) -> int:
        return hash((self.id, self.posting, self.version))

    def row(self) -> tuple[object, ...]:
        """Its most telling fields, for a table."""
        at = self.at.strftime("%Y-%m-%d %H:%M:%S")
        return (at, self.kind, self.amount, self.balance_after, self.counterparty, self.key)


ENTRY_COLUMNS = ("at", "kind", "amount", "balance after", "counterparty", "key")


@dataclass(frozen=True, slots=True)
class Hold:
    """Money reserved on a wallet for a target, as it was when it was looked up."""

    id: int
    wallet: Wallet
    """The wallet on which it is reserved."""
    target: Wallet
    """The wallet that gets what is captured."""
    amount: Money
    """How much was reserved when it was made."""
    tolerance: Money
    """How much more than that may be captured."""
    captured: Money
    """How much was captured."""
    remaining: Money
    """How much is still reserved."""
    expires_at: datetime
    """When what remains becomes free."""
    state: str
    """``"open"``, ``"captured"``, ``"released"`` or ``"expired"``."""
    replayed: bool = field(default=False, compare=False)
    """Whether an earlier call with the same key was answered with it. Then it is shown as it was after that
    call, and may have ended since: `get_hold` says how it is now."""


@dataclass(frozen=True, slots=True)
class Window:
    """How much may move within a time, and how often, always counted back from now. What is reserved
    counts as if it had left.

    >>> receipt = book.deposit(alice, "100.00", key="d1")
    >>> a_day = Window("leaving", timedelta(days=1), amount="50.00")
    >>> receipt = book.set_limits(alice, windows=[a_day], key="l1")
    >>> book.transfer(alice, shop, "50.01", key="t1")
    Traceback (most recent call last):
    ledger.WindowExceeded: 50.01 USD can't leave wallet user:alice
    """

    direction: str
    """``"leaving"`` for what leaves the wallet, ``"entering"`` for what enters it."""
    lasting: timedelta
    """How long the time is."""
    amount: Money | str | None = None
    """The most that may move in it."""
    count: int | None = None
    """How often something may move in it."""


def window_of(direction: str, lasting_ms: int, amount: Money | None, count: int | None) -> Window:
    """A window, as the ledger tells it."""
    return Window(direction, timedelta(milliseconds=lasting_ms), amount, count)


@dataclass(frozen=True, slots=True)
class WindowUse:
    """What is used of a window."""

    window: Window
    used: Money
    """How much moved in it, or is reserved."""
    used_count: int
    """How many movements and open holds that is."""
    room: Money | None
    """How much more may move now; None for no limit."""
    room_count: int | None
    """How often something may move now; None for no limit."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a wallet may hold and spend. None is no limit."""

    floor: Money | None
    ceiling: Money | None
    largest: Money | None
    windows: list[Window] = field(default_factory=list["Window"])

    def __hash__(self) -> int:
        return hash((self.floor, self.ceiling, self.largest))


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that was refused and is remembered, so that a retry gets the same answer."""

    id: int
    at: datetime
    key: str
    kind: str
    meta: Mapping[str, Any] | None
    actor: Actor | None
    error: LedgerError = field(compare=False)

    @property
    def status(self) -> str:
        """``"rejected"``; a receipt has ``"done"``."""
        return "rejected"

    @property
    def postings(self) -> list[Posting]:
        """None: nothing moved."""
        return []

    @property
    def replayed(self) -> bool:
        """Whether an earlier call was answered with it."""
        return True

    def __hash__(self) -> int:
        return hash((self.id, self.key))


@dataclass(frozen=True, slots=True)
class Reversal:
    """A part of a transaction's posting that was moved back."""

    by: int
    """The transaction that moved it back."""
    posting: int
    """Which posting of the original."""
    amount: Money


@dataclass(frozen=True, slots=True)
class Total:
    """What several wallets hold together in one asset."""

    wallets: int
    posted: Money
    held: Money


@dataclass(frozen=True, slots=True)
class Present:
    """What a wallet is when a precondition fails."""

    version: int
    status: str
    posted: Money
    held: Money
    available: Money | None


@dataclass(frozen=True, slots=True)
class Expect:
    """What must be so of a wallet for a command to be carried out: its version, a least balance, its
    status. It is no part of the request: a retry may expect something else.
    """

    wallet: Wallet | str
    version: int | None = None
    balance: Money | str | None = None
    status: str | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the journal. Kept elsewhere, it shows later that nothing before it was changed or cut
    off: give it, or its text, to ``verify(heads=...)``.
    """

    epoch: int
    """Which life of the file it is: a copy that is opened begins another one."""
    lines: int
    """How many lines the journal has."""
    seal: str
    """The seal of the last line."""

    def __str__(self) -> str:
        return f"{self.epoch}:{self.lines}:{self.seal}"


@dataclass(frozen=True, slots=True)
class Report:
    """What a full check found."""

    problems: list[str]
    """What is wrong; the check stops at the first thing."""
    complete: bool
    """Whether the check came to its end."""
    lines: int
    """Lines of the journal that were checked."""
    transactions: int
    """Transactions among them."""
    wallets: int
    """Wallets that were checked, with those that stand for everything outside."""
    erased: int
    """Notes (metadata and actor) that were erased."""
    head: str
    """The end of the journal that was checked."""

    @property
    def ok(self) -> bool:
        """Whether everything was checked and nothing is wrong."""
        return self.complete and not self.problems

    def __bool__(self) -> bool:
        return self.ok

    def __hash__(self) -> int:
        return hash(self.head)


@dataclass(frozen=True, slots=True)
class Stats:
    """What this handle has done since the ledger was opened. Figures of the file are None in memory."""

    calls: int
    waiting: int
    groups: int
    requests: int
    group_size_p50: int
    group_size_max: int
    lock_waits: int
    lock_timeouts: int
    retries: int
    replays: int
    conflicts: int
    errors: Mapping[str, int]
    latency_ns_p50: int
    latency_ns_p95: int
    latency_ns_p99: int
    latency_ns_max: int
    lines: int | None = None
    lines_behind: int | None = None
    file_bytes: int | None = None
    log_bytes: int | None = None
    wallets_in_memory: int | None = None
    recent_keys: int | None = None
    key_runs: int | None = None
    key_filter_bytes: int | None = None

    def __getitem__(self, name: str) -> Any:
        if name in self.__slots__:
            return getattr(self, name)
        raise KeyError(name)

    def __hash__(self) -> int:
        return hash((self.calls, self.groups, self.requests))


def table(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A table in HTML; whatever callers have written into it stays text."""
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
