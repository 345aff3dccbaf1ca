"""run.json and environment.json: read in whichever format they are, written in the present one."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Generator, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from retrodict.errors import Damaged
from retrodict.experiment import RESULTS_VERSION, Placed
from retrodict.files import atomic_text, digest_of, read_object
from retrodict.runs import _migrate
from retrodict.runs._files import ENVIRONMENT, REMEDY, STATE, fails_checksum


def read_state(folder: Path) -> dict[str, Any]:
    """Read run.json: `state`, `digest`, `results_version`, and `sha256` of other files.

    Raises:
        CannotFinish: it is damaged or of a newer format.
        Unreadable: it cannot be read.
    """
    path = folder / STATE
    with _remedy():
        return _migrate.run_state(read_object(path), path)


def write_state(folder: Path, state: Mapping[str, Any]) -> None:
    """Write run.json in the present format."""
    content = {"format": _migrate.RUN_FORMAT, **state}
    atomic_text(folder / STATE, json.dumps(content, indent=1) + "\n")


def state_of(folder: Path, state: str, digest: str, names: Iterable[str]) -> dict[str, Any]:
    """What run.json says of a run that this code made, with the checksums of its files."""
    return {
        "state": state,
        "digest": digest,
        "results_version": RESULTS_VERSION,
        "sha256": {name: digest_of(folder / name) for name in names},
    }


def read_made_by(folder: Path, checksum: str | None) -> list[dict[str, Any]]:
    """Read the environments that made a run, in order.

    Raises:
        CannotFinish: environment.json is damaged or of a newer format.
    """
    path = folder / ENVIRONMENT
    with _remedy():
        content = _migrate.environment(read_object(path), path)
        if checksum not in (None, digest_of(path)):
            raise fails_checksum(path)
    made_by: list[dict[str, Any]] = content["made_by"]
    return made_by


def write_made_by(folder: Path, experiment: Placed, made_by: Sequence[Mapping[str, Any]]) -> None:
    """Write environment.json in the present format."""
    training = experiment.training
    seeds = {
        "first": training.seeds[0],
        "last": training.seeds[-1],
        "corpus": training.corpus_seed,
    }
    content = {
        "format": _migrate.ENVIRONMENT_FORMAT,
        "seeds": seeds,
        "threads": training.threads,
        "made_by": list(made_by),
    }
    atomic_text(folder / ENVIRONMENT, json.dumps(content, indent=1) + "\n")


@contextlib.contextmanager
def _remedy() -> Generator[None]:
    """Say of what is damaged what to do about it."""
    try:
        yield
    except Damaged as error:
        raise Damaged(error.path, error.what, error.remedy or REMEDY) from None
