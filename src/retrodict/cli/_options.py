"""Options and arguments that several commands share, each declared once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from retrodict.cli._paths import place

if TYPE_CHECKING:
    from retrodict.launch import Asked

STORE = Path("runs")
"""Where runs are kept unless `--out` says otherwise."""

Out = Annotated[
    Path,
    typer.Option(
        "--out", parser=place, metavar="DIR", help="The store: the folder of runs and results."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
Runs = Annotated[
    list[Path] | None,
    typer.Argument(
        parser=place,
        metavar="RUN",
        help="Folders, names in the store, or the digits at a name's end. By default: all runs.",
    ),
]
Again = Annotated[
    bool,
    typer.Option(
        "--again",
        help="Train again what the store already has. If the bits are the same, the new run "
        "replaces the old one. If not, the old run is kept as NAME.before-TIME.",
    ),
]
LauncherName = Literal["local", "ray", "slurm"]
Where = Annotated[
    LauncherName, typer.Option("--launcher", help="Train on this machine or on a cluster.")
]
Cpus = Annotated[
    int | None,
    typer.Option(
        metavar="N", help="With Ray or Slurm: cores per training. [default: its threads, or 1]"
    ),
]
Gpus = Annotated[
    int | None,
    typer.Option(metavar="N", help="With Ray or Slurm: GPUs per training, 0 or 1. [default: 0]"),
]
Slurm = Annotated[
    list[str] | None,
    typer.Option(
        "--slurm",
        metavar="KEY=VALUE",
        help="A setting of Slurm, such as partition=gpu. May be repeated.",
    ),
]


def launcher_from(
    name: LauncherName,
    cpus: int | None,
    gpus: int | None,
    slurm: Sequence[str] | None,
    again: bool = False,
) -> Asked:
    """Return the launcher that these options ask for; refuse options that contradict each other."""
    from retrodict.launch import Asked, launcher_named

    return Asked(launcher_named(name, cpus, gpus, slurm or []), again)
