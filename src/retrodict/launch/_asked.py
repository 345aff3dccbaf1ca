"""Record how each run of a command was obtained, and train finished runs again (`--again`).

A run that is trained again is in `STORE/.again/DIGITS/NAME` until it is complete. Only then does it
replace the old run. DIGITS is a hash of the command's runs, and a file there marks each run that is
done. So an interrupted command continues when it is run again.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from retrodict.errors import CannotFinish
from retrodict.experiment import Experiment, Placed
from retrodict.files import atomic_text, is_there
from retrodict.launch._launcher import LOCAL, Launcher
from retrodict.launch._local import Ended, Job, Reporter
from retrodict.runs import Run, Store, forget_figures_of, has_weights, replace_run, set_aside
from retrodict.trace import Trace

HIDDEN = ".again"


@dataclass(frozen=True)
class Again:
    """How a run trained again compares with the old one.

    Attributes:
        same_bits: whether the traces have the same bits; None if there is no old trace.
        max_nll_difference: largest difference of any NLL, in nats; None if not comparable.
        before: where the old run is kept; None if it was replaced.
        undrawn: figures drawn from the old run, whose records were deleted.
    """

    same_bits: bool | None
    max_nll_difference: float | None
    before: Path | None
    undrawn: Sequence[str] = ()

    def __str__(self) -> str:
        kept = f"; the old run is kept: {self.before}" if self.before else ""
        drawn = f"; draw again: {', '.join(self.undrawn)}" if self.undrawn else ""
        if self.same_bits:
            return "the same bits as before"
        if self.same_bits is None:
            return f"the old run cannot be read and compared{kept}{drawn}"
        far = self.max_nll_difference
        apart = "" if far is None else f": NLL differs by up to {far:.3g} nats"
        return f"the bits differ from before{apart}{kept}{drawn}"


@dataclass(frozen=True)
class Answer:
    """How a run was obtained: from the store, resumed from a checkpoint, or trained."""

    how: Literal["store", "resumed", "trained"]
    again: Again | None = None


class Asked:
    """A launcher that records in `answers` how it obtained each run, by the run's name.

    Parameters:
        launcher: where experiments run.
        again: whether to train finished runs again.
    """

    def __init__(self, launcher: Launcher, again: bool = False) -> None:
        self.launcher, self.again = launcher, again
        self.answers: dict[str, Answer] = {}

    def place(self, experiment: Experiment) -> Placed:
        return self.launcher.place(experiment)

    def execute_all(
        self, jobs: Sequence[Job], store: Store, reporter: Reporter, keep_weights: bool = True
    ) -> Iterator[Ended]:
        """Train missing runs, and finished ones again with `again`; see `Launcher`."""
        found = [{way.name: store.run(way) for way in _ways(job.experiment)} for job in jobs]
        before = {run.folder.name: self._look(run) for runs in found for run in runs.values()}
        names = [job.experiment.name for job in jobs]
        hidden = _Hidden(store, names)
        batches: dict[tuple[bool, bool], list[int]] = {}  # (anew, keep weights) → jobs
        for i, name in enumerate(names):
            anew = name not in names[:i] and self._is_anew(name, found[i], before, hidden)
            keep = keep_weights or (anew and any(map(has_weights, found[i].values())))
            batches.setdefault((anew, keep), []).append(i)
        any_anew, left = any(anew for anew, _ in batches), len(jobs)
        for (anew, keep), indices in sorted(batches.items(), reverse=True):
            where = hidden.store if anew else store
            some = [jobs[i] for i in indices]
            for ended in self.launcher.execute_all(some, where, reporter, keep):
                index = indices[ended.index]
                if ended.run is None:
                    yield replace(ended, index=index)
                    continue
                run, name = ended.run, ended.run.folder.name
                if anew:
                    run, again = _put_in_place(found[index].get(name, Run(store.root / name)), run)
                    name = run.folder.name
                    before[name] = Answer("trained", again)
                self.answers.setdefault(name, before.get(name, Answer("trained")))
                left -= 1
                if any_anew and left:
                    hidden.mark(names[index])
                elif any_anew:
                    hidden.clear()
                yield Ended(index, run)

    def _look(self, run: Run) -> Answer:
        """Return how a run will be obtained, unless another process changes it meanwhile."""
        try:
            if run.finished:
                return Answer("store")
            return Answer("resumed" if run.has_checkpoint else "trained")
        except CannotFinish:  # damaged: reported when its turn comes
            return Answer("trained")

    def _is_anew(
        self, name: str, found: dict[str, Run], before: dict[str, Answer], hidden: _Hidden
    ) -> bool:
        """Whether to train a run again: it is finished, or was before an interruption."""
        folders = [run.folder.name for run in found.values()]
        if not self.again or hidden.is_marked(name) or self.answers.keys() & {*folders}:
            return False
        stored = any(before[folder].how == "store" for folder in folders)
        return stored or any(map(hidden.holds, found))


def is_local(launcher: Launcher) -> bool:
    """Whether the first failure ends the command: experiments run here, and not with `--again`."""
    if isinstance(launcher, Asked):
        return not launcher.again and is_local(launcher.launcher)
    return launcher is LOCAL


def _ways(experiment: Placed) -> Iterator[Placed]:
    """Yield an experiment, and its eager form if compiling its step may fail."""
    yield experiment
    if experiment.execution == "compiled":
        yield experiment.eager()


class _Hidden:
    """The hidden store where a command trains runs again."""

    def __init__(self, store: Store, names: Sequence[str]) -> None:
        digits = hashlib.sha256(" ".join(sorted({*names})).encode()).hexdigest()[:12]
        self.store = Store(store.root / HIDDEN / digits)

    def holds(self, name: str) -> bool:
        return Run(self.store.root / name).exists

    def is_marked(self, name: str) -> bool:
        return is_there(self.store.root / f"{name}.done")

    def mark(self, name: str) -> None:
        self.store.root.mkdir(parents=True, exist_ok=True)
        atomic_text(self.store.root / f"{name}.done", "")

    def clear(self) -> None:
        shutil.rmtree(self.store.root, ignore_errors=True)
        with contextlib.suppress(OSError):
            self.store.root.parent.rmdir()


def _put_in_place(old: Run, new: Run) -> tuple[Run, Again]:
    broken_off = set_aside(old, new)
    same, far = _compared(_trace(Run(broken_off) if broken_off else old), Run(new.folder).trace)
    run, before = replace_run(old, new, keep=not same)
    undrawn = [] if same else forget_figures_of(old.folder)
    return run, Again(same, far, before, tuple(undrawn))


def _trace(run: Run) -> Trace | None:
    try:
        return Run(run.folder).trace
    except CannotFinish:
        return None


def _compared(old: Trace | None, new: Trace) -> tuple[bool | None, float | None]:
    """Return whether two traces have the same numbers, and the largest difference of NLLs."""
    if old is None:
        return None, None
    same = (
        old.curves.equals(new.curves)
        and old.weights.keys() == new.weights.keys()
        and all(panel.equals(new.weights[name]) for name, panel in old.weights.items())
    )
    one, other = old.curves["nll"].values, new.curves["nll"].values
    if one.shape != other.shape:
        return same, None
    apart = np.abs(one - other)
    return same, float(np.nanmax(apart)) if np.isfinite(apart).any() else None
