"""A shop in a file, for every test that wants one."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import ledger

# Whoever runs the tests in the background may ignore Ctrl-C, and programs inherit that: it would never be heard.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclass
class Shop:
    """Two wallets, of which one has money."""

    book: ledger.Book
    alice: ledger.Wallet
    shop: ledger.Wallet

    @classmethod
    def on(cls, book: ledger.Book) -> Shop:
        alice = book.open_wallet("user:alice", "USD")
        shop = book.open_wallet("shop:42", "USD")
        book.deposit(alice, "100.00", key="fund")
        return cls(book, alice, shop)

    def pay(self, amount: str, key: str) -> ledger.Receipt:
        return self.book.transfer(self.alice, self.shop, amount, key=key)

    def posted(self) -> tuple[str, str]:
        balances = self.book.balances([self.alice, self.shop])
        return (str(balances[0].posted), str(balances[1].posted))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shop.ledger"


@pytest.fixture
def book(path: Path) -> Iterator[ledger.Book]:
    with ledger.open(path) as book:
        yield book


@pytest.fixture
def shop(book: ledger.Book) -> Shop:
    return Shop.on(book)
