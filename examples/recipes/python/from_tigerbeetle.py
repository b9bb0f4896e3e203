"""Moving from TigerBeetle: its transfers, exported as CSV, with those that are pending."""

import csv
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import ledger

# Accounts of ledger 840, and whether their debits must not exceed their credits.
ACCOUNTS = {"1": False, "2": True, "3": True}
# As queried in order of their timestamps. Amounts are smallest units, times are nanoseconds.
TRANSFERS = """\
id,debit,credit,amount,code,flag,pending_id,timestamp
101,1,2,10000,1,,,1767261600000000000
102,2,3,3000,7,pending,,1767265200000000000
103,2,3,2500,7,post_pending,102,1767268800000000000
104,2,3,400,7,pending,,1767268900000000000
105,2,3,400,7,void_pending,104,1767268910000000000
106,2,3,1500,7,pending,,1767268920000000000
"""


def move(book: ledger.Book, line: dict[str, str], ended: set[str]) -> None:
    """What one line of the export becomes."""
    source, target = f"tb:{line['debit']}", f"tb:{line['credit']}"
    amount = Decimal(line["amount"]).scaleb(-2)
    key, meta = f"tb:{line['id']}", {"code": line["code"]}
    # What was pending and has been posted or voided is history: its end says what moved.
    if line["flag"] == "void_pending" or line["id"] in ended:
        return
    if line["flag"] == "pending":
        rest = timedelta(hours=24)  # of its timeout, at the time of the move
        book.hold(source, target, amount, key=key, meta=meta, expires_in=rest)
        return
    at = datetime.fromtimestamp(int(line["timestamp"]) // 10**9, timezone.utc)
    book.transfer(source, target, amount, key=key, meta=meta, effective_at=at)


with ledger.open("from-tigerbeetle.ledger") as book:
    for account, has_floor in ACCOUNTS.items():
        book.open_wallet(f"tb:{account}", "USD", floor="0" if has_floor else None)
    lines = list(csv.DictReader(TRANSFERS.splitlines()))
    ended = {line["pending_id"] for line in lines}
    # Run again, it moves nothing: each transfer's id is its key.
    for line in lines + lines:
        move(book, line, ended)
    assert str(book.balance("tb:2").posted) == "75.00 USD"
    assert str(book.balance("tb:2").held) == "15.00 USD"
    assert str(book.balance("tb:3").posted) == "25.00 USD"
    too_early = datetime.fromtimestamp(1767261599, timezone.utc)
    assert not book.balance_effective_at("tb:2", too_early)
