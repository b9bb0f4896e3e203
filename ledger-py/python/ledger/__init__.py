"""An embedded, double-entry wallet ledger in one SQLite file.

>>> with ledger.open(folder / "shop.ledger") as book:
...     alice = book.open_wallet("user:alice", "USD")
...     shop = book.open_wallet("shop:42", "USD")
...     receipt = book.deposit(alice, "100.00", key="stripe:ch_1")
...     receipt = book.transfer(alice, shop, "12.50", key="order:7")
...     print(book.balance(alice).posted)
87.50 USD
"""

from typing import TYPE_CHECKING, Any

from ledger import _native_part as _native_part
from ledger._book import Book, open, rebuild, verify
from ledger._command import Command
from ledger._errors import (
    AlreadyReversed,
    AmountAboveLimit,
    AssetConflict,
    AssetMismatch,
    BalanceOverflow,
    BalanceTooLow,
    CaptureTooLarge,
    CeilingExceeded,
    ClockOutOfRange,
    Closed,
    Fatal,
    Forked,
    HoldExpired,
    HoldFinished,
    HoldNotDue,
    HoldNotExtended,
    Indeterminate,
    InsufficientFunds,
    Internal,
    Invalid,
    InvalidActor,
    InvalidAmount,
    InvalidAsset,
    InvalidBatch,
    InvalidConfig,
    InvalidEffectiveAt,
    InvalidExpectation,
    InvalidHold,
    InvalidKey,
    InvalidLimit,
    InvalidMetadata,
    InvalidOwner,
    InvalidPage,
    InvalidPostings,
    InvalidReversal,
    InvalidSplit,
    InvalidValue,
    InvalidWallet,
    KeyConflict,
    KeyForgotten,
    LedgerError,
    LimitsCross,
    LockTimeout,
    NotReversible,
    PeriodLocked,
    PreconditionFailed,
    QueueFull,
    Reentered,
    Rejected,
    ReversalTooLarge,
    StatusMismatch,
    StoreBroken,
    StoreBusy,
    StoreFull,
    StoreRefused,
    TimeToCome,
    Transient,
    UnknownAsset,
    UnknownHold,
    UnknownTransaction,
    UnknownWallet,
    VersionMismatch,
    WaitTimeout,
    WalletClosed,
    WalletConflict,
    WalletFrozen,
    WalletNotEmpty,
    WalletNotFrozen,
    WindowExceeded,
    WorldWallet,
)
from ledger._ledger import Receipt, Wallet
from ledger._listing import Balances, History, HistoryPage, Listing, Page, Rows
from ledger._money import Money, Price, Rate, WithFee
from ledger._values import (
    Actor,
    Asset,
    Balance,
    Entry,
    Expect,
    Head,
    Hold,
    Limits,
    Posting,
    Present,
    Refusal,
    Report,
    Reversal,
    Stats,
    Total,
    Window,
    WindowUse,
)
from ledger._writes import WalletSpec

if TYPE_CHECKING:
    from ledger import aio as aio
    from ledger import testing as testing

__version__ = _native_part.version

_LATER = ("aio", "testing")

__all__ = [
    "Actor",
    "AlreadyReversed",
    "AmountAboveLimit",
    "Asset",
    "AssetConflict",
    "AssetMismatch",
    "Balance",
    "BalanceOverflow",
    "BalanceTooLow",
    "Balances",
    "Book",
    "CaptureTooLarge",
    "CeilingExceeded",
    "ClockOutOfRange",
    "Closed",
    "Command",
    "Entry",
    "Expect",
    "Fatal",
    "Forked",
    "Head",
    "History",
    "HistoryPage",
    "Hold",
    "HoldExpired",
    "HoldFinished",
    "HoldNotDue",
    "HoldNotExtended",
    "Indeterminate",
    "InsufficientFunds",
    "Internal",
    "Invalid",
    "InvalidActor",
    "InvalidAmount",
    "InvalidAsset",
    "InvalidBatch",
    "InvalidConfig",
    "InvalidEffectiveAt",
    "InvalidExpectation",
    "InvalidHold",
    "InvalidKey",
    "InvalidLimit",
    "InvalidMetadata",
    "InvalidOwner",
    "InvalidPage",
    "InvalidPostings",
    "InvalidReversal",
    "InvalidSplit",
    "InvalidValue",
    "InvalidWallet",
    "KeyConflict",
    "KeyForgotten",
    "LedgerError",
    "Limits",
    "LimitsCross",
    "Listing",
    "LockTimeout",
    "Money",
    "NotReversible",
    "Page",
    "PeriodLocked",
    "Posting",
    "PreconditionFailed",
    "Present",
    "Price",
    "QueueFull",
    "Rate",
    "Receipt",
    "Reentered",
    "Refusal",
    "Rejected",
    "Report",
    "Reversal",
    "ReversalTooLarge",
    "Rows",
    "Stats",
    "StatusMismatch",
    "StoreBroken",
    "StoreBusy",
    "StoreFull",
    "StoreRefused",
    "TimeToCome",
    "Total",
    "Transient",
    "UnknownAsset",
    "UnknownHold",
    "UnknownTransaction",
    "UnknownWallet",
    "VersionMismatch",
    "WaitTimeout",
    "Wallet",
    "WalletClosed",
    "WalletConflict",
    "WalletFrozen",
    "WalletNotEmpty",
    "WalletNotFrozen",
    "WalletSpec",
    "Window",
    "WindowUse",
    "WindowExceeded",
    "WithFee",
    "WorldWallet",
    "open",
    "rebuild",
    "verify",
]


def __getattr__(name: str) -> Any:
    # Modules that most programs never use are loaded when they are first asked for.
    if name in _LATER:
        from importlib import import_module

        return import_module(f"ledger.{name}")
    raise AttributeError(f"module 'ledger' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})


def _claim() -> None:
    """What is public is this package's, wherever it is written down."""
    for name in __all__:
        thing = globals()[name]
        if isinstance(thing, type) and thing.__module__ != "ledger":
            thing.__module__ = "ledger"


_claim()
