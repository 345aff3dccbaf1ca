"""Identity of the running code: a hash of the package's source, and its git commit."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable
from functools import cache
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parent

TRAINING_CODE = (
    "config.py",
    "data/",
    "experiment/_corpora.py",
    "experiment/_experiment.py",
    "experiment/_identity.py",
    "experiment/_placing.py",
    "experiment/_sections.py",
    "files/tensors.py",
    "host.py",
    "models/",
    "objectives/",
    "seeds.py",
    "tasks/",
    "trace/_recording.py",
    "trace/_trace.py",
    "training/",
)
"""The folders and modules that determine the bits of a training."""

_GIT_SECONDS = 5


def version_of(package: str) -> str | None:
    """Return the version of an installed package."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def source_hash(wanted: Callable[[str], bool], *more: str) -> str:
    """Hash `more` and the source files whose paths in the package are wanted.

    Returns:
        16 digits, or "unknown" if no source can be read.
    """
    digest = hashlib.sha256("".join(more).encode())
    found = False
    try:
        for path in sorted(ROOT.rglob("*.py")):
            if wanted(path.relative_to(ROOT).as_posix()):
                digest.update(path.read_bytes())
                found = True
    except OSError:
        return "unknown"
    return digest.hexdigest()[:16] if found else "unknown"


@cache
def training_code() -> str:
    """Hash the code that determines the bits of a training."""
    return source_hash(lambda path: path.startswith(TRAINING_CODE))


@cache
def commit() -> str | None:
    """Return the git commit of the checkout that holds the package; None if there is none.

    It does not show uncommitted changes; `training_code` does.
    """
    return _head(ROOT.parent.parent / ".git") if ROOT.parent.name == "src" else None


def _head(git: Path) -> str | None:
    # With --git-dir, git ignores who owns the checkout and where GIT_DIR points.
    command = ["git", f"--git-dir={git}", "rev-parse", "--verify", "--quiet", "HEAD"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=_GIT_SECONDS
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


training_code()  # hashed now, as loaded: the files may change while the process runs
