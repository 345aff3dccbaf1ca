"""What must not change, seen from outside. All that is not public is imported here and only here.

What is pinned lies beside the tests, as JSON; README.md says how to pin anew.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from retrodict import Experiment
from retrodict.figures import code_version


@pytest.fixture
def placed() -> Callable[[Experiment, str], Experiment]:
    """Place an experiment on a device with a number of threads, as `"cpu 4"`: here or elsewhere."""

    def place(experiment: Experiment, where: str) -> Experiment:
        device, threads = where.split()
        return experiment.placed_on(device, int(threads))

    return place


@pytest.fixture(autouse=True)
def _a_terminal_of_usual_width(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def kept_store(tmp_path) -> Path:
    """A copy of the store of format 2, as an older version wrote it.

    Its statements are said to be checked by this code: others `report` checks anew.
    """
    source = Path(__file__).parents[1] / "stores" / "store-format-2"
    store = shutil.copytree(source, tmp_path / "kept", ignore=shutil.ignore_patterns("*.md"))
    checked = json.loads((store / "verify.json").read_text(encoding="utf-8"))
    text = json.dumps({**checked, "code": code_version()})
    (store / "verify.json").write_text(text, encoding="utf-8")
    return store
