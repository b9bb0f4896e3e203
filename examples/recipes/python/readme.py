"""The README's program."""

import ledger

with ledger.open("shop.ledger") as book:
    alice = book.open_wallet("user:alice", "USD")
    shop = book.open_wallet("shop:42", "USD")

    # Every change of money has a key: sending it again is the same change, not a second one.
    book.deposit(alice, "100.00", key="stripe:ch_1")
    book.transfer(alice, shop, "12.50", key="order:7")
    assert book.transfer(alice, shop, "12.50", key="order:7").replayed

    # A wallet stops at its floor, whoever asks and however many at once.
    try:
        book.withdraw(alice, "90.00", key="payout:1")
    except ledger.InsufficientFunds as refused:
        assert str(refused.shortfall) == "2.50 USD"
    assert str(book.balance(alice).posted) == "87.50 USD"

    for entry in book.history(alice, newest_first=True):
        print(entry.at, entry.kind, entry.amount, "->", entry.balance_after)
