"""Moving from Formance: its transactions, exported as JSON."""

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

import ledger

TRANSACTIONS = json.loads("""[
{"id": 1, "timestamp": "2026-01-01T10:00:00Z", "metadata": {}, "postings": [
  {"source": "world", "destination": "users:alice", "amount": 10000, "asset": "USD/2"}]},
{"id": 2, "timestamp": "2026-01-02T10:00:00Z", "metadata": {"reference": "order-7"}, "postings": [
  {"source": "users:alice", "destination": "orders:7", "amount": 2500, "asset": "USD/2"},
  {"source": "orders:7", "destination": "fees", "amount": 250, "asset": "USD/2"},
  {"source": "orders:7", "destination": "shops:42", "amount": 2250, "asset": "USD/2"}]}]""")


def wallet(book: ledger.Book, account: str, asset: str) -> ledger.Wallet:
    """An account can hold many assets, a wallet holds one: it is an account and an asset."""
    code, _, scale = asset.partition("/")
    book.define_asset(code, scale=int(scale or 0))
    if account == "world":
        return book.world(code)
    # Accounts may have been below zero on the way; floors come when all is there.
    return book.open_wallet(f"{account}/{code}", code, floor=None)


def move(book: ledger.Book, old: dict[str, Any]) -> ledger.Receipt:
    """What one transaction becomes."""
    legs = []
    for posting in old["postings"]:
        source, target = (wallet(book, posting[end], posting["asset"]) for end in ("source", "destination"))
        scale = int(posting["asset"].partition("/")[2] or 0)
        legs.append((source, target, Decimal(posting["amount"]).scaleb(-scale)))
    at = datetime.fromisoformat(old["timestamp"])
    key = f"formance:{old['id']}"
    return book.post(legs, key=key, effective_at=at, meta=old["metadata"])


with ledger.open("from-formance.ledger") as book:
    for old in TRANSACTIONS:
        move(book, old)
        assert move(book, old).replayed, "sent again, it moves nothing"
    assert str(book.balance("users:alice/USD").posted) == "75.00 USD"
    assert str(book.balance("orders:7/USD").posted) == "0.00 USD"

    # All is there. From now on nobody goes below zero.
    accounts = list(book.wallets())
    for account in accounts:
        book.set_limits(account, floor="0", key=f"formance:floor:{account.name}")
        more = book.balance(account).posted.amount + Decimal("0.01")
        try:
            book.withdraw(account, more, key=f"check:{account.name}")
        except ledger.InsufficientFunds as refused:
            assert str(refused.shortfall) == "0.01 USD"
        else:
            raise AssertionError("went below zero")
    assert len(accounts) == 4
