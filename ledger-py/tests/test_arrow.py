"""Arrow: read as it is by those who read it, and taken from those who write it."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest
from conftest import Shop

import ledger
from ledger import Money

pyarrow: Any = pytest.importorskip("pyarrow")


@pytest.fixture
def busy(shop: Shop) -> Shop:
    for number in range(3):
        shop.pay("0.01", f"k{number}")
    many = [(shop.alice, shop.shop, "0.01", f"m{number}") for number in range(2_500)]
    shop.book.transfer_many(many)
    shop.book.deposit(shop.alice, "1", key="noted", meta={"sku": "A1"}, actor="api")
    return shop


def test_history_as_a_table(busy: Shop) -> None:
    history = busy.book.history(busy.alice)
    table = pyarrow.table(history)
    entries = list(history)
    assert table.num_rows == len(entries) == 2_505
    assert str(table.schema.field("amount").type) == "decimal128(38, 2)"
    assert str(table.schema.field("at").type) == "timestamp[ms, tz=UTC]"
    rows = table.to_pylist()
    for row, entry in zip(rows, entries, strict=True):
        assert (row["id"], row["key"], row["kind"]) == (entry.id, entry.key, entry.kind)
        assert (row["amount"], row["balance_after"]) == (
            entry.amount.amount,
            entry.balance_after.amount,
        )
        assert row["at"] == entry.at and row["counterparty"] == entry.counterparty.name
    assert (rows[-1]["meta"], rows[-1]["actor"]) == ('{"sku":"A1"}', "api")
    assert rows[0]["meta"] is None and rows[0]["asset"] == "USD"


def test_pages_and_filters_as_tables(busy: Shop) -> None:
    history = busy.book.history(busy.alice, newest_first=True)
    page = history.page(limit=7)
    assert pyarrow.table(page)["key"].to_pylist() == [entry.key for entry in page]
    following = history.page(limit=7, cursor=page.next)
    assert pyarrow.table(following)["key"].to_pylist() == [entry.key for entry in following]
    deposits = busy.book.history(busy.alice, kinds=["deposit"])
    assert pyarrow.table(deposits)["key"].to_pylist() == ["fund", "noted"]
    assert pyarrow.table(busy.book.history(busy.alice, until=_past())).num_rows == 0


def _past() -> datetime:
    return datetime(2021, 1, 1, tzinfo=timezone.utc)


def test_balances_as_a_table(busy: Shop) -> None:
    busy.book.define_asset("WEI", 18)
    whale = busy.book.open_wallet("whale", "WEI")
    busy.book.deposit(whale, "1.000000000000000001", key="whale")
    world = busy.book.world("USD")
    table = pyarrow.table(busy.book.balances([busy.alice, whale, world]))
    assert table["wallet"].to_pylist() == ["user:alice", "whale", "world/USD"]
    assert table["posted"].to_pylist()[1] == Decimal("1.000000000000000001")
    assert table["posted"].to_pylist()[0] == busy.book.balance(busy.alice).posted.amount
    assert table["available"].to_pylist()[2] is None
    assert pyarrow.table(busy.book.balances([])).num_rows == 0
    one = pyarrow.table(busy.book.balance(whale))
    assert one.num_rows == 1 and one["posted"].to_pylist() == [Decimal("1.000000000000000001")]


def test_polars_pandas_and_duckdb_read_it_as_it_is(busy: Shop) -> None:
    polars: Any = pytest.importorskip("polars")
    pandas: Any = pytest.importorskip("pandas")
    duckdb: Any = pytest.importorskip("duckdb")
    history = busy.book.history(busy.shop)
    total = Decimal("25.03")
    frame = polars.DataFrame(history)
    assert frame["amount"].sum() == total and frame.height == 2_503
    of_pandas = pandas.DataFrame.from_arrow(history)
    assert of_pandas["amount"].sum() == total and len(of_pandas) == 2_503
    assert duckdb.sql("SELECT sum(amount), count(*) FROM history").fetchall() == [(total, 2_503)]
    balances = busy.book.balances([busy.shop])
    assert duckdb.sql("SELECT posted FROM balances").fetchall() == [(total,)]


def table(shop: Shop, amounts: Any, keys: list[str], **others: Any) -> Any:
    count = len(keys)
    columns = {"from": ["user:alice"] * count, "to": ["shop:42"] * count}
    return pyarrow.table(columns | {"amount": amounts, "key": keys} | others)


def posted(shop: Shop) -> Money:
    return shop.book.balance(shop.shop).posted


@pytest.mark.parametrize("kind", ["names", "ids", "dictionary", "large", "view", "text"])
def test_transfers_from_a_table_in_every_form(shop: Shop, kind: str) -> None:
    amounts: Any = pyarrow.array([Decimal("1.50"), Decimal("2.00")], pyarrow.decimal128(20, 4))
    made = table(shop, amounts, ["a", "b"])
    casts = {
        "dictionary": pyarrow.dictionary(pyarrow.int8(), pyarrow.utf8()),
        "large": pyarrow.large_utf8(),
        "view": pyarrow.string_view(),
    }
    if kind == "ids":
        made = made.set_column(0, "from", pyarrow.array([shop.alice.id] * 2))
        made = made.set_column(1, "to", pyarrow.array([shop.shop.id] * 2, pyarrow.uint64()))
    elif kind == "text":
        made = made.set_column(2, "amount", pyarrow.array(["1.5", "2"]))
    elif kind in casts:
        for place, name in enumerate(["from", "to"]):
            made = made.set_column(place, name, made[name].cast(casts[kind]))
    receipts = shop.book.transfer_many(made)
    assert [it.key for it in receipts if isinstance(it, ledger.Receipt)] == ["a", "b"]
    assert posted(shop) == Money("3.50", "USD")


def test_transfers_from_polars_and_pandas(shop: Shop) -> None:
    polars: Any = pytest.importorskip("polars")
    pandas: Any = pytest.importorskip("pandas")
    amounts = pyarrow.array([Decimal("1.00")], pyarrow.decimal128(10, 2))
    shop.book.transfer_many(polars.DataFrame(table(shop, amounts, ["polars"])))
    shop.book.transfer_many(pandas.DataFrame.from_arrow(table(shop, amounts, ["pandas"])))
    assert posted(shop) == Money("2", "USD")


def test_each_row_has_its_own_answer(shop: Shop) -> None:
    amounts = ["1", "9999", "abc", None, "1.005", "1"]
    answers = shop.book.transfer_many(table(shop, amounts, ["a", "b", "c", "d", "e", ""]))
    kinds = [type(answer).__name__ for answer in answers]
    invalid = ["InvalidAmount"] * 3
    assert kinds == ["Receipt", "InsufficientFunds", *invalid, "InvalidKey"]
    assert [it.index for it in answers[1:] if isinstance(it, ledger.LedgerError)] == [1, 2, 3, 4, 5]
    unknown = table(shop, ["1"], ["k"]).set_column(1, "to", pyarrow.array(["nobody"]))
    (no,) = shop.book.transfer_many(unknown)
    assert isinstance(no, ledger.UnknownWallet)
    assert posted(shop) == Money("1", "USD")


def test_all_rows_or_none(shop: Shop) -> None:
    with pytest.raises(ledger.InsufficientFunds) as refused:
        shop.book.transfer_many(table(shop, ["1", "9999"], ["a", "b"]), atomic=True)
    assert refused.value.index == 1
    with pytest.raises(ledger.InvalidAmount) as invalid:
        shop.book.transfer_many(table(shop, ["1", "x"], ["a", "b"]), atomic=True)
    assert invalid.value.index == 1
    assert posted(shop) == Money("0", "USD")
    shop.book.transfer_many(table(shop, ["1", "2"], ["c", "d"]), atomic=True)
    assert posted(shop) == Money("3", "USD")


def test_columns_that_are_not_right_are_refused_and_nothing_is_written(shop: Shop) -> None:
    wrong: list[tuple[Any, type[Exception]]] = [
        (pyarrow.table({"a": [1]}), ValueError),
        (table(shop, [1.5], ["k"]), TypeError),
        (table(shop, [1], ["k"]), TypeError),
        (table(shop, ["1"], ["k"]).set_column(3, "key", pyarrow.array([1])), ledger.Rejected),
        (table(shop, ["1"], ["k"]).set_column(0, "from", pyarrow.array([1.5])), ledger.Rejected),
    ]
    for given, error in wrong:
        with pytest.raises(error):
            shop.book.transfer_many(given)
    used = pyarrow.RecordBatchReader.from_stream(table(shop, ["1"], ["k"]))
    used.read_all()
    assert shop.book.transfer_many(used) == []
    assert shop.book.transaction(key="k") is None


def test_a_column_of_metadata_and_none_that_is_not_known(shop: Shop) -> None:
    given = table(shop, ["1", "1", "1"], ["k1", "k2", "k3"])
    with_meta = given.append_column("meta", pyarrow.array(['{"order": 7}', None, "{"]))
    first, second, third = shop.book.transfer_many(with_meta)
    assert isinstance(first, ledger.Receipt) and first.meta == {"order": 7}
    assert isinstance(second, ledger.Receipt) and second.meta is None
    assert isinstance(third, ledger.InvalidMetadata)
    for name in ("metadata", "meta"):
        wrong = with_meta.append_column(name, pyarrow.array(["{}"] * 3))
        with pytest.raises(ValueError, match="and no others; these are"):
            shop.book.transfer_many(wrong)
    with pytest.raises(ledger.InvalidBatch, match="meta"):
        shop.book.transfer_many(given.append_column("meta", pyarrow.array([1, 2, 3])))


def test_more_rows_than_one_call_takes(shop: Shop) -> None:
    keys = [f"k{number}" for number in range(25_000)]
    amounts = pyarrow.array([Decimal("0.001") * 10] * len(keys), pyarrow.decimal128(9, 3))
    answers = shop.book.transfer_many(table(shop, amounts, keys))
    done = [it for it in answers if isinstance(it, ledger.Receipt)]
    assert len(done) == 10_000 and len(answers) == 25_000, "then the money is gone"
    assert posted(shop) == Money("100", "USD")


def test_a_table_that_is_too_heavy_for_one_call_is_carried_out_in_several(shop: Shop) -> None:
    count, note = 1_700, '{"note": "' + "x" * 16_000 + '"}'
    columns = {"from": ["user:alice"] * count, "to": ["shop:42"] * count, "amount": ["0.01"] * count}
    table = pyarrow.table(columns | {"key": [f"k{row}" for row in range(count)], "meta": [note] * count})
    answers = shop.book.transfer_many(table)
    assert all(isinstance(answer, ledger.Receipt) for answer in answers) and len(answers) == count
    assert shop.posted() == ("83.00 USD", "17.00 USD")
