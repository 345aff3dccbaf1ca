"""The store: a folder of runs, each found again by the experiment it answers."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from retrodict._atomic import DISK_FULL, DISK_FULL_ADVICE
from retrodict.errors import BadInput, CannotFinish
from retrodict.experiment import Experiment
from retrodict.runs._run import Run


class Store:
    """A folder of runs.

    Parameters:
        root: the folder; it is made when the first run begins.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)

    def run(self, experiment: Experiment) -> Run:
        """Return the run that answers a resolved experiment, whether or not it is there yet."""
        return Run(self.root / experiment.name, experiment.digest())

    def runs(self) -> list[Run]:
        """List the runs that are there, by name."""
        return [Run(path.parent) for path in sorted(self.root.glob("*/run.json"))]

    def prepare(self, experiment: Experiment) -> Run:
        """Make the folder of an experiment's run.

        Raises:
            BadInput: the store cannot be written to.
        """
        run = self.run(experiment)
        require_writable(run.folder, room=80)
        return run


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
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        if error.errno in DISK_FULL:
            raise CannotFinish(f"{folder}: {DISK_FULL_ADVICE}") from None
        why = "it is a file" if isinstance(error, FileExistsError) else error.strerror
        raise BadInput(
            f"{folder}: cannot be written to: {why}; give another folder with {option}"
        ) from None
