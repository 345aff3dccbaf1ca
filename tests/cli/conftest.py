"""What the tests of the command line share."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _no_progress_by_the_clock(monkeypatch):
    """On a slow machine there would be more of it on stderr."""
    monkeypatch.setattr("retrodict.cli._progress._LINE_SECONDS", float("inf"))


@pytest.fixture(autouse=True)
def _a_terminal_of_usual_width(monkeypatch):
    """On a narrower one tables fold; tests of widths say their own."""
    monkeypatch.setenv("COLUMNS", "80")
