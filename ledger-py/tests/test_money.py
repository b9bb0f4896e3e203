"""Money, and what is an amount."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from decimal import Decimal, getcontext, localcontext
from typing import Any

import pytest
from conftest import Shop
from hypothesis import given
from hypothesis import strategies as st

import ledger
from ledger import Money, Price, Rate, WithFee
from ledger.testing import amounts

USD = Money("12.50", "USD")


def test_money_is_an_exact_amount_of_an_asset() -> None:
    assert (USD.amount, USD.asset, str(USD)) == (Decimal("12.50"), "USD", "12.50 USD")
    assert isinstance(USD.amount, Decimal)
    assert repr(USD) == "Money('12.50', 'USD')" and eval(repr(USD)) == USD
    assert Money(Decimal("1E+3"), "USD") == Money("1000", "USD")
    assert str(Money("7", "JPY")) == "7 JPY" and str(Money("-0.5", "USD")) == "-0.50 USD"
    assert str(Money("0.005", "GOLD-18K")) == "0.005 GOLD-18K"
    assert f"{USD:>10.1f}|{USD}" == "      12.5 USD|12.50 USD"


def test_money_is_equal_ordered_and_hashable_by_its_value() -> None:
    assert USD == Money("12.5", "USD") and hash(USD) == hash(Money("12.500", "USD"))
    assert Money("1.0", "PTS") == Money("1", "PTS")
    assert USD != Money("12.50", "EUR") and USD != Decimal("12.50") and USD != "12.50 USD"
    assert Money("1", "USD") < USD <= USD < Money("13", "USD") and USD >= USD > Money("0", "USD")
    assert sorted([USD, Money("2", "USD")])[0] == Money("2", "USD")
    assert len({USD, Money("12.5", "USD"), Money("1", "USD")}) == 2
    with pytest.raises(ValueError, match="two assets"):
        assert USD < Money("1", "EUR")
    with pytest.raises(TypeError):
        assert USD < 13  # type: ignore[operator]


def test_arithmetic_is_exact_and_never_mixes_assets() -> None:
    assert USD + USD == Money("25", "USD") and USD - USD == Money("0", "USD")
    assert sum([USD, USD, USD]) == Money("37.50", "USD")
    assert -USD == Money("-12.50", "USD") and abs(-USD) == USD == +USD
    assert 3 * USD == USD * 3 == Money("37.5", "USD")
    assert not Money("0", "USD") and USD
    assert repr(USD - USD) == "Money('0.00', 'USD')" and repr(-(USD - USD)) == "Money('0.00', 'USD')"
    wei = Money("123456789012345678.123456789012345678", "ETH")
    with localcontext() as context:
        context.prec = 3
        assert str(wei + wei) == "246913578024691356.246913578024691356 ETH"
    assert getcontext().prec == 28
    for wrong in (
        lambda: USD + Money("1", "EUR"),
        lambda: USD + 1,  # type: ignore[operator]
        lambda: 1 + USD,
        lambda: USD * 1.5,  # type: ignore[operator]
        lambda: USD * True,
        lambda: USD * USD,  # type: ignore[operator]
        lambda: USD / 2,  # type: ignore[operator]
    ):
        with pytest.raises((TypeError, ValueError)):
            wrong()


def test_money_never_changes_and_is_copied_and_pickled() -> None:
    with pytest.raises(AttributeError, match="never changes"):
        USD.amount = Decimal(1)
    with pytest.raises(AttributeError, match="never changes"):
        del USD.asset
    for money in (USD, Money("-0.00001", "PTS")):
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            assert pickle.loads(pickle.dumps(money, protocol)) == money
        assert copy.copy(money) == copy.deepcopy(money) == money


@pytest.mark.parametrize(
    ("amount", "asset", "error"),
    [
        ("1.005", "USD", ledger.InvalidAmount),
        ("1e3", "USD", ledger.InvalidAmount),
        ("", "USD", ledger.InvalidAmount),
        ("NaN", "USD", ledger.InvalidAmount),
        ("٣", "USD", ledger.InvalidAmount),
        (Decimal("NaN"), "USD", ledger.InvalidAmount),
        (Decimal("-sNaN12"), "USD", ledger.InvalidAmount),
        (Decimal("Infinity"), "USD", ledger.InvalidAmount),
        (Decimal("1E+999999"), "USD", ledger.InvalidAmount),
        (Decimal("1E-999999"), "USD", ledger.InvalidAmount),
        (Decimal("1E+40"), "USD", ledger.InvalidAmount),
        ("1", "usd", ledger.InvalidAsset),
        ("1", "", ledger.InvalidAsset),
        ("1", "A B", ledger.InvalidAsset),
        (1, "USD", TypeError),
        (1.0, "USD", TypeError),
        (True, "USD", TypeError),
        (None, "USD", TypeError),
        ("1", None, TypeError),
    ],
)
def test_what_is_no_money_is_refused(amount: Any, asset: Any, error: type[Exception]) -> None:
    with pytest.raises(error) as refused:
        Money(amount, asset)
    assert isinstance(refused.value, (ValueError, TypeError))


@pytest.mark.parametrize("amount", [5, 5.0, True, None, b"5", object(), float("nan"), [5]])
def test_amounts_of_other_types_are_type_errors_with_advice(shop: Shop, amount: Any) -> None:
    for call in (
        lambda: shop.book.deposit(shop.alice, amount, key="k"),
        lambda: shop.book.transfer(shop.alice, shop.shop, amount, key="k"),
        lambda: shop.book.transfer_many([(shop.alice, shop.shop, amount, "k")]),
    ):
        with pytest.raises(TypeError, match=r'write "12\.50", Decimal\("12\.50"\) or Money'):
            call()
    assert shop.book.transaction(key="k") is None


def test_amounts_that_the_ledger_refuses_are_value_errors(shop: Shop) -> None:
    for amount in ("abc", "0", "-1", "1.005", " 1", "+1", Decimal("NaN"), Decimal("0E-10")):
        with pytest.raises(ledger.InvalidAmount) as refused:
            shop.book.deposit(shop.alice, amount, key="k")
        assert isinstance(refused.value, ValueError) and refused.value.field == "amount"


class Liar(Decimal):
    def __str__(self) -> str:
        return "1000000"

    def __format__(self, spec: str, context: object = None) -> str:
        return "1000000"


def test_a_decimal_s_own_value_counts_whatever_its_class_says(shop: Shop) -> None:
    receipt = shop.book.transfer(shop.alice, shop.shop, Liar("1.50"), key="k")
    assert receipt.postings[0].amount == Money("1.50", "USD")
    exact = shop.book.transfer(shop.alice, shop.shop, Decimal("1500E-3"), key="e")
    assert exact.postings[0].amount == Money("1.50", "USD")


def test_money_of_another_asset_is_the_ledger_s_mismatch(shop: Shop) -> None:
    euro = Money("1", "EUR")
    calls: list[Callable[[], object]] = [
        lambda: shop.book.deposit(shop.alice, euro, key="k"),
        lambda: shop.book.withdraw(shop.alice, Money("1.5", "PTS"), key="k"),
        lambda: shop.book.transfer(shop.alice, shop.shop, euro, key="k"),
        lambda: shop.book.post([(shop.alice, shop.shop, euro)], key="k"),
    ]
    for call in calls:
        with pytest.raises(ledger.AssetMismatch) as refused:
            call()
        assert refused.value.expected == "USD" and refused.value.wallet == shop.alice


def test_wide_amounts_go_in_and_out_exactly(shop: Shop) -> None:
    shop.book.define_asset("WEI", 18)
    whale = shop.book.open_wallet("whale", "WEI")
    most = "170141183460469231731.687303715884105727"
    shop.book.deposit(whale, Decimal(most), key="k")
    assert shop.book.balance(whale).posted == Money(most, "WEI")
    with pytest.raises(ledger.BalanceOverflow) as refused:
        shop.book.deposit(whale, "1", key="k2")
    assert refused.value.balance == -Money(most, "WEI")


def test_splits_rates_and_prices() -> None:
    hundred = Money("100.00", "USD")
    assert [str(it) for it in hundred.split([1, 1, 1])] == ["33.34 USD", "33.33 USD", "33.33 USD"]
    assert [str(it) for it in hundred.split([2**64 - 2, 1])] == ["100.00 USD", "0.00 USD"]
    with pytest.raises(ledger.InvalidSplit):
        hundred.split([2**64 - 1, 1])
    with pytest.raises(ledger.InvalidSplit):
        hundred.split([])
    rates = [Rate.percent("10"), Rate.percent("2.5")]
    assert hundred.split_rates(rates) == [
        Money("10", "USD"),
        Money("2.5", "USD"),
        Money("87.5", "USD"),
    ]
    tax = Rate.percent("19").contained_in(Money("119.00", "USD"), "half_up")
    assert tax == WithFee(Money("119", "USD"), hundred, Money("19", "USD"))
    assert Rate.percent("2.9").added_to(hundred, "half_even").gross == Money("102.90", "USD")
    assert Rate.percent("2.90") == Rate.percent("2.9") and pickle.loads(pickle.dumps(Rate.percent("2.9"))) == Rate.percent("2.9")
    assert str(Rate.percent("2.9")) == "2.9%" and eval(repr(Rate.percent("2.9"))) == Rate.percent("2.9")
    with pytest.raises(ledger.InvalidSplit):
        Rate.percent("1001")
    with pytest.raises(ledger.InvalidValue, match="rounding"):
        Rate.percent("1").taken_from(hundred, "sideways")
    assert Price("0.05", "PTS", 3).cost(Money("1.5", "USD"), "up") == Money("0.075", "PTS")
    with pytest.raises(ledger.InvalidAsset):
        Price("1", "PTS").cost(hundred, "up")
    with pytest.raises(ledger.InvalidAmount):
        Price(Decimal("NaN"), "USD").cost(hundred, "up")


@given(st.lists(amounts(min_value=-(10**12)), min_size=1), st.lists(st.integers(1, 10**6), min_size=1))
def test_sums_and_splits_lose_nothing(monies: list[Money], weights: list[int]) -> None:
    total = sum(monies, start=Money("0", "USD"))
    assert total.amount == sum((money.amount for money in monies), start=Decimal(0))
    parts = abs(total).split(weights)
    assert sum(parts, start=Money("0", "USD")) == abs(total)
    for money in monies:
        assert Money(str(money.amount), "USD") == eval(repr(money)) == money


def test_a_decimal_is_read_whatever_the_context_writes(shop: Shop) -> None:
    shop.book.define_asset("WEI", 18)
    whale = shop.book.open_wallet("whale", "WEI")
    with localcontext() as context:
        context.capitals = 0
        assert str(Decimal("0.0000001")) == "1e-7"
        receipt = shop.book.deposit(whale, Decimal("0.0000001"), key="k")
        assert Money(Decimal("1E+3"), "USD") == Money("1000", "USD")
        with pytest.raises(ledger.InvalidAmount, match="not an amount"):
            Money(Decimal("NaN"), "USD")
    assert receipt.postings[0].amount == Money("0.0000001", "WEI")


@pytest.mark.parametrize(
    "amount", ["1_000", " 12 ", "1e3", "\uff11\uff12", "-1", "0", "", "1.", "NaN", "0." + "0" * 38 + "1"]
)
def test_what_is_no_price_is_refused_before_it_is_used(amount: str) -> None:
    with pytest.raises(ledger.InvalidAmount):
        Price(amount, "USD")


def test_a_price_is_checked_as_it_is_made() -> None:
    for number in (Decimal("-1"), Decimal("0"), Decimal("NaN"), Decimal("1E+90")):
        with pytest.raises(ledger.InvalidAmount):
            Price(number, "USD")
    for asset, scale in (("PTS", None), ("usd", None), ("PTS", 39), ("USD", 3)):
        with pytest.raises(ledger.InvalidAsset):
            Price("1", asset, scale)
    wrong: Any
    for wrong in (1, 1.5, None, True):
        with pytest.raises(TypeError, match="must be a str or a Decimal"):
            Price(wrong, "USD")
    assert Price(Decimal("1E+3"), "USD") == Price("1000", "USD") and Price("1.50", "USD").amount == Decimal("1.5")
    assert repr(Price("1.50", "USD")) == "Price('1.50', 'USD')"


def test_a_rate_says_what_it_is_of() -> None:
    wrong: Any
    for wrong in ("0.5", 0.5, Decimal("0.5")):
        with pytest.raises(TypeError, match=r'Rate\.percent\("0\.5"\).* Rate\.basis_points\(50\)'):
            Rate(wrong)
        with pytest.raises(TypeError):
            Rate()
    half = Rate.percent("0.5")
    assert Rate.basis_points(50) == half and hash(Rate.basis_points(50)) == hash(half)
    assert half.billionths == 5_000_000 and half.taken_from(Money("200", "USD"), "down").fee == Money("1", "USD")
    assert repr(half) == "Rate.percent('0.5')" and str(half) == "0.5%" and copy.copy(half) == half
    assert half != 0.5 and half != Rate.percent("5")
    for points in (-1, 100_001, 2**70):
        with pytest.raises(ledger.InvalidSplit, match="basis points"):
            Rate.basis_points(points)
    for wrong in (True, 1.5, "50", None):
        with pytest.raises(TypeError):
            Rate.basis_points(wrong)
    for wrong in (0.5, 1, Decimal("0.5"), None):
        with pytest.raises(TypeError):
            Rate.percent(wrong)
    with pytest.raises(AttributeError, match="never changes"):
        half.billionths = 1  # type: ignore[misc]
