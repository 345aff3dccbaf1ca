"""The commands, one file each.

A new command is a function with `@command` in a file here, and a line that imports it below. The
function's signature is the command line, its docstring is the help. Slow imports stay inside the
function, so that `--help` answers at once.
"""

from __future__ import annotations

import typer

from retrodict.cli.commands._command import Command
from retrodict.members import members

# isort: off
from retrodict.cli.commands._run import run
from retrodict.cli.commands._reproduce import reproduce
from retrodict.cli.commands._verify import verify
from retrodict.cli.commands._leaderboard import leaderboard
from retrodict.cli.commands._list import list_all
from retrodict.cli.commands._show import show
from retrodict.cli.commands._compare import compare
from retrodict.cli.commands._report import report
from retrodict.cli.commands._bench import bench
from retrodict.cli.commands._doctor import doctor
from retrodict.cli.commands._runs_list import list_runs
from retrodict.cli.commands._runs_verify import verify_runs
from retrodict.cli.commands._runs_prune import prune_runs
from retrodict.cli.commands._runs_export import export_runs
# isort: on

COMMANDS = {one.name: one for one in members(Command, __name__)}
"""Every command by name, in the order of the help."""

_HELP = """What does a language model that was trained on A → B know about B ← A, and why?

    \b
    Start here:
      retrodict reproduce fig1           the reversal curse, in about two minutes
      retrodict run my.yaml              an experiment of your own
      retrodict run my.yaml --set model.tied_head=true
      retrodict verify --fast            the theorems, checked in under a minute
      retrodict report                   all results, as one page
      retrodict list                     the names that commands take

    `retrodict COMMAND --help` shows examples of a command.

    \b
    Exit codes:
      0    done, and every claim held
      1    done, but a claim did not hold
      2    the input is wrong; nothing was written
      3    could not finish; the same command continues
      130  interrupted; the same command continues
    """

_RUNS_HELP = """List, check, prune and export the runs of a store.

    \b
      retrodict runs list                         what is there: status, epochs, size
      retrodict runs verify                       whether every file is as it was written
      retrodict runs prune --leftovers            what would be deleted, and the space it frees
      retrodict runs prune --leftovers --yes      delete it
      retrodict runs export --to paper-data       tables to publish with a paper
    """

app = typer.Typer(
    name="retrodict",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help=_HELP,
)
_runs = typer.Typer(name="runs", rich_markup_mode=None, no_args_is_help=True, help=_RUNS_HELP)
app.add_typer(_runs)

for _one in COMMANDS.values():
    _group, _, _name = _one.name.rpartition(" ")
    (_runs if _group else app).command(_name)(_one.function)

__all__ = ["COMMANDS", "app"]
