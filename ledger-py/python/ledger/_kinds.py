"""What is handed in must be of a kind."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")


def of_kind(value: T, kind: type[T], what: str) -> T:
    """The value, if it is of that kind; what it is called is said otherwise."""
    if not isinstance(value, kind):
        raise TypeError(f"{what} must be a ledger.{kind.__name__}, not {type(value).__name__}")
    return value


def flag(value: bool, name: str) -> bool:
    """The value, unless it is neither on nor off: what was meant by another would be a guess."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be a bool, True or False, not {type(value).__name__}")
    return value
