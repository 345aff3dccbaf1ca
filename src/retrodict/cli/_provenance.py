"""Where numbers come from: from the store or trained now, when, and by which code."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from retrodict.cli._console import Console
from retrodict.experiment import RESULTS_VERSION
from retrodict.runs import Provenance, Run, changed_since

if TYPE_CHECKING:
    from retrodict.launch import Answer

AGAIN = "add --again to retrain and compare"


def provenance_facts(run: Run) -> dict[str, Any]:
    """Return when a finished run was trained, and by which code, for `--json`."""
    found = Provenance.of(run)
    names = ("trained_at", "code", "commit", "code_changed")
    return {name: getattr(found, name) for name in names}


def answer_facts(answer: Answer | None) -> dict[str, Any]:
    """Return how a run was obtained, for `--json`; with `again` if it was trained again."""
    if answer is None:
        return {}
    again = {} if answer.again is None else {"again": dataclasses.asdict(answer.again)}
    return {"answered": answer.how, **again}


def tell_answers(runs: Sequence[Run], answers: Mapping[str, Answer], as_json: bool) -> None:
    """Print which runs come from the store, and how those trained again compare with before.

    Lines that need attention are bold. With `--json` only these are printed, on stderr.
    """
    runs = list({run.folder.name: run for run in runs}.values())
    kept = [run for run in runs if (a := answers.get(run.folder.name)) and a.how == "store"]
    if kept and not as_json:
        which = f"{len(kept)} of {len(runs)} runs, the last " if len(runs) > 1 else ""
        last = max(map(Provenance.of, kept), key=lambda one: one.trained_at or "")
        _say(f"from the store: {which}{last}", as_json, bold=False)
    anew = {name: a.again for name, a in answers.items() if a.again is not None}
    other = {name: again for name, again in anew.items() if not again.same_bits}
    if anew:
        which = "" if len(runs) == 1 else f"{len(anew) - len(other)} of {len(anew)} runs have "
        if which or not other:
            _say(f"trained again: {which}the same bits as before", as_json, bold=False)
    for name, again in other.items():
        _say(f"trained again: {name}: {again}", as_json)
    old = [run for run in runs if (a := answers.get(run.folder.name)) and a.how != "trained"]
    tell_changed(old if answers else runs, as_json)


def tell_changed(runs: Sequence[Run], as_json: bool, offer: str = AGAIN) -> None:
    """Say in a bold line which finished runs were trained by code that has changed since."""
    if said := changed_since([(run.folder.name, Provenance.of(run)) for run in runs], offer):
        _say(said, as_json)


def tell_outdated(runs: Sequence[Run]) -> None:
    """Say in bold which runs have another results version than this code's."""
    for run in runs:
        if run.results_version != RESULTS_VERSION:
            found = run.results_version or "unknown"
            Console().say(
                f"{run.folder.name} has results version {found}, this code {RESULTS_VERSION}: "
                "trained again, its numbers would differ",
                style="bold",
            )


def _say(text: str, as_json: bool, bold: bool = True) -> None:
    if as_json:
        print(text, file=sys.stderr)
    else:
        Console().say(text, style="bold" if bold else "")
