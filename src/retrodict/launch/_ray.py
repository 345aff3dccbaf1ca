"""Run populations as tasks of a Ray cluster: an existing one, or one on this machine alone."""

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
from retrodict.launch._remote import CONTINUES, JobResult, RemoteJob, require_extra

_MOST_RETRIES = 20  # of a population whose workers are lost
_STOP_SECONDS = 600.0  # for the epochs in progress to end


class Stopped(Exception):
    """Something other than retrodict asked a worker to stop: Ray runs the job elsewhere."""


def work(job: RemoteJob) -> JobResult:
    """Do a job in a worker."""
    try:
        return job()
    except Interrupted as stopped:
        raise Stopped(str(stopped)) from None


class RayPool:
    """Workers of a Ray cluster; each job gets `gpus` GPUs.

    If Python is connected to a cluster (`ray.init`), it is used; else the cluster that RAY_ADDRESS
    or `ray start` names; else a temporary one on this machine.
    """

    def __init__(self, gpus: int) -> None:
        require_extra("ray", "ray")
        self._gpus = gpus
        self._names: dict[Any, str] = {}

    @contextlib.contextmanager
    def connected(self) -> Iterator[None]:
        """Connect to a cluster or start one, unless Python is connected; disconnect at the end.

        Ray reports lost nodes and workers on stdout, so that is redirected to stderr meanwhile.
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

    def submit(self, jobs: Mapping[str, RemoteJob], reporter: Reporter) -> None:
        """Make a task of every job; Ray decides where and when each runs."""
        import ray

        most = max(job.cpus for job in jobs.values())
        if not any(_has(node, most, self._gpus) for node in ray.nodes()):
            reporter.note(
                f"no node of the Ray cluster has {most} CPUs and {self._gpus} GPUs; populations "
                "that need them wait until one has"
            )
        for name, job in jobs.items():
            task = ray.remote(
                num_cpus=job.cpus,
                num_gpus=self._gpus,
                max_retries=_MOST_RETRIES,
                retry_exceptions=[Stopped],
            )(work)
            self._names[task.options(name=name).remote(job)] = name

    def results(self) -> Mapping[str, JobResult]:
        """Wait for at most a second; return the results that arrived."""
        import ray

        ready, _ = ray.wait(list(self._names), num_returns=len(self._names), timeout=1.0)
        names = {task: self._names.pop(task) for task in ready}
        return {name: _result(task, name) for task, name in names.items()}

    def stop(self) -> None:
        """Let every worker write a checkpoint and stop."""
        import ray

        left, self._names = list(self._names), {}
        for task in left:
            with contextlib.suppress(Exception):  # the task may have ended
                ray.cancel(task, force=False)
        deadline = time.monotonic() + _STOP_SECONDS
        while left and time.monotonic() < deadline:
            _, left = ray.wait(left, num_returns=len(left), timeout=1.0)


def _connect() -> None:
    import ray

    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # a cluster of ours sends no statistics
    try:
        ray.init(log_to_driver=False, logging_level=logging.ERROR, include_dashboard=False)
    except (ConnectionError, OSError, RuntimeError, ValueError) as error:
        raise BadInput(f"--launcher ray: no cluster can be reached: {error}") from None


def _has(node: Mapping[str, Any], cpus: int, gpus: int) -> bool:
    has = node["Resources"]
    return bool(node["Alive"] and has.get("CPU", 0) >= cpus and has.get("GPU", 0) >= gpus)


def _result(task: Any, name: str) -> JobResult:
    """Return a task's result; an error if its worker failed or was lost too often."""
    import ray

    try:
        result = ray.get(task)
        assert isinstance(result, JobResult)
        return result
    except ray.exceptions.RayTaskError as error:
        why = f"its worker failed: {str(error).strip().splitlines()[-1]}"
    except ray.exceptions.RayError as error:
        why = f"its worker was lost ({type(error).__name__}); {CONTINUES}"
    return JobResult(name, CannotFinish(f"{name}: {why}"))
