"""The files of a run's folder: their names, and how they are read and checked."""

from __future__ import annotations

import re
from pathlib import Path

from retrodict.errors import Damaged
from retrodict.files import names_in

STATE, ENVIRONMENT, EXPERIMENT = "run.json", "environment.json", "experiment.yaml"
TRACE, WEIGHTS, LOG, LOCK = "trace.nc", "weights.safetensors", "log.jsonl", ".lock"
CHECKPOINT, PROGRESS = "checkpoint.safetensors", ".progress"
REMEDY = "move the folder away to run it again"


def fails_checksum(path: Path) -> Damaged:
    """Return the error for a file whose checksum is not that of run.json."""
    return Damaged(path, "fails its checksum", f"{REMEDY} (the checksum is in run.json)")


OWN = frozenset({STATE, ENVIRONMENT, EXPERIMENT, TRACE, WEIGHTS, LOG, LOCK, CHECKPOINT, PROGRESS})
NEEDED = frozenset({STATE, ENVIRONMENT, EXPERIMENT, TRACE})
"""Files that every finished run needs."""
_PART = re.compile(r"checkpoint-(\d+)-(\d+)\.safetensors")
_RUN_NAME = re.compile(r"[a-z_]+-[a-z_]+-[0-9a-f]{12}")
_TEMPORARY = re.compile(r"\.(?P<name>.+)\.(?P<pid>\d+)\.tmp")


def is_own(name: str) -> bool:
    """Whether a file of this name in a run's folder was written by us.

    >>> is_own("checkpoint-0-5.safetensors"), is_own("checkpoint-backup.safetensors")
    (True, False)
    """
    return name in OWN or bool(_PART.fullmatch(name))


def is_run_name(name: str) -> bool:
    """Whether a folder of this name is a run's: task, model, and twelve digits of its hash.

    >>> is_run_name("reversal-one_layer-0123456789ab"), is_run_name("my-study")
    (True, False)
    """
    return bool(_RUN_NAME.fullmatch(name))


def temporary_of(name: str) -> tuple[str, int] | None:
    """Return the final name of a temporary file, and the process that wrote it.

    >>> temporary_of(".trace.nc.123.tmp")
    ('trace.nc', 123)
    """
    match = _TEMPORARY.fullmatch(name)
    return (match["name"], int(match["pid"])) if match else None


def own_files(folder: Path) -> list[Path]:
    """Return our files in a folder, half-written ones too; run.json first, if it is there."""
    found = [name for name in names_in(folder) if is_own((temporary_of(name) or [name])[0])]
    return [folder / name for name in sorted(found, key=lambda name: name != STATE)]


def checkpoints(folder: Path) -> list[Path]:
    """Return the checkpoint, or those of the parts of a population, in the learners' order."""
    names = names_in(folder)
    parts = sorted((int(part[1]), name) for name in names if (part := _PART.fullmatch(name)))
    found = [CHECKPOINT] if CHECKPOINT in names else []
    return [folder / name for name in (*found, *(name for _, name in parts))]


def learners_of(name: str, total: int) -> int:
    """Return how many of a population's learners a checkpoint of this name holds.

    >>> learners_of("checkpoint-4-10.safetensors", 10), learners_of("checkpoint.safetensors", 10)
    (6, 10)
    """
    part = _PART.fullmatch(name)
    return int(part[2]) - int(part[1]) if part else total
