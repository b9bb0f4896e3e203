"""What the package has for tests of others."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given

import ledger
from ledger import Money, testing


def test_a_ledger_in_memory_with_a_clock() -> None:
    clock = testing.Clock(datetime(2026, 3, 1, tzinfo=timezone.utc))
    with testing.memory(clock) as book:
        alice = book.open_wallet("user:alice", "USD")
        shop = book.open_wallet("shop:42", "USD")
        first = book.deposit(alice, "10", key="d1")
        assert first.at == clock.now
        hold = book.hold(alice, shop, "4", key="h", expires_in=timedelta(minutes=15))
        clock.advance(timedelta(minutes=15) - timedelta(milliseconds=1))
        assert book.balance(alice).held == Money("4", "USD")
        clock.advance(timedelta(milliseconds=1))
        assert book.balance(alice).held == Money("0", "USD")
        with pytest.raises(ledger.HoldExpired) as expired:
            book.capture(hold, key="c")
        assert expired.value.expired_at == hold.expires_at
        assert [it.state for it in book.holds()] == ["expired"]
        assert book.expire_due() == 1 and book.expire_due(10) == 0
        assert book.balance_at(alice, first.at) == Money("10", "USD")
        clock.set(datetime(2090, 1, 1, tzinfo=timezone.utc))
        with pytest.raises(ledger.ClockOutOfRange) as wrong:
            book.deposit(alice, "1", key="d2")
        assert wrong.value.retryable and "2090" in repr(clock)


def test_ledgers_in_memory_are_apart_and_have_no_file() -> None:
    with testing.memory() as one, ledger.open(":memory:") as two:
        alice = one.open_wallet("user:alice", "USD")
        assert two.wallet("user:alice") is None
        assert alice != two.open_wallet("user:alice", "USD")
        for call in (one.verify, one.head, lambda: one.query("SELECT 1"), lambda: one.backup("x")):
            with pytest.raises(ledger.InvalidConfig, match="in memory"):
                call()
        assert one.stats().lines is None and one.stats().calls == 1


@given(testing.amounts("JPY", scale=0), testing.amounts(max_value=5), testing.keys())
def test_strategies_make_what_the_ledger_takes(yen: Money, cents: Money, key: str) -> None:
    with testing.memory() as book:
        for money in (yen, cents):
            wallet = book.open_wallet(f"w:{money.asset}", money.asset)
            receipt = book.deposit(wallet, money, key=f"{key}:{money.asset}")
            assert receipt.postings[0].amount == money
            assert book.balance(wallet).posted == money


def test_options_of_a_ledger_in_memory() -> None:
    month = timedelta(days=30)
    options: dict[str, Any] = {"node": 7, "key_retention": month, "call_wait": timedelta(seconds=5)}
    with ledger.open(":memory:", **options) as book:
        assert book.key_retention == month
        alice = book.open_wallet("user:alice", "USD")
        assert alice.id % 256 == 7 and book.deposit(alice, "1", key="d").id % 256 == 7
    with ledger.open(":memory:", call_wait=None) as book:
        assert book.key_retention is None
    wrong: list[dict[str, Any]] = [{"node": 256}, {"key_retention": -month}, {"call_wait": timedelta(days=1)}]
    for options in wrong:
        with pytest.raises(ledger.InvalidConfig):
            ledger.open(":memory:", **options)


@pytest.mark.parametrize(
    "option", [{"durability": "normal"}, {"exclusive": True}, {"lock_wait": timedelta(seconds=2)}]
)
def test_options_that_a_ledger_in_memory_can_t_have(option: Any) -> None:
    (name,) = option
    with pytest.raises(ledger.InvalidConfig, match=f"^{name} .* in memory.* leave it out$"):
        ledger.open(":memory:", **option)
    of_another_type: Any = {name: 7}
    with pytest.raises(TypeError, match=f"^{name} must be"):
        ledger.open(":memory:", **of_another_type)
