"""What may be handed in, in which forms, and what is said of the rest."""

from __future__ import annotations

import collections
import copy
import dataclasses
import pickle
import types
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import Shop

import ledger
from ledger import Money


def test_rows_and_legs_may_be_lists(shop: Shop) -> None:
    book = shop.book
    rows: Any = [[shop.alice, shop.shop, "1", "k1"], ["user:alice", "shop:42", "1", "k2", {"a": 1}]]
    assert all(isinstance(it, ledger.Receipt) for it in book.transfer_many(rows))
    assert book.post([[shop.alice, shop.shop, "1"]], key="p").kind == "post"  # type: ignore[list-item]
    assert book.transfer_many([], atomic=True) == []


@pytest.mark.parametrize("row", ["abcd", 7, {"from": 1}, ("a", "b"), ["a"] * 6])
def test_rows_of_another_shape_are_refused_in_one_way(shop: Shop, row: Any) -> None:
    rows = [(shop.alice, shop.shop, "1", "k"), row]
    with pytest.raises(TypeError, match=r"^item 1 must be \(from, to, amount, key\), with meta as a fifth"):
        shop.book.transfer_many(rows)
    assert shop.book.transaction(key="k") is None
    with pytest.raises(TypeError, match=r"^leg 1 must be \(from, to, amount\), not "):
        shop.book.post([(shop.alice, shop.shop, "1"), row], key="p")


def test_meta_may_be_any_mapping(shop: Shop) -> None:
    inner = collections.UserDict({"b": [types.MappingProxyType({"c": 1})]})
    meta = types.MappingProxyType({"a": inner})
    receipt = shop.book.deposit(shop.alice, "1", key="d", meta=meta)
    assert receipt.meta == {"a": {"b": [{"c": 1}]}}
    for wrong in ("text", [1], 7):
        with pytest.raises(TypeError, match="meta must be a dict or another mapping, not"):
            shop.book.deposit(shop.alice, "1", key="e", meta=wrong)  # type: ignore[arg-type]


def test_a_query_has_parameters(shop: Shop) -> None:
    query = shop.book.query
    assert query("SELECT posted FROM balance WHERE name = ?", ["user:alice"]) == [(10000,)]
    assert query("SELECT ? , ?2", ("it's'; --", None)) == [("it's'; --", None)]
    assert query("SELECT ?, ?, ?", [7, 1.5, b"x"]) == [(7, 1.5, b"x")]
    for params in ([], [1, 2]):
        with pytest.raises(ledger.InvalidValue, match=f"1 parameters, and {len(params)} values"):
            query("SELECT ?", params)
    for wrong in ("text", [object()], {"a": 1}):
        with pytest.raises(TypeError, match="params"):
            query("SELECT ?", wrong)  # type: ignore[arg-type]


def test_what_can_t_exist_is_not_there(shop: Shop) -> None:
    book = shop.book
    for id in (0, "nope", -1, 2**70):
        assert book.transaction(id) is None and book.get_hold(id) is None
    assert book.wallet("") is None and book.transaction(key="") is None
    for look in (book.transaction, book.get_hold, book.wallet, lambda it: book.transaction(key=it)):
        with pytest.raises(TypeError):
            look(1.5)  # type: ignore[arg-type]


def test_keys_are_not_kept_for_less_than_no_time(path: Path, shop: Shop) -> None:
    below = timedelta(seconds=-1)
    with pytest.raises(ledger.InvalidConfig, match="below zero"):
        ledger.open(f"{path}2", key_retention=below)
    with pytest.raises(ledger.InvalidConfig, match="below zero"):
        shop.book.set_key_retention(below)
    shop.book.set_key_retention(timedelta(days=90))
    shop.book.set_key_retention(None)
    assert shop.book.key_retention is None


def test_the_outside_is_listed_where_it_is_asked_for(shop: Shop) -> None:
    def names(**options: str) -> list[str]:
        return [wallet.name for wallet in shop.book.wallets(**options)]

    assert names() == ["shop:42", "user:alice"] and names(prefix="w") == []
    assert names(prefix="world/") == ["world/USD"]
    assert [it.name for it in shop.book.wallets().page(10)] == names()


def test_history_of_one_kind(shop: Shop) -> None:
    shop.pay("1", "k")
    assert [entry.key for entry in shop.book.history(shop.alice, kinds="deposit")] == ["fund"]


def test_pages_of_no_size_are_refused_by_the_ledger_s_own_error(shop: Shop) -> None:
    for limit in (-1, 0, 1_001, 2**70):
        for listing in (shop.book.wallets(), shop.book.holds(), shop.book.history(shop.alice)):
            with pytest.raises(ledger.InvalidPage, match=f"asks for {limit}"):
                listing.page(limit)


@pytest.mark.parametrize("name", ["durability", "exclusive", "node", "lock_wait"])
def test_options_of_another_type_are_named(path: Path, name: str) -> None:
    options: Any = {name: None}
    with pytest.raises(TypeError, match=f"^{name} must be"):
        ledger.open(path, **options)
    assert not path.exists()


@pytest.mark.parametrize("number", [-1, 2**32, 2**64, 2**200, -(2**200)])
def test_numbers_out_of_bounds_are_refused_by_the_ledger_s_own_errors(shop: Shop, number: int) -> None:
    book, day = shop.book, timedelta(days=1)
    paid = shop.pay("1", "k")
    calls: list[tuple[Any, type[ledger.LedgerError]]] = [
        (lambda: book.define_asset("GOLD", number), ledger.InvalidAsset),
        (lambda: ledger.Price("1", "GOLD", number).cost(Money("1", "USD"), "up"), ledger.InvalidAsset),
        (lambda: ledger.open(f"{book.path}2", node=number), ledger.InvalidConfig),
        (lambda: book.reverse(paid, "1", posting=number, key="r"), ledger.InvalidReversal),
    ]
    if number < 0 or number >= 2**64:
        expect = ledger.Expect(shop.alice, version=number)
        calls += [
            (lambda: Money("1", "USD").split([1, number]), ledger.InvalidSplit),
            (lambda: book.expire_due(number), ledger.InvalidValue),
            (lambda: book.deposit(shop.alice, "1", key="k2", expect=expect), ledger.InvalidExpectation),
        ]
    if not 0 <= number < 2**32:
        window = ledger.Window("leaving", day, count=number)
        calls += [(lambda: book.set_limits(shop.alice, windows=[window], key="l"), ledger.InvalidLimit)]
    for call, error in calls:
        with pytest.raises(error, match="must be"):
            call()
    assert book.transaction(key="k2") is None and book.transaction(key="l") is None


@pytest.mark.parametrize("truth", ["no", 0, None])
def test_truth_is_told_by_true_and_false(shop: Shop, truth: Any) -> None:
    held = shop.book.hold(shop.alice, shop.shop, "5", key="h", expires_in=timedelta(days=1))
    with pytest.raises(TypeError, match="bool"):
        shop.book.capture(held, "1", key="c", release_rest=truth)
    with pytest.raises(TypeError, match="bool"):
        shop.book.history(shop.alice, newest_first=truth).page()
    with pytest.raises(TypeError, match="bool"):
        shop.book.transfer_many([], atomic=truth)
    assert shop.book.balance(shop.alice).held == Money("5", "USD")


def test_pages_of_wallets_are_full_though_the_outside_is_left_out(shop: Shop) -> None:
    for code in ("EUR", "CHF"):
        shop.book.open_wallet(f"zoe:{code}", code)
    names = ["shop:42", "user:alice", "zoe:CHF", "zoe:EUR"]
    page = shop.book.wallets().page(limit=3)
    assert [it.name for it in page] == names[:3]
    assert [it.name for it in shop.book.wallets().page(3, page.next)] == names[3:]


def test_fees_and_prices_never_change() -> None:
    price, fee = ledger.Price("1.5", "USD"), ledger.Rate.percent("10").taken_from(Money("1", "USD"), "down")
    for value, name in ((price, "amount"), (fee, "net")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, name, 1)
        assert pickle.loads(pickle.dumps(value)) == value and hash(value) == hash(value)
    assert price != ledger.Price("1.5", "EUR") and repr(price) == "Price('1.5', 'USD')"


def test_meta_that_changes_while_it_is_read_is_read_as_it_was(shop: Shop) -> None:
    outer: dict[str, Any] = {}

    class Meddler(collections.UserDict[str, Any]):
        def keys(self) -> Any:
            outer.update({f"new{number}": number for number in range(100)})
            return super().keys()

    outer.update(a=Meddler({"b": 1}), c=2)
    assert shop.book.deposit(shop.alice, "1", key="d", meta=outer).meta == {"a": {"b": 1}, "c": 2}
    assert len(outer) == 102


def test_a_spec_stays_what_it_is_wherever_it_has_been(shop: Shop) -> None:
    book = shop.book
    book.open_wallet("credit", "USD", floor="-50")
    spec = ledger.WalletSpec("credit", "USD")
    again = [spec, pickle.loads(pickle.dumps(spec)), copy.deepcopy(spec)]
    again += [ledger.WalletSpec(**dataclasses.asdict(spec)), dataclasses.replace(spec, owner=None)]
    for opened in book.open_wallets(again):
        assert isinstance(opened, ledger.Wallet) and opened.floor == Money("-50", "USD")
    (conflict,) = book.open_wallets([ledger.WalletSpec("credit", "USD", floor="0")])
    assert isinstance(conflict, ledger.WalletConflict)
