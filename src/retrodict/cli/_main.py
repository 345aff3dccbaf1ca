"""Commands and their options; `_exit.py` says how they end."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from retrodict.cli import _runs
from retrodict.cli._exit import exit_code_of
from retrodict.cli._paths import chosen, place
from retrodict.errors import BadInput, CannotFinish
from retrodict.host import own_settings

app = typer.Typer(
    name="retrodict",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="""What does a language model that was trained on A → B know about B ← A, and why?

    \b
    Start here:
      retrodict reproduce fig1                 the reversal curse, in about two minutes
      retrodict run my.yaml                    an experiment of your own
      retrodict run my.yaml --set model.tied_head=true
      retrodict verify --fast                  the theorems, checked in a minute
      retrodict report                         all of it as one page
      retrodict runs list                      the store: list, verify, prune, export
      retrodict bench                          how fast, beside the usual script and the machine
      retrodict list                           what there is
      retrodict doctor                         this machine, for a bug report
    """,
)


class ScaleName(str, Enum):  # noqa: UP042 - typer shows a str's values as choices
    """How large a reproduction is."""

    smoke = "smoke"
    laptop = "laptop"
    paper = "paper"


app.add_typer(_runs.app)

Out = Annotated[Path, typer.Option("--out", parser=place, metavar="DIR", help="The store of runs.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
STORE = Path("runs")


class LauncherName(str, Enum):  # noqa: UP042 - typer shows a str's values as choices
    """Where populations are trained."""

    local = "local"
    ray = "ray"
    slurm = "slurm"


Again = Annotated[
    bool,
    typer.Option(
        "--again",
        help="Train anew what the store already has. The old run stays until the new one is "
        "whole; then it is replaced if the bits are the same, else kept as NAME.before-TIME.",
    ),
]
Where = Annotated[
    LauncherName, typer.Option("--launcher", help="Where to train: here, or on a cluster.")
]
Cpus = Annotated[
    int | None,
    typer.Option(metavar="N", help="Ray, Slurm: cores of a population; 1 unless its YAML says."),
]
Gpus = Annotated[
    int | None,
    typer.Option(metavar="N", help="Ray, Slurm: GPUs of a population; 0 or 1."),
]
Slurm = Annotated[
    list[str] | None,
    typer.Option("--slurm", metavar="KEY=VALUE", help="Slurm's settings, e.g. partition=gpu."),
]


@app.command()
def run(
    experiment: Annotated[
        Path,
        typer.Argument(
            parser=place, metavar="EXPERIMENT.yaml", help="The experiment, or a grid of them."
        ),
    ],
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change one setting; may be repeated."),
    ] = None,
    out: Out = STORE,
    as_json: Json = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show corpus and sizes; train nothing.")
    ] = False,
    discard_weights: Annotated[
        bool, typer.Option("--discard-weights", help="Do not keep the final weights.")
    ] = False,
    again: Again = False,
    launcher: Where = LauncherName.local,
    cpus: Cpus = None,
    gpus: Gpus = None,
    slurm: Slurm = None,
) -> None:
    """Run an experiment or a grid of them, or answer it from the store.

    \b
      retrodict run examples/reversal.yaml
      retrodict run examples/reversal.yaml --set task.vocab_size=200 --set training.epochs=50
      retrodict run examples/reversal.yaml --dry-run
      retrodict run examples/grid.yaml            all cells, one table
      retrodict run examples/reversal.yaml --set "grid.optimizer.lr=[0.001, 0.003]"

    A file with `grid: {optimizer.lr: [0.001, 0.01], …}` is run at every combination; a cell that
    fails is marked, and the others go on.

    Ctrl-C keeps what was done; the same command goes on from there.

    A run answered from the store says when it was trained and by which code. With --again it is
    trained anew, and compared with what was there: the same bits, or how far apart.

    \b
      retrodict run grid.yaml --launcher ray --gpus 1
      retrodict run grid.yaml --launcher slurm --cpus 4 --slurm partition=cpu

    On a cluster the store has to be on a file system for all; see docs/scaling.md.
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
    from retrodict.launch import Asked, execute_on, launcher_named
    from retrodict.runs import Store

    where = Asked(launcher_named(launcher.value, cpus, gpus, slurm or []), again)
    store = Store(out)
    if isinstance(asked, Grid):
        from retrodict.cli._grid import run_grid

        run_grid(asked, store, not discard_weights, as_json, where)
        return
    from retrodict.cli._progress import Progress
    from retrodict.cli._views import show_result

    with Progress() as progress:
        finished = execute_on(where, asked, store, progress, not discard_weights)
    show_result(finished, as_json, where.answers)
    _refuse_if_all_diverged([finished])


@app.command()
def reproduce(
    names: Annotated[
        list[str],
        typer.Argument(metavar="NAME...", help="Figures, tables, or a group."),
    ],
    scale: Annotated[ScaleName, typer.Option(help="How large.")] = ScaleName.laptop,
    out: Out = STORE,
    as_json: Json = False,
    again: Again = False,
    launcher: Where = LauncherName.local,
    cpus: Cpus = None,
    gpus: Gpus = None,
    slurm: Slurm = None,
) -> None:
    """Reproduce figures and tables of the paper, and check the captions.

    \b
      retrodict reproduce fig1                     about two minutes on two cores
      retrodict reproduce fig1 fig2 --scale smoke  seconds
      retrodict reproduce all                      the whole paper, under half an hour
      retrodict reproduce table2                   the hyper-parameters in effect
      retrodict reproduce findings                 what we found on the way
      retrodict reproduce theory                   what the theory is good for, in five figures
      retrodict reproduce all --scale paper        wants a GPU
      retrodict reproduce all --launcher ray       all experiments at once, on a cluster
      retrodict reproduce fig1 --again             train anew: are the bits the same as before?

    Figures are written to the store as NAME.png and NAME.pdf, tables as NAME.md and NAME.csv.
    Interrupted, the same command goes on. Exit code 1: a claim fails.
    """
    from retrodict.cli._progress import Progress
    from retrodict.cli._reproduce import choose, run_all, show_reproductions
    from retrodict.launch import Asked, launcher_named

    wanted = choose(names)
    where = Asked(launcher_named(launcher.value, cpus, gpus, slurm or []), again)
    with Progress() as progress:
        done = run_all(wanted, scale.value, out, progress, where)
    show_reproductions(done, as_json, where.answers)
    _refuse_if_all_diverged([run for one in done.figures for run in one.runs.values()])
    if any(claim.verdict == "fails" for one in done.figures for claim in one.claims):
        raise typer.Exit(1)


@app.command()
def verify(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[STATEMENT...]", help="Which; all if none.")
    ] = None,
    fast: Annotated[
        bool, typer.Option("--fast", help="Smaller grids and fewer draws: under a minute.")
    ] = False,
    published: Annotated[
        bool,
        typer.Option("--published", help="Check published claims of what breaks the curse."),
    ] = False,
    out: Out = STORE,
    as_json: Json = False,
    again: Again = False,
    launcher: Where = LauncherName.local,
    cpus: Cpus = None,
    gpus: Gpus = None,
    slurm: Slurm = None,
) -> None:
    """Check the paper's theorems, lemmas and propositions, and our own.

    \b
      retrodict verify --fast              all of them, under a minute
      retrodict verify                     all of them, at least 200 draws, a few minutes
      retrodict verify theorem-1 lemma-2   some, with every number
      retrodict verify --published         what others found breaks the curse, or does not
      retrodict verify --published --launcher ray

    Checking all writes verify.md, verify.html and verify.json to the store; published claims,
    published.md, .html and .json, and the training runs that some of them rest on. Exit code 1: a
    statement fails that is not documented to fail, or a published claim is not reproduced that is
    not known not to be.
    """
    from retrodict.launch import launcher_named

    where = launcher_named(launcher.value, cpus, gpus, slurm or [])
    if again and not published:
        raise BadInput("verify --again: is for training runs; add --published, or leave it out")
    if launcher is not LauncherName.local and not published:
        raise BadInput("verify --launcher: is for training runs; add --published, or leave it out")
    from retrodict.cli._verify import run_verify
    from retrodict.launch import Asked

    if not run_verify(names or [], published, fast, out, Asked(where, again), as_json):
        raise typer.Exit(1)


class BoardScale(str, Enum):  # noqa: UP042 - as ScaleName
    """How large the leaderboard's trainings are."""

    smoke = "smoke"
    laptop = "laptop"


class Ways(str, Enum):  # noqa: UP042 - as ScaleName
    """Where trainings are compared."""

    updates = "updates"
    compute = "compute"


@app.command()
def leaderboard(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[RECIPE...]", help="Which; all if none.")
    ] = None,
    tasks: Annotated[
        list[str] | None,
        typer.Option("--task", metavar="TASK", help="reversal, chain, reversal-2, …; repeatable."),
    ] = None,
    scale: Annotated[BoardScale, typer.Option(help="How large.")] = BoardScale.laptop,
    full: Annotated[
        bool, typer.Option("--full", help="Long recipes, every task, five times the steps.")
    ] = False,
    only_kept: Annotated[
        bool, typer.Option("--kept", help="Only what is trained already; nothing is trained.")
    ] = False,
    at: Annotated[
        Ways, typer.Option("--at", help="Shown at equal gradient steps, or equal operations.")
    ] = Ways.updates,
    sort: Annotated[
        str, typer.Option("--sort", metavar="COLUMN", help="accuracy, steps_to_solve, echo, …")
    ] = "accuracy",
    out: Out = STORE,
    as_json: Json = False,
    again: Again = False,
    launcher: Where = LauncherName.local,
    cpus: Cpus = None,
    gpus: Gpus = None,
    slurm: Slurm = None,
) -> None:
    """Compare what is said to break the curse: same facts, same budget, ten seeds, controls.

    \b
      retrodict leaderboard                             all but reversal-2; 40 minutes on two cores
      retrodict leaderboard plain identity mlm_u        some recipes
      retrodict leaderboard --task chain --sort echo    one task, sorted by another column
      retrodict leaderboard --task reversal-2           names of two tokens: as long again
      retrodict leaderboard --kept --at compute         what is trained, at equal operations

    Writes leaderboard.csv, .json, .html and .md to the store. What is trained
    already is found there; interrupted, the same command goes on.
    """
    from retrodict.cli._leaderboard import run_leaderboard
    from retrodict.launch import launcher_named

    where = launcher_named(launcher.value, cpus, gpus, slurm or [])
    run_leaderboard(
        names or [],
        tasks or [],
        scale.value,
        full,
        at.value,
        sort,
        out,
        as_json,
        only_kept,
        where,
        again,
    )


@app.command()
def doctor(
    out: Out = STORE,
    as_json: Json = False,
    load_torch: Annotated[
        bool, typer.Option("--torch", help="Load torch, too, and ask it.")
    ] = False,
) -> None:
    """Say what this machine is like and what follows from it, to paste into a bug report.

    \b
      retrodict doctor
      retrodict doctor --out /shared/runs    what the file system of another store can do
      retrodict doctor --json

    What a file system can do is tried, in a folder that is removed again. Nothing is changed.
    """
    from retrodict.cli._doctor import show_examination

    show_examination(out, load_torch, as_json)


@app.command("list")
def list_(as_json: Json = False) -> None:
    """Say what there is: figures, statements, tasks, models, objectives."""
    from retrodict.cli._views import show_list

    show_list(as_json)


@app.command()
def show(
    run: Annotated[Path, typer.Argument(parser=place, metavar="RUN", help="A run's folder.")],
    as_json: Json = False,
) -> None:
    """Say what a run is and how it ended.

    \b
      retrodict show runs/reversal-transformer-0123456789ab
    """
    from retrodict.cli._views import show_run
    from retrodict.runs import Run

    (folder,), _ = chosen([run], lambda path: Run(path).exists)
    show_run(Run(folder), as_json)


@app.command()
def compare(
    runs: Annotated[
        list[Path], typer.Argument(parser=place, metavar="RUN...", help="Folders of runs.")
    ],
    plot: Annotated[
        Path | None,
        typer.Option("--plot", parser=place, metavar="FILE", help="Draw them: .png or .pdf."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Put runs side by side: where their settings differ, and how they ended.

    \b
      retrodict compare runs/*/
      retrodict compare runs/*/ --plot grid.png    NLL against what differs
    """
    from retrodict.cli._compare import show_comparison

    show_comparison(runs, plot, as_json)


@app.command()
def report(
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            parser=place,
            metavar="FILE",
            help="An .html or .md file; by default STORE/report.html.",
        ),
    ] = None,
    store: Annotated[
        Path | None,
        typer.Option(
            "--store",
            parser=place,
            metavar="DIR",
            help="The store of runs; by default the folder of FILE if it holds runs or figures, "
            "else ./runs.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write what a store holds as one file: does the curse appear, how strongly, why?

    \b
      retrodict report                               runs/report.html, from the store runs/
      retrodict report --out mine/report.html        from the store mine/
      retrodict report --store mine --out paper.md   Markdown, thumbnails in paper/

    Nothing is trained. The page works offline: verdicts, figures with their claims and commands,
    curves and weights to play with. Exit code 1: a claim or statement fails that is not
    documented to fail; the report is written all the same.
    """
    from retrodict.cli._report import write_report

    if write_report(out, store, STORE, as_json):
        raise typer.Exit(1)


@app.command()
def bench(
    sections: Annotated[
        list[str] | None, typer.Argument(metavar="[SECTION...]", help="Which; all if none.")
    ] = None,
    configs: Annotated[
        list[str] | None,
        typer.Option(
            "--config", metavar="LAYERSxWIDTH", help="Only this size of step; may be repeated."
        ),
    ] = None,
    repeats: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Timings of each thing.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Tiny sizes: does it work? The numbers mean nothing.")
    ] = False,
    out: Annotated[
        Path,
        typer.Option("--out", parser=place, metavar="DIR", help="Where the files are written."),
    ] = STORE,
    as_json: Json = False,
) -> None:
    """Measure how fast training is, beside the usual script and beside the machine.

    \b
      retrodict bench                        everything, about a quarter of an hour on two cores
      retrodict bench step                   Hugging Face's GPT-2, ours, and the floor
      retrodict bench step --config 2x128    at one size: 2x128, 4x256 or 24x768
      retrodict bench scaling                over learners, V, depth, width, entity length
      retrodict bench pieces                 parts of the step, and what was not kept
      retrodict bench theory                 Gram flow and closed form against brute force
      retrodict bench figure1                seconds to figure 1, cold and warm

    Contestants take turns, so that a slow moment of the machine meets them all; leave it alone
    meanwhile. The step needs: pip install 'retrodict[bench]'. Writes bench.md, bench.json and the
    roofline bench.png.
    """
    from retrodict.cli._bench import run_bench

    run_bench(sections or [], configs or [], repeats, quick, out, as_json)


def _refuse_if_all_diverged(runs: list[Any]) -> None:
    for run in runs:
        ended = run.trace.curves["diverged_at"]
        if ended.notnull().all():
            raise CannotFinish(
                f"{run.folder}: all {ended.size} learners became non-finite, the first at epoch "
                f"{int(ended.min())}; a lower optimizer.lr may help"
            )


def run_cli(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    return exit_code_of(lambda: call(arguments))


@own_settings()
def call(arguments: list[str]) -> int | None:
    """Call one command; what it raises says how it ended, and so may the number it returns."""
    code: int | None = app(arguments or ["--help"], standalone_mode=False)
    if code == 130:  # Ctrl-C outside a training, which the parser has caught
        raise KeyboardInterrupt
    return code
