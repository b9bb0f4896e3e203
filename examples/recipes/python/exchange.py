"""Foreign exchange: a trade at a price, rounded once and in a direction that is named."""

import ledger
from ledger import Money, Price, Rate

with ledger.open("exchange.ledger") as book:
    dollars = book.open_wallet("user:7/usd", "USD")
    euros = book.open_wallet("user:7/eur", "EUR")
    desk_usd = book.open_wallet("desk/usd", "USD")
    desk_eur = book.open_wallet("desk/eur", "EUR")
    fees = book.open_wallet("platform/fees", "USD")
    book.deposit(dollars, "1000.00", key="card:1")
    book.deposit(desk_eur, "5000.00", key="funding:1")

    # A euro costs so many dollars, with as many digits as the market gives. The desk rounds up, once, so
    # that it never gives away a fraction of a cent.
    bought = Money("250.00", "EUR")
    cost = Price("1.084275", "USD").cost(bought, "up")
    assert cost == Money("271.07", "USD")  # 271.06875
    quote = Rate.percent("0.5").added_to(cost, "half_up")
    assert (str(quote.fee), str(quote.gross)) == ("1.36 USD", "272.43 USD")

    # Dollars, euros and the fee move together or not at all. Keep the quote's id as the key: a quote is
    # carried out once.
    legs = [
        (dollars, desk_usd, quote.net),
        (desk_eur, euros, bought),
        (dollars, fees, quote.fee),
    ]
    book.post(legs, key="quote:1")
    assert str(book.balance(dollars).posted) == "727.57 USD"
    assert book.balance(euros).posted == bought

    # Without a fee it is a trade of two sides. Here dollars are bought back, at the desk's lower price.
    back = Price("1.081", "USD").cost(Money("100.00", "EUR"), "down")
    book.trade((euros, desk_eur, "100.00"), (desk_usd, dollars, back), key="quote:2")
    assert str(book.balance(dollars).posted) == "835.67 USD"

    # What the desk does not have it can't sell: then nothing is paid for it either.
    try:
        book.trade((dollars, desk_usd, "800.00"), (desk_eur, euros, "9000.00"), key="quote:3")
    except ledger.InsufficientFunds as refused:
        assert refused.wallet == desk_eur
    assert str(book.balance(dollars).posted) == "835.67 USD"
