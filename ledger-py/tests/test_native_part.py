"""A package without its native part says what to do."""

from __future__ import annotations

import subprocess
import sys

import pytest

HIDE = """
import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name == "ledger._ledger":
            raise ImportError({reason!r})
sys.meta_path.insert(0, Hidden())
import ledger
"""


@pytest.mark.parametrize("reason", ["wrong ELF class: ELFCLASS32", "No module named '_ledger'"])
def test_it_says_what_to_do(reason: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", HIDE.format(reason=reason)], capture_output=True, text=True
    )
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError: ledger's native part can't be loaded on") and reason in last
    assert "install the package again" in last
