"""The surface as it is promised, line by line."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from conftest import Shop

import ledger
from ledger import Money


def test_opening_and_wallets(path: Path) -> None:
    with ledger.open(
        path, durability="full", exclusive=False, node=0, key_retention=None
    ) as book:
        book.define_asset("GOLD-18K", scale=3)
        alice = book.open_wallet("user:alice", "USD")
        assert (alice.name, alice.asset, alice.scale) == ("user:alice", "USD", 2)
        again = book.open_wallet(
            "user:alice", "USD", floor="0", ceiling=None, owner=None, meta=None
        )
        assert again == alice and hash(again) == hash(alice)
        assert book.wallet("user:alice") == alice and book.wallet("nobody") is None
        credit = book.open_wallet(
            "credit", "USD", floor="-50", ceiling="900", owner="bob", meta={"a": [1]}
        )
        assert (credit.floor, credit.ceiling) == (Money("-50", "USD"), Money("900", "USD"))
        assert (credit.owner, credit.meta) == ("bob", {"a": [1]})
        assert book.open_wallet("credit", "USD") == credit, "only given options are compared"
        with pytest.raises(ledger.WalletConflict) as conflict:
            book.open_wallet("credit", "USD", floor="0")
        assert conflict.value.option == "floor"
        assert book.open_wallet("endless", "USD", floor=None).floor is None
        assert [wallet.name for wallet in book.wallets(owner="bob")] == ["credit"]
        assert [wallet.name for wallet in book.wallets(prefix="user:")] == ["user:alice"]


def test_the_verbs_give_receipts(shop: Shop) -> None:
    book, alice, till = shop.book, shop.alice, shop.shop
    first = book.transfer(alice, till, "12.50", key="order:7", meta={"sku": "A1"}, actor="api")
    assert isinstance(first.id, int) and first.key == "order:7" and not first.replayed
    assert first.at.utcoffset() == timedelta(0)
    assert abs(datetime.now(timezone.utc) - first.at) < timedelta(minutes=5)
    (posting,) = first.postings
    assert (posting.from_wallet, posting.to_wallet) == (alice, till)
    assert posting.amount == Money("12.50", "USD")
    assert (posting.from_balance, posting.to_balance) == (
        Money("87.50", "USD"),
        Money("12.50", "USD"),
    )
    assert (first.meta, first.actor, first.kind) == ({"sku": "A1"}, "api", "transfer")
    again = book.transfer(alice, till, Decimal("12.5"), key="order:7", meta={"sku": "A1"})
    assert again.replayed and again == first
    assert book.withdraw(alice, "5.00", key="payout:1").kind == "withdrawal"
    posted = book.post([(alice, till, "1.00"), (alice, till, "0.10")], key="order:8")
    assert [str(it.amount) for it in posted.postings] == ["1.00 USD", "0.10 USD"]


def test_many_transfers_each_on_its_own(shop: Shop) -> None:
    many = [(shop.alice, shop.shop, "1.00", "k1"), (shop.alice, shop.shop, "9999", "k2")]
    yes, no = shop.book.transfer_many(many)
    assert isinstance(yes, ledger.Receipt) and yes.key == "k1"
    assert isinstance(no, ledger.InsufficientFunds) and no.index == 1
    assert no.shortfall == Money("9900.00", "USD")


def test_many_transfers_all_or_none(shop: Shop) -> None:
    many = [(shop.alice, shop.shop, "1.00", "k1"), (shop.alice, shop.shop, "9999", "k2")]
    with pytest.raises(ledger.InsufficientFunds) as refused:
        shop.book.transfer_many(many, atomic=True)
    assert refused.value.index == 1
    assert shop.posted() == ("100.00 USD", "0.00 USD")
    receipts = shop.book.transfer_many([(shop.alice, shop.shop, "1", "k3")], atomic=True)
    assert [receipt.key for receipt in receipts if isinstance(receipt, ledger.Receipt)] == ["k3"]


def test_holds(shop: Shop) -> None:
    book = shop.book
    hold = book.hold(
        shop.alice, shop.shop, "7.50", key="hotel:7", expires_in=timedelta(minutes=15)
    )
    assert (hold.amount, hold.remaining, hold.state) == (
        Money("7.50", "USD"),
        Money("7.50", "USD"),
        "open",
    )
    assert timedelta(minutes=14) < hold.expires_at - datetime.now(timezone.utc)
    captured = book.capture(hold, "6.00", key="hotel:7:capture")
    assert isinstance(captured, ledger.Receipt)
    after = book.get_hold(hold.id)
    assert after is not None and after.remaining == Money("1.50", "USD")
    assert isinstance(book.release(hold.id, key="hotel:7:release"), ledger.Receipt)
    released = book.get_hold(str(hold.id))
    assert released is not None and (released.state, released.captured) == (
        "released",
        Money("6.00", "USD"),
    )
    assert released.replayed is False and hold.replayed is False
    again = book.hold(shop.alice, shop.shop, "7.50", key="hotel:7", expires_in=timedelta(minutes=15))
    assert again.replayed and again == hold, "as it was made, though it has ended since"
    answer = book.transaction(key="hotel:7")
    assert isinstance(answer, ledger.Receipt) and answer.hold == hold
    assert list(book.holds(state="open")) == []
    assert not any(it.replayed for it in book.holds())
    assert [it.id for it in book.holds(shop.alice)] == [hold.id]
    assert book.get_hold(7) is None


def test_reversals(shop: Shop) -> None:
    paid = shop.pay("10.00", "order:7")
    part = shop.book.reverse(paid.id, "4.00", key="undo:1")
    assert part.reverses == paid.id
    shop.book.reverse(paid, key="undo:2")
    assert shop.posted() == ("100.00 USD", "0.00 USD")
    assert [str(it.amount) for it in shop.book.reversals(paid.id)] == ["4.00 USD", "6.00 USD"]
    with pytest.raises(ledger.AlreadyReversed):
        shop.book.reverse(paid.id, key="undo:3")


def test_balances(shop: Shop) -> None:
    balance = shop.book.balance(shop.alice)
    assert (balance.posted, balance.held, balance.available) == (
        Money("100", "USD"),
        Money("0", "USD"),
        Money("100", "USD"),
    )
    assert balance.version == 1 and balance.wallet == shop.alice
    assert shop.book.balance(shop.book.world("USD")).available is None
    assert shop.book.balances([shop.alice, "shop:42"])[1].posted == Money("0", "USD")
    (total,) = shop.book.totals(prefix="user:")
    assert (total.wallets, total.posted) == (1, Money("100", "USD"))


def test_history(shop: Shop) -> None:
    for number in range(5):
        shop.book.transfer(
            shop.alice, shop.shop, "1.00", key=f"k{number}", meta={"n": number}
        )
    newest = list(shop.book.history(shop.alice, newest_first=True))
    oldest = list(shop.book.history(shop.alice))
    assert newest == oldest[::-1] and len(newest) == 6
    entry = newest[0]
    assert (entry.key, entry.kind, entry.meta) == ("k4", "transfer", {"n": 4})
    assert (entry.amount, entry.balance_after) == (Money("-1", "USD"), Money("95", "USD"))
    assert entry.counterparty == shop.shop and entry.at.tzinfo is not None
    page = shop.book.history(shop.alice).page(limit=4, cursor=None)
    assert len(list(page)) == 4 and page.next is not None
    rest = shop.book.history(shop.alice).page(limit=50, cursor=page.next)
    assert list(page) + list(rest) == oldest and rest.next is None
    deposits = shop.book.history(shop.alice, kinds=["deposit"])
    assert [it.key for it in deposits] == ["fund"]
    assert list(shop.book.history(shop.alice, until=oldest[0].at)) == []


def test_a_balance_at_a_time(shop: Shop) -> None:
    now = datetime.now(timezone.utc)
    assert shop.book.balance_at(shop.alice, now + timedelta(1)) == Money("100", "USD")
    assert shop.book.balance_at(shop.alice, now - timedelta(1)) == Money("0", "USD")
    with pytest.raises(ValueError, match="no time zone"):
        shop.book.balance_at(shop.alice, now.replace(tzinfo=None))


def test_transactions_by_id_and_key(shop: Shop) -> None:
    paid = shop.pay("1.00", "order:7")
    assert shop.book.transaction(paid.id) == paid == shop.book.transaction(key="order:7")
    assert shop.book.transaction(str(paid.id)) == paid == shop.book.transaction(paid)
    assert shop.book.transaction(7) is None and shop.book.transaction(key="other") is None
    with pytest.raises(ledger.InsufficientFunds):
        shop.pay("9999", "order:8")
    refused = shop.book.transaction(key="order:8")
    assert refused is not None and (refused.status, refused.postings) == ("rejected", [])
    assert isinstance(refused.error, ledger.InsufficientFunds)
    assert refused.error.needed == Money("9999", "USD")
    assert shop.book.transaction(refused.id) == refused
    with pytest.raises(TypeError, match="either"):
        shop.book.transaction()


def test_the_file_as_a_whole(shop: Shop, tmp_path: Path) -> None:
    book, seen = shop.book, []
    report = book.verify(progress=lambda done, total: seen.append((done, total)))
    assert report.ok and report.problems == [] and report.transactions == 1
    head = book.head()
    assert book.head() == head and book.verify(heads=[head, str(head)]).ok
    shop.pay("1", "k")
    assert book.head() != head
    book.backup(tmp_path / "copy.ledger")
    with ledger.open(tmp_path / "copy.ledger") as copy:
        assert copy.balance("user:alice").posted == Money("99", "USD")
    rows = book.query("SELECT name, posted FROM balance ORDER BY posted")
    assert rows[1:] == [("shop:42", 100), ("user:alice", 9900)]
    assert rows.columns == ["name", "posted"]
    with pytest.raises(ledger.Rejected):
        book.query("DELETE FROM journal")
    stats = book.stats()
    assert stats.calls >= 4 and stats["groups"] == stats.groups and stats.lines is not None
    assert ledger.verify(book.path).ok


def test_the_other_verbs(shop: Shop) -> None:
    book, alice = shop.book, shop.alice
    assert book.freeze(alice, key="f").kind == "freeze"
    with pytest.raises(ledger.WalletFrozen) as frozen:
        shop.pay("1", "frozen")
    assert frozen.value.wallet == alice
    found = book.wallet("user:alice")
    assert found is not None and found.status == "frozen"
    book.unfreeze(alice, key="u")
    with pytest.raises(ledger.WalletNotEmpty):
        book.close_wallet(alice, key="c")
    limits = book.set_limits(alice, floor="-20", largest="60", key="l").limits
    assert limits == ledger.Limits(Money("-20", "USD"), None, Money("60", "USD"))
    with pytest.raises(ledger.AmountAboveLimit):
        shop.pay("60.01", "large")
    unlimited = book.set_limits(alice, largest=None, key="l2").limits
    assert unlimited is not None and unlimited.largest is None
    assert unlimited.floor == Money("-20", "USD")


def test_trades_and_assets(shop: Shop) -> None:
    book = shop.book
    gold = book.define_asset("GOLD-18K", 3, {"karat": 18})
    assert gold in book.assets() and {it.code for it in book.assets()} == {"GOLD-18K", "USD"}
    jewels, vault = (book.open_wallet(name, "GOLD-18K") for name in ("jewels", "vault"))
    book.deposit(vault, "50.000", key="mine")
    goods = Money("1.250", "GOLD-18K")
    cost = ledger.Price("65.2551", "USD").cost(goods, "half_up")
    book.trade((shop.alice, shop.shop, cost), (vault, jewels, goods), key="trade")
    assert book.balance(jewels).posted == goods
    assert shop.posted() == ("18.43 USD", "81.57 USD")
    with pytest.raises(ledger.AssetConflict):
        book.define_asset("GOLD-18K", 4)


def test_preconditions(shop: Shop) -> None:
    book, seen = shop.book, shop.book.balance(shop.alice)
    book.transfer(shop.alice, shop.shop, "1", key="k1", expect=seen)
    with pytest.raises(ledger.VersionMismatch) as changed:
        book.transfer(shop.alice, shop.shop, "1", key="k2", expect=seen)
    assert (changed.value.expected, changed.value.present.version) == (1, 2)
    assert changed.value.present.posted == Money("99", "USD")
    expected = [
        ledger.Expect(shop.alice, version=2, balance="99", status="open"),
        ledger.Expect("shop:42", balance=Money("1", "USD")),
    ]
    book.transfer(shop.alice, shop.shop, "1", key="k2", expect=expected)
    with pytest.raises(ledger.BalanceTooLow):
        book.deposit(shop.shop, "1", key="k3", expect=ledger.Expect("shop:42", balance="9"))
    with pytest.raises(ledger.StatusMismatch):
        book.deposit(shop.shop, "1", key="k3", expect=ledger.Expect("shop:42", status="closed"))


def test_bulk_calls(shop: Shop) -> None:
    commands = [
        ledger.Command.deposit(shop.alice, "1", key="d"),
        ledger.Command.withdraw(shop.shop, "1", key="w"),
        ledger.Command.hold(
            shop.alice, shop.shop, "2", key="h", expires_in=timedelta(hours=1)
        ),
    ]
    done, refused, held = shop.book.submit_each(commands)
    assert isinstance(done, ledger.Receipt) and isinstance(refused, ledger.InsufficientFunds)
    assert isinstance(held, ledger.Receipt) and held.hold is not None
    with pytest.raises(ledger.LedgerError):
        shop.book.submit_all([])
    specs = [ledger.WalletSpec(f"w{number}", "USD") for number in range(3)]
    opened = shop.book.open_wallets([*specs, ledger.WalletSpec("", "USD")][:3])
    assert [it.name for it in opened if isinstance(it, ledger.Wallet)] == ["w0", "w1", "w2"]


def test_key_retention(path: Path, tmp_path: Path) -> None:
    month = timedelta(days=30)
    with ledger.open(path, key_retention=month) as book:
        assert book.key_retention == month
    with ledger.open(path) as book:
        assert book.key_retention == month
    with pytest.raises(ledger.InvalidConfig, match="key_retention"):
        ledger.open(path, key_retention=timedelta(days=1))
    with ledger.open(path, key_retention=month) as book:
        book.set_key_retention(None)
        assert book.key_retention is None


def test_exclusive_keeps_others_out(path: Path) -> None:
    with ledger.open(path, exclusive=True, lock_wait=timedelta(milliseconds=10)):
        with pytest.raises(ledger.StoreBusy) as busy:
            ledger.open(path, lock_wait=timedelta(milliseconds=10))
        assert busy.value.retryable


def test_windows(shop: Shop) -> None:
    a_day = ledger.Window("leaving", timedelta(days=1), amount="10.00", count=3)
    limits = shop.book.set_limits(shop.alice, windows=[a_day], key="w").limits
    assert limits is not None
    (window,) = limits.windows
    assert (window.direction, window.amount, window.count) == ("leaving", Money("10", "USD"), 3)
    found = shop.book.wallet("user:alice")
    assert found is not None and found.windows == [window]
    shop.pay("6", "k1")
    with pytest.raises(ledger.WindowExceeded) as refused:
        shop.pay("5", "k2")
    error = refused.value
    assert (error.window, error.used, error.used_count) == (window, Money("6", "USD"), 1)
    assert error.frees_at is not None and error.frees_at > datetime.now(timezone.utc)
    (used,) = shop.book.window_use(shop.alice)
    assert (used.window, used.used, used.used_count) == (window, Money("6", "USD"), 1)
    none: list[list[ledger.Window] | None] = [None, []]
    for place, windows in enumerate(none):
        shop.book.set_limits(shop.alice, windows=[a_day], key=f"set {place}")
        cleared = shop.book.set_limits(shop.alice, windows=windows, key=f"clear {place}").limits
        assert cleared is not None and cleared.windows == []
    with pytest.raises(ledger.InvalidLimit, match="direction"):
        wrong = ledger.Window("out", timedelta(days=1), count=1)
        shop.book.set_limits(shop.alice, windows=[wrong], key="w3")
    entering = ledger.Window("entering", timedelta(days=1), count=1)
    shop.book.set_limits(shop.shop, windows=[entering], key="w4")
    with pytest.raises(ledger.WindowExceeded) as full:
        for number in range(2):
            shop.book.deposit(shop.shop, "1", key=f"in {number}")
    assert full.value.window == entering and full.value.wallet == shop.shop


def test_two_times(shop: Shop) -> None:
    book, earlier = shop.book, datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
    late = book.deposit(shop.alice, "7", key="late", effective_at=earlier)
    assert late.effective_at == earlier < late.at
    assert list(book.history(shop.alice))[-1].effective_at == earlier
    assert book.balance_effective_at(shop.alice, earlier) == Money("7", "USD")
    assert book.balance_at(shop.alice, earlier) == Money("0", "USD")
    assert book.balance_effective_at(shop.alice, earlier, recorded=earlier) == Money("0", "USD")
    february = datetime(2026, 2, 1, tzinfo=timezone.utc)
    assert book.periods_locked_until is None
    assert book.lock_periods(february, key="close").kind == "period_lock"
    assert book.periods_locked_until == february
    with pytest.raises(ledger.PeriodLocked) as locked:
        book.transfer(shop.alice, shop.shop, "1", key="later", effective_at=earlier)
    assert (locked.value.locked_until, locked.value.effective_at) == (february, earlier)
    january = datetime(2026, 1, 1, tzinfo=timezone.utc)
    book.lock_periods(january, key="late lock")
    assert book.periods_locked_until == february
    assert book.unlock_periods(january, key="reopen").kind == "period_unlock"
    assert book.periods_locked_until == january
    book.unlock_periods(key="open")
    assert book.periods_locked_until is None
    with pytest.raises(ledger.TimeToCome):
        tomorrow = datetime.now(timezone.utc) + timedelta(days=1)
        book.deposit(shop.alice, "1", key="tomorrow", effective_at=tomorrow)
    with pytest.raises(ledger.InvalidEffectiveAt):
        ancient = datetime(1800, 1, 1, tzinfo=timezone.utc)
        book.deposit(shop.alice, "1", key="ancient", effective_at=ancient)


def test_finding_by_metadata(shop: Shop) -> None:
    book = shop.book
    book.index_metadata(["order"], key="index")
    assert book.indexed_metadata == ["order"]
    paid = [
        book.transfer(shop.alice, shop.shop, "1", key=f"k{n}", meta={"order": n % 2, "reference": "r"})
        for n in range(4)
    ]
    assert list(book.find("reference", "r")) == paid
    assert list(book.find("order", 1)) == [paid[1], paid[3]]
    page = book.find("order", 0).page(limit=1)
    assert list(page) == [paid[0]] and page[0].postings[0].to_wallet == shop.shop
    assert list(book.find("order", 0).page(limit=1, cursor=page.next)) == [paid[2]]
    assert list(book.find("order", "1")) == []
    with pytest.raises(ledger.InvalidMetadata):
        list(book.find("color", "red"))


def test_what_is_too_heavy_for_one_call_is_carried_out_in_several() -> None:
    note = {"note": "x" * 16_000}
    with ledger.open(":memory:") as book:
        alice, shop = book.open_wallet("user:alice", "USD"), book.open_wallet("shop:42", "USD")
        # A posting each, and 62 more for their metadata: over 100,000, which one call may have.
        keys = [f"k{number}" for number in range(1_700)]
        answers = book.submit_each(
            ledger.Command.deposit(alice, "bad" if key == "k7" else "1", key=key, meta=note) for key in keys
        )
        receipts = [answer for answer in answers if isinstance(answer, ledger.Receipt)]
        assert [it.key for it in receipts] == [key for key in keys if key != "k7"]
        assert isinstance(answers[7], ledger.InvalidAmount) and answers[7].index == 7
        assert [it.id for it in receipts] == sorted(it.id for it in receipts)
        rows = [(alice, shop, "1", f"{key}:pay", note) for key in keys]
        paid = [isinstance(answer, ledger.Receipt) for answer in book.transfer_many(rows)]
        assert paid == [True] * 1_699 + [False], "all but the last, for which nothing was left"
        with pytest.raises(ledger.InvalidBatch, match="100000 postings"):
            book.submit_all(ledger.Command.deposit(alice, "1", key=f"{key}:b", meta=note) for key in keys)


def test_many_legs_and_their_reversals_are_carried_out_in_several_calls() -> None:
    with ledger.open(":memory:") as book:
        alice, shop = book.open_wallet("user:alice", "USD"), book.open_wallet("shop:42", "USD")
        book.deposit(alice, "2000", key="fund")
        legs = [(alice, shop, "0.01")] * 1_000
        posts = book.submit_each(ledger.Command.post(legs, key=f"p{number}") for number in range(101))
        posted = [answer for answer in posts if isinstance(answer, ledger.Receipt)]
        assert [len(it.postings) for it in posted] == [1_000] * 101
        undone = book.submit_each(ledger.Command.reverse(it, key=f"{it.key}:undo") for it in posted)
        assert [answer.key for answer in undone if isinstance(answer, ledger.Receipt)] == [
            f"p{number}:undo" for number in range(101)
        ]
        # More legs than any transaction may have are that command's answer, and stop no other.
        many = ledger.Command.post(legs * 200, key="many")
        no, yes = book.submit_each([many, ledger.Command.deposit(alice, "1", key="last")])
        assert isinstance(no, ledger.InvalidPostings) and isinstance(yes, ledger.Receipt)


def test_limits_whose_asset_nobody_knows_are_not_shown_as_none(shop: Shop) -> None:
    receipt = shop.book.set_limits(shop.alice, floor="-20", key="l")
    restore, (file, state, wallets) = receipt.__reduce__()
    limits = restore(file, state, wallets).limits
    assert limits == receipt.limits and limits.floor == Money("-20", "USD")
    with pytest.raises(ledger.UnknownWallet, match=f"wallet {shop.alice.id} .*asset") as unknown:
        restore(file, state, {}).limits
    assert unknown.value.wallet == shop.alice.id
