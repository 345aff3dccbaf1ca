"""Read run.json and environment.json in any known format; write them in the newest."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Generator, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from retrodict.errors import Damaged
from retrodict.experiment import RESULTS_VERSION, Placed
from retrodict.files import atomic_text, digest_of, read_object
from retrodict.runs._files import ENVIRONMENT, REMEDY, STATE, fails_checksum
from retrodict.runs._migrate import (
    ENVIRONMENT_FORMAT,
    ENVIRONMENT_STEPS,
    RUN_FORMAT,
    RUN_STEPS,
    migrated,
)


def read_state(folder: Path) -> dict[str, Any]:
    """Read run.json: `state`, `digest`, `results_version`, and `sha256` of other files."""
    path = folder / STATE
    with _remedy():
        state = migrated(read_object(path), RUN_STEPS, path)
        checksums = state.setdefault("sha256", {})
        sound = (
            state.get("state") in ("started", "finished")
            and isinstance(state.get("digest"), str)
            and isinstance(state.get("results_version", "lost"), int | None)
            and isinstance(checksums, dict)
            and all(isinstance(part, str) for pair in checksums.items() for part in pair)
        )
        if not sound:
            raise Damaged(path, "lacks what a run.json has to say")
    return state


def write_state(folder: Path, state: Mapping[str, Any]) -> None:
    """Write run.json in the present format."""
    content = {"format": RUN_FORMAT, **state}
    atomic_text(folder / STATE, json.dumps(content, indent=1) + "\n")


def mark(folder: Path, state: str, digest: str, names: Iterable[str]) -> None:
    """Write run.json for a run of this code, with the checksums of its files."""
    sums = {name: digest_of(folder / name) for name in names}
    said = {"state": state, "digest": digest, "results_version": RESULTS_VERSION, "sha256": sums}
    write_state(folder, said)


def read_made_by(folder: Path, checksum: str | None) -> list[dict[str, Any]]:
    """Read the environments that made a run, in order."""
    path = folder / ENVIRONMENT
    with _remedy():
        content = {"format": 1, **read_object(path)}  # format 1 did not say its format
        made_by = migrated(content, ENVIRONMENT_STEPS, path).get("made_by")
        if not isinstance(made_by, list) or not made_by or not all(map(_is_environment, made_by)):
            raise Damaged(path, "lacks what an environment.json has to say")
        if checksum not in (None, digest_of(path)):
            raise fails_checksum(path)
    return made_by


def _is_environment(one: Any) -> bool:
    """Whether it can be read as an environment; facts may be missing."""
    if not isinstance(one, dict):
        return False
    words = ("code", "commit", "python", "platform", "processor", "cpu_capability")
    return (
        all(isinstance(one.get(word), str | None) for word in words)
        and isinstance(one.get("versions", {}), dict)
        and isinstance(one.get("gpu"), dict | None)
    )


def write_made_by(folder: Path, experiment: Placed, made_by: Sequence[Mapping[str, Any]]) -> None:
    """Write environment.json in the present format."""
    training = experiment.training
    first, last = training.seeds[0], training.seeds[-1]
    content = {
        "format": ENVIRONMENT_FORMAT,
        "seeds": {"first": first, "last": last, "corpus": training.corpus_seed},
        "threads": training.threads,
        "made_by": list(made_by),
    }
    atomic_text(folder / ENVIRONMENT, json.dumps(content, indent=1) + "\n")


@contextlib.contextmanager
def _remedy() -> Generator[None]:
    """Add the remedy to an error about a damaged file."""
    try:
        yield
    except Damaged as error:
        raise Damaged(error.path, error.what, error.remedy or REMEDY) from None
