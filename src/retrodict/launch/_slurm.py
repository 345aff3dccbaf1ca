"""Populations as arrays of Slurm jobs, by submitit. Their logs are in the store, in `.submitit`."""

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
from retrodict.launch._remote import GOES_ON, Answer, RemoteJob, require_extra

MOST_OF_AN_ARRAY = 1000
"""Jobs of one array; Slurm's own default limit (MaxArraySize) is 1001."""

_MOST_TIMEOUTS = 1000  # a population is queued anew this often when its time is up
_SETTLE_SECONDS = 15.0  # until a file of a job that has ended is seen on a shared file system
_ASK_SECONDS = 60.0  # between two questions to Slurm; in between, files say who has ended
_STOP_SECONDS = 60.0

SETTINGS: Mapping[str, tuple[str, type]] = {
    "account": ("slurm_account", str),
    "array_parallelism": ("slurm_array_parallelism", int),
    "cluster": ("", str),
    "comment": ("slurm_comment", str),
    "constraint": ("slurm_constraint", str),
    "exclude": ("slurm_exclude", str),
    "gres": ("slurm_gres", str),
    "mem_gb": ("mem_gb", int),
    "name": ("name", str),
    "nodelist": ("slurm_nodelist", str),
    "partition": ("slurm_partition", str),
    "qos": ("slurm_qos", str),
    "reservation": ("", str),
    "setup": ("slurm_setup", str),
    "signal_delay_s": ("slurm_signal_delay_s", int),
    "timeout_min": ("timeout_min", int),
}
"""What `--slurm KEY=VALUE` can set: submitit's name for it, and its type."""

_CLUSTERS = ("slurm", "local")

_OF_A_JOB = (
    *("SLURM_", "SLURMD_", "SBATCH_", "SRUN_", "SALLOC_", "SUBMITIT_"),
    *("PMI_", "PMI2_", "PMIX_", "OMPI_", "PRTE_", "HYDRA_", "MPI_LOCAL"),
)
_OF_A_CLUSTER = (
    *("SLURM_CONF", "SLURM_CONF_SERVER", "SLURM_CLUSTERS", "SLURM_JWT", "SBATCH_CLUSTERS"),
    "SUBMITIT_PREEMPT_SIGNAL",
)
_WISHES = {
    "account": ("SBATCH_ACCOUNT", "SLURM_ACCOUNT"),
    "partition": ("SBATCH_PARTITION",),
    "qos": ("SBATCH_QOS",),
    "reservation": ("SBATCH_RESERVATION",),
    "constraint": ("SBATCH_CONSTRAINT",),
    "timeout_min": ("SBATCH_TIMELIMIT",),
}
"""Setting → variables in which people wish the same of all their jobs; no job sets them."""


def read_settings(settings: Iterable[str]) -> dict[str, Any]:
    """Check settings like `partition=gpu`.

    Raises:
        BadInput: not of that form, no such setting, or not such a value.

    >>> read_settings(["partition=gpu", "timeout_min=240"])
    {'partition': 'gpu', 'timeout_min': 240}
    """
    read: dict[str, Any] = {}
    for setting in settings:
        key, equals, text = (part.strip() for part in setting.partition("="))
        if not equals or not text:
            raise BadInput(f"--slurm {setting}: expected KEY=VALUE, e.g. partition=gpu")
        if key not in SETTINGS:
            raise BadInput(f"--slurm {setting}: unknown setting; {nearest(key, SETTINGS)}")
        if key in read:
            raise BadInput(f"--slurm {setting}: {key} is given twice")
        read[key] = text
        if SETTINGS[key][1] is int:
            if not text.isdecimal() or len(text) > 9 or int(text) < 1:
                raise BadInput(f"--slurm {setting}: expected a whole number above 0")
            read[key] = int(text)
    choose([read.get("cluster", "slurm")], _CLUSTERS, "--slurm cluster={}: no such cluster")
    return read


@dataclass(frozen=True)
class SlurmErrand:
    """An errand that is queued anew where its job is preempted or its time is up."""

    errand: RemoteJob

    def __call__(self) -> Answer:
        """Do it; asked to stop, leave no answer: Slurm may run this job again."""
        try:
            return self.errand()
        except Interrupted as stopped:
            raise SystemExit(f"{stopped}; {GOES_ON}") from None

    def checkpoint(self) -> Any:
        """Return what submitit queues: the same errand, which goes on from its checkpoint."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)


class SlurmPool:
    """Jobs of Slurm.

    Parameters:
        gpus: GPUs of a job.
        settings: as `read_settings` returns them.
    """

    def __init__(self, gpus: int, settings: Mapping[str, Any]) -> None:
        require_extra("slurm", "submitit")
        self._gpus, self._settings = gpus, dict(settings)
        self._cluster = self._settings.pop("cluster", "slurm")
        self._jobs: dict[str, Any] = {}
        self._gone: dict[str, float] = {}  # since when a job has ended without an answer
        self._asked = time.monotonic()

    @contextlib.contextmanager
    def reached(self) -> Iterator[None]:
        """Make sure that Slurm is here.

        Raises:
            BadInput: it is not.
        """
        if self._cluster == "slurm" and not all(map(shutil.which, ("sbatch", "srun"))):
            raise BadInput(
                "--launcher slurm: there is no Slurm here (no sbatch on the PATH); run it where "
                "jobs are submitted, or try it with --slurm cluster=local"
            )
        yield

    def submit(self, errands: Mapping[str, RemoteJob], reporter: Reporter) -> None:
        """Submit one array for all errands that need the same number of cores.

        Raises:
            BadInput: Slurm refuses.
        """
        folder = next(iter(errands.values())).root / ".submitit"
        items = sorted(errands.items(), key=lambda item: _cpus(item[1]))
        for cpus, group in groupby(items, key=lambda item: _cpus(item[1])):
            alike = list(group)
            executor = self._executor(folder, cpus)
            for start in range(0, len(alike), MOST_OF_AN_ARRAY):
                part = alike[start : start + MOST_OF_AN_ARRAY]
                jobs = self._submit(executor, [SlurmErrand(errand) for _, errand in part])
                self._jobs |= zip([name for name, _ in part], jobs, strict=True)

    def _executor(self, folder: Any, cpus: int) -> Any:
        import submitit

        given = {SETTINGS[key][0]: value for key, value in self._settings.items()}
        reservation = given.pop("", None)
        executor = submitit.AutoExecutor(
            folder, cluster=self._cluster, slurm_max_num_timeout=_MOST_TIMEOUTS
        )
        more = {"reservation": reservation} if reservation else None
        defaults = {"name": "retrodict", "timeout_min": 60}
        setup = {"slurm_setup": [given.pop("slurm_setup")]} if "slurm_setup" in given else {}
        executor.update_parameters(
            **{**defaults, **given, **setup},
            cpus_per_task=cpus,
            slurm_srun_args=[f"--cpus-per-task={cpus}"],  # since 22.05 a step gets one otherwise
            gpus_per_node=self._gpus or None,
            slurm_additional_parameters=more,
        )
        return executor

    def _submit(self, executor: Any, errands: list[SlurmErrand]) -> list[Any]:
        from submitit.core.utils import FailedJobError, FailedSubmissionError

        try:
            with (
                _outside_of_jobs(self._settings),
                contextlib.redirect_stderr(io.StringIO()),
            ):  # submitit prints it, and raises it
                return list(executor.submit_array(errands))
        except (FailedJobError, FailedSubmissionError, OSError) as error:
            self.stop()
            lines = [line.strip() for line in str(error).splitlines() if "error" in line.lower()]
            raise BadInput(f"--launcher slurm: refused: {'; '.join(lines) or error}") from None

    def ended(self) -> Mapping[str, Answer]:
        """Wait for about a second; return the answers that came."""
        began = time.monotonic()
        answers = {}
        ask = began - self._asked > _ASK_SECONDS
        if ask:
            self._asked = began
        for name, job in list(self._jobs.items()):
            done = job.done(force_check=ask)
            ask = False  # one question is about all of them
            answer = self._answer(name, job) if done else None
            if not done:
                self._gone.pop(name, None)  # it was queued anew
            if answer is not None:
                answers[name] = answer
                del self._jobs[name]
        if not answers:
            time.sleep(max(1.0, time.monotonic() - began))
        return answers

    def _answer(self, name: str, job: Any) -> Answer | None:
        """Read the answer of a job that has ended; None while it may still come."""
        if job.paths.result_pickle.exists():
            error = job.exception()
            if error is None:
                answer = job.result()
                assert isinstance(answer, Answer)
                _tidy(job)
                return answer
            trace = [line for line in str(error).splitlines() if line and line[0] not in " -Y"]
            said = f"{name}: its worker failed: {trace[-1]}; see {job.paths.stderr}"
            return Answer(name, CannotFinish(said))
        if time.monotonic() - self._gone.setdefault(name, time.monotonic()) < _SETTLE_SECONDS:
            return None
        log = job.paths.stderr
        state = f" ({job.state})" if self._cluster == "slurm" else ""
        said = f"{name}: its job {job.job_id} was lost{state}; {GOES_ON}; its log: {log}"
        return Answer(name, CannotFinish(said))

    def stop(self) -> None:
        """Cancel all jobs: each writes a checkpoint, and what waits in the queue goes.

        Slurm is not waited for: a job that still stops is waited for by whoever wants its run.
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
    """Hide what a job, a step or MPI has told this process: it is not meant for new jobs.

    Slurm hands the environment of whoever submits on to the job, where a mask of cores, a size of
    memory or the number of an array would be taken for the job's own. What people wish of all their
    jobs stays, but for what was `asked` otherwise: for sbatch its variables go before the script.
    """
    kept = {*_OF_A_CLUSTER, *(name for names in _WISHES.values() for name in names)}
    if "SLURM_JOB_ID" not in os.environ:
        kept |= {name for name in os.environ if name.startswith("SBATCH_")}
    kept -= {name for key in asked for name in _WISHES.get(key, ())}
    hidden = {
        name: os.environ.pop(name)
        for name in list(os.environ)
        if name.startswith(_OF_A_JOB) and name not in kept
    }
    try:
        yield
    finally:
        os.environ.update(hidden)


def _cpus(errand: RemoteJob) -> int:
    return int(errand.experiment.training.threads)


def _tidy(job: Any) -> None:
    """Remove what submitit keeps of a job that ended well: five files a population."""
    paths = job.paths
    for path in (paths.submitted_pickle, paths.result_pickle, paths.stdout, paths.stderr):
        path.unlink(missing_ok=True)
