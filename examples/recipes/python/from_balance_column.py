"""Moving from a ``balance`` column: opening balances under keys that make the migration repeatable."""

import sqlite3
from decimal import Decimal

import ledger
from ledger import Command


def old_rows() -> list[tuple[int, int]]:
    """The old table, all in one snapshot. For PostgreSQL only this function differs."""
    old = sqlite3.connect(":memory:")
    old.executescript(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, balance_cents INTEGER NOT NULL);"
        "INSERT INTO users VALUES (1, 1250), (2, 0), (3, -300), (4, 99999)"
    )
    return old.execute("SELECT id, balance_cents FROM users ORDER BY id").fetchall()


def migrate(book: ledger.Book, rows: list[tuple[int, int]]) -> int:
    """Moves rows; it can be stopped and run again at any time. Says how many were new."""
    # The other side of every opening balance: in the end it owes what the users have.
    opening = book.open_wallet("migration/opening", "USD", floor=None)
    new = 0
    for start in range(0, len(rows), 1_000):
        commands = []
        for id, cents in rows[start : start + 1_000]:
            amount = Decimal(cents).scaleb(-2)
            # Who is in the red already may stay there, and no deeper.
            wallet = book.open_wallet(f"user:{id}/main", "USD", floor=min(amount, Decimal(0)))
            key = f"migration:1:user:{id}"
            if cents > 0:
                commands.append(Command.transfer(opening, wallet, amount, key=key))
            elif cents < 0:
                commands.append(Command.transfer(wallet, opening, -amount, key=key))
        # All of a piece or none. A row that changed since the last run is a conflict of its key: somebody
        # still writes to the old table.
        if commands:
            new += sum(not receipt.replayed for receipt in book.submit_all(commands))
    return new


with ledger.open("from-balance-column.ledger") as book:
    rows = old_rows()
    migrate(book, rows)
    assert migrate(book, rows) == 0, "run again, it moves nothing"

    # Nothing was lost: the sum is that of the column, and the other side owes exactly as much.
    (total,) = book.totals(prefix="user:")
    assert total.posted.amount == Decimal(sum(cents for _, cents in rows)).scaleb(-2)
    assert book.balance("migration/opening").posted == -total.posted

    # Somebody wrote to the old table meanwhile.
    try:
        migrate(book, [(1, 1251), *rows[1:]])
    except ledger.KeyConflict as conflict:
        assert conflict.key == "migration:1:user:1"
    else:
        raise AssertionError("an opening balance has changed")
