"""`retrodict run`: an experiment, or a grid of experiments."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retrodict.cli._console import Console
from retrodict.cli._options import STORE, Again, Cpus, Gpus, Json, Out, Slurm, Where, launcher_from
from retrodict.cli._paths import place
from retrodict.cli._streams import print_json
from retrodict.cli.commands._command import command

if TYPE_CHECKING:
    from retrodict.launch import Answer
    from retrodict.runs import Run


@command("run", trains=True)
def run(
    experiment: Annotated[
        Path,
        typer.Argument(parser=place, metavar="EXPERIMENT.yaml", help="The experiment, or a grid."),
    ],
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a setting. May be repeated."),
    ] = None,
    out: Out = STORE,
    as_json: Json = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the corpus and its sizes. Train nothing.")
    ] = False,
    discard_weights: Annotated[
        bool, typer.Option("--discard-weights", help="Do not keep the final weights.")
    ] = False,
    again: Again = False,
    launcher: Where = "local",
    cpus: Cpus = None,
    gpus: Gpus = None,
    slurm: Slurm = None,
) -> None:
    """Run an experiment, or a grid of experiments.

    \b
      retrodict run examples/reversal.yaml
      retrodict run examples/reversal.yaml --set task.vocab_size=200 --set training.epochs=50
      retrodict run examples/reversal.yaml --dry-run      show the corpus, train nothing
      retrodict run examples/grid.yaml                    all cells of a grid, in one table
      retrodict run examples/reversal.yaml --set "grid.optimizer.lr=[0.001, 0.003]"

    The settings of an experiment determine the name of its run. A run that the store already has is
    not trained again: the command prints its results, and says when and by which code it was
    trained. With --again it is trained again and compared with the old run.

    A file with `grid: {optimizer.lr: [0.001, 0.01], …}` is run at every combination of the values.
    A cell that fails is marked, and the others continue.

    Ctrl-C keeps what is done. The same command continues from there.

    \b
      retrodict run grid.yaml --launcher ray --gpus 1
      retrodict run grid.yaml --launcher slurm --cpus 4 --slurm partition=cpu

    On a cluster, all machines must share the store's file system; see docs/scaling.md.
    """
    from retrodict.experiment import Grid, read

    asked = read(experiment, changes or [])
    if dry_run:
        from retrodict.cli._dry_run import show_corpus
        from retrodict.cli._grid import show_plan

        if isinstance(asked, Grid):
            show_plan(asked, as_json)
        else:
            show_corpus(asked, as_json)
        return
    from retrodict.cli._grid import run_grid
    from retrodict.cli._progress import Progress
    from retrodict.cli._results import refuse_if_all_diverged
    from retrodict.launch import execute_on
    from retrodict.runs import Store

    where = launcher_from(launcher, cpus, gpus, slurm, again)
    store = Store(out)
    if isinstance(asked, Grid):
        run_grid(asked, store, not discard_weights, as_json, where)
        return
    with Progress() as progress:
        finished = execute_on(where, asked, store, progress, not discard_weights)
    _show(finished, as_json, where.answers)
    refuse_if_all_diverged([finished])


def _show(run: Run, as_json: bool, answers: Mapping[str, Answer]) -> None:
    from retrodict.cli._provenance import answer_facts, tell_answers
    from retrodict.cli._results import predicted_nll, print_final, run_facts

    theory = predicted_nll(run)
    if as_json:
        answered = answer_facts(answers.get(run.folder.name))
        print_json({**run_facts(run), **answered, "theory": theory})
    else:
        console = Console()
        print_final(console, run, theory)
        if theory:
            console.print(
                "theory: the NLL of the gradient flow at the same time, computed and not trained"
            )
        console.say(f"run: {run.folder}")
    tell_answers([run], answers, as_json)
