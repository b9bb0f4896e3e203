"""A sale on a marketplace: the price is divided between seller, platform and affiliate."""

import ledger
from ledger import Money, Rate

with ledger.open("marketplace.ledger") as book:
    buyer = book.open_wallet("user:7/main", "USD")
    seller = book.open_wallet("seller:3/main", "USD")
    fees = book.open_wallet("platform/fees", "USD")
    affiliate = book.open_wallet("affiliate:5/main", "USD")
    book.deposit(buyer, "49.99", key="stripe:ch_1")

    # The parts always add up to the price: what can't be divided is given out by the cent, and never lost.
    price = Money("49.99", "USD")
    parts = price.split_rates([Rate.percent("12.5"), Rate.percent("2.5")])
    # A rate so small that its part is nothing moves nothing.
    legs = [(buyer, to, part) for to, part in zip([fees, affiliate, seller], parts) if part]

    # One transaction: the buyer pays all three or none. Sent again, it is the same one.
    sale = book.post(legs, key="order:7")
    assert [str(it.amount) for it in sale.postings] == ["6.25 USD", "1.25 USD", "42.49 USD"]
    assert book.post(legs, key="order:7").replayed

    # The seller is paid out. Cancelling the order now would take from an empty wallet, so nothing of it
    # happens: not the seller's part, and not the others' either.
    book.withdraw(seller, "42.49", key="payout:3:1")
    try:
        book.reverse(sale, key="order:7:cancel")
    except ledger.InsufficientFunds as refused:
        assert str(refused.shortfall) == "42.49 USD"
    assert str(book.balance(fees).posted) == "6.25 USD"

    # The seller pays it back, and all three give back their part: under a new key, for a no is an answer.
    book.deposit(seller, "42.49", key="payin:3:1")
    book.reverse(sale, key="order:7:cancel:2")
    assert book.balance(buyer).posted == price
    assert not any(total.posted for total in book.totals(prefix="platform/"))
