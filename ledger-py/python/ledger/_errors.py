"""What the ledger answers instead of a yes.

Branch on the class or on `code`; ``retryable`` says whether the same call, with the same key, may end
otherwise later. Trying again with the same key is safe for as long as keys are remembered, which is for ever
unless you said otherwise: a key is answered once.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar, cast

from ledger._money import Money, of_text
from ledger._time import parse

if TYPE_CHECKING:
    from datetime import datetime

    from ledger._ledger import Wallet
    from ledger._values import Present, Window


class LedgerError(Exception):
    """Whatever the ledger says no with."""

    code: ClassVar[str] = "ledger_error"
    """A stable name that is never used for two things."""
    retryable: ClassVar[bool] = False
    """Whether the same call, with the same key, may have another end later."""
    unknown: ClassVar[bool] = False
    """Whether what was asked for may have been done all the same. After every other error, nothing was by this call.

    An earlier call with the same key that ended in doubt stays in doubt, whatever transient or fatal error a later
    one ends with. A receipt or a rejection ends the doubt, and so does a look-up with ``transaction(key=...)``
    that succeeds.
    """

    index: int | None = None
    """Which of several commands it was, counted from 0."""
    replayed: bool = False
    """Whether an earlier call with the same key was answered with this."""

    @property
    def message(self) -> str:
        """One sentence for people."""
        return str(self.args[0]) if self.args else ""

    def __getattr__(self, name: str) -> Any:
        # Data is read when it is first asked for: of a large batch that was refused, most never is.
        found = self.__dict__
        data = found.get("_data")
        if data is not None:
            for field, value in _read(data).items():
                found.setdefault(field, value)
            # Dropped last: another thread that finds it gone finds what was in it.
            found.pop("_data", None)
        if name in found:
            return found[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __reduce__(self) -> tuple[Any, ...]:
        return (_restore, (type(self), self.args, dict(self.__dict__)))


class Rejected(LedgerError):
    """The rules said no. Nothing changed; in the same state the answer is the same."""


class Invalid(Rejected, ValueError):
    """The input is wrong in any state."""

    field: str


class InvalidKey(Invalid):
    code = "invalid_key"


class InvalidAmount(Invalid):
    code = "invalid_amount"


class InvalidAsset(Invalid):
    code = "invalid_asset"


class InvalidWallet(Invalid):
    code = "invalid_wallet"


class InvalidOwner(Invalid):
    code = "invalid_owner"


class InvalidLimit(Invalid):
    code = "invalid_limit"


class InvalidHold(Invalid):
    code = "invalid_hold"


class InvalidReversal(Invalid):
    code = "invalid_reversal"


class InvalidSplit(Invalid):
    code = "invalid_split"


class InvalidMetadata(Invalid):
    code = "invalid_metadata"


class InvalidActor(Invalid):
    code = "invalid_actor"


class InvalidPostings(Invalid):
    code = "invalid_postings"


class InvalidBatch(Invalid):
    code = "invalid_batch"


class InvalidExpectation(Invalid):
    code = "invalid_expectation"


class InvalidPage(Invalid):
    code = "invalid_page"


class InvalidValue(Invalid):
    code = "invalid_value"


class InvalidConfig(Invalid):
    code = "invalid_config"


class InvalidEffectiveAt(Invalid):
    code = "invalid_effective_at"


class UnknownWallet(Rejected):
    """No wallet has this name or id."""

    code = "unknown_wallet"
    wallet: Wallet | int | str
    """What was asked for: a name, an id, or a wallet of another ledger."""


class UnknownAsset(Rejected):
    """No asset has this code."""

    code = "unknown_asset"
    asset: str


class UnknownHold(Rejected):
    """No hold has this id."""

    code = "unknown_hold"
    hold: int


class UnknownTransaction(Rejected):
    """No transaction has this id."""

    code = "unknown_transaction"
    transaction: int


class NotReversible(Rejected):
    """The transaction moved nothing that could be moved back, or is a reversal itself."""

    code = "not_reversible"
    transaction: int
    kind: str


class AssetMismatch(Rejected):
    """The amount is not in the wallet's asset."""

    code = "asset_mismatch"
    wallet: Wallet | int
    expected: str
    given: str


class AssetConflict(Rejected):
    """The asset is defined in another way."""

    code = "asset_conflict"
    asset: str
    option: str


class WalletConflict(Rejected):
    """The wallet was opened with another spec."""

    code = "wallet_conflict"
    name: str
    option: str


class KeyConflict(Rejected):
    """The key belongs to another request."""

    code = "key_conflict"
    key: str


class PreconditionFailed(Rejected):
    """A wallet is not as the caller expected: look again, and decide again."""

    wallet: Wallet | int
    present: Present


class VersionMismatch(PreconditionFailed):
    """The wallet has changed since the caller looked."""

    code = "version_mismatch"
    expected: int


class BalanceTooLow(PreconditionFailed):
    """The wallet holds less than the caller expected."""

    code = "balance_too_low"
    expected: Money


class StatusMismatch(PreconditionFailed):
    """The wallet does not have the status that the caller expected."""

    code = "status_mismatch"
    expected: str


class WorldWallet(Rejected):
    """The wallet stands for everything outside and can't be closed or limited."""

    code = "world_wallet"
    wallet: Wallet | int


class HoldNotDue(Rejected):
    """The hold's time is not up."""

    code = "hold_not_due"
    hold: int
    expires_at: datetime


class WalletFrozen(Rejected):
    """The wallet is frozen."""

    code = "wallet_frozen"
    wallet: Wallet | int


class WalletClosed(Rejected):
    """The wallet is closed."""

    code = "wallet_closed"
    wallet: Wallet | int


class WalletNotFrozen(Rejected):
    """The wallet is not frozen."""

    code = "wallet_not_frozen"
    wallet: Wallet | int
    status: str


class WalletNotEmpty(Rejected):
    """The wallet still holds money, or owes it."""

    code = "wallet_not_empty"
    wallet: Wallet | int
    posted: Money
    held: Money


class InsufficientFunds(Rejected):
    """The wallet has less than is needed."""

    code = "insufficient_funds"
    wallet: Wallet | int
    available: Money
    needed: Money
    shortfall: Money


class HoldExpired(Rejected):
    """The hold's time was up."""

    code = "hold_expired"
    hold: int
    expired_at: datetime


class HoldFinished(Rejected):
    """The hold has ended."""

    code = "hold_finished"
    hold: int
    state: str


class HoldNotExtended(Rejected):
    """The hold lasts longer already."""

    code = "hold_not_extended"
    hold: int
    until: datetime
    asked: datetime


class CaptureTooLarge(Rejected):
    """More would be captured than was held, tolerance included."""

    code = "capture_too_large"
    hold: int
    amount: Money
    captured: Money
    held: Money
    tolerance: Money


class AlreadyReversed(Rejected):
    """All that is asked for was moved back already."""

    code = "already_reversed"
    transaction: int


class ReversalTooLarge(Rejected):
    """More would be moved back than was moved."""

    code = "reversal_too_large"
    transaction: int
    posting: int
    amount: Money
    left: Money


class AmountAboveLimit(Rejected):
    """More would leave the wallet at once than may."""

    code = "amount_above_limit"
    wallet: Wallet | int
    largest: Money
    amount: Money


class LimitsCross(Rejected):
    """The wallet's floor would be above its ceiling."""

    code = "limits_cross"
    wallet: Wallet | int
    floor: Money
    ceiling: Money


class CeilingExceeded(Rejected):
    """The wallet would hold more than it may."""

    code = "ceiling_exceeded"
    wallet: Wallet | int
    ceiling: Money
    balance: Money


class BalanceOverflow(Rejected):
    """The wallet would hold more than a number can say."""

    code = "balance_overflow"
    wallet: Wallet | int
    balance: Money
    amount: Money


class TimeToCome(Rejected):
    """The time is still to come."""

    code = "time_to_come"
    time: datetime
    now: datetime


class PeriodLocked(Rejected):
    """The period in which it would take effect is locked."""

    code = "period_locked"
    effective_at: datetime
    locked_until: datetime


class WindowExceeded(Rejected):
    """More would move within a time, or more often, than may."""

    code = "window_exceeded"
    wallet: Wallet | int
    window: Window
    used: Money
    used_count: int
    amount: Money
    frees_at: datetime | None
    """When there is room for it, if nothing else moves; None if there never is."""


class Transient(LedgerError):
    """Nothing was written. Try again, with the same key."""

    retryable = True


class QueueFull(Transient):
    code = "queue_full"


class WaitTimeout(Transient):
    code = "wait_timeout"


class LockTimeout(Transient):
    code = "lock_timeout"


class ClockOutOfRange(Transient):
    code = "clock_out_of_range"


class StoreBusy(Transient):
    code = "store_busy"


class StoreFull(Transient):
    code = "store_full"


class Indeterminate(LedgerError):
    """Nobody knows whether it was written. Try again with the same key to find out."""

    code = "indeterminate"
    retryable = True
    unknown = True


class Fatal(LedgerError):
    """Something is broken. Stop and look."""


class StoreRefused(Fatal):
    code = "store_refused"


class StoreBroken(Fatal):
    code = "store_broken"


class KeyForgotten(Fatal):
    """Nobody knows whether it was written, by this call or another try, and the key is forgotten: sent again, it
    would be a new request. Look for it in the history of its wallets.
    """

    code = "key_forgotten"
    unknown = True


class Internal(Fatal):
    code = "internal"
    unknown = True


class Forked(Fatal):
    """This process is a child of the one that opened the ledger. Open it after the fork."""

    code = "forked"


class Reentered(Fatal):
    """A signal's handler would write while the thread it interrupts is in a call of the ledger. Nothing was
    written, and nothing can be until the handler has ended: have it leave a note, and write afterwards.
    """

    code = "reentered"


class Closed(Fatal):
    """The ledger was closed. Open it again."""

    code = "closed"


def _subclasses(cls: type[LedgerError]) -> list[type[LedgerError]]:
    return [cls] + [below for sub in cls.__subclasses__() for below in _subclasses(sub)]


BY_CODE: dict[str, type[LedgerError]] = {
    cls.code: cls for cls in _subclasses(LedgerError)[1:] if "code" in cls.__dict__
}
"""Every error that is raised, by its code."""


def build(
    code: str,
    message: str,
    index: int | None = None,
    replayed: bool = False,
    data: str | None = None,
    wallet: Wallet | str | None = None,
) -> LedgerError:
    """The exception of that code. One that this version does not know is a `LedgerError`."""
    error = BY_CODE.get(code, LedgerError)(message)
    found = error.__dict__
    if index is not None:
        found["index"] = index
    if replayed:
        found["replayed"] = True
    if wallet is not None:
        found["wallet"] = wallet
    if data is not None:
        found["_data"] = data
    return error


def _restore(
    cls: type[LedgerError], args: tuple[Any, ...], found: dict[str, Any]
) -> LedgerError:
    error = cls(*args)
    error.__dict__.update(found)
    return error


_TIMES = {
    "asked",
    "effective_at",
    "expired_at",
    "expires_at",
    "frees_at",
    "locked_until",
    "now",
    "time",
    "until",
}
_IDS = {"wallet", "hold", "transaction"}
_NAMES = {"code": "asset"}
_DIRECTIONS = {"out": "leaving", "in": "entering"}


def _read(data: str) -> dict[str, Any]:
    """A rejection's data, as the ledger writes it."""
    fields: dict[str, Any] = json.loads(data)
    return {_NAMES.get(name, name): _value(name, value) for name, value in fields.items()}


def _value(name: str, value: Any) -> Any:
    from ledger._values import Present, window_of

    if value is None:
        return None
    if name in _TIMES:
        return parse(value)
    if name in _IDS:
        return int(value)
    if not isinstance(value, dict):
        return value
    fields = cast("dict[str, Any]", value)
    if fields.keys() == {"amount", "asset"}:
        return of_text(fields["amount"], fields["asset"]["code"])
    if fields.keys() == {"code", "scale"}:
        return fields["code"]
    if name == "window":
        amount = _value("amount", fields["amount"])
        return window_of(_DIRECTIONS[fields["direction"]], fields["lasting_ms"], amount, fields["count"])
    return Present(**{field: _value(field, of) for field, of in fields.items()})
