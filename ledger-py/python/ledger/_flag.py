"""Options that are on or off."""

from __future__ import annotations


def flag(value: bool, name: str) -> bool:
    """The value, unless it is none of the two: what was meant by another would be a guess."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be a bool, True or False, not {type(value).__name__}")
    return value
