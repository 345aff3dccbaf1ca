"""A Run: one folder that holds an experiment, its trace, its weights or its checkpoint.

    experiment.yaml       the experiment, placed on the machine that ran it
    environment.json      seeds, and which code, versions and machines trained it
    run.json              state, digest, results version; the checksums of the other files
    checkpoint.safetensors    while unfinished; one a part where memory divides the learners
    trace.nc, weights.safetensors    once finished
    log.jsonl             wall-clock events: started, resumed, interrupted, finished
    .progress             during training: how many epochs are done

`run.json` is written last, so a run is finished only when it says so. Every file records its format
(docs/store.md); older formats are converted when they are read.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from retrodict.errors import BadInput, CannotFinish, Damaged, Newer
from retrodict.experiment import HEADER, RESULTS_VERSION, Experiment, Placed, read_text
from retrodict.files import (
    Unlockable,
    atomic,
    atomic_text,
    digest_of,
    is_taken,
    is_there,
    reason,
    refuse_link,
    take,
)
from retrodict.files.tensors import save_file
from retrodict.host import own_settings
from retrodict.runs import _environment, _files, _log, _migrate
from retrodict.runs._files import REMEDY
from retrodict.runs._results import read_trace, read_weights
from retrodict.runs._state import mark, read_made_by, read_state, write_made_by, write_state
from retrodict.trace import Trace

if TYPE_CHECKING:
    from torch import Tensor

_POLL_SECONDS = 0.05
_LATELY_SECONDS = 3600.0  # two machines' clocks differ by less, and an epoch is shorter


class Run:
    """A folder that holds one run, finished or not.

    Reading raises `Damaged`, `Unreadable` (here and now) or `Newer` (a newer format), all of which
    are `CannotFinish`.

    Parameters:
        folder: where it is or will be.
        answers: the digest that it must have; None accepts any.
    """

    def __init__(self, folder: Path, answers: str | None = None) -> None:
        self.folder = folder
        self.answers = answers
        self.checkpoint = folder / _files.CHECKPOINT

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r})"

    @property
    def exists(self) -> bool:
        """Whether anything of this run is on disk."""
        return is_there(self.folder / _files.STATE)

    @property
    def finished(self) -> bool:
        """Whether the trace is complete."""
        return self.exists and self.state["state"] == "finished"

    @property
    def status(self) -> Literal["finished", "running", "interrupted", "started"]:
        """How far the run is; `interrupted` can be resumed, `started` has no checkpoint yet."""
        if self.finished:
            return "finished"
        if self.is_locked:
            return "running"
        return "interrupted" if self.has_checkpoint else "started"

    @property
    def has_checkpoint(self) -> bool:
        """Whether some of the training is on disk, so that it can continue."""
        return bool(_files.checkpoints(self.folder))

    @property
    def state(self) -> dict[str, Any]:
        """The content of run.json, in the present format; damaged if of another experiment."""
        state = read_state(self.folder)
        if self.answers not in (None, state["digest"]):
            what = "holds another experiment than its name says"
            raise Damaged(self.folder / _files.STATE, what, REMEDY)
        return state

    @cached_property
    def experiment(self) -> Placed:
        """The experiment, placed where it was first trained."""
        path, state = self.folder / _files.EXPERIMENT, self.state
        digest = digest_of(refuse_link(path))
        if not digest and is_there(path):  # a pipe would never end
            raise Damaged(path, "it is not a regular file", REMEDY)
        unchanged = state["sha256"].get(_files.EXPERIMENT, "none") == digest
        try:
            text = read_text(path)
            _migrate.require_experiment(text, path)
            experiment = Experiment.from_text(text, where=path.name).as_written()
        except BadInput as error:
            why = str(error).removeprefix(f"{path}: ")
            if unchanged:
                what = f"was written by another version ({why})"
                raise Newer(path, what, "upgrade retrodict") from None
            raise Damaged(path, why, REMEDY) from None
        of_another_version = unchanged and state["results_version"] != RESULTS_VERSION
        if _version_of(experiment, state) is None and not of_another_version:
            raise Damaged(path, "was changed since it was written", REMEDY)
        return experiment

    @cached_property
    def results_version(self) -> int | None:
        """The results version of the code that made it; None if unknown.

        Format 1 did not record it: it is the version whose digest fits.
        """
        state = self.state
        if state["results_version"] is not None:
            return int(state["results_version"])
        version = _version_of(self.experiment, state)
        if version is None and state["state"] == "finished":
            version = int(self.trace.attrs["results_version"])
        return version

    @cached_property
    @own_settings()
    def trace(self) -> Trace:
        """The trace, read into memory; raises `CannotFinish` also if the run is not finished."""
        return read_trace(self.folder, self.state, self.experiment)

    @own_settings()
    def weights(self) -> Mapping[str, Tensor]:
        """Read the final parameters by name, each with a leading learner axis.

        Raises:
            CannotFinish: as `trace`, or the weights were not kept.
        """
        return read_weights(self.folder, self.state, self.experiment)

    @property
    def made_by(self) -> list[dict[str, Any]]:
        """Code, versions and machine, once for each environment that trained a part of the run."""
        return read_made_by(self.folder, self.state["sha256"].get(_files.ENVIRONMENT))

    def differences(self) -> list[_environment.Difference]:
        """Compare this machine and code with those that made the run."""
        return _environment.differences(self.made_by, self.experiment, self.results_version)

    def events(self) -> list[dict[str, Any]]:
        """Read the log: what happened when, in wall-clock time. Damaged lines are left out."""
        return _log.read(self.folder / _files.LOG)

    def log(self, event: str, **facts: Any) -> None:
        """Append an event to the log; a log that cannot be written never ends a run."""
        _log.append(self.folder / _files.LOG, event, facts)

    @property
    def seconds(self) -> float | None:
        """Training time in seconds, summed over interruptions; None if the log does not say."""
        return _log.seconds(self.folder / _files.LOG)

    @property
    def progress(self) -> _log.EpochProgress | None:
        """How far the training is; None if unknown."""
        return _log.read_progress(self.folder / _files.PROGRESS)

    def write_progress(self, epoch: int, epochs: int) -> None:
        """Write how far the training is; a failure to write is ignored."""
        _log.write_progress(self.folder / _files.PROGRESS, epoch, epochs)

    def clear_progress(self) -> None:
        """Delete what `write_progress` wrote."""
        with contextlib.suppress(OSError):
            (self.folder / _files.PROGRESS).unlink()

    @contextlib.contextmanager
    def lock(
        self, timeout: float, tell: Callable[[str], None] = lambda line: None
    ) -> Iterator[bool]:
        """Try for some seconds to become the one process that trains this run.

        Yields whether that worked. Where the file system has no locks, every process gets the run,
        and `tell` is called with a warning.

        Raises:
            CannotFinish: the lock's file cannot be made.
        """
        until = time.monotonic() + timeout
        path, held = self.folder / _files.LOCK, None
        try:
            while (held := take(path)) is None and time.monotonic() < until:
                time.sleep(_POLL_SECONDS)
            mine = held is not None
        except Unlockable as error:
            tell(
                f"{self.folder.parent}: its file system has no locks ({error.strerror}): "
                "two commands that need the same run would both train it"
            )
            mine = True
        except OSError as error:
            raise CannotFinish(f"{self.folder}: cannot be written to: {reason(error)}") from None
        try:
            yield mine
        finally:
            if held is not None:
                held.release()

    @property
    def is_locked(self) -> bool:
        """Whether a process is known to train the run now."""
        with contextlib.suppress(OSError):
            return is_taken(self.folder / _files.LOCK)
        return False

    @property
    def may_be_locked(self) -> bool:
        """Whether a process may train the run now; without locks, whether its progress is new."""
        try:
            return is_taken(self.folder / _files.LOCK)
        except OSError:
            said = self.progress
            return said is not None and abs(time.time() - said.stamp / 1e9) < _LATELY_SECONDS

    def begin(self, experiment: Placed) -> None:
        """Record the experiment and the environment, unless that was done before.

        Half-written files of processes that died are removed, so the caller must hold the lock.

        Raises:
            CannotFinish: the folder is damaged, or cannot be written.
        """
        for path in _files.own_files(self.folder):
            if _files.temporary_of(path.name):
                with contextlib.suppress(OSError):
                    path.unlink()
        now = _environment.here(experiment.training.device)
        if self.exists:
            _ = self.experiment  # refuses a damaged folder
            for path in _files.checkpoints(self.folder):
                refuse_link(path)
            made_by = self._made_by_so_far()
            if now not in made_by:
                write_made_by(self.folder, experiment, [*made_by, now])
            return
        path = self.folder / _files.EXPERIMENT
        atomic_text(path, f"{HEADER}{_migrate.EXPERIMENT_FORMAT}\n{experiment.to_yaml()}")
        write_made_by(self.folder, experiment, [now])
        mark(self.folder, "started", experiment.digest(), [_files.EXPERIMENT])

    @own_settings()
    def finish(self, trace: Trace, weights: Mapping[str, Tensor] | None) -> None:
        """Write the results and mark the run finished.

        Raises:
            CannotFinish: they cannot be written; the checkpoint is kept.
        """
        # `begin` may have written it when threads were always hashed
        digest = str(self.state["digest"])
        with atomic(self.folder / _files.TRACE) as temporary:
            trace.save(temporary)
        if weights is not None:
            arrays = {name: w.detach().cpu().contiguous().numpy() for name, w in weights.items()}
            said = {"format": str(_migrate.WEIGHTS_FORMAT), "digest": digest}
            with atomic(self.folder / _files.WEIGHTS) as temporary:
                save_file(arrays, temporary, said)
        names = [_files.EXPERIMENT, _files.ENVIRONMENT, _files.TRACE]
        names += [_files.WEIGHTS] if weights is not None else []
        mark(self.folder, "finished", digest, names)
        for checkpoint in _files.checkpoints(self.folder):
            with contextlib.suppress(OSError):  # the run is finished all the same
                checkpoint.unlink()

    def discard_weights(self) -> None:
        """Delete the final weights of a finished run, and record that none are kept."""
        state = self.state
        kept = {name: sum_ for name, sum_ in state["sha256"].items() if name != _files.WEIGHTS}
        if kept != state["sha256"]:
            version = self.results_version
            write_state(self.folder, {**state, "results_version": version, "sha256": kept})
        (self.folder / _files.WEIGHTS).unlink(missing_ok=True)

    def _made_by_so_far(self) -> list[dict[str, Any]]:
        """Return `made_by`; a damaged list is no reason to lose a training."""
        try:
            return self.made_by
        except Damaged:
            return [_environment.UNKNOWN]


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


def _version_of(experiment: Placed, state: Mapping[str, Any]) -> int | None:
    """Return the results version under which an experiment has a run's digest, if any does."""
    if experiment.goes_by(state["digest"]):
        return RESULTS_VERSION
    versions = range(RESULTS_VERSION, 0, -1)
    return next((v for v in versions if experiment.digest(v) == state["digest"]), None)
