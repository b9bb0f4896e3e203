"""Commands: what can be asked of a ledger, each under a key.

A book has each of them as a method; as values they are for calls with many commands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from types import EllipsisType
from typing import Any, NamedTuple, TypeAlias

from ledger._kinds import flag, of_kind
from ledger._ledger import Receipt, Wallet
from ledger._money import Money
from ledger._time import optional_ms, to_ms, to_us
from ledger._values import Balance, Expect, Hold, Window

WalletLike: TypeAlias = Wallet | str
"""A wallet, or the name of one."""
Amount: TypeAlias = str | Decimal | Money
"""An exact amount. Text and decimals are in the wallet's asset."""
Leg: TypeAlias = tuple[WalletLike, WalletLike, Amount]
"""From, to, how much."""
Meta: TypeAlias = Mapping[str, Any]
"""The caller's own data: what JSON can say, at most 16 KiB."""
Expected: TypeAlias = Balance | Expect | Iterable[Balance | Expect]
"""What must be so of wallets: a balance that was seen, or more."""
HoldLike: TypeAlias = Hold | Receipt | int | str
"""A hold, the receipt of one, or its id."""
TransactionLike: TypeAlias = Receipt | int | str
"""A receipt, or a transaction's id."""
Limit: TypeAlias = Amount | EllipsisType | None
"""A limit: None for no limit, ``...`` to leave it as it is."""


class Command(NamedTuple):
    """A change of the ledger, under the caller's key.

    ``meta`` is kept with it, and is part of the request: a retry must bring the same. ``actor`` (who asked)
    and ``expect`` (what must be so of wallets) are not part of it. What moves money can take effect earlier than
    it is recorded, at ``effective_at``; floors, limits and holds are about what there is now all the same.
    """

    verb: str
    arguments: tuple[Any, ...]
    key: str
    meta: Meta | None
    actor: str | None
    expect: list[tuple[Any, ...]] | None
    effective_at: int | None = None
    """In milliseconds since 1970."""

    @staticmethod
    def deposit(
        wallet: WalletLike,
        amount: Amount,
        *,
        key: str,
        meta: Meta | None = None,
        actor: str | None = None,
        expect: Expected | None = None,
        effective_at: datetime | None = None,
    ) -> Command:
        """Brings money in from outside.

        >>> book.deposit(alice, "100.00", key="stripe:ch_1").kind
        'deposit'
        """
        arguments = (wallet, amount)
        return _moving("deposit", arguments, key, meta, actor, expect, effective_at)

    @staticmethod
    def withdraw(
        wallet: WalletLike,
        amount: Amount,
        *,
        key: str,
        meta: Meta | None = None,
        actor: str | None = None,
        expect: Expected | None = None,
        effective_at: datetime | None = None,
    ) -> Command:
        """Sends money outside.

        >>> receipt = book.deposit(alice, "5.00", key="salary:1")
        >>> book.withdraw(alice, "5.00", key="payout:1").postings[0].from_balance
        Money('0.00', 'USD')
        """
        arguments = (wallet, amount)
        return _moving("withdraw", arguments, key, meta, actor, expect, effective_at)

    @staticmethod
    def transfer(
        source: WalletLike,
        target: WalletLike,
        amount: Amount,
        *,
        key: str,
        meta: Meta | None = None,
        actor: str | None = None,
        expect: Expected | None = None,
        effective_at: datetime | None = None,
    ) -> Command:
        """Moves money from one wallet to another.

        >>> receipt = book.deposit(alice, "100.00", key="stripe:ch_1")
        >>> receipt = book.transfer(alice, shop, "12.50", key="order:7", meta={"sku": "A1"})
        >>> receipt.postings[0].amount, receipt.replayed
        (Money('12.50', 'USD'), False)

        The same key again is the same transfer, not a second one.

        >>> book.transfer(alice, shop, "12.50", key="order:7", meta={"sku": "A1"}).replayed
        True
        """
        arguments = (source, target, amount)
        return _moving("transfer", arguments, key, meta, actor, expect, effective_at)

    @staticmethod
    def post(
        legs: Iterable[Leg],
        *,
        key: str,
        meta: Meta | None = None,
        actor: str | None = None,
        expect: Expected | None = None,
        effective_at: datetime | None = None,
    ) -> Command:
        """Carries out 1 to 1,000 postings in their order, all or none.

        >>> receipt = book.deposit(alice, "100.00", key="stripe:ch_1")
        >>> parts = Money("19.99", "USD").split([90, 10])
        >>> receipt = book.post(zip([alice, alice], [shop, fees], parts), key="order:8")
        >>> [posting.amount for posting in receipt.postings]
        [Money('17.99', 'USD'), Money('2.00', 'USD')]
        """
        arguments = (list(legs),)
        return _moving("post", arguments, key, meta, actor, expect, effective_at)

    @staticmethod
    def trade(
        paid: Leg,
        goods: Leg,
        *,
        key: str,
        meta: Meta | None = None,
        actor: str | None = None,
        expect: Expected | None = None,
        effective_at: datetime | None = None,
    ) -> Command:
        """Exchanges two assets, both or none: what is paid, and what it is paid for."""
        arguments = (tuple(paid), tuple(goods))
        return _moving("trade", arguments, key, meta, actor, expect, effective_at)

    @staticmethod
    def freeze(
        wallet: WalletLike,
        *,
        key: str,
        meta: Meta | None = None,
        actor: str | None = None,
        expect: Expected | None = None,
    ) -> Command:
        """Freezes a wallet: nothing moves in or out until it is unfrozen."""
        return Command("freeze", (wallet,), key, meta, actor, _expected(expect))

    @staticmethod
    def unfreeze(
        wallet: WalletLike,
        *,
        key: str,
        meta: Meta | None = None,
        actor: str | None = None,
        expect: Expected | None = None,
    ) -> Command:
        """Unfreezes a wallet."""
        return Command("unfreeze", (wallet,), key, meta, actor, _expected(expect))

    @staticmethod
    def close_wallet(
        wallet: WalletLike,
        *,
        key: str,
        meta: Meta | None = None,
        actor: str | None = None,
        expect: Expected | None = None,
    ) -> Command:
        """Closes a wallet that holds nothing, for ever."""
        return Command("close", (wallet,), key, meta, actor, _expected(expect))

    @staticmethod
    def hold(
        wallet: WalletLike,
        target: WalletLike,
        amount: Amount,
        *,
        key: str,
        expires_in: timedelta,
        tolerance: Amount | None = None,
        meta: Meta | None = None,
        actor: str | None = None,
        expect: Expected | None = None,
    ) -> Command:
        """Reserves money on a wallet for another one. It is not available then, until it is captured,
        released, or the time is up. ``tolerance`` is how much more than the amount may be captured.

        >>> receipt = book.deposit(alice, "100.00", key="stripe:ch_1")
        >>> week = timedelta(days=7)
        >>> hold = book.hold(alice, hotel, "80.00", key="booking:7", expires_in=week)
        >>> book.balance(alice).available, hold.state
        (Money('20.00', 'USD'), 'open')
        >>> receipt = book.capture(hold, "75.00", key="stay:7", release_rest=True)
        >>> book.balance(alice).posted, book.balance(alice).held
        (Money('25.00', 'USD'), Money('0.00', 'USD'))

        The same key again is the same hold, as it was when it was made: look it up to see what became of it.

        >>> again = book.hold(alice, hotel, "80.00", key="booking:7", expires_in=week)
        >>> again.replayed, again.state, book.get_hold(again).state
        (True, 'open', 'captured')
        """
        duration = to_us(expires_in, "expires_in")
        arguments = (wallet, target, amount, duration, tolerance)
        return Command("hold", arguments, key, meta, actor, _expected(expect))

    @staticmethod
    def capture(
        hold: HoldLike,
        amount: Amount | None = None,
        *,
        key: str,
        release_rest: bool = False,
        meta: Meta | None = None,
        actor: str | None = None,
        expect: Expected | None = None,
        effective_at: datetime | None = None,
    ) -> Command:
        """Moves reserved money to its target: all that remains, or a part of it. With ``release_rest`` what
        remains then is given back.
        """
        arguments = (hold, amount, flag(release_rest, "release_rest"))
        return _moving("capture", arguments, key, meta, actor, expect, effective_at)

    @staticmethod
    def release(
        hold: HoldLike,
        *,
        key: str,
        meta: Meta | None = None,
        actor: str | None = None,
        expect: Expected | None = None,
    ) -> Command:
        """Gives back all that is still reserved."""
        return Command("release", (hold,), key, meta, actor, _expected(expect))

    @staticmethod
    def extend(
        hold: HoldLike,
        *,
        key: str,
        expires_in: timedelta,
        meta: Meta | None = None,
        actor: str | None = None,
        expect: Expected | None = None,
    ) -> Command:
        """Has a hold expire so long from now instead; that must be later than it would."""
        duration = to_us(expires_in, "expires_in")
        return Command("extend", (hold, duration), key, meta, actor, _expected(expect))

    @staticmethod
    def reverse(
        transaction: TransactionLike,
        amount: Amount | None = None,
        *,
        key: str,
        posting: int | None = None,
        meta: Meta | None = None,
        actor: str | None = None,
        expect: Expected | None = None,
        effective_at: datetime | None = None,
    ) -> Command:
        """Moves back what a transaction moved: all that is left of it, or a part. Of several postings, name
        the one of which a part is meant, counted from 0.

        >>> receipt = book.deposit(alice, "100.00", key="stripe:ch_1")
        >>> paid = book.transfer(alice, shop, "30.00", key="order:7")
        >>> undone = book.reverse(paid.id, "10.00", key="refund:1")
        >>> book.balance(shop).posted
        Money('20.00', 'USD')
        """
        arguments = (transaction, amount, posting)
        return _moving("reverse", arguments, key, meta, actor, expect, effective_at)

    @staticmethod
    def set_limits(
        wallet: WalletLike,
        *,
        key: str,
        floor: Limit = ...,
        ceiling: Limit = ...,
        largest: Limit = ...,
        windows: Iterable[Window] | EllipsisType | None = ...,
        meta: Meta | None = None,
        actor: str | None = None,
        expect: Expected | None = None,
    ) -> Command:
        """Changes what a wallet may hold and spend: its floor (below zero it is a credit line), its ceiling,
        the largest amount that may leave it at once, and how much may move within a time (see `Window`).
        Those that are not named stay; None is no limit.

        >>> receipt = book.set_limits(alice, floor="-50.00", key="credit:1")
        >>> book.balance(alice).available
        Money('50.00', 'USD')
        """
        given = windows if isinstance(windows, EllipsisType) else _windows(windows)
        arguments = (wallet, floor, ceiling, largest, given)
        return Command("set_limits", arguments, key, meta, actor, _expected(expect))

    @staticmethod
    def lock_periods(
        until: datetime,
        *,
        key: str,
        meta: Meta | None = None,
        actor: str | None = None,
    ) -> Command:
        """Locks all periods before a time: from then on nothing is recorded that takes effect before it. What
        is locked already stays so.

        >>> february = datetime(2026, 2, 1, tzinfo=timezone.utc)
        >>> receipt = book.lock_periods(february, key="close:january")
        >>> book.periods_locked_until == february
        True
        """
        return Command("lock_periods", (to_ms(until),), key, meta, actor, None)

    @staticmethod
    def unlock_periods(
        until: datetime | None = None,
        *,
        key: str,
        meta: Meta | None = None,
        actor: str | None = None,
    ) -> Command:
        """Unlocks the periods from a time on, or all of them."""
        return Command("unlock_periods", (optional_ms(until),), key, meta, actor, None)

    @staticmethod
    def index_metadata(
        names: Iterable[str],
        *,
        key: str,
        meta: Meta | None = None,
        actor: str | None = None,
    ) -> Command:
        """Has transactions be found by these keys of their metadata, and by no others but ``reference``,
        which always is one. See `find`.
        """
        return Command("index_metadata", (list(names),), key, meta, actor, None)


def _moving(
    verb: str,
    arguments: tuple[Any, ...],
    key: str,
    meta: Meta | None,
    actor: str | None,
    expect: Expected | None,
    effective_at: datetime | None,
) -> Command:
    at = optional_ms(effective_at)
    return Command(verb, arguments, key, meta, actor, _expected(expect), at)


def _windows(windows: Iterable[Window] | None) -> list[tuple[Any, ...]]:
    if windows is None:
        return []
    return [_window(of_kind(it, Window, "a window")) for it in windows]


def _window(window: Window) -> tuple[Any, ...]:
    return (window.direction, to_us(window.lasting, "lasting"), window.amount, window.count)


def _expected(expect: Expected | None) -> list[tuple[Any, ...]] | None:
    if expect is None:
        return None
    if isinstance(expect, (Balance, Expect)):
        expect = [expect]
    return [_expectation(one) for one in expect]


def _expectation(one: Balance | Expect) -> tuple[Any, ...]:
    if isinstance(one, Balance):
        return (one.wallet, one.version, None, None)
    if isinstance(one, Expect):
        return (one.wallet, one.version, one.balance, one.status)
    raise TypeError(f"expect takes balances and Expect, not {type(one).__name__}")
