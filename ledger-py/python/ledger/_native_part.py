"""Looks whether the native part is there, and says what to do if it is not."""

from __future__ import annotations

import platform


def _load() -> str:
    try:
        from ledger import _ledger
    except ImportError as problem:
        if "one interpreter" in str(problem):
            raise
        raise ImportError(
            f"ledger's native part can't be loaded on {platform.system()} {platform.machine()} with "
            f"Python {platform.python_version()} ({problem}). It was built for another platform, or not "
            "at all: install the package again with pip, which takes Rust and a C compiler where there is "
            "no wheel"
        ) from problem
    return _ledger.__version__


version = _load()
