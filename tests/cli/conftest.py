"""What the tests of the command line share."""

from __future__ import annotations

import pytest

from retrodict.cli._main import run_cli


@pytest.fixture
def command(capsys):
    """Run a command; return (exit code, stdout, stderr)."""

    def run(*arguments: object) -> tuple[int, str, str]:
        code = run_cli([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run
