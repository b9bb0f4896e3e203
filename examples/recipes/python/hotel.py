"""A hotel reserves money, captures it in parts, gives the rest back, and forgets one booking."""

from datetime import datetime, timedelta, timezone

import ledger
from ledger import testing

# A clock to set shows what a week does; a ledger in a file goes by the machine's.
clock = testing.Clock(datetime(2026, 3, 1, 12, tzinfo=timezone.utc))
week = timedelta(days=7)

with testing.memory(clock) as book:
    guest = book.open_wallet("guest:7", "USD")
    hotel = book.open_wallet("hotel:1", "USD")
    book.deposit(guest, "500.00", key="card:1")

    # Three nights are reserved, and up to 50.00 more may be captured: for the minibar.
    booking = book.hold(guest, hotel, "300.00", key="booking:7", expires_in=week, tolerance="50.00")
    balance = book.balance(guest)
    assert (str(balance.posted), str(balance.held)) == ("500.00 USD", "300.00 USD")
    assert str(balance.available) == "200.00 USD"

    # The first night is captured at check-in, the rest and the minibar at check-out.
    book.capture(booking, "100.00", key="stay:7:night:1")
    book.capture(booking, "218.40", key="stay:7:bill")
    assert str(book.balance(hotel).posted) == "318.40 USD"
    try:
        book.capture(booking, key="stay:7:towels")
    except ledger.HoldFinished:
        pass

    # A cheaper room than was booked: what is not needed is given back with the last capture.
    second = book.hold(guest, hotel, "90.00", key="booking:8", expires_in=week)
    book.capture(second, "70.00", key="stay:8:bill", release_rest=True)
    # A booking that is cancelled.
    third = book.hold(guest, hotel, "90.00", key="booking:9", expires_in=week)
    book.release(third, key="booking:9:cancel")
    assert str(book.balance(guest).available) == "111.60 USD"

    # And one that nobody came for. No job must run: its time is up, so its money is free.
    fourth = book.hold(guest, hotel, "90.00", key="booking:10", expires_in=week)
    clock.advance(week)
    assert str(book.balance(guest).available) == "111.60 USD"
    try:
        book.capture(fourth, key="stay:10:bill")
    except ledger.HoldExpired:
        pass
    else:
        raise AssertionError("captured after its time")
