"""Which code this is: a hash of the package's source, and the commit it was checked out from."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent

TRAINING_CODE = (
    "config.py",
    "data/",
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
"""The rooms and modules that decide the bits of a training; the others only look at them."""


def source_hash(wanted: Callable[[str], bool], *more: str) -> str:
    """Hash some of the source: 16 digits, or "unknown" where there is no source to read.

    Args:
        wanted: whether a file counts, by its path within the package, such as `tasks/_chain.py`.
        more: what is hashed with it.
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
    """Hash the code that decides the bits of a training."""
    return source_hash(lambda path: path.startswith(TRAINING_CODE))


@cache
def commit() -> str | None:
    """Read the git commit of the checkout that the package lies in; None if it lies in none.

    What was changed since is not seen here; `training_code` sees it.
    """
    checkout = ROOT.parent.parent
    try:
        return _head(checkout / ".git") if ROOT.parent.name == "src" else None
    except (OSError, ValueError):
        return None


def _head(git: Path) -> str | None:
    if git.is_file():  # a worktree: a line that says where its own files are
        git = (
            git.parent / git.read_text(encoding="utf-8").removeprefix("gitdir:").strip()
        ).resolve()
    head = (git / "HEAD").read_text(encoding="utf-8").strip()
    if not head.startswith("ref:"):
        return head
    name, common = head.removeprefix("ref:").strip(), git / "commondir"
    shared = git / common.read_text(encoding="utf-8").strip() if common.is_file() else git
    if (shared / name).is_file():
        return (shared / name).read_text(encoding="utf-8").strip()
    packed = (shared / "packed-refs").read_text(encoding="utf-8").splitlines()
    return next((line.split()[0] for line in packed if line.endswith(f" {name}")), None)


training_code()  # now: of the code as it is loaded, should a file change later
