"""Moving from TigerBeetle: its transfers, exported as CSV, with those that are pending."""

import csv
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import ledger

# Accounts of ledger 840, and whether their debits must not exceed their credits.
ACCOUNTS = {"1": False, "2": True, "3": True}
START = datetime(1970, 1, 1, tzinfo=timezone.utc)
# When the export was made. What is pending longer than its timeout is over, and has no line that says so.
EXPORTED = datetime(2026, 1, 1, 12, 2, 10, tzinfo=timezone.utc)
# As queried in order of their timestamps. Amounts are smallest units, timeouts seconds, times nanoseconds.
TRANSFERS = """\
id,debit,credit,amount,code,flag,pending_id,timeout,timestamp
101,1,2,10000,1,,,,1767261600000000000
102,2,3,3000,7,pending,,3600,1767265200000000000
103,2,3,2500,7,post_pending,102,,1767268800000000000
104,2,3,400,7,pending,,3600,1767268900000000000
105,2,3,400,7,void_pending,104,,1767268910000000000
106,2,3,1500,7,pending,,86400,1767268920000000000
107,2,3,900,7,pending,,5,1767268921000000000
"""


def move(book: ledger.Book, line: dict[str, str], ended: set[str]) -> None:
    """What one line of the export becomes."""
    source, target = f"tb:{line['debit']}", f"tb:{line['credit']}"
    amount = Decimal(line["amount"]).scaleb(-2)
    key, meta = f"tb:{line['id']}", {"code": line["code"]}
    # What was pending and has been posted or voided is history: its end says what moved.
    if line["flag"] == "void_pending" or line["id"] in ended:
        return
    at = START + timedelta(milliseconds=int(line["timestamp"]) // 10**6)
    if line["flag"] == "pending":
        rest = at + timedelta(seconds=int(line["timeout"])) - EXPORTED
        if rest > timedelta(0):
            book.hold(source, target, amount, key=key, meta=meta, expires_in=rest)
        return
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
