"""The ledger against a dict: whatever is done, in whatever order, and however often."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

import ledger
from ledger import Money, testing

NAMES = [f"w{number}" for number in range(4)]
CENT = Decimal("0.01")
amounts = st.integers(1, 2_000).map(lambda cents: CENT * cents)
keys = st.integers(0, 60).map(lambda number: f"k{number}")
names = st.sampled_from(NAMES)


class LedgerMachine(RuleBasedStateMachine):
    """What the ledger answers is what a dict of balances, keys and holds says."""

    holds = Bundle("holds")

    def __init__(self) -> None:
        super().__init__()
        self.clock = testing.Clock(datetime(2026, 1, 1, tzinfo=timezone.utc))
        self.book = testing.memory(self.clock)
        for name in NAMES:
            self.book.open_wallet(name, "USD")
        self.posted = dict.fromkeys(NAMES, Decimal(0))
        self.answers: dict[str, tuple[Any, Any]] = {}
        self.open: dict[int, tuple[str, str, Decimal, datetime]] = {}

    def held(self, name: str) -> Decimal:
        live = (it for it in self.open.values() if it[0] == name and it[3] > self.clock.now)
        return sum((it[2] for it in live), start=Decimal(0))

    def ask(self, request: Any, key: str, call: Any, moves: Any) -> Any:
        """Asks the ledger, and checks its answer against the model's."""
        known = self.answers.get(key)
        if known is not None and known[0] != request:
            try:
                call()
            except ledger.KeyConflict:
                return None
            raise AssertionError("a key was used for two requests")
        expected = known[1] if known is not None else moves()
        try:
            answer = call()
        except ledger.Rejected as refused:
            assert expected == refused.code, (expected, refused)
            assert refused.replayed == (known is not None)
            answer = None
        else:
            assert expected == "done", (expected, answer)
            assert known is None or getattr(answer, "replayed", True)
        self.answers[key] = (request, expected)
        return answer if known is None else None

    @rule(name=names, amount=amounts, key=keys)
    def deposit(self, name: str, amount: Decimal, key: str) -> None:
        def moves() -> str:
            self.posted[name] += amount
            return "done"

        def call() -> Any:
            return self.book.deposit(name, amount, key=key)

        self.ask(("deposit", name, amount), key, call, moves)

    def take(self, name: str, amount: Decimal) -> str:
        if self.posted[name] - self.held(name) < amount:
            return "insufficient_funds"
        self.posted[name] -= amount
        return "done"

    @rule(name=names, amount=amounts, key=keys)
    def withdraw(self, name: str, amount: Decimal, key: str) -> None:
        def call() -> Any:
            return self.book.withdraw(name, Money(amount, "USD"), key=key)

        self.ask(("withdraw", name, amount), key, call, lambda: self.take(name, amount))

    @rule(source=names, receiver=names, amount=amounts, key=keys)
    def transfer(self, source: str, receiver: str, amount: Decimal, key: str) -> None:
        if source == receiver:
            return

        def moves() -> str:
            said = self.take(source, amount)
            if said == "done":
                self.posted[receiver] += amount
            return said

        def call() -> Any:
            return self.book.transfer(source, receiver, str(amount), key=key)

        self.ask(("transfer", source, receiver, amount), key, call, moves)

    @rule(target=holds, source=names, receiver=names, amount=amounts, key=keys, minutes=st.integers(1, 9))
    def hold(self, source: str, receiver: str, amount: Decimal, key: str, minutes: int) -> Any:
        if source == receiver:
            return None
        duration = timedelta(minutes=minutes)

        def moves() -> str:
            free = self.posted[source] - self.held(source) >= amount
            return "done" if free else "insufficient_funds"

        def call() -> Any:
            return self.book.hold(source, receiver, amount, key=key, expires_in=duration)

        made = self.ask(("hold", source, receiver, amount, minutes), key, call, moves)
        if made is not None:
            assert made.expires_at == self.clock.now + duration
            self.open[made.id] = (source, receiver, amount, made.expires_at)
        return made

    def ended(self, hold: ledger.Hold) -> str | None:
        if hold.id not in self.open:
            return "hold_finished"
        return "hold_expired" if self.open[hold.id][3] <= self.clock.now else None

    @rule(hold=holds, key=keys)
    def capture(self, hold: ledger.Hold | None, key: str) -> None:
        if hold is None:
            return

        def moves() -> str:
            ended = self.ended(hold)
            if ended is not None:
                return ended
            source, receiver, amount, _ = self.open.pop(hold.id)
            self.posted[source] -= amount
            self.posted[receiver] += amount
            return "done"

        self.ask(("capture", hold.id), key, lambda: self.book.capture(hold, key=key), moves)

    @rule(hold=holds, key=keys)
    def release(self, hold: ledger.Hold | None, key: str) -> None:
        if hold is None:
            return

        def moves() -> str:
            ended = self.ended(hold)
            if ended is None:
                del self.open[hold.id]
            return ended or "done"

        self.ask(("release", hold.id), key, lambda: self.book.release(hold, key=key), moves)

    @rule(minutes=st.integers(0, 5))
    def wait(self, minutes: int) -> None:
        self.clock.advance(timedelta(minutes=minutes))

    @invariant()
    def balances_agree(self) -> None:
        for name, balance in zip(NAMES, self.book.balances(NAMES), strict=True):
            assert balance.posted.amount == self.posted[name]
            assert balance.held.amount == self.held(name)
            assert balance.available is not None
            assert balance.available.amount == self.posted[name] - self.held(name) >= 0

    @invariant()
    def histories_add_up(self) -> None:
        for name in NAMES:
            entries = list(self.book.history(name))
            total = sum((it.amount for it in entries), start=Money("0", "USD"))
            assert total.amount == self.posted[name]
            assert not entries or entries[-1].balance_after == total

    def teardown(self) -> None:
        self.book.close()


LedgerMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestLedger = LedgerMachine.TestCase
