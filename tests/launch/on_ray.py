"""Run a command on a Ray cluster whose workers write checkpoints often (CHECKPOINT_SECONDS)."""

from __future__ import annotations

import functools
import os
import sys

import ray

from retrodict.cli._exit import run_cli


def often() -> None:
    """Set up a worker. It is pickled by value, since it belongs to the main module."""
    from retrodict import training

    seconds = float(os.environ["CHECKPOINT_SECONDS"])
    training.Hooks = functools.partial(training.Hooks, checkpoint_seconds=seconds)


if __name__ == "__main__":
    kept = {"CHECKPOINT_SECONDS": os.environ["CHECKPOINT_SECONDS"]}
    ray.init = functools.partial(
        ray.init, runtime_env={"worker_process_setup_hook": often, "env_vars": kept}
    )
    sys.exit(run_cli(sys.argv[1:]))
