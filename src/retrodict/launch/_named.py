"""Run the experiments of figures or claims, and return the runs by their names."""

from __future__ import annotations

from collections.abc import Mapping

from retrodict.experiment import Experiment
from retrodict.launch._asked import is_local
from retrodict.launch._job import Job
from retrodict.launch._launcher import LOCAL, Launcher, require_writable_if_needed
from retrodict.launch._local import Reporter
from retrodict.runs import Run, Store


def run_named(
    wanted: Mapping[str, Mapping[str, Experiment]],
    store: Store,
    reporter: Reporter,
    launcher: Launcher = LOCAL,
    keep_weights: bool = True,
) -> dict[str, dict[str, Run]]:
    """Run the experiments of several figures or claims; return their runs by the same names.

    Args:
        wanted: figure or claim → its name for an experiment → the experiment.
        store: where runs are found and kept.
        reporter: receives progress.
        launcher: where they run.
        keep_weights: whether runs keep the final weights.

    Raises:
        BadInput, CannotFinish: one cannot be run; on a cluster the others were run nevertheless.
        Interrupted, KeyboardInterrupt: it was asked to stop.
    """
    names = [(who, name) for who, experiments in wanted.items() for name in experiments]
    jobs = [Job(launcher.place(wanted[who][name]), f"{who}: {name}") for who, name in names]
    require_writable_if_needed(jobs, store)
    found: dict[int, Run] = {}
    error = None
    for ended in launcher.execute_all(jobs, store, reporter, keep_weights):
        if ended.run is not None:
            found[ended.index] = ended.run
        error = error or ended.error
        if error is not None and is_local(launcher):
            raise error
    if error is not None:
        raise error
    runs: dict[str, dict[str, Run]] = {who: {} for who in wanted}
    for index, (who, name) in enumerate(names):
        runs[who][name] = found[index]
    return runs
