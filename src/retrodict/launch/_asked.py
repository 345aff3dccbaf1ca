"""How each run of a command was answered, and training anew what the store could have answered.

Trained again, a run lies in `STORE/.again/DIGITS/NAME` until it is whole, and takes the place of
the one before only then. So what was there stays to the end, and whatever breaks this off, the
same command goes on: the digits stand for its runs, and a mark there for each that is done.
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
from retrodict.experiment import Experiment
from retrodict.files import atomic_text, is_there
from retrodict.launch._job import Ended, Job
from retrodict.launch._launcher import LOCAL, Launcher
from retrodict.launch._local import Reporter
from retrodict.runs import Run, Store, forget_figures_of, has_weights, replace_run, set_aside
from retrodict.trace import Trace

HIDDEN = ".again"


@dataclass(frozen=True)
class Again:
    """What training a run again has shown.

    Attributes:
        same_bits: whether its trace has the same bits; None if there is none to compare with.
        max_nll_difference: how far apart NLLs are at most (nats); None if they cannot be compared.
        before: where the run before is kept; None if that was not needed.
        undrawn: figures that were drawn from it, whose records no longer hold.
    """

    same_bits: bool | None
    max_nll_difference: float | None
    before: Path | None
    undrawn: Sequence[str] = ()

    def __str__(self) -> str:
        kept = f"; what was there before: {self.before}" if self.before else ""
        drawn = f"; to be drawn anew: {', '.join(self.undrawn)}" if self.undrawn else ""
        if self.same_bits:
            return "the same bits as before"
        if self.same_bits is None:
            return f"what was there before cannot be compared{kept}{drawn}"
        far = self.max_nll_difference
        apart = "" if far is None else f": NLL differs by up to {far:.3g} nats"
        return f"not the bits of before{apart}{kept}{drawn}"


@dataclass(frozen=True)
class Answer:
    """How a run was answered: from the store, or trained now, from a checkpoint or from anew."""

    how: Literal["store", "resumed", "trained"]
    again: Again | None = None


class Asked:
    """A launcher that remembers how it answered.

    Parameters:
        launcher: where experiments run.
        again: whether to train anew what is finished.

    Attributes:
        answers: name of a run → how it was answered.
    """

    def __init__(self, launcher: Launcher, again: bool = False) -> None:
        self.launcher, self.again = launcher, again
        self.answers: dict[str, Answer] = {}

    def place(self, experiment: Experiment) -> Experiment:
        """Resolve an experiment; raises as the launcher does."""
        return self.launcher.place(experiment)

    def execute_all(
        self, jobs: Sequence[Job], store: Store, reporter: Reporter, keep_weights: bool = True
    ) -> Iterator[Ended]:
        """Train what is missing, and anew what is to be trained again; see `Launcher`."""
        found = [{way.name: store.run(way) for way in _ways(job.experiment)} for job in jobs]
        before = {run.folder.name: self._look(run) for runs in found for run in runs.values()}
        names = [job.experiment.name for job in jobs]
        hidden = _Hidden(store, names)
        anew = [
            i
            for i, name in enumerate(names)
            if name not in names[:i] and self._is_anew(name, found[i], before, hidden)
        ]
        rest = [i for i in range(len(jobs)) if i not in anew]
        weighty = [i for i in anew if keep_weights or any(map(has_weights, found[i].values()))]
        light = [i for i in anew if i not in weighty]
        left = len(jobs)
        for indices, where, keep in (
            (weighty, hidden.store, True),
            (light, hidden.store, False),
            (rest, store, keep_weights),
        ):
            if not indices:
                continue
            some = [jobs[i] for i in indices]
            for ended in self.launcher.execute_all(some, where, reporter, keep):
                index = indices[ended.index]
                if ended.run is None:
                    yield replace(ended, index=index)
                    continue
                run = ended.run
                if where is hidden.store:
                    name = run.folder.name
                    run, again = _put_in_place(found[index].get(name, Run(store.root / name)), run)
                    before[run.folder.name] = Answer("trained", again)
                self.answers.setdefault(
                    run.folder.name, before.get(run.folder.name, Answer("trained"))
                )
                left -= 1
                if anew and left:
                    hidden.mark(names[index])
                elif anew:
                    hidden.clear()
                yield Ended(index, run)

    def _look(self, run: Run) -> Answer:
        """Say how a run will be answered, unless somebody else is faster."""
        try:
            if run.finished:
                return Answer("store")
            return Answer("resumed" if run.has_checkpoint else "trained")
        except CannotFinish:  # is damaged, which is said when its turn comes
            return Answer("trained")

    def _is_anew(
        self, name: str, found: dict[str, Run], before: dict[str, Answer], hidden: _Hidden
    ) -> bool:
        """Whether a run is to be trained again: it is finished, or was when this was broken off."""
        folders = [run.folder.name for run in found.values()]
        if not self.again or hidden.is_marked(name) or self.answers.keys() & {*folders}:
            return False
        stored = any(before[folder].how == "store" for folder in folders)
        return stored or any(map(hidden.holds, found))


def is_local(launcher: Launcher) -> bool:
    """Whether experiments run here one after another, so that the first that fails ends it all.

    Trained again they are one command, of which each that can be is to be done.
    """
    if isinstance(launcher, Asked):
        return not launcher.again and is_local(launcher.launcher)
    return launcher is LOCAL


def _ways(experiment: Experiment) -> Iterator[Experiment]:
    """What a placed experiment may run as: where its step cannot be compiled, it runs eager."""
    yield experiment
    if experiment.execution == "compiled":
        yield experiment.with_overrides("training.execution=eager")


class _Hidden:
    """Where the runs of a command are trained again, by the names of their experiments."""

    def __init__(self, store: Store, names: Sequence[str]) -> None:
        digits = hashlib.sha256(" ".join(sorted({*names})).encode()).hexdigest()[:12]
        self.store = Store(store.root / HIDDEN / digits)

    def holds(self, name: str) -> bool:
        """Whether one is there, begun or whole: broken off, its place may be empty."""
        return Run(self.store.root / name).exists

    def is_marked(self, name: str) -> bool:
        """Whether one was done before the command was broken off."""
        return is_there(self.store.root / f"{name}.done")

    def mark(self, name: str) -> None:
        """Say that one is done."""
        self.store.root.mkdir(parents=True, exist_ok=True)
        atomic_text(self.store.root / f"{name}.done", "")

    def clear(self) -> None:
        """Forget it all."""
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
    """Say whether the numbers of two traces are the same, and how far apart their NLLs are."""
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
