"""A Run: one folder that holds an experiment, its trace, its weights or its checkpoint.

    experiment.yaml       what was asked, resolved on the machine that ran it
    environment.json      versions and machine
    run.json              format, hash, state; once finished, the checksum of every file
    checkpoint.safetensors    while unfinished; one a part where memory divides the learners
    trace.nc, weights.safetensors    once finished
    log.jsonl             wall-clock events: started, resumed, interrupted, finished

`run.json` is written last, so a run is finished when it says so and not before.
"""

from __future__ import annotations

import errno
import hashlib
import json
import platform
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from filelock import FileLock, Timeout

from retrodict._atomic import atomic, atomic_text
from retrodict._untrusted import require_plain_file
from retrodict.errors import BadInput, CannotFinish
from retrodict.experiment import Experiment
from retrodict.recording import misfit
from retrodict.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

FORMAT = 1
"""Version of the layout of a run's folder."""

_PACKAGES = ("retrodict", "torch", "numpy", "xarray", "h5netcdf", "safetensors", "pydantic")


class Run:
    """A folder that holds one run, finished or not.

    Parameters:
        folder: where it is or will be.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.checkpoint = folder / "checkpoint.safetensors"

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r})"

    @property
    def exists(self) -> bool:
        """Whether anything of this run is on disk."""
        return (self.folder / "run.json").exists()

    @property
    def finished(self) -> bool:
        """Whether the trace is complete.

        Raises:
            CannotFinish: the folder is damaged or of another version.
        """
        return self.exists and self._state()["state"] == "finished"

    @property
    def status(self) -> Literal["finished", "running", "interrupted", "started"]:
        """How far the run is; `interrupted` can be resumed, `started` has no checkpoint yet."""
        if self.finished:
            return "finished"
        if self._is_claimed():
            return "running"
        return "interrupted" if self.has_checkpoint else "started"

    @property
    def has_checkpoint(self) -> bool:
        """Whether some of the training is on disk and can be gone on from."""
        return bool(self._checkpoints())

    def _checkpoints(self) -> list[Path]:
        """Return the checkpoint, or those of the parts of a population that did not fit."""
        return list(self.folder.glob(f"{self.checkpoint.stem}*{self.checkpoint.suffix}"))

    @cached_property
    def experiment(self) -> Experiment:
        """What was asked.

        Raises:
            CannotFinish: the folder is damaged or of another version.
        """
        path = self.folder / "experiment.yaml"
        try:
            experiment = Experiment.from_yaml(path)
        except BadInput as error:
            raise CannotFinish(f"damaged run: {error}; {_REMEDY}") from None
        if experiment.digest() != self._state()["digest"]:
            raise CannotFinish(
                f"{path}: was changed, or written by a version with other results; {_REMEDY}"
            )
        return experiment

    @cached_property
    def trace(self) -> Trace:
        """What was recorded, read into memory.

        Raises:
            CannotFinish: the run is not finished, or its trace is damaged.
        """
        path = self._verified("trace.nc")
        try:
            trace = Trace.load(path)
            problem = misfit(trace, self.experiment)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CannotFinish(f"{path}: damaged: {error}; {_REMEDY}") from error
        if problem:
            raise CannotFinish(f"{path}: damaged: {problem}; {_REMEDY}")
        return trace

    def weights(self) -> Mapping[str, Tensor]:
        """Read the final parameters by name, each with a leading learner axis.

        Raises:
            CannotFinish: the run is not finished, its weights were discarded, or are damaged.
        """
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        path = self._verified("weights.safetensors")
        if path.stat().st_size > _most_bytes_of_weights(self.experiment):
            raise CannotFinish(f"{path}: damaged: larger than the weights; {_REMEDY}")
        try:
            return dict(load_file(path))
        except (SafetensorError, RuntimeError, ValueError, KeyError) as error:
            raise CannotFinish(f"{path}: damaged: {error}; {_REMEDY}") from error

    @property
    def environment(self) -> dict[str, Any]:
        """Versions and machine that made the run."""
        return self._json("environment.json")

    def events(self) -> list[dict[str, Any]]:
        """Read the log: what happened when, in wall-clock time."""
        path = self.folder / "log.jsonl"
        if not path.exists():
            return []
        lines = path.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line.endswith("}")]

    def log(self, event: str, **facts: Any) -> None:
        """Append an event to the log; a log that cannot be written never ends a run."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        try:
            with open(self.folder / "log.jsonl", "a", encoding="utf-8") as file:
                file.write(json.dumps({"time": stamp, "event": event, **facts}) + "\n")
        except OSError:
            return

    @contextmanager
    def claim(self, timeout: float) -> Iterator[bool]:
        """Try to become the one process that trains this run; yields whether it worked."""
        lock = FileLock(self.folder / ".lock")
        try:
            lock.acquire(timeout=timeout)
        except Timeout:
            yield False
            return
        try:
            yield True
        finally:
            lock.release()

    def begin(self, experiment: Experiment) -> None:
        """Write down what is about to run, unless that was done before."""
        if self.exists:
            _ = self.experiment  # refuses a damaged folder
            return
        atomic_text(self.folder / "experiment.yaml", experiment.to_yaml())
        atomic_text(self.folder / "environment.json", json.dumps(_environment(), indent=1) + "\n")
        self._write_state({"state": "started", "digest": experiment.digest()})

    def finish(
        self, experiment: Experiment, trace: Trace, weights: Mapping[str, Tensor] | None
    ) -> None:
        """Write the results and mark the run finished.

        Raises:
            CannotFinish: they cannot be written; the checkpoint is kept.
        """
        from safetensors.torch import save_file

        with atomic(self.folder / "trace.nc") as temporary:
            _writing(temporary, lambda: trace.save(temporary))
        if weights is not None:
            tensors = {name: w.detach().cpu().contiguous() for name, w in weights.items()}
            with atomic(self.folder / "weights.safetensors") as temporary:
                _writing(temporary, lambda: save_file(tensors, temporary))
        names = ["experiment.yaml", "trace.nc", *(["weights.safetensors"] if weights else [])]
        checksums = {name: _sha256(self.folder / name) for name in names}
        self._write_state({"state": "finished", "digest": experiment.digest(), "sha256": checksums})
        for checkpoint in self._checkpoints():
            checkpoint.unlink(missing_ok=True)

    def _verified(self, name: str) -> Path:
        """Return the path of a result whose checksum is right."""
        state, path = self._state(), self.folder / name
        if state["state"] != "finished":
            raise CannotFinish(f"{self.folder}: is not finished; run its experiment.yaml to go on")
        expected = state.get("sha256", {}).get(name)
        if expected is None:
            raise CannotFinish(f"{path}: was not kept")
        try:
            require_plain_file(path)
        except ValueError as error:
            raise CannotFinish(f"{path}: damaged: {error}; {_REMEDY}") from None
        except OSError:
            raise CannotFinish(f"{path}: damaged: is missing; {_REMEDY}") from None
        if _sha256(path) != expected:
            problem = "fails its checksum"
            raise CannotFinish(f"{path}: damaged: {problem}; {_REMEDY}")
        return path

    def _state(self) -> dict[str, Any]:
        state = self._json("run.json")
        if state.get("format") != FORMAT:
            raise CannotFinish(
                f"{self.folder}: has format {state.get('format')}, this version reads {FORMAT}; "
                f"{_REMEDY}"
            )
        if state.get("state") not in ("started", "finished") or "digest" not in state:
            raise CannotFinish(f"{self.folder / 'run.json'}: damaged; {_REMEDY}")
        return state

    def _write_state(self, state: dict[str, Any]) -> None:
        text = json.dumps({"format": FORMAT, **state}, indent=1)
        atomic_text(self.folder / "run.json", text + "\n")

    def _json(self, name: str) -> dict[str, Any]:
        path = self.folder / name
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CannotFinish(f"{path}: damaged: {error}; {_REMEDY}") from None
        if not isinstance(content, dict):
            raise CannotFinish(f"{path}: damaged; {_REMEDY}")
        return content

    def _is_claimed(self) -> bool:
        with self.claim(timeout=0.0) as mine:
            return not mine


def open_run(path: str | Path) -> Run:
    """Open the run in a folder.

    Raises:
        BadInput: there is no run there.

    >>> open_run("nowhere")
    Traceback (most recent call last):
    retrodict.errors.BadInput: nowhere: no run there; a run is a folder with a run.json
    """
    run = Run(Path(path))
    if not run.exists:
        raise BadInput(f"{path}: no run there; a run is a folder with a run.json")
    return run


_REMEDY = "move the folder away to run it anew"


def _most_bytes_of_weights(experiment: Experiment) -> int:
    """All parameters in the widest type, and a header."""
    corpus = experiment.task.corpus(experiment.training.seed)
    count = experiment.model.parameter_count(corpus.vocab_size, corpus.tokens.shape[1] - 1)
    return 8 * experiment.training.learners * count + 2**20


def _writing(path: Path, write: Callable[[], object]) -> None:
    """Call a library's writer; its own kinds of error become operating-system errors."""
    try:
        write()
    except OSError as error:
        if error.errno is not None:
            raise
        raise _os_error(path, error) from error
    except Exception as error:  # HDF5 and safetensors wrap a full disk in errors of their own
        raise _os_error(path, error) from error


def _os_error(path: Path, error: Exception) -> OSError:
    full = shutil.disk_usage(path.parent).free < 2**20 or "No space left" in str(error)
    return OSError(errno.ENOSPC if full else errno.EIO, str(error))


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _environment() -> dict[str, Any]:
    versions = {}
    for package in _PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = "unknown"
    return {
        "versions": versions,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": processor(),
    }


def processor() -> str:
    """Name this machine's processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if "model name" in line)
    except (OSError, StopIteration):
        return platform.processor() or "unknown"
