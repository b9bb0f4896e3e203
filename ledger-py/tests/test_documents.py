"""Every example in the documentation runs."""

from __future__ import annotations

import asyncio
import doctest
import importlib
import pkgutil
import re
import tempfile
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import ledger

README = Path(__file__).parents[1] / "README.md"
MODULES = ["ledger", *(f"ledger.{it.name}" for it in pkgutil.iter_modules(ledger.__path__))]


def names(folder: Path) -> dict[str, Any]:
    """What examples may use without saying where it is from: a shop."""
    importlib.import_module("ledger.aio")
    importlib.import_module("ledger.testing")
    book = ledger.open(folder / "example.ledger")
    found: dict[str, Any] = {name: getattr(ledger, name) for name in ledger.__all__ if name != "open"}
    found |= {"ledger": ledger, "book": book, "folder": folder, "asyncio": asyncio}
    found |= {"datetime": datetime, "timedelta": timedelta, "timezone": timezone}
    found |= {"Decimal": Decimal}
    for name in ("user:alice", "shop:42", "fees", "hotel"):
        found[re.split("[:]", name)[-1] if name != "shop:42" else "shop"] = book.open_wallet(name, "USD")
    return found


def examples() -> list[doctest.DocTest]:
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = {}
    for module in MODULES:
        if module.endswith("_ledger"):
            continue
        for test in finder.find(importlib.import_module(module), module):
            if test.examples:
                found[test.docstring] = test
    return list(found.values())


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.name)
def test_an_example(example: doctest.DocTest) -> None:
    with tempfile.TemporaryDirectory() as folder:
        example.globs = names(Path(folder))
        runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.IGNORE_EXCEPTION_DETAIL)
        said: list[str] = []
        runner.run(example, out=said.append)
        example.globs["book"].close() if "book" in example.globs else None
        assert runner.failures == 0, "".join(said)


def test_there_are_examples() -> None:
    assert len(examples()) >= 20


@pytest.mark.parametrize("place", range(len(re.findall("```python", README.read_text()))))
def test_a_snippet_of_the_readme(
    place: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    snippets = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    exec(compile(snippets[place], f"README.md, snippet {place}", "exec"), {"__name__": "snippet"})


def test_snippets_of_both_readmes_run_in_one_folder_and_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    texts = [(README.parents[1] / "README.md").read_text(), README.read_text()]
    snippets = [it for text in texts for it in re.findall(r"```python\n(.*?)```", text, re.DOTALL)]
    for place, snippet in enumerate(snippets * 2):
        exec(compile(snippet, f"snippet {place}", "exec"), {"__name__": "snippet"})


def test_everything_public_says_what_it_is() -> None:
    for name in ledger.__all__:
        thing = getattr(ledger, name)
        if isinstance(thing, type) and issubclass(thing, ledger.LedgerError):
            continue
        assert thing.__doc__, name
        for member, value in vars(thing).items() if isinstance(thing, type) else ():
            is_public = not member.startswith("_") and callable(value)
            assert not is_public or value.__doc__, f"{name}.{member}"
