"""Every error: its class, its code, its data, and that it travels."""

from __future__ import annotations

import copy
import pickle
import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from conftest import Shop

import ledger
from ledger import Money, _errors, _ledger
from ledger._errors import BY_CODE, build

CLASSES = {
    "rejected": ledger.Rejected,
    "transient": ledger.Transient,
    "indeterminate": ledger.Indeterminate,
    "fatal": ledger.Fatal,
}


def test_the_codes_are_the_ledger_s_own_and_two_more() -> None:
    kinds = {code: (kind, is_unknown) for code, kind, is_unknown in _ledger.error_kinds()}
    assert set(BY_CODE) == set(kinds) | {"closed", "reentered"}
    assert issubclass(ledger.Reentered, ledger.Fatal) and not ledger.Reentered.retryable
    for code, (kind, is_unknown) in kinds.items():
        error = BY_CODE[code]
        assert error.code == code and issubclass(error, CLASSES[kind])
        assert error.retryable == (kind in ("transient", "indeterminate"))
        assert error.unknown == is_unknown
        assert getattr(ledger, error.__name__) is error
        camel = "".join(word.capitalize() for word in code.split("_"))
        assert error.__name__ == camel
        assert issubclass(error, ValueError) == code.startswith("invalid_")


def test_data_is_there_for_a_thread_that_asks_while_another_reads_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    error: Any = shop.book.transfer_many([(shop.alice, shop.shop, "200", "k")])[0]
    read = _errors._read
    others: list[Any] = []

    def slowly(data: str) -> dict[str, Any]:
        if not others:
            others.append(None)
            other = threading.Thread(target=lambda: others.append(error.shortfall))
            other.start()
            other.join()
        return read(data)

    monkeypatch.setattr(_errors, "_read", slowly)
    assert [None, error.shortfall] == [*others] == [None, Money("100", "USD")]


def test_a_wallet_that_is_not_there_is_named(shop: Shop) -> None:
    with pytest.raises(ledger.UnknownWallet) as raised:
        shop.book.balance("user:nobody")
    assert raised.value.wallet == "user:nobody"
    with ledger.open(":memory:") as other:
        foreign = other.open_wallet("user:bob", "USD")
        with pytest.raises(ledger.UnknownWallet) as raised:
            shop.book.balance(foreign)
    assert raised.value.wallet == foreign and raised.value.wallet is not None
    travels(raised.value)


def test_a_code_of_a_later_version_is_still_an_error() -> None:
    error = build("gone_fishing", "the ledger has gone fishing")
    assert type(error) is ledger.LedgerError and str(error) == "the ledger has gone fishing"


def same(one: ledger.LedgerError, two: ledger.LedgerError) -> bool:
    return type(one) is type(two) and one.args == two.args and vars(one) == vars(two)


def travels(error: ledger.LedgerError) -> None:
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert same(pickle.loads(pickle.dumps(error, protocol)), error)
    assert same(copy.copy(error), error) and same(copy.deepcopy(error), error)


def refused(call: Any, kind: type[ledger.LedgerError]) -> Any:
    with pytest.raises(kind) as raised:
        call()
    error = raised.value
    travels(error)
    assert error.message == str(error) and "\n" not in str(error)
    data = {name: getattr(error, name) for name in declared(type(error))}
    assert None not in data.values()
    travels(error)
    again = pickle.loads(pickle.dumps(error))
    assert {name: getattr(again, name) for name in data} == data
    return error


def declared(kind: type) -> set[str]:
    own: set[str] = set()
    for base in kind.__mro__:
        if issubclass(base, ledger.LedgerError) and base is not ledger.LedgerError:
            own |= set(base.__dict__.get("__annotations__", {}))
    return own


def test_rejections_carry_their_data(shop: Shop) -> None:
    book, alice, till = shop.book, shop.alice, shop.shop
    error = refused(lambda: shop.pay("150", "k"), ledger.InsufficientFunds)
    assert (error.available, error.needed, error.shortfall) == (
        Money("100", "USD"),
        Money("150", "USD"),
        Money("50", "USD"),
    )
    assert error.wallet == alice and "user:alice" in str(error) and not error.replayed
    assert refused(lambda: shop.pay("150", "k"), ledger.InsufficientFunds).replayed
    assert refused(lambda: shop.pay("1", "fund"), ledger.KeyConflict).key == "fund"
    assert issubclass(ledger.KeyConflict, ledger.Rejected)
    hour = timedelta(hours=1)
    hold = book.hold(alice, till, "5", key="h", expires_in=hour, tolerance="1")
    large = refused(lambda: book.capture(hold, "7", key="c"), ledger.CaptureTooLarge)
    assert (large.hold, large.tolerance) == (hold.id, Money("1", "USD"))
    short = refused(
        lambda: book.extend(hold, expires_in=timedelta(minutes=1), key="e"),
        ledger.HoldNotExtended,
    )
    assert isinstance(short.until, datetime) and short.until == hold.expires_at > short.asked
    book.release(hold, key="r")
    assert refused(lambda: book.release(hold, key="r2"), ledger.HoldFinished).state == "released"
    assert refused(lambda: book.release(7, key="r3"), ledger.UnknownHold).hold == 7
    assert refused(lambda: book.capture(7, "1", key="r3"), ledger.UnknownHold).hold == 7
    paid = shop.pay("5", "p")
    left = refused(lambda: book.reverse(paid, "6", key="v"), ledger.ReversalTooLarge)
    assert (left.left, left.posting) == (Money("5", "USD"), 0)
    assert refused(lambda: book.reverse(7, key="v"), ledger.UnknownTransaction).transaction == 7
    frozen = book.freeze(till, key="f")
    assert refused(lambda: book.reverse(frozen, key="v2"), ledger.NotReversible).kind == "freeze"
    assert refused(lambda: book.open_wallet("x", "NOPE"), ledger.UnknownAsset).asset == "NOPE"
    conflict = refused(lambda: book.open_wallet("user:alice", "EUR"), ledger.WalletConflict)
    assert (conflict.name, conflict.option) == ("user:alice", "asset")
    for field, call in {
        "key": lambda: shop.pay("1", ""),
        "wallet": lambda: book.transfer(alice, alice, "1", key="s"),
        "metadata": lambda: book.deposit(alice, "1", key="m", meta={"a": 1e300}),
        "postings": lambda: book.post([], key="n"),
        "page": lambda: book.history(alice).page(limit=0),
        "hold": lambda: book.hold(alice, till, "1", key="d", expires_in=-hour),
    }.items():
        assert refused(call, ledger.Invalid).field == field


def test_a_wallet_of_another_ledger_is_not_taken_for_one_of_ours(shop: Shop) -> None:
    with ledger.open(":memory:") as other:
        stranger = other.open_wallet("user:alice", "USD")
        assert stranger != shop.alice and stranger.name == shop.alice.name
        with pytest.raises(ledger.UnknownWallet, match="another ledger"):
            shop.book.deposit(stranger, "1", key="k")
    with pytest.raises(ledger.UnknownWallet, match="no wallet is called"):
        shop.book.deposit("nobody", "1", key="k")


def test_mistakes_of_type_are_type_errors_and_nothing_is_written(shop: Shop) -> None:
    book, alice, till = shop.book, shop.alice, shop.shop
    wrong: list[Any] = [
        lambda: book.deposit(7, "1", key="k"),  # type: ignore[arg-type]
        lambda: book.deposit(alice, "1", key=7),  # type: ignore[arg-type]
        lambda: book.deposit(alice, "1", key="k", meta=[1]),  # type: ignore[arg-type]
        lambda: book.deposit(alice, "1", key="k", meta={1: 2}),  # type: ignore[dict-item]
        lambda: book.deposit(alice, "1", key="k", meta={"a": object()}),
        lambda: book.deposit(alice, "1", key="k", actor=7),  # type: ignore[arg-type]
        lambda: book.deposit(alice, "1", key="k", expect=7),  # type: ignore[arg-type]
        lambda: book.deposit(alice, "1"),  # type: ignore[call-arg]
        lambda: book.hold(alice, till, "1", key="k", expires_in=60),  # type: ignore[arg-type]
        lambda: book.open_wallet(7, "USD"),  # type: ignore[arg-type]
        lambda: book.transaction(1.5),  # type: ignore[arg-type]
        lambda: book.transaction(True),
        lambda: book.balance_at(alice, "today"),  # type: ignore[arg-type]
        lambda: book.transfer_many([(alice, till, "1", "k"), (alice, till, 1, "k2")]),  # type: ignore[list-item]
    ]
    for call in wrong:
        with pytest.raises(TypeError):
            call()
    assert book.transaction(key="k") is None
    with pytest.raises(TypeError) as noted:
        wrong[-1]()
    assert "in item 1" in noted.value.__notes__[0]
    with pytest.raises(TypeError, match="not a tuple of 3"):
        book.transfer_many([(alice, till, "1")])  # type: ignore[list-item]


def test_metadata_goes_in_and_out(shop: Shop) -> None:
    meta = {"a": [1, 2.5, None, True, "ü"], "b": {"c": -(2**63)}, "d": (), "n": 2**64 - 1}
    receipt = shop.book.deposit(shop.alice, "1", key="k", meta=meta)
    assert receipt.meta == meta | {"d": []}
    cyclic: dict[str, Any] = {}
    cyclic["self"] = cyclic
    with pytest.raises(ledger.InvalidMetadata, match="levels deep"):
        shop.book.deposit(shop.alice, "1", key="k2", meta=cyclic)
    for number in (2**64, float("inf"), float("nan")):
        with pytest.raises(ledger.InvalidMetadata):
            shop.book.deposit(shop.alice, "1", key="k2", meta={"n": number})


def test_who_asked(shop: Shop) -> None:
    actor = ledger.Actor("support:eve", origin="203.0.113.9", reason="chargeback")
    kept = shop.book.deposit(shop.alice, "1", key="k", actor=actor).actor
    assert kept is not None and kept == "support:eve"
    assert (kept.origin, kept.reason) == ("203.0.113.9", "chargeback")
    assert repr(pickle.loads(pickle.dumps(kept))) == repr(actor)
    with pytest.raises(ledger.InvalidActor):
        shop.book.deposit(shop.alice, "1", key="k2", actor="")


def test_values_travel(shop: Shop) -> None:
    book = shop.book
    paid = book.transfer(shop.alice, shop.shop, "1", key="k", meta={"a": 1}, actor="api")
    hold = book.hold(shop.alice, shop.shop, "1", key="h", expires_in=timedelta(hours=1))
    values: list[Any] = [
        shop.alice,
        paid,
        hold,
        book.balance(shop.alice),
        list(book.history(shop.alice)),
        book.head(),
        book.verify(),
        book.stats(),
        book.assets(),
        paid.postings,
        book.totals(),
        book.query("SELECT 1"),
    ]
    for value in values:
        again = pickle.loads(pickle.dumps(value))
        assert again == value and repr(again) == repr(value)
        assert copy.deepcopy(value) == value
    again = pickle.loads(pickle.dumps(paid))
    assert (again.meta, again.actor, again.postings) == (paid.meta, paid.actor, paid.postings)
    assert again.postings[0].to_wallet.name == "shop:42"
    there = pickle.loads(pickle.dumps(shop.alice))
    assert book.balance(there) == book.balance(shop.alice)
    for hashable in (shop.alice, paid, hold, *book.history(shop.alice), book.head()):
        assert {hashable: 1}[hashable] == 1


def test_reprs_say_what_it_is(shop: Shop) -> None:
    paid = shop.pay("1", "k")
    assert repr(shop.alice) == '<Wallet "user:alice" USD>' and str(shop.alice) == "user:alice"
    for part in ("Receipt transfer", '"k"', "1.00 USD from user:alice to shop:42"):
        assert part in repr(paid)
    assert "replayed" in repr(shop.pay("1", "k"))
    assert repr(shop.book) == f"<Book {shop.book.path!r}>"
    assert "history of user:alice" in repr(shop.book.history(shop.alice))
    assert "HistoryPage of 2" in repr(shop.book.history(shop.alice).page())


def test_tables_in_html_escape_what_callers_wrote(shop: Shop) -> None:
    evil = "<script>alert(1)</script>"
    wallet = shop.book.open_wallet(evil, "USD")
    shop.book.transfer(shop.alice, wallet, "1", key=evil)
    for shown in (
        shop.book.balance(wallet)._repr_html_(),
        shop.book.balances([wallet])._repr_html_(),
        shop.book.history(shop.alice).page()._repr_html_(),
        shop.book.history(shop.alice)._repr_html_(),
        shop.book.query("SELECT name FROM balance")._repr_html_(),
    ):
        assert shown.startswith("<table>") and "&lt;script&gt;" in shown
        assert "<script>" not in shown
