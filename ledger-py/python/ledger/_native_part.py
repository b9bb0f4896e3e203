"""Looks whether the native part is there, and says what to do if it is not."""

from __future__ import annotations

try:
    from ledger._ledger import __version__ as version
except ImportError as problem:
    import platform
    import sys

    raise ImportError(
        f"ledger's native part can't be loaded on {platform.system()} {platform.machine()} with Python "
        f"{sys.version.split()[0]} ({problem}). It was built for another platform, or not at all: install "
        "the package again with pip, which takes Rust and a C compiler where there is no wheel"
    ) from problem

__all__ = ["version"]
