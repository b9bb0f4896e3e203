"""Whatever is handed to whichever verb: the ledger's own errors, TypeError or ValueError, and nothing written.

Verbs and their parameters are found by looking, so that new ones are tried as well.
"""

from __future__ import annotations

import contextlib
import inspect
import itertools
import operator
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import ledger
from ledger import Money, testing

PAST = datetime(2024, 1, 1, tzinfo=timezone.utc)
EXAMPLES = 40


class Mine(Exception):
    """What an object of the caller's raises is the caller's."""


class Room:
    """A ledger in a file, and what can rightly be handed to its verbs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.numbers = itertools.count()
        self.touched = False
        self.opened: ledger.Book | None = None
        self.holds: list[ledger.Hold] = []

    @property
    def book(self) -> ledger.Book:
        if self.opened is None or self.opened.closed:
            self.opened = book = ledger.open(self.path, durability="memory")
            for name, asset in (("user:alice", "USD"), ("shop:42", "USD"), ("euro", "EUR"), ("cafe", "EUR")):
                book.open_wallet(name, asset)
            book.deposit("user:alice", "1000", key="fund")
            book.deposit("euro", "1000", key="fund euro")
        return self.opened

    def key(self) -> str:
        return f"key {next(self.numbers)}"

    def hold(self) -> ledger.Hold:
        hour = timedelta(hours=1)
        return self.book.hold("user:alice", "shop:42", "0.01", key=self.key(), expires_in=hour)

    def effect(self, kind: str) -> None:
        """What an object does when it is looked at."""
        self.touched = True
        if kind == "raises":
            raise Mine
        if kind == "reads":
            self.book.balance("user:alice")
        if kind == "writes":
            self.book.deposit("user:alice", "0.01", key=self.key())
        if kind == "closes" and self.opened is not None:
            self.opened.close()

    def good(self, name: str) -> Any:
        """A value that is right for a parameter of that name, as far as one is known."""
        wei = [("user:alice", "shop:42", "0.01"), ("euro", "cafe", "0.01")]
        values: dict[str, Callable[[], Any]] = {
            "wallet": lambda: "user:alice",
            "wallets": lambda: ["user:alice", "shop:42"],
            "source": lambda: "user:alice",
            "target": lambda: "shop:42",
            "amount": lambda: "0.01",
            "key": self.key,
            "hold": self.hold,
            "name": lambda: "user:alice",
            "names": lambda: ["sku"],
            "value": lambda: "A1",
            "asset": lambda: "USD",
            "code": lambda: f"P{next(self.numbers)}",
            "scale": lambda: 2,
            "expires_in": lambda: timedelta(hours=2),
            "until": lambda: PAST,
            "when": lambda: PAST,
            "legs": lambda: wei,
            "paid": lambda: wei[0],
            "goods": lambda: wei[1],
            "specs": lambda: [ledger.WalletSpec("user:bob", "USD")],
            "command": lambda: ledger.Command.deposit("user:alice", "0.01", key=self.key()),
            "commands": lambda: [ledger.Command.deposit("user:alice", "0.01", key=self.key())],
            "transfers": lambda: [(*wei[0], self.key())],
            "transaction": lambda: self.book.deposit("user:alice", "0.01", key=self.key()),
            "sql": lambda: "SELECT 1",
            "path": lambda: str(self.path.with_name(f"other {next(self.numbers)}")),
            "keep": lambda: None,
            "now": lambda: PAST,
            "rounding": lambda: "down",
            "price": lambda: ledger.Price("1.5", "USD"),
            "text": lambda: "1",
            "percent": lambda: "10",
        }
        # What others did may be in the way, such as a wallet that was frozen.
        with contextlib.suppress(ledger.Rejected):
            return values.get(name, lambda: None)()
        return None

    def seen(self) -> Any:
        """Where the journal ends, and what everyone has."""
        names = ["user:alice", "shop:42", "euro", "cafe"]
        return str(self.book.head()), [str(it.posted) for it in self.book.balances(names)]


class Zone(tzinfo):
    """A time zone that is none."""

    def __init__(self, answer: Callable[[], Any]) -> None:
        self.answer = answer

    def utcoffset(self, when: Any) -> Any:
        return self.answer()

    def dst(self, when: Any) -> Any:
        return self.answer()

    def tzname(self, when: Any) -> Any:
        return self.answer()


LOOKS = (
    "__str__ __repr__ __index__ __int__ __float__ __bool__ __len__ __iter__ __next__ __getitem__ __hash__ __eq__ "
    "__fspath__ __format__ __bytes__ __call__ __contains__ __lt__ __enter__ keys items total_seconds utcoffset "
    "as_tuple timestamp __arrow_c_stream__ __index__ encode"
).split()
BASES: list[tuple[type, tuple[Any, ...]]] = [
    (object, ()),
    (str, ("1",)),
    (int, (1,)),
    (float, (1.0,)),
    (bytes, (b"1",)),
    (list, (["a"],)),
    (tuple, (("a",),)),
    (dict, ({"a": 1},)),
    (Decimal, ("1",)),
    (datetime, (2024, 1, 1)),
    (timedelta, (1,)),
]


def hostile(room: Room, base: int, kind: str, junk: Any) -> Any:
    """An object that does something of its own wherever it is looked at, and answers junk."""
    parent, arguments = BASES[base]

    def look(self: Any, *_: Any, **__: Any) -> Any:
        room.effect(kind)
        return junk

    # Looking up attributes of its own is left alone.
    made = type("Hostile", (parent,), dict.fromkeys(LOOKS, look))
    return made(*arguments)


def stops(room: Room, kind: str, items: list[Any]) -> Iterator[Any]:
    """Does something of its own in the middle."""
    yield from items
    room.effect(kind)
    yield from items


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"a": [value]}
    return value


kinds = st.sampled_from(["raises", "reads", "writes", "closes", "nothing"])
any_text = st.text(st.characters(codec=None), max_size=20)
integers = st.one_of(
    st.integers(),
    st.sampled_from([-1, 0, 255, 256, 2**31, 2**32, 2**40, 2**63, 2**64, -(2**63) - 1, 2**127, 2**128, 10**4_000]),
)
amounts = st.one_of(
    st.decimals(),
    st.sampled_from([Decimal(it) for it in ("sNaN", "-NaN7", "Infinity", "1E+999999", "1E-999999", "-0", "1.005")]),
)
texts = st.one_of(
    any_text,
    st.sampled_from(["", "\0", "a\0b", "\ud800", "\U0010ffff", "1" * 5_000, "1e5", "٣", "-", ".", "x" * 70_000]),
)
times = st.one_of(
    st.datetimes(),
    st.sampled_from([datetime.min, datetime.max, datetime.max.replace(tzinfo=timezone.utc)]),
    st.sampled_from([datetime.min.replace(tzinfo=timezone(timedelta(hours=23)))]),
)
durations = st.one_of(
    st.timedeltas(),
    st.sampled_from([timedelta.min, timedelta.max, timedelta(microseconds=1), timedelta(microseconds=-1)]),
)
# By words of a parameter's type: what is nearly right goes further.
NEAR = {"int": integers, "Amount": amounts, "str": texts, "datetime": times, "timedelta": durations}
plain = st.one_of(
    st.none(),
    st.booleans(),
    integers,
    amounts,
    texts,
    times,
    durations,
    st.floats(),
    st.fractions(),
    st.binary(max_size=20),
    st.sampled_from([bytearray(b"1"), memoryview(b"1"), ..., NotImplemented, int, object(), print, {1}, range(3)]),
    st.sampled_from([Fraction(1, 3), Money("1", "EUR"), ledger.Rate.percent("10"), ledger.Price("1", "USD")]),
    st.sampled_from([20, 3_000]).map(nested),
    st.sampled_from([{"a": float("nan")}, {1: 2}, {"a": {"b": object()}}, {"\ud800": 1}, 1j]),
)
some = st.recursive(
    plain,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(any_text, inner, max_size=3),
    ),
    max_leaves=6,
)


def values(room: Room) -> st.SearchStrategy[Any]:
    """Anything at all."""

    def zone(kind: str, junk: Any) -> Zone:
        def answer() -> Any:
            room.effect(kind)
            return junk

        return Zone(answer)

    zones = st.builds(zone, kinds, plain)
    return st.one_of(
        some,
        st.builds(hostile, st.just(room), st.integers(0, len(BASES) - 1), kinds, plain),
        st.builds(stops, st.just(room), kinds, st.lists(some, max_size=3)),
        zones.map(lambda zone: datetime(2024, 1, 1, tzinfo=zone)),
    )


def near(parameter: inspect.Parameter, room: Room) -> st.SearchStrategy[Any]:
    """Values that look right for a parameter, and any others."""
    words = re.findall(r"\w+", str(parameter.annotation))
    return st.one_of(values(room), *(NEAR[word] for word in words if word in NEAR))


def parameters(call: Callable[..., Any]) -> list[inspect.Parameter]:
    found = inspect.signature(call).parameters.values()
    return [it for it in found if it.name not in ("self", "cls")]


def is_outside(value: Any) -> bool:
    """Whether it names a place that is not the test's."""
    text = value if isinstance(value, (str, bytes)) else ""
    return isinstance(text, bytes) and text.startswith(b"/") or isinstance(text, str) and text.startswith("/")


def attempt(room: Room, call: Callable[..., Any], data: st.DataObject) -> None:
    """Calls it with what is right, but for one or a few."""
    given_: dict[str, Any] = {}
    positional: list[Any] = []
    for it in parameters(call):
        is_needed = it.default is inspect.Parameter.empty and it.kind not in (it.VAR_POSITIONAL, it.VAR_KEYWORD)
        bad = data.draw(st.integers(0, 2), label=f"{it.name}?") == 0
        if not bad and not is_needed:
            continue
        value = data.draw(near(it, room), label=it.name) if bad else room.good(it.name)
        if it.name == "path" and is_outside(value):
            return
        if it.kind is it.VAR_POSITIONAL:
            positional.append(value)
        elif it.kind is it.POSITIONAL_ONLY:
            positional.append(value)
        elif it.kind is not it.VAR_KEYWORD:
            given_[it.name] = value
    check(room, lambda: call(*positional, **given_))


def check(room: Room, call: Callable[[], Any]) -> None:
    """Calls it: if it fails, then with an error that may be, and nothing is written."""
    before = room.seen()
    room.touched = False
    try:
        answer = call()
        if isinstance(answer, Iterator | ledger.Listing | ledger.History):
            list(itertools.islice(answer, 3))
    except Mine:
        pass
    except ledger.Rejected as refused:
        # A no that depends on balances is written down.
        if not refused.code.startswith("invalid_"):
            assert room.touched or room.seen()[1] == before[1]
            return
    except (ledger.LedgerError, TypeError, ValueError) as raised:
        assert not isinstance(raised, ledger.Internal), raised
        assert str(raised) or not isinstance(raised, ledger.LedgerError), "an error that says nothing"
    else:
        return
    assert room.touched or room.seen() == before, "an error was raised, and something was written"


def public(thing: Any) -> list[str]:
    return [name for name in dir(thing) if not name.startswith("_")]


def has_signature(call: Any) -> bool:
    with contextlib.suppress(TypeError, ValueError):
        return callable(call) and inspect.signature(call) is not None
    return False


def is_value_type(name: str) -> bool:
    found = getattr(ledger, name)
    return inspect.isclass(found) and not issubclass(found, BaseException) and name not in ("Book", "Any")


# Closing, of which a test is elsewhere, leaves nothing to look at.
VERBS = [name for name in public(ledger.Book) if callable(getattr(ledger.Book, name)) and name != "close"]
FUNCTIONS = [name for name in public(ledger) if inspect.isfunction(getattr(ledger, name))]
TYPES = [name for name in public(ledger) if is_value_type(name)]
quickly = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    # What fails is short enough to be understood as it is.
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    folder = tmp_path_factory.mktemp("boundary")
    with contextlib.chdir(folder):
        room = Room(folder / "shop.ledger")
        yield room
        assert room.book.verify().ok
        room.book.close()


def test_there_is_something_to_try() -> None:
    assert {"transfer", "post", "query", "history"} <= set(VERBS)
    assert {"open", "verify", "rebuild"} <= set(FUNCTIONS)
    assert {"Money", "Rate", "WalletSpec", "Window", "Command"} <= set(TYPES)


@pytest.mark.parametrize("verb", VERBS)
@quickly
@given(data=st.data())
def test_verbs(room: Room, verb: str, data: st.DataObject) -> None:
    attempt(room, getattr(room.book, verb), data)


@pytest.mark.parametrize("name", FUNCTIONS)
@quickly
@given(data=st.data())
def test_functions(room: Room, name: str, data: st.DataObject) -> None:
    def call(*arguments: Any, **options: Any) -> None:
        answer = getattr(ledger, name)(*arguments, **options)
        if isinstance(answer, ledger.Book):
            answer.close()

    call.__signature__ = inspect.signature(getattr(ledger, name))  # type: ignore[attr-defined]
    attempt(room, call, data)


@pytest.mark.parametrize("name", TYPES)
@quickly
@given(data=st.data())
def test_types_and_what_they_can_do(room: Room, name: str, data: st.DataObject) -> None:
    kind = getattr(ledger, name)
    made = next((it for it in examples(room) if type(it) is kind), kind)
    calls = [getattr(made, it) for it in public(made) if has_signature(getattr(made, it))]
    attempt(room, data.draw(st.sampled_from([kind, *calls])), data)


def examples(room: Room) -> list[Any]:
    """One of each type that can be had."""
    book, money = room.book, Money("10.00", "USD")
    hold, balances = room.hold(), book.balances(["user:alice"])
    receipt = book.transaction(key="fund")
    listings: list[Any] = [book.wallets(), book.history("user:alice"), book.query("SELECT 1")]
    pages: list[Any] = [book.wallets().page(1), book.history("user:alice").page(1)]
    others: list[Any] = [book.wallet("user:alice"), book.head(), book.stats(), book.assets()[0], balances]
    values = [money, ledger.Rate.percent("10"), ledger.Price("1.5", "USD"), ledger.WalletSpec("w", "USD")]
    return [hold, receipt, balances[0], *listings, *pages, *others, *values, testing.Clock(PAST)]


OPERATORS = [
    *(operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod, operator.pow),
    *(operator.eq, operator.lt, operator.ge, operator.contains, operator.getitem, format),
]


@settings(quickly, max_examples=10 * EXAMPLES)
@given(data=st.data())
def test_operators(room: Room, data: st.DataObject) -> None:
    made = data.draw(st.sampled_from(range(20)), label="which")
    things = examples(room)
    one, other = things[made % len(things)], data.draw(values(room))
    work = data.draw(st.sampled_from(OPERATORS))
    turned = data.draw(st.booleans())
    # Of a container, and of what has none of the verbs of a number, Python itself says what is missing.
    with contextlib.suppress(AttributeError, KeyError, IndexError, ZeroDivisionError):
        check(room, (lambda: work(other, one)) if turned else (lambda: work(one, other)))


@pytest.mark.parametrize("verb", ["set", "advance"])
@quickly
@given(data=st.data())
def test_a_clock(room: Room, verb: str, data: st.DataObject) -> None:
    clock = testing.Clock(PAST)
    attempt(room, getattr(clock, verb), data)
