"""Run a command whose submitted jobs write checkpoints often (CHECKPOINT_SECONDS)."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

from retrodict.cli._exit import run_cli
from retrodict.launch import _slurm


@dataclass(frozen=True)
class Often(_slurm.SlurmJob):
    """It is pickled by value, since it belongs to the main module."""

    def __call__(self) -> _slurm.JobResult:
        import functools

        from retrodict import training

        seconds = float(os.environ["CHECKPOINT_SECONDS"])
        training.Hooks = functools.partial(training.Hooks, checkpoint_seconds=seconds)
        return super().__call__()


if __name__ == "__main__":
    _slurm.SlurmJob = Often
    _slurm._SETTLE_SECONDS, _slurm._ASK_SECONDS = 0.5, 1.0
    sys.exit(run_cli(sys.argv[1:]))
