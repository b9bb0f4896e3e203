"""The end of a month: what came late, the lock, and reports that can be made again."""

from datetime import datetime, timedelta, timezone

import ledger
from ledger import testing


def utc(month: int, day: int, hour: int = 0) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=timezone.utc)


february = utc(2, 1)
end_of_january = february - timedelta(milliseconds=1)
clock = testing.Clock(utc(1, 10, 9))

with testing.memory(clock) as book:
    bank = book.open_wallet("bank/main", "USD")
    rent = book.open_wallet("costs/rent", "USD")
    book.deposit(bank, "5000.00", key="income:1")

    # On the first of February somebody looks at January.
    first_report = utc(2, 1, 8)
    clock.set(first_report)
    assert str(book.balance_at(bank, end_of_january)) == "5000.00 USD"

    # On the third January's rent arrives: recorded now, it takes effect when it was due.
    clock.set(utc(2, 3, 10))
    due = utc(1, 31, 12)
    about = {"reference": "invoice:77"}
    book.transfer(bank, rent, "1200.00", key="invoice:77", effective_at=due, meta=about)

    # Three questions, three answers: as January was, as it was recorded, as the first report knew it.
    effective = book.balance_effective_at(bank, end_of_january)
    recorded = book.balance_at(bank, end_of_january)
    reported = book.balance_effective_at(bank, end_of_january, recorded=first_report)
    assert [str(it) for it in (effective, recorded, reported)] == [
        "3800.00 USD",
        "5000.00 USD",
        "5000.00 USD",
    ]

    # On the fifth the books are closed: January does not change any more.
    clock.set(utc(2, 5, 17))
    book.lock_periods(february, key="close:2026-01")
    try:
        book.transfer(bank, rent, "50.00", key="invoice:78", effective_at=due)
    except ledger.PeriodLocked:
        pass
    else:
        raise AssertionError("January has changed")
    assert book.periods_locked_until == february

    # What comes later still goes into February, under a key of its own, because a no is remembered.
    book.transfer(bank, rent, "50.00", key="invoice:78:feb", meta={"reference": "invoice:78"})
    assert str(book.balance_effective_at(bank, end_of_january)) == "3800.00 USD"

    # A statement of February's entries, from the balance before them to the one after.
    entries = list(book.history(bank, since=february))
    assert [str(it.balance_after) for it in entries] == ["3800.00 USD", "3750.00 USD"]
