"""Credits for usage: they expire, the oldest are used first, and nobody uses too many at once."""

from datetime import datetime, timedelta, timezone

import ledger
from ledger import Command, testing


def grant(book: ledger.Book, amount: str, days: int) -> None:
    """What is granted is held for usage, until it expires: so `held` is what can be used, at any moment."""
    key = f"grant:user:7:{days}"
    own, used, lasting = "user:7/credits", "user:7/used", timedelta(days=days)
    granted = Command.deposit(own, amount, key=f"{key}:in")
    book.submit_all([granted, Command.hold(own, used, amount, key=key, expires_in=lasting)])


def use_credits(book: ledger.Book, amount: int, key: str) -> bool:
    """Uses credits, of the grants that expire first; says whether there were enough."""
    while True:
        # A retry would choose among other grants than the first call did, so ask for that one's answer.
        answer = book.transaction(key=f"{key}:0")
        if isinstance(answer, ledger.Refusal):
            raise answer.error
        if answer is not None:
            return True
        seen = book.balance("user:7/credits")
        left = amount
        parts: list[Command] = []
        grants = book.holds("user:7/credits", state="open")
        for found in sorted(grants, key=lambda it: it.expires_at):
            part = min(int(found.remaining.amount), left)
            if part:
                # All parts or none, and only if nobody was faster since we looked: else look again.
                expect = None if parts else seen
                part_key = f"{key}:{len(parts)}"
                parts.append(Command.capture(found, str(part), key=part_key, expect=expect))
                left -= part
        if left:
            return False
        try:
            book.submit_all(parts)
            return True
        except ledger.VersionMismatch:
            continue


clock = testing.Clock(datetime(2026, 3, 1, 12, tzinfo=timezone.utc))
with testing.memory(clock) as book:
    book.define_asset("CREDIT", scale=0)
    book.open_wallet("user:7/credits", "CREDIT")
    book.open_wallet("user:7/used", "CREDIT")
    # A gift in many parts that expire late; what expires sooner comes after it, and is used before.
    for days in range(61, 121):
        grant(book, "1", days)
    grant(book, "100", 30)
    grant(book, "50", 60)

    # At most 130 an hour, whichever grants they come from.
    hour = ledger.Window("entering", timedelta(hours=1), amount="130")
    book.set_limits("user:7/used", windows=[hour], key="limits:7:1")

    assert use_credits(book, 120, "job:1")
    assert use_credits(book, 120, "job:1"), "sent again, and used once"
    assert str(book.balance("user:7/credits").held) == "90 CREDIT"
    for _first_and_sent_again in range(2):
        try:
            use_credits(book, 20, "job:2")
        except ledger.WindowExceeded:
            pass
        else:
            raise AssertionError("used more than an hour allows")
    assert not use_credits(book, 91, "job:3"), "there are 90"

    # Of the grants that expire first: the gift is whole after sixty days, when the others have expired.
    clock.advance(timedelta(days=60))
    assert str(book.balance("user:7/credits").held) == "60 CREDIT"
    assert not use_credits(book, 61, "job:4")
    clock.advance(timedelta(days=60))
    assert not use_credits(book, 1, "job:5")

    # What has expired is free, by itself; the books are cleaned up whenever there is time.
    assert str(book.balance("user:7/credits").held) == "0 CREDIT"
    book.withdraw("user:7/credits", "90", key="expired:7:2026-06-29")
