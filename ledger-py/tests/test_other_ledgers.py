"""What is another ledger's: its ids are used here too, for other things."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import Shop

import ledger
from ledger import Command, Money

HOUR = timedelta(hours=1)


@pytest.fixture
def held(shop: Shop) -> ledger.Hold:
    return shop.book.hold(shop.alice, shop.shop, "5", key="h", expires_in=HOUR)


@pytest.fixture
def paid(shop: Shop) -> ledger.Receipt:
    return shop.pay("1", "p")


@pytest.fixture
def copy(shop: Shop, held: ledger.Hold, paid: ledger.Receipt, tmp_path: Path) -> Iterator[ledger.Book]:
    """A copy of the shop, in which every id is the same."""
    shop.book.backup(tmp_path / "copy.ledger")
    with ledger.open(tmp_path / "copy.ledger") as book:
        yield book


def test_its_holds_are_refused_where_they_would_change_ours(
    shop: Shop, held: ledger.Hold, copy: ledger.Book
) -> None:
    book, theirs = shop.book, copy.get_hold(held.id)
    assert theirs is not None and theirs.id == held.id
    calls: list[Callable[[], object]] = [
        lambda: book.capture(theirs, key="x"),
        lambda: book.capture(theirs, "1", key="x"),
        lambda: book.release(theirs, key="x"),
        lambda: book.extend(theirs, expires_in=2 * HOUR, key="x"),
        lambda: book.release(pickle.loads(pickle.dumps(theirs)), key="x"),
        lambda: book.get_hold(theirs),
    ]
    for call in calls:
        with pytest.raises(ledger.UnknownHold, match="another ledger, .*copy.ledger") as refused:
            call()
        assert refused.value.hold == held.id
    assert book.transaction(key="x") is None and book.get_hold(held) == held
    assert book.release(pickle.loads(pickle.dumps(held)), key="x").kind == "release"


def test_its_receipts_are_refused_where_they_would_change_ours(
    shop: Shop, paid: ledger.Receipt, copy: ledger.Book
) -> None:
    book, theirs = shop.book, copy.transaction(paid.id)
    assert isinstance(theirs, ledger.Receipt) and theirs.id == paid.id
    calls: list[Callable[[], object]] = [
        lambda: book.reverse(theirs, key="x"),
        lambda: book.reverse(theirs, "1", key="x"),
        lambda: book.submit_all([Command.reverse(pickle.loads(pickle.dumps(theirs)), key="x")]),
        lambda: book.transaction(theirs),
        lambda: book.reversals(theirs),
    ]
    for call in calls:
        with pytest.raises(ledger.UnknownTransaction, match="another ledger, .*copy.ledger") as refused:
            call()
        assert refused.value.transaction == paid.id
    assert book.transaction(key="x") is None and book.transaction(paid) == paid
    assert book.reverse(pickle.loads(pickle.dumps(paid)), key="x").reverses == paid.id


def test_a_receipt_stands_for_the_hold_that_it_made_or_changed(shop: Shop) -> None:
    book = shop.book
    made = book.submit(Command.hold(shop.alice, shop.shop, "5", key="h", expires_in=HOUR))
    part = book.capture(made, "2", key="c")
    assert book.release(part, key="r").hold == book.get_hold(made)
    with pytest.raises(TypeError, match="this receipt has no hold"):
        book.release(shop.pay("1", "p"), key="r2")


def test_a_hold_is_given_by_nothing_else(shop: Shop, held: ledger.Hold) -> None:
    class Job:
        id = held.id

    wrong: list[Any] = [shop.alice, Job(), shop.book.history(shop.alice).page(1)[0], 1.5, None, True]
    for thing in wrong:
        with pytest.raises(TypeError, match="a hold must be given by its id"):
            shop.book.release(thing, key="r")
    assert shop.book.balance(shop.alice).held == Money("5", "USD")
