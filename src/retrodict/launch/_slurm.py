"""Run populations as arrays of Slurm jobs with submitit. Logs are in the store's `.submitit`."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from retrodict.errors import BadInput, CannotFinish, Interrupted, choose, nearest
from retrodict.launch._local import Reporter
from retrodict.launch._remote import CONTINUES, JobResult, RemoteJob, require_extra

MOST_OF_AN_ARRAY = 1000
"""Jobs in one array; Slurm's default limit (MaxArraySize) is 1001."""

_MOST_TIMEOUTS = 1000  # how often a population is requeued when its time is up
_SETTLE_SECONDS = 15.0  # until a shared file system shows the files of a job that has ended
_ASK_SECONDS = 60.0  # between two queries to Slurm; in between, files show which jobs have ended
_STOP_SECONDS = 60.0

_NUMBERS = ("array_parallelism", "mem_gb", "signal_delay_s", "timeout_min")
_TEXTS = (
    *("account", "cluster", "comment", "constraint", "exclude", "gres", "name", "nodelist"),
    *("partition", "qos", "reservation", "setup"),
)
_COMMON = ("mem_gb", "name", "timeout_min")  # submitit calls the others slurm_…

_CLUSTERS = ("slurm", "local")

_JOB_PREFIXES = (
    *("SLURM_", "SLURMD_", "SBATCH_", "SRUN_", "SALLOC_", "SUBMITIT_"),
    *("PMI_", "PMI2_", "PMIX_", "OMPI_", "PRTE_", "HYDRA_", "MPI_LOCAL"),
)
_CLUSTER_VARIABLES = (
    *("SLURM_CONF", "SLURM_CONF_SERVER", "SLURM_CLUSTERS", "SLURM_JWT", "SBATCH_CLUSTERS"),
    "SUBMITIT_PREEMPT_SIGNAL",
)
_USER_DEFAULTS = {
    "account": ("SBATCH_ACCOUNT", "SLURM_ACCOUNT"),
    "partition": ("SBATCH_PARTITION",),
    "qos": ("SBATCH_QOS",),
    "reservation": ("SBATCH_RESERVATION",),
    "constraint": ("SBATCH_CONSTRAINT",),
    "timeout_min": ("SBATCH_TIMELIMIT",),
}
"""Setting → variables by which users set the same for all their jobs. Slurm never sets them."""


def read_settings(settings: Iterable[str]) -> dict[str, Any]:
    """Parse settings like `partition=gpu`; raise BadInput for one that is not valid.

    >>> read_settings(["partition=gpu", "timeout_min=240"])
    {'partition': 'gpu', 'timeout_min': 240}
    """
    read: dict[str, Any] = {}
    for setting in settings:
        key, equals, text = (part.strip() for part in setting.partition("="))
        if not equals or not text:
            raise BadInput(f"--slurm {setting}: expected KEY=VALUE, e.g. partition=gpu")
        if key not in (*_NUMBERS, *_TEXTS):
            known = nearest(key, (*_NUMBERS, *_TEXTS))
            raise BadInput(f"--slurm {setting}: unknown setting; {known}")
        if key in read:
            raise BadInput(f"--slurm {setting}: {key} is given twice")
        read[key] = text
        if key in _NUMBERS:
            if not text.isdecimal() or len(text) > 9 or int(text) < 1:
                raise BadInput(f"--slurm {setting}: expected a whole number above 0")
            read[key] = int(text)
    choose([read.get("cluster", "slurm")], _CLUSTERS, "--slurm cluster={}: no such cluster")
    return read


@dataclass(frozen=True)
class SlurmJob:
    """A remote job that is requeued when it is preempted or its time is up."""

    job: RemoteJob

    def __call__(self) -> JobResult:
        """Do the job. If asked to stop, leave no result, as Slurm may run it again."""
        try:
            return self.job()
        except Interrupted as stopped:
            raise SystemExit(f"{stopped}; {CONTINUES}") from None

    def checkpoint(self) -> Any:
        """Return what submitit requeues: the same job, which continues from its checkpoint."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)


class SlurmPool:
    """Jobs of Slurm.

    Parameters:
        gpus: GPUs per job.
        settings: as returned by `read_settings`.
    """

    def __init__(self, gpus: int, settings: Mapping[str, Any]) -> None:
        require_extra("slurm", "submitit")
        self._gpus, self._settings = gpus, dict(settings)
        self._cluster = self._settings.pop("cluster", "slurm")
        self._jobs: dict[str, Any] = {}
        self._gone: dict[str, float] = {}  # since when a job has ended without a result
        self._asked = time.monotonic()

    @contextlib.contextmanager
    def connected(self) -> Iterator[None]:
        """Raise BadInput if Slurm is not installed."""
        if self._cluster == "slurm" and not all(map(shutil.which, ("sbatch", "srun"))):
            raise BadInput(
                "--launcher slurm: there is no Slurm here (no sbatch on the PATH); run it where "
                "jobs are submitted, or try it with --slurm cluster=local"
            )
        yield

    def submit(self, jobs: Mapping[str, RemoteJob], reporter: Reporter) -> None:
        """Submit one array for all jobs that need the same number of cores."""
        folder = next(iter(jobs.values())).root / ".submitit"
        items = sorted(jobs.items(), key=lambda item: item[1].cpus)
        for cpus, group in groupby(items, key=lambda item: item[1].cpus):
            alike = list(group)
            executor = self._executor(folder, cpus)
            for start in range(0, len(alike), MOST_OF_AN_ARRAY):
                part = alike[start : start + MOST_OF_AN_ARRAY]
                submitted = self._submit(executor, [SlurmJob(job) for _, job in part])
                self._jobs |= zip([name for name, _ in part], submitted, strict=True)

    def _executor(self, folder: Any, cpus: int) -> Any:
        import submitit

        given = {
            key if key in _COMMON else f"slurm_{key}": [value] if key == "setup" else value
            for key, value in self._settings.items()
        }
        reservation = given.pop("slurm_reservation", None)  # which submitit does not know
        executor = submitit.AutoExecutor(
            folder, cluster=self._cluster, slurm_max_num_timeout=_MOST_TIMEOUTS
        )
        executor.update_parameters(
            **{"name": "retrodict", "timeout_min": 60, **given},
            cpus_per_task=cpus,
            slurm_srun_args=[f"--cpus-per-task={cpus}"],  # since Slurm 22.05 the default is 1
            gpus_per_node=self._gpus or None,
            slurm_additional_parameters={"reservation": reservation} if reservation else None,
        )
        return executor

    def _submit(self, executor: Any, jobs: list[SlurmJob]) -> list[Any]:
        from submitit.core.utils import FailedJobError, FailedSubmissionError

        try:
            # submitit prints an error besides raising it
            with _outside_of_jobs(self._settings), contextlib.redirect_stderr(io.StringIO()):
                return list(executor.submit_array(jobs))
        except (FailedJobError, FailedSubmissionError, OSError) as error:
            self.stop()
            lines = [line.strip() for line in str(error).splitlines() if "error" in line.lower()]
            raise BadInput(f"--launcher slurm: refused: {'; '.join(lines) or error}") from None

    def results(self) -> Mapping[str, JobResult]:
        """Wait for about a second; return the results that arrived."""
        began = time.monotonic()
        results = {}
        ask = began - self._asked > _ASK_SECONDS
        if ask:
            self._asked = began
        for name, job in list(self._jobs.items()):
            done = job.done(force_check=ask)
            ask = False  # one query covers all jobs
            if not done:
                self._gone.pop(name, None)  # it was requeued
            elif result := self._result(name, job):
                results[name] = result
                del self._jobs[name]
        if not results:
            time.sleep(max(1.0, time.monotonic() - began))
        return results

    def _result(self, name: str, job: Any) -> JobResult | None:
        """Read the result of a job that has ended; None while it may still arrive."""
        log = job.paths.stderr
        if job.paths.result_pickle.exists():
            error = job.exception()
            if error is None:
                result = job.result()
                assert isinstance(result, JobResult)
                _tidy(job)
                return result
            trace = [line for line in str(error).splitlines() if line and line[0] not in " -Y"]
            why = f"its worker failed: {trace[-1]}; see {log}"
        else:
            now = time.monotonic()
            if now - self._gone.setdefault(name, now) < _SETTLE_SECONDS:
                return None
            state = f" ({job.state})" if self._cluster == "slurm" else ""
            why = f"its job {job.job_id} was lost{state}; {CONTINUES}; its log: {log}"
        return JobResult(name, CannotFinish(f"{name}: {why}"))

    def stop(self) -> None:
        """Cancel all jobs: running ones write a checkpoint, queued ones are removed.

        This does not wait for Slurm. A later command that needs a run waits for its lock.
        """
        left, self._jobs = list(self._jobs.values()), {}
        if self._cluster == "slurm":
            arrays = sorted({job.job_id.partition("_")[0] for job in left})
            if arrays:
                subprocess.run(["scancel", *arrays], check=False)
            return
        for job in left:
            job.cancel(check=False)
        deadline = time.monotonic() + _STOP_SECONDS
        while time.monotonic() < deadline and not all(job.done() for job in left):
            time.sleep(0.1)


@contextlib.contextmanager
def _outside_of_jobs(asked: Mapping[str, Any]) -> Iterator[None]:
    """Hide variables of the job, step or MPI process in which this process runs.

    Slurm passes them on to the new job, which would take an outer job's core mask, memory size or
    array number for its own. Users' defaults for all jobs stay, except those of the settings
    `asked` for, as sbatch prefers its variables to the script.
    """
    kept = {*_CLUSTER_VARIABLES, *(name for names in _USER_DEFAULTS.values() for name in names)}
    if "SLURM_JOB_ID" not in os.environ:
        kept |= {name for name in os.environ if name.startswith("SBATCH_")}
    kept -= {name for key in asked for name in _USER_DEFAULTS.get(key, ())}
    hidden = {
        name: os.environ.pop(name)
        for name in list(os.environ)
        if name.startswith(_JOB_PREFIXES) and name not in kept
    }
    try:
        yield
    finally:
        os.environ.update(hidden)


def _tidy(job: Any) -> None:
    """Remove submitit's files of a job that succeeded."""
    paths = job.paths
    for path in (paths.submitted_pickle, paths.result_pickle, paths.stdout, paths.stderr):
        path.unlink(missing_ok=True)
