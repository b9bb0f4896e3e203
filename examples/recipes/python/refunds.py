"""Refunds: in parts, never more than was paid, and goodwill beside them."""

import ledger

with ledger.open("refunds.ledger") as book:
    buyer = book.open_wallet("user:7/main", "USD")
    shop = book.open_wallet("shop:42", "USD")
    marketing = book.open_wallet("marketing", "USD")
    book.deposit(buyer, "100.00", key="stripe:ch_1")
    book.deposit(marketing, "50.00", key="budget:2026")
    order = book.transfer(buyer, shop, "80.00", key="order:7")

    # One article comes back. The ticket is the key: clicking twice refunds once.
    refund = book.reverse(order, "30.00", key="ticket:1:refund")
    twice = book.reverse(order, "30.00", key="ticket:1:refund")
    assert twice.id == refund.id and twice.replayed

    # 50.00 are left of the order, so 60.00 are refused, whoever asks.
    try:
        book.reverse(order, "60.00", key="ticket:2:refund")
    except ledger.ReversalTooLarge:
        pass
    else:
        raise AssertionError("refunded more than was paid")

    # Without an amount it is all that is left; then there is nothing left.
    book.reverse(order, key="ticket:3:refund")
    try:
        book.reverse(order, key="ticket:4:refund")
    except ledger.AlreadyReversed:
        pass
    assert str(book.balance(buyer).posted) == "100.00 USD"

    # What was refunded of an order, and by what.
    assert [str(part.amount) for part in book.reversals(order)] == ["30.00 USD", "50.00 USD"]

    # Five dollars for the trouble are no refund: they come from another wallet, and say what they are for.
    about = {"reference": "order:7"}
    book.transfer(marketing, buyer, "5.00", key="ticket:3:goodwill", meta=about)
    assert str(book.balance(buyer).posted) == "105.00 USD"
