"""Moving from floats: each balance is rounded once, and what that makes of the sum is booked, in sight."""

from decimal import ROUND_HALF_EVEN, Decimal

import ledger
from ledger import Money

# What the old table has, after years of `balance = balance + 0.1`.
BALANCES = {"ann": 10.125, "bob": 0.1 + 0.2, "cid": 1999.9999999999, "dee": 12.3449}
# The total that the last report of the old books has, and that people believe.
REPORTED = Money("2022.77", "USD")

with ledger.open("from-floats.ledger") as book:
    opening = book.open_wallet("migration/opening", "USD", floor=None)
    rounding = book.open_wallet("migration/rounding", "USD", floor=None)
    for name, balance in BALANCES.items():
        wallet = book.open_wallet(f"user:{name}", "USD")
        # Decimal(float) is exact; it is rounded once, in a way that is named.
        amount = Decimal(balance).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
        # What is below zero is refused: it needs a floor, as in the recipe before.
        if amount:
            book.transfer(opening, wallet, amount, key=f"migration:1:user:{name}")

    # Rounded one by one, balances add up to something else than the rounded sum. The difference gets a
    # wallet of its own: the total is the reported one to the cent, and everyone sees what it is made of.
    (moved,) = book.totals(prefix="user:")
    difference = REPORTED - moved.posted
    # More than half a cent for each balance is no rounding: somebody should look.
    assert 2 * abs(difference) <= Money("0.01", "USD") * len(BALANCES)
    source, target = (opening, rounding) if difference.amount > 0 else (rounding, opening)
    if difference:
        book.transfer(source, target, abs(difference), key="migration:1:rounding")
    assert str(book.balance(rounding).posted) == "0.01 USD"
    assert book.balance(opening).posted == -REPORTED

    # A float itself is never an amount, so that this can't be forgotten anywhere: type checkers say so too.
    try:
        book.deposit("user:ann", 0.1, key="oops")  # type: ignore[arg-type]
    except TypeError:
        pass
    else:
        raise AssertionError("took a float")
