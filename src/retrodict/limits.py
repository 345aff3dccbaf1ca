"""How much is too much: the cores and the memory that this process may use, and what limits them.

What a machine has is not what a process gets: an affinity mask or a scheduler keeps it off cores, a
control group (a container, a Slurm job) takes it off them when its share of time is used up, and
kills it when its memory is. Control groups form a tree; the limit of every level up to the root
counts, as far as it can be seen from here.
"""

from __future__ import annotations

import contextlib
import math
import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from retrodict.errors import BadInput

MAX_COUNT = 10**9
"""What no count of anything exceeds: products of a few such numbers still are floats."""

PROC = Path("/proc")
"""Where Linux says what limits a process. Elsewhere there is nothing, and nothing is known."""

_NO_LIMIT = 2**62  # bytes; version 1 of control groups writes the largest number there is
_BINDING = ("OMP_PROC_BIND", "OMP_PLACES", "GOMP_CPU_AFFINITY", "KMP_AFFINITY")


def cores() -> tuple[int, ...]:
    """Return the numbers of the cores that this process may use.

    OpenMP's variables that bind threads shrink the main thread's mask to one core when torch is
    loaded. Where one is set, the mask is taken as it was when retrodict was imported.
    """
    if any(os.environ.get(name) for name in _BINDING):
        return _AT_IMPORT
    return _mask()


def _mask() -> tuple[int, ...]:
    if hasattr(os, "sched_getaffinity"):
        return tuple(sorted(os.sched_getaffinity(0)))
    return tuple(range(os.cpu_count() or 1))


_AT_IMPORT = _mask()


@contextlib.contextmanager
def on_all_cores() -> Iterator[None]:
    """Let this thread, and what it begins, run on all of `cores()`; then leave it as it was."""
    found, wanted = set(_mask()), set(cores())
    if found != wanted:
        _run_on(wanted)
    try:
        yield
    finally:
        if found != wanted:
            _run_on(found)


def _run_on(wanted: set[int]) -> None:
    with contextlib.suppress(OSError, AttributeError):  # a core has gone; or there are no masks
        os.sched_setaffinity(0, wanted)


def core_count(proc: Path = PROC) -> int:
    """Return how many threads have a core's time each.

    Args:
        proc: the folder of Linux's process file system.
    """
    return min(_core_limits(proc))[0]


def core_limit(proc: Path = PROC) -> str:
    """Say what limits `core_count`: `machine`, `affinity`, a quota or Slurm."""
    return min(_core_limits(proc))[2]


def _core_limits(proc: Path) -> Iterator[tuple[int, int, str]]:
    """All limits of threads: how many, which comes first where two are alike, and in words."""
    allowed = len(cores())
    yield max(allowed, os.cpu_count() or 1), 0, "machine"
    yield allowed, 1, "affinity"
    if (quota := _quota(proc)) is not None:
        yield max(1, math.ceil(quota - 1e-9)), 2, f"cgroup quota of {round(quota, 2)} CPUs"
    if "SLURM_JOB_ID" not in os.environ:  # what is left in a shell limits nothing
        return
    for name in ("SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE"):
        count = _whole(os.environ.get(name))
        if count:
            yield count, 3, f"{name}={count}"
            return


def _quota(proc: Path) -> float | None:
    """Return how many cores' time the control groups give; None if they do not limit it."""
    found = []
    for group in _groups("cpu", proc):
        quota, period = _words(group / "cpu.max", 2)  # version 2
        if quota is None and period is None:
            quota = next(iter(_words(group / "cpu.cfs_quota_us", 1)))
            period = next(iter(_words(group / "cpu.cfs_period_us", 1)))
        if quota and period and quota > 0:
            found.append(quota / period)
    return min(found, default=None)


def available_bytes(proc: Path = PROC) -> int | None:
    """Return how much more memory this process can have, or None where it cannot be told."""
    found = min(_memory_limits(proc), default=None)
    return None if found is None else max(0, found[0])


def memory_limit(proc: Path = PROC) -> str:
    """Say what limits `available_bytes`: `machine`, a control group, a ulimit or Slurm."""
    return min(_memory_limits(proc), default=(0, 0, "unknown"))[2]


def _memory_limits(proc: Path) -> Iterator[tuple[int, int, str]]:
    """All limits of memory: bytes left, which comes first of two alike, and in words."""
    machine = _table(proc / "meminfo").get("MemAvailable")
    if machine is not None:
        yield machine * 1024, 0, "machine"
    groups = list(_groups("memory", proc))
    for group in groups:
        used = _used(group)
        for limit in _limits_of(group):
            yield limit - used, 1, f"cgroup limit of {gib(limit)}"
    pages = [_whole(word) or 0 for word in _text(proc / "self/statm").split()]
    if len(pages) < 6:
        return
    size = os.sysconf("SC_PAGE_SIZE")
    for name, option, held in (
        ("Max address space", "-v", pages[0]),
        ("Max data size", "-d", pages[5]),
    ):
        said = re.search(rf"^{name} +(\d+) ", _text(proc / "self/limits"), flags=re.MULTILINE)
        if said:
            limit = int(said[1])
            yield limit - held * size, 2, f"ulimit {option} of {gib(limit)}"
    if given := _slurm_bytes():
        yield given - pages[1] * size, 3, f"Slurm's allocation of {gib(given)}"


def _limits_of(group: Path) -> Iterator[int]:
    """The limits of a control group; version 1 also says what those above it come to."""
    table = _table(group / "memory.stat")
    said = [_whole(_text(group / name)) for name in ("memory.max", "memory.high")]
    said += [_whole(_text(group / "memory.limit_in_bytes")), table.get("hierarchical_memory_limit")]
    return (limit for limit in said if limit is not None and limit < _NO_LIMIT)


def _used(group: Path) -> int:
    """Return how much of a control group's memory cannot be had back.

    The page cache can, but for what is mapped: the code that runs lies there.
    """
    used = _whole(_text(group / "memory.current"))
    if used is None:
        used = _whole(_text(group / "memory.usage_in_bytes")) or 0
    table = _table(group / "memory.stat")

    def of(*names: str) -> int:
        return next((table[name] for name in names if name in table), 0)

    cache = of("total_inactive_file", "inactive_file") + of("total_active_file", "active_file")
    mapped = of("total_mapped_file", "file_mapped", "mapped_file")
    return max(0, used - max(0, cache - mapped) - of("slab_reclaimable"))


def _slurm_bytes() -> int | None:
    """Return what Slurm gave this job on this node; None outside of one, or for all of it."""
    if "SLURM_JOB_ID" not in os.environ:
        return None
    whole = _whole(os.environ.get("SLURM_MEM_PER_NODE"))
    each = _whole(os.environ.get("SLURM_MEM_PER_CPU"))
    megabytes = whole or (each or 0) * (_whole(os.environ.get("SLURM_CPUS_ON_NODE")) or 0)
    return megabytes * 2**20 or None


def require_memory(needed: int, what: str, remedy: str) -> None:
    """Refuse what would not fit into memory, before it is allocated.

    Args:
        needed: bytes.
        what: what needs them.
        remedy: what would be smaller.

    Raises:
        BadInput: there are fewer.
    """
    available = available_bytes()
    if available is not None and needed > available:
        raise BadInput(f"{what} needs {gib(needed)} and there are {free_memory()}; {remedy}")


def free_memory() -> str:
    """Say how much memory there is, and what limits it where that is not the machine.

    >>> " GiB free" in free_memory() or available_bytes() is None
    True
    """
    limit = memory_limit()
    why = "" if limit == "machine" else f" ({limit})"
    return f"{gib(available_bytes() or 0)} free{why}"


def gib(count: int) -> str:
    """Write a number of bytes.

    >>> gib(3 * 2**29)
    '1.5 GiB'
    """
    return f"{count / 2**30:.1f} GiB"


def _groups(controller: str, proc: Path) -> Iterator[Path]:
    """The folders of this process's control groups, its own first, then those above it.

    Version 1 has a tree for each controller and version 2 one for all; both may be there.
    """
    for line in _text(proc / "self/cgroup").splitlines():
        number, _, rest = line.partition(":")
        names, _, path = rest.partition(":")
        if controller in names.split(","):
            yield from _levels(path, _mounts(proc, "cgroup", controller))
        elif number == "0" and not names:
            yield from _levels(path, _mounts(proc, "cgroup2", None))


def _mounts(proc: Path, kind: str, controller: str | None) -> dict[Path, PurePosixPath]:
    """Where a tree of control groups is mounted, and which of its groups is seen there."""
    found = {}
    for line in _text(proc / "self/mountinfo").splitlines():
        before, _, after = line.partition(" - ")
        fields, (type_, _, options) = before.split(" "), (after.split(" ") + [""] * 3)[:3]
        if (
            len(fields) > 4
            and type_ == kind
            and (controller is None or controller in options.split(","))
        ):
            found[Path(unescaped(fields[4]))] = PurePosixPath(unescaped(fields[3]))
    return found


def _levels(path: str, mounts: dict[Path, PurePosixPath]) -> Iterator[Path]:
    """The folders from a control group up to where its tree is mounted.

    A container may see less than the path says, or call it otherwise; then what is mounted is taken
    for its own.
    """
    seen = []
    for place, root in mounts.items():
        inside = PurePosixPath(path)
        known = inside.is_relative_to(root) and ".." not in inside.parts
        folder = place / (inside.relative_to(root) if known else "")
        seen.append((known and folder.is_dir(), len(root.parts), place, folder))
    if not seen:
        return
    _, _, place, folder = max(seen)
    while folder != place:
        if folder.is_dir():
            yield folder
        folder = folder.parent
    yield place


def unescaped(text: str) -> str:
    """Read a path as mountinfo and mounts write it: a space is `\\040`."""
    return re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), text)


def _text(path: Path) -> str:
    """Read a file of the kernel's; one that is not there, or not for us, says nothing."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _words(path: Path, count: int) -> list[int | None]:
    """The first numbers of a file; None for `max` and for what is not there."""
    words = _text(path).split()
    return [_whole(words[i]) if i < len(words) else None for i in range(count)]


def _table(path: Path) -> dict[str, int]:
    """Read lines of a name and a number."""
    pairs = (line.split()[:2] for line in _text(path).splitlines())
    return {
        pair[0].rstrip(":"): int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()
    }


def _whole(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if re.fullmatch(r"-?\d{1,19}", text, flags=re.ASCII) else None
