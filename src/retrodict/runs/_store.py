"""The store: a folder of runs, each found again by the experiment it answers."""

from __future__ import annotations

import contextlib
import os
from functools import cached_property
from pathlib import Path

from retrodict.errors import BadInput, CannotFinish, Unreadable
from retrodict.experiment import Placed
from retrodict.files import DISK_FULL, DISK_FULL_ADVICE, make_anew, names_in
from retrodict.runs._files import STATE
from retrodict.runs._run import Run


class Store:
    """A folder of runs.

    Parameters:
        root: the folder; it is made when the first run begins. In text, `~` is a home; a `Path` is
            taken as it is, as the command line has read it already.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(os.path.expanduser(root) if isinstance(root, str) else root)

    def run(self, experiment: Placed) -> Run:
        """Return the run that answers an experiment, whether or not it is there yet.

        Where threads alter no bit they are not in a run's name. They once were: of several that
        are there, the one that has come farthest answers.
        """
        run = Run(self.root / experiment.name, experiment.digest())
        before = {} if experiment.threads_matter else self.by_threads(experiment)
        return max([run, *before.values()], key=_how_far) if before else run

    def by_threads(self, experiment: Placed) -> dict[int, Run]:
        """The runs of an experiment that have the threads in their names, by how many they are."""
        kinds = experiment.named("")
        if not any(name.startswith(kinds) for name in self._names):
            return {}
        return {
            threads: Run(self.root / name, digest)
            for threads, digest in experiment.digests_by_threads()
            if (name := experiment.named(digest)) in self._names
        }

    @cached_property
    def _names(self) -> frozenset[str]:
        """What was in the folder at first; nothing that comes later is named as before."""
        try:
            return frozenset(os.listdir(self.root))
        except OSError:
            return frozenset()

    def runs(self) -> list[Run]:
        """List the runs that are there, by name; those that cannot be looked at say so themselves.

        Raises:
            Unreadable: the store cannot be listed.
        """
        return [
            Run(self.root / name) for name in names_in(self.root) if _holds_run(self.root / name)
        ]

    def prepare(self, experiment: Placed) -> Run:
        """Make the folder of an experiment's run.

        Raises:
            BadInput: the store cannot be written to.
        """
        run = self.run(experiment)
        require_writable(run.folder, room=80)
        return run


def _holds_run(folder: Path) -> bool:
    try:
        return Run(folder).exists
    except Unreadable:
        return True


def _how_far(run: Run) -> int:
    """How far a run is: not there, begun, with a checkpoint, finished."""
    try:
        return (run.finished and 3) or (run.has_checkpoint and 2) or int(run.exists)
    except CannotFinish:  # damaged, which is said if there is nothing better
        return 1


def require_writable(folder: Path, option: str = "--out", room: int = 150) -> None:
    """Make a folder, and make sure that files can be made in it.

    Args:
        folder: which.
        option: what would name another, for the message.
        room: how many characters longer than the folder's own path others have to be.

    Raises:
        BadInput: they cannot.
        CannotFinish: the disk is full.
    """
    try:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            os.lstat(folder / ("x" * room))  # raises where paths would be too long; makes nothing
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".{STATE}.{os.getpid()}.tmp"
        make_anew(probe)
        probe.unlink()
    except OSError as error:
        if error.errno in DISK_FULL:
            raise CannotFinish(f"{folder}: {DISK_FULL_ADVICE}") from None
        why = "it is a file" if isinstance(error, FileExistsError) else error.strerror
        raise BadInput(
            f"{folder}: cannot be written to: {why}; give another folder with {option}"
        ) from None
