"""Seeds and training times of runs, in words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from retrodict.report._run_view import RunView


def seeds_in_words(seeds: Sequence[int]) -> str:
    """Write seeds as a short text.

    >>> seeds_in_words([0, 1, 2]), seeds_in_words([7]), seeds_in_words([])
    ('0 to 2', '7', 'nothing random')
    """
    if not seeds:
        return "nothing random"
    return str(seeds[0]) if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"


def seeds(runs: Iterable[RunView]) -> str:
    """Write the seeds of all runs as a short text."""
    return ", ".join(map(seeds_in_words, sorted({run.experiment.training.seeds for run in runs})))


def duration(runs: Collection[RunView]) -> str:
    """Write the total training time of all runs.

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
