"""What the tests of the command line share."""

from __future__ import annotations

import pytest

from retrodict.cli._exit import run_cli


@pytest.fixture(autouse=True)
def _no_progress_by_the_clock(monkeypatch):
    """On a slow machine there would be more of it on stderr."""
    monkeypatch.setattr("retrodict.cli._progress._LINE_SECONDS", float("inf"))


@pytest.fixture(autouse=True)
def _a_terminal_of_usual_width(monkeypatch):
    """On a narrower one tables fold; tests of widths say their own."""
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def command(capsys):
    """Run a command; return (exit code, stdout, stderr)."""

    def run(*arguments: object) -> tuple[int, str, str]:
        code = run_cli([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run
