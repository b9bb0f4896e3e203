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


def run(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_another_interpreter_of_the_process_is_refused() -> None:
    said = run("""
import ledger
try:
    import _interpreters as interpreters
    other = interpreters.create("legacy")
except ImportError:  # Until Python 3.12 it had another name.
    import _xxsubinterpreters as interpreters
    other = interpreters.create(isolated=False)
interpreters.run_string(other, "try:\\n import ledger\\nexcept ImportError as error: print(error, flush=True)")
ledger.open(":memory:").open_wallet("a", "USD")
""")
    assert said == "ledger can be used in one interpreter of a process only\n"


def test_parts_are_loaded_when_they_are_asked_for() -> None:
    said = run("""
import sys, ledger
print("asyncio" in sys.modules, {"aio", "testing"} <= set(dir(ledger)))
print(ledger.aio.open.__name__, ledger.testing.memory.__name__, hasattr(ledger, "nothing"))
""")
    assert said == "False True\nopen memory False\n"
