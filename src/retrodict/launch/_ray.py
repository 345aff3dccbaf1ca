"""Populations as tasks of a Ray cluster: the one that is there, or one of this machine alone."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any

from retrodict.errors import BadInput, CannotFinish, Interrupted
from retrodict.launch._local import Reporter
from retrodict.launch._remote import GOES_ON, Answer, RemoteJob, require_extra

_MOST_RETRIES = 20  # of a population whose workers are lost
_STOP_SECONDS = 600.0  # that the epochs in progress may take


class Stopped(Exception):
    """A worker was asked to stop, and not by us: Ray runs the errand elsewhere."""


def work(errand: RemoteJob) -> Answer:
    """Do an errand in a worker."""
    try:
        return errand()
    except Interrupted as stopped:
        raise Stopped(str(stopped)) from None


class RayPool:
    """Workers of a Ray cluster.

    Where Python is connected to a cluster (`ray.init`), it is that one; else the one that
    RAY_ADDRESS or `ray start` names; else one of this machine, for the time of the work.

    Parameters:
        gpus: GPUs of an errand.
    """

    def __init__(self, gpus: int) -> None:
        require_extra("ray", "ray")
        self._gpus = gpus
        self._names: dict[Any, str] = {}

    @contextlib.contextmanager
    def reached(self) -> Iterator[None]:
        """Connect to a cluster or begin one, unless Python is connected; let go at the end.

        Meanwhile stdout is stderr: there Ray tells of nodes and workers that it lost, and stdout is
        for results.

        Raises:
            BadInput: the cluster that there should be cannot be reached.
        """
        import ray

        ours = not ray.is_initialized()
        with contextlib.redirect_stdout(sys.stderr):
            if ours:
                _connect()
            try:
                yield
            finally:
                if ours:
                    ray.shutdown()

    def submit(self, errands: Mapping[str, RemoteJob], reporter: Reporter) -> None:
        """Make a task of every errand; Ray decides where and when each runs."""
        import ray

        most = max(_cpus(errand) for errand in errands.values())
        if not any(_has(node, most, self._gpus) for node in ray.nodes()):
            reporter.note(
                f"no node of the Ray cluster has {most} CPUs and {self._gpus} GPUs; populations "
                "that need them wait until one has"
            )
        for name, errand in errands.items():
            task = ray.remote(
                num_cpus=_cpus(errand),
                num_gpus=self._gpus,
                max_retries=_MOST_RETRIES,
                retry_exceptions=[Stopped],
            )(work)
            self._names[task.options(name=name).remote(errand)] = name

    def ended(self) -> Mapping[str, Answer]:
        """Wait for at most a second; return the answers that came."""
        import ray

        ready, _ = ray.wait(list(self._names), num_returns=len(self._names), timeout=1.0)
        names = {task: self._names.pop(task) for task in ready}
        return {name: _answer(task, name) for task, name in names.items()}

    def stop(self) -> None:
        """Let every worker write a checkpoint and stop."""
        import ray

        left, self._names = list(self._names), {}
        for task in left:
            with contextlib.suppress(Exception):  # of one that has ended
                ray.cancel(task, force=False)
        deadline = time.monotonic() + _STOP_SECONDS
        while left and time.monotonic() < deadline:
            _, left = ray.wait(left, num_returns=len(left), timeout=1.0)


def _connect() -> None:
    import ray

    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # a cluster of ours sends nothing home
    try:
        ray.init(log_to_driver=False, logging_level=logging.ERROR, include_dashboard=False)
    except (ConnectionError, OSError, RuntimeError, ValueError) as error:
        raise BadInput(f"--launcher ray: no cluster can be reached: {error}") from None


def _cpus(errand: RemoteJob) -> int:
    return int(errand.experiment.training.threads)


def _has(node: Mapping[str, Any], cpus: int, gpus: int) -> bool:
    there = node["Resources"]
    return bool(node["Alive"] and there.get("CPU", 0) >= cpus and there.get("GPU", 0) >= gpus)


def _answer(task: Any, name: str) -> Answer:
    """Read a task's answer; a worker that was lost too often, or failed, is one."""
    import ray

    try:
        answer = ray.get(task)
    except ray.exceptions.RayTaskError as error:
        said = str(error).strip().splitlines()[-1]
        return Answer(name, CannotFinish(f"{name}: its worker failed: {said}"))
    except ray.exceptions.RayError as error:
        why = type(error).__name__
        return Answer(name, CannotFinish(f"{name}: its worker was lost ({why}); {GOES_ON}"))
    assert isinstance(answer, Answer)
    return answer
