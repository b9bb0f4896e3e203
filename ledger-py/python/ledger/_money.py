"""Money: an exact amount of one asset."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow
from typing import Any, Never, NoReturn, final

from ledger import _ledger
from ledger._kinds import of_kind

# Sums and products that would have to be rounded are errors instead.
_EXACT = Context(prec=200, traps=[Inexact, InvalidOperation, Overflow])


@final
class Money:
    """An exact amount of one asset. It never changes, and two assets never mix.

    >>> price = Money("12.50", "USD")
    >>> price + Money("0.50", "USD")
    Money('13.00', 'USD')
    >>> sum([price, price, price])
    Money('37.50', 'USD')
    >>> price == Money("12.5", "USD"), price < Money("13", "USD")
    (True, True)
    >>> Money("1.005", "USD")
    Traceback (most recent call last):
    ledger.InvalidAmount: 1.005 has 3 digits after the point; this asset has 2. Round it first

    A currency of ISO 4217 has the digits that the standard gives it. Of other assets only the ledger knows
    how many they have; their money has those that were written.
    """

    __slots__ = ("amount", "asset")

    amount: Decimal
    """The amount."""
    asset: str
    """The code of the asset."""

    def __init__(self, amount: str | Decimal, asset: str) -> None:
        if not isinstance(asset, str):
            raise TypeError(f"an asset is given by its code, a str, not {type(asset).__name__}")
        if isinstance(amount, str):
            amount = _from_text(amount, asset)
        elif not isinstance(amount, Decimal):
            raise TypeError(_advice(amount))
        _set(self, Decimal(_ledger.exact(amount, asset)), asset)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"money never changes; make another instead of setting {name}")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"money never changes; {name} can't be deleted")

    def __reduce__(self) -> tuple[Any, ...]:
        return (of_text, (str(self.amount), self.asset))

    def __repr__(self) -> str:
        return f"Money({str(self)[: -len(self.asset) - 1]!r}, {self.asset!r})"

    def __str__(self) -> str:
        return f"{self.amount:f} {self.asset}"

    def __format__(self, spec: str) -> str:
        return str(self) if not spec else f"{format(self.amount, spec)} {self.asset}"

    def __hash__(self) -> int:
        return hash((self.amount, self.asset))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        return self.asset == other.asset and self.amount == other.amount

    def __lt__(self, other: Money) -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        return self.amount < self._other(other)

    def __le__(self, other: Money) -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        return self.amount <= self._other(other)

    def __gt__(self, other: Money) -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        return self.amount > self._other(other)

    def __ge__(self, other: Money) -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        return self.amount >= self._other(other)

    def __add__(self, other: Money) -> Money:
        if not isinstance(other, Money):
            return NotImplemented
        return _made(_EXACT.add(self.amount, self._other(other)), self.asset)

    def __radd__(self, other: int) -> Money:
        # sum() begins with the int 0, which is no money of any asset.
        if type(other) is int and other == 0:
            return self
        return NotImplemented

    def __sub__(self, other: Money) -> Money:
        if not isinstance(other, Money):
            return NotImplemented
        return _made(_EXACT.subtract(self.amount, self._other(other)), self.asset)

    def __mul__(self, times: int) -> Money:
        if type(times) is not int:
            return NotImplemented
        return _made(_EXACT.multiply(self.amount, Decimal(times)), self.asset)

    __rmul__ = __mul__

    def __neg__(self) -> Money:
        return _made(self.amount.copy_negate() if self.amount else self.amount, self.asset)

    def __pos__(self) -> Money:
        return self

    def __abs__(self) -> Money:
        return _made(self.amount.copy_abs(), self.asset)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def _other(self, other: Money) -> Decimal:
        if self.asset != other.asset:
            raise ValueError(f"{self} and {other} are of two assets; convert one of them first")
        return other.amount

    def split(self, weights: Iterable[int]) -> list[Money]:
        """Divides the amount by weights. The parts always add up to it: what can't be divided evenly goes,
        a smallest unit each, to those that lost most by rounding down.

        >>> Money("100.00", "USD").split([1, 1, 1])
        [Money('33.34', 'USD'), Money('33.33', 'USD'), Money('33.33', 'USD')]
        """
        return _ledger.split(self.amount, self.asset, list(weights))

    def split_rates(self, rates: Sequence[Rate]) -> list[Money]:
        """Divides the amount by rates, such as the commissions of several levels; the last part is what is
        left. The parts always add up to the amount.

        >>> Money("19.99", "USD").split_rates([Rate.percent(of) for of in ("10", "5", "2.5")])
        [Money('2.00', 'USD'), Money('1.00', 'USD'), Money('0.50', 'USD'), Money('16.49', 'USD')]
        """
        return _ledger.split_rates(self.amount, self.asset, [of_kind(rate, Rate, "a rate")._percent for rate in rates])


def _set(money: Money, amount: Decimal, asset: str) -> None:
    object.__setattr__(money, "amount", amount)
    object.__setattr__(money, "asset", asset)


def _made(amount: Decimal, asset: str) -> Money:
    money = object.__new__(Money)
    _set(money, amount, asset)
    return money


def of_text(amount: str, asset: str) -> Money:
    """Money from digits that are known to be right."""
    return _made(Decimal(amount), asset)


def _from_text(amount: str, asset: str) -> Decimal:
    return Decimal(_ledger.exact_text(amount, asset))


def _advice(amount: object) -> str:
    return (
        f"an amount must be a str or a Decimal, as in Money('12.50', 'USD'), not {amount!r} "
        f"({type(amount).__name__})"
    )


@dataclass(frozen=True, slots=True)
class WithFee:
    """An amount with a fee, which always add up: ``gross``, ``net``, ``fee``."""

    gross: Money
    net: Money
    fee: Money


@final
class Rate:
    """A share of something, exact to a billionth. There is no usual rounding: say which,
    ``"down"``, ``"up"``, ``"half_up"`` or ``"half_even"``.

    >>> Rate.percent("2.9").taken_from(Money("100.00", "USD"), "half_up")
    WithFee(gross=Money('100.00', 'USD'), net=Money('97.10', 'USD'), fee=Money('2.90', 'USD'))
    >>> Rate.basis_points(50) == Rate.percent("0.5")
    True
    """

    __slots__ = ("_percent",)

    _percent: str

    def __init__(self, *_: Never, **__: Never) -> None:
        raise TypeError(
            'say what a rate is counted in: Rate.percent("0.5") is half a percent, and so is Rate.basis_points(50)'
        )

    @staticmethod
    def percent(percent: str) -> Rate:
        """So many of a hundred, as text with at most seven digits after the point."""
        return rate_of(_ledger.check_percent(percent))

    @staticmethod
    def basis_points(points: int) -> Rate:
        """So many of ten thousand."""
        return rate_of(_ledger.check_basis_points(points))

    @property
    def billionths(self) -> int:
        """So many of a billion."""
        return int(_EXACT.scaleb(Decimal(self._percent), 7))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a rate never changes; make another instead of setting {name}")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a rate never changes; {name} can't be deleted")

    def __reduce__(self) -> tuple[Any, ...]:
        return (rate_of, (self._percent,))

    def taken_from(self, gross: Money, rounding: str) -> WithFee:
        """The fee is a share of what is paid; the payee gets the rest."""
        return self._fee("taken_from", gross, rounding)

    def added_to(self, net: Money, rounding: str) -> WithFee:
        """The fee is a share of what is received, and comes on top of it."""
        return self._fee("added_to", net, rounding)

    def contained_in(self, gross: Money, rounding: str) -> WithFee:
        """The fee is in what is paid already, as a tax often is."""
        return self._fee("contained_in", gross, rounding)

    def _fee(self, way: str, amount: Money, rounding: str) -> WithFee:
        of_kind(amount, Money, "the amount of a fee")
        gross, net, fee = _ledger.fee(self._percent, way, amount.amount, amount.asset, rounding)
        return WithFee(gross, net, fee)

    def __repr__(self) -> str:
        return f"Rate.percent({self._percent!r})"

    def __str__(self) -> str:
        return f"{self._percent}%"

    def __eq__(self, other: object) -> bool:
        return self._percent == other._percent if isinstance(other, Rate) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._percent)


def rate_of(percent: str) -> Rate:
    """A rate from a percentage that is known to be right."""
    rate = object.__new__(Rate)
    object.__setattr__(rate, "_percent", percent)
    return rate


@final
@dataclass(frozen=True, slots=True, init=False, repr=False)
class Price:
    """What one whole unit of an asset costs, with as many digits as are given.

    >>> Price("65.2551", "USD").cost(Money("2.500", "GOLD-18K"), "half_up")
    Money('163.14', 'USD')
    """

    amount: Decimal
    asset: str
    scale: int | None

    def __init__(self, amount: str | Decimal, asset: str, scale: int | None = None) -> None:
        if not isinstance(amount, (str, Decimal)):
            raise TypeError(_advice(amount))
        object.__setattr__(self, "amount", Decimal(_ledger.check_price(amount, (asset, scale))))
        object.__setattr__(self, "asset", asset)
        object.__setattr__(self, "scale", scale)

    def cost(self, quantity: Money, rounding: str) -> Money:
        """What so much costs."""
        of_kind(quantity, Money, "a quantity")
        priced = (self.asset, self.scale)
        return _ledger.cost(self.amount, priced, quantity.amount, quantity.asset, rounding)

    def __repr__(self) -> str:
        return f"Price({str(self.amount)!r}, {self.asset!r})"
