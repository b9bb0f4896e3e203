"""A wallet is topped up by a webhook that is sent twice."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import ledger


def top_up(book: ledger.Book, webhook: dict[str, Any]) -> ledger.Receipt:
    wallet = book.open_wallet(f"user:{webhook['user']}/main", webhook["currency"])
    # The charge is the key, not the event: two events can tell of one charge. For the same reason the
    # event is no part of the request; it is the reason that the actor gives.
    return book.deposit(
        wallet,
        webhook["amount"],
        key=f"stripe:{webhook['charge']}",
        meta={"reference": webhook["charge"]},
        actor=ledger.Actor("webhook", reason=webhook["event"]),
    )


with ledger.open("top-up.ledger") as book:
    # What the payment provider tells us: at least once, perhaps late, perhaps twice at the same time.
    webhook = {"event": "evt_1", "charge": "ch_1", "user": 7, "amount": "25.00", "currency": "USD"}
    first = top_up(book, webhook)

    # Sent again: the first answer, marked as a replay. Answer the provider with 200 both times.
    again = top_up(book, webhook | {"event": "evt_2"})
    assert again.id == first.id and again.replayed

    # Sent eight times at once, by eight threads: still one deposit.
    with ThreadPoolExecutor(8) as threads:
        receipts = list(threads.map(lambda _: top_up(book, webhook), range(8)))
    assert {receipt.id for receipt in receipts} == {first.id}
    assert str(book.balance("user:7/main").posted) == "25.00 USD"

    # The same charge with another amount is no retry: somebody should look.
    try:
        top_up(book, webhook | {"amount": "2500.00"})
    except ledger.KeyConflict as conflict:
        assert conflict.key == "stripe:ch_1"
    else:
        raise AssertionError("another amount under the same key")
