"""`--help` of every command: examples, whole summaries, and nothing heavy is loaded for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from retrodict.cli.commands import COMMANDS

GROUPS = ["", "runs"]


@pytest.mark.parametrize("words", [*COMMANDS, *GROUPS])
def test_help_teaches_by_example(command, words):
    code, out, err = command(*words.split(), "--help")
    assert (code, err) == (0, "")
    assert f"\n    retrodict {words}" in out


@pytest.mark.parametrize("group", GROUPS)
def test_every_command_is_summed_up_in_a_line_that_is_not_cut(command, group):
    _, out, _ = command(*group.split(), "--help")
    summaries = out.partition("Commands:\n")[2]
    expected = [
        words.removeprefix(group).split()[0] for words in COMMANDS if words.startswith(group)
    ]
    assert [line.split()[0] for line in summaries.splitlines()] == [*dict.fromkeys(expected)]
    assert "..." not in summaries


def test_help_loads_nothing_heavy():
    program = (
        "import sys\nfrom retrodict.cli._exit import run_cli\n"
        f"for words in {list(COMMANDS)}:\n    run_cli([*words.split(), '--help'])\n"
        "heavy = {'torch', 'numpy', 'xarray', 'pandas', 'pydantic', 'scipy'} & {*sys.modules}\n"
        "assert heavy <= {'pydantic'}, heavy"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)


@pytest.mark.parametrize("arguments", [[], ["runs"]])
def test_a_group_by_itself_shows_its_help(command, arguments):
    code, out, err = command(*arguments)
    assert (code, err) == (0, "")
    assert out.startswith("Usage: ")
