"""`retrodict verify`: theorems, or claims that others have published."""

from __future__ import annotations

from typing import Annotated

import typer

from retrodict.cli._options import STORE, Again, Cpus, Gpus, Json, Out, Slurm, Where, launcher_from
from retrodict.cli.commands._command import command
from retrodict.errors import BadInput


@command("verify", trains="--published")
def verify(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME", help="Statements or published claims. By default: all."),
    ] = None,
    fast: Annotated[
        bool, typer.Option("--fast", help="Use smaller grids and fewer draws: under a minute.")
    ] = False,
    published: Annotated[
        bool,
        typer.Option("--published", help="Check claims that others published about the curse."),
    ] = False,
    out: Out = STORE,
    as_json: Json = False,
    again: Again = False,
    launcher: Where = "local",
    cpus: Cpus = None,
    gpus: Gpus = None,
    slurm: Slurm = None,
) -> None:
    """Check theorems by numbers, or claims that others published.

    \b
      retrodict verify --fast              all statements, in under a minute
      retrodict verify                     all, with at least 200 draws each, in a few minutes
      retrodict verify theorem-1 lemma-2   some, with every number
      retrodict verify --published         what others claim breaks the curse, or does not
      retrodict verify --published --launcher ray

    The statements are the paper's theorems, lemmas and propositions, and our own. Some published
    claims rest on training runs; these go into the store.

    Checking everything also writes the results to the store: verify.md, verify.html and
    verify.json, or published.md, published.html and published.json.

    Exit code 1: a statement fails, or a claim is not reproduced. What is marked "(known)" does not
    count.
    """
    where = launcher_from(launcher, cpus, gpus, slurm, again)
    for option, is_given in (("--again", again), ("--launcher", launcher != "local")):
        if is_given and not published:
            raise BadInput(
                f"verify {option}: is for training runs; add --published, or leave it out"
            )
    from retrodict.cli._checks import run_verify

    if not run_verify(names or [], published, fast, out, where, as_json):
        raise typer.Exit(1)
