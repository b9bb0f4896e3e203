"""Runs each program of the cookbook in an empty folder. Each asserts what it claims."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

RECIPES = sorted(it for it in Path(__file__).parent.glob("*.py") if not it.name.startswith("test_"))


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.stem)
def test_a_recipe(recipe: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", str(recipe)]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def test_there_are_recipes() -> None:
    assert len(RECIPES) > 10
