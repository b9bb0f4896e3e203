"""Times: aware datetimes outside, milliseconds inside."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MILLISECOND = timedelta(milliseconds=1)
_MICROSECOND = timedelta(microseconds=1)


def from_ms(ms: int) -> datetime:
    """The time so many milliseconds after 1970, in UTC."""
    return _EPOCH + timedelta(milliseconds=ms)


def to_ms(when: datetime) -> int:
    """Milliseconds since 1970; a time without a zone is refused, because nobody knows when it is."""
    if not isinstance(when, datetime):
        raise TypeError(f"a time must be a datetime, not {type(when).__name__}")
    if when.tzinfo is None or when.utcoffset() is None:
        raise ValueError(
            f"{when!r} has no time zone, so nobody knows when it is; "
            "add one, as in datetime.now(timezone.utc)"
        )
    return (when - _EPOCH) // _MILLISECOND


def optional_ms(when: datetime | None) -> int | None:
    """The same where a time may be left out."""
    return None if when is None else to_ms(when)


def to_us(duration: timedelta, what: str) -> int:
    """Microseconds."""
    if not isinstance(duration, timedelta):
        raise TypeError(
            f"{what} must be a timedelta, as in timedelta(minutes=15), not {type(duration).__name__}"
        )
    return duration // _MICROSECOND


def from_us(microseconds: int) -> timedelta:
    """A duration."""
    return timedelta(microseconds=microseconds)


def parse(text: str) -> datetime:
    """A time as the ledger writes it, such as 2026-03-01T12:30:00.250Z."""
    return datetime.fromisoformat(text)
