"""The store: a folder of runs, each found by its experiment."""

from __future__ import annotations

import contextlib
import os
from functools import cached_property
from pathlib import Path

from retrodict.errors import BadInput, CannotFinish, Unreadable
from retrodict.experiment import Placed
from retrodict.files import DISK_FULL, make_anew, names_in, reason
from retrodict.runs._files import STATE
from retrodict.runs._run import Run


class Store:
    """A folder of runs.

    Parameters:
        root: the folder, made when the first run begins; `~` in a string is the home folder.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(os.path.expanduser(root) if isinstance(root, str) else root)

    def run(self, experiment: Placed) -> Run:
        """Return the run of an experiment, whether or not it exists yet.

        If the number of threads cannot alter a bit, it is not part of a run's name. It once was: of
        several such runs, the one with most progress is returned.
        """
        run = Run(self.root / experiment.name, experiment.digest())
        before = {} if experiment.threads_matter else self.by_threads(experiment)
        return max([run, *before.values()], key=_how_far) if before else run

    def by_threads(self, experiment: Placed) -> dict[int, Run]:
        """Return the runs of an experiment whose names depend on the threads, by threads."""
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
        """The names in the folder at first use; later runs do not have old names."""
        try:
            return frozenset(os.listdir(self.root))
        except OSError:
            return frozenset()

    def runs(self) -> list[Run]:
        """List the runs by name, unreadable ones too; may raise `Unreadable`."""
        return [run for name in names_in(self.root) if _may_exist(run := Run(self.root / name))]

    def prepare(self, experiment: Placed) -> Run:
        """Make the folder of an experiment's run; raises as `require_writable` does."""
        run = self.run(experiment)
        require_writable(run.folder, room=80)
        return run


def _may_exist(run: Run) -> bool:
    try:
        return run.exists
    except Unreadable:
        return True


def _how_far(run: Run) -> int:
    """Rank a run: not there, begun, with a checkpoint, finished."""
    try:
        return (run.finished and 3) or (run.has_checkpoint and 2) or int(run.exists)
    except CannotFinish:  # damaged, which is reported if there is nothing better
        return 1


def require_writable(folder: Path, option: str = "--out", room: int = 150) -> None:
    """Make a folder, and make sure that files can be made in it.

    Args:
        folder: made with its parents.
        option: the option that names it, for the message.
        room: characters that paths of files within add to the folder's own.

    Raises:
        BadInput: files cannot be made there.
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
            raise CannotFinish(f"{folder}: {reason(error)}") from None
        file = next((path for path in (folder, *folder.parents) if os.path.isfile(path)), None)
        why = "it is a file" if file else error.strerror
        raise BadInput(
            f"{file or folder}: cannot be written to: {why}; give another folder with {option}"
        ) from None
