"""Run one experiment, or those of figures and claims by their names; return finished runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from retrodict.experiment import Experiment
from retrodict.launch._asked import is_local
from retrodict.launch._launcher import LOCAL, Launcher, require_writable_if_needed
from retrodict.launch._local import Job, Reporter
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
    jobs = [
        Job(launcher.place(experiment), f"{who}: {name}")
        for who, experiments in wanted.items()
        for name, experiment in experiments.items()
    ]
    require_writable_if_needed(jobs, store)
    runs = iter(_run_all(jobs, store, reporter, launcher, keep_weights))
    return {who: {name: next(runs) for name in named} for who, named in wanted.items()}


def execute_on(
    launcher: Launcher,
    experiment: Experiment,
    store: Store,
    reporter: Reporter,
    keep_weights: bool = True,
) -> Run:
    """Return the finished run of one experiment; arguments and errors are those of `run_named`."""
    job = Job(launcher.place(experiment))
    (run,) = _run_all([job], store, reporter, launcher, keep_weights)
    return run


def _run_all(
    jobs: Sequence[Job], store: Store, reporter: Reporter, launcher: Launcher, keep_weights: bool
) -> list[Run]:
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
    return [found[index] for index in range(len(jobs))]
