"""On which machines and with which versions the runs were made, with which seeds, how long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from retrodict.report._collect import Collected
from retrodict.report._html import Html, row, table, tag
from retrodict.report._run_view import RunView


def machines(runs: Mapping[str, RunView]) -> list[tuple[tuple[str, ...], Sequence[RunView]]]:
    """Every distinct machine, in words, with the runs that it made."""
    found: dict[tuple[str, ...], list[RunView]] = {}
    for run in runs.values():
        found.setdefault(_described(run), []).append(run)
    return list(found.items())


def _described(run: RunView) -> tuple[str, ...]:
    environment = run.environment
    versions = environment.get("versions")
    told = versions if isinstance(versions, dict) else {}
    return (
        str(environment.get("processor", "unknown")),
        str(environment.get("platform", "unknown")),
        ", ".join(
            [f"Python {environment.get('python', 'unknown')}"]
            + [f"{name} {version}" for name, version in told.items()]
        ),
    )


def seeds(runs: Sequence[RunView]) -> str:
    """The seeds of all runs, shortly."""
    sets = dict.fromkeys(
        (run.experiment.training.seed, run.experiment.training.learners) for run in runs
    )
    return ", ".join(f"{s} to {s + n - 1}" if n > 1 else str(s) for s, n in sorted(sets))


def duration(runs: Sequence[RunView]) -> str:
    """How long all runs trained together.

    >>> duration([])
    'not known'
    """
    known = [run.seconds for run in runs if run.seconds is not None]
    if not known:
        return "not known"
    minutes, rest = divmod(round(sum(known)), 60)
    hours, minutes = divmod(minutes, 60)
    told = f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
    unknown = len(runs) - len(known)
    return told + (f" ({unknown} runs do not say)" if unknown else "")


def machine_section(store: Collected) -> Html:
    """A table of them."""
    rows = [
        row(processor, platform, versions, len(runs), _devices(runs), seeds(runs), duration(runs))
        for (processor, platform, versions), runs in machines(store.runs)
    ]
    head = ("processor", "system", "versions", "runs", "device", "seeds", "training time")
    return tag(
        "section",
        tag("h2", "Machine, versions, seeds, times", id="machine-title"),
        tag("p", f"Store: {store.store.absolute()}", class_="hint"),
        table(head, rows, "Where the runs were made") if rows else tag("p", "No run is shown."),
        id="machine",
        aria_labelledby="machine-title",
    )


def _devices(runs: Sequence[RunView]) -> str:
    return ", ".join(dict.fromkeys(run.experiment.training.device for run in runs))
