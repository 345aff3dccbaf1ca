"""The cores and the memory that this process may use, and what limits them.

A process may get less than the machine has. An affinity mask or a scheduler excludes cores. A
control group (a container, a Slurm job) limits CPU time and memory. Control groups form a tree, and
the limits of all levels apply, as far as they are visible here.
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
"""Upper bound of every count in an experiment: products of a few such numbers still fit a float."""

PROC = Path("/proc")
"""Linux's process file system. Other systems have none, and their limits are unknown."""

_NO_LIMIT = 2**62  # bytes; where there is no limit, cgroup version 1 gives the largest number
_BINDING = ("OMP_PROC_BIND", "OMP_PLACES", "GOMP_CPU_AFFINITY", "KMP_AFFINITY")


def cores() -> tuple[int, ...]:
    """Return the numbers of the cores that this process may use.

    If a variable tells OpenMP to bind threads, loading torch shrinks the main thread's mask to one
    core. In that case this is the mask as it was when retrodict was imported.
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
    """Let this thread, and threads it starts, run on all of `cores()`; restore its mask after."""
    found, wanted = set(_mask()), set(cores())
    if found != wanted:
        _run_on(wanted)
    try:
        yield
    finally:
        if found != wanted:
            _run_on(found)


def _run_on(wanted: set[int]) -> None:
    with contextlib.suppress(OSError, AttributeError):  # a core is offline; no masks on this system
        os.sched_setaffinity(0, wanted)


def core_count(proc: Path = PROC) -> int:
    """Return how many threads can each have a full core's time."""
    return min(_core_limits(proc))[0]


def core_limit(proc: Path = PROC) -> str:
    """Name what limits `core_count`: `machine`, `affinity`, a quota or Slurm."""
    return min(_core_limits(proc))[2]


def _core_limits(proc: Path) -> Iterator[tuple[int, int, str]]:
    """Yield every limit of threads: (threads, priority among equal limits, name)."""
    allowed = len(cores())
    yield max(allowed, os.cpu_count() or 1), 0, "machine"
    yield allowed, 1, "affinity"
    if (quota := _quota(proc)) is not None:
        yield max(1, math.ceil(quota - 1e-9)), 2, f"cgroup quota of {round(quota, 2)} CPUs"
    if "SLURM_JOB_ID" not in os.environ:  # a shell may have the others left over from a job
        return
    for name in ("SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE"):
        count = _integer(os.environ.get(name))
        if count:
            yield count, 3, f"{name}={count}"
            return


def _quota(proc: Path) -> float | None:
    """Return the CPU quota of the control groups in cores, if there is one."""
    found = []
    for group in _groups("cpu", proc):
        version_2 = _text(group / "cpu.max").split()
        version_1 = [_text(group / f"cpu.cfs_{name}_us") for name in ("quota", "period")]
        quota, period = map(_integer, version_2 if len(version_2) == 2 else version_1)
        if quota and period and quota > 0:
            found.append(quota / period)
    return min(found, default=None)


def available_bytes(proc: Path = PROC) -> int | None:
    """Return how much more memory this process can allocate; None if that is unknown."""
    found = min(_memory_limits(proc), default=None)
    return None if found is None else max(0, found[0])


def memory_limit(proc: Path = PROC) -> str:
    """Name what limits `available_bytes`: `machine`, a control group, a ulimit or Slurm."""
    return min(_memory_limits(proc), default=(0, 0, "unknown"))[2]


def _memory_limits(proc: Path) -> Iterator[tuple[int, int, str]]:
    """Yield every limit of memory: (bytes left, priority among equal limits, name)."""
    machine = _table(proc / "meminfo").get("MemAvailable")
    if machine is not None:
        yield machine * 1024, 0, "machine"
    for group in _groups("memory", proc):
        used = _used(group)
        for limit in _limits_of(group):
            yield limit - used, 1, f"cgroup limit of {gib(limit)}"
    pages = [_integer(word) or 0 for word in _text(proc / "self/statm").split()]
    if len(pages) < 6:
        return
    size = os.sysconf("SC_PAGE_SIZE")
    ulimits = _text(proc / "self/limits")
    for name, option, held in (("address space", "-v", pages[0]), ("data size", "-d", pages[5])):
        if found := re.search(rf"^Max {name} +(\d+) ", ulimits, flags=re.MULTILINE):
            limit = int(found[1])
            yield limit - held * size, 2, f"ulimit {option} of {gib(limit)}"
    if given := _slurm_bytes():
        yield given - pages[1] * size, 3, f"Slurm's allocation of {gib(given)}"


def _limits_of(group: Path) -> Iterator[int]:
    """Yield the memory limits of a control group; version 1 also has that of its ancestors."""
    names = ("memory.max", "memory.high", "memory.limit_in_bytes")
    found = [_integer(_text(group / name)) for name in names]
    found.append(_table(group / "memory.stat").get("hierarchical_memory_limit"))
    return (limit for limit in found if limit is not None and limit < _NO_LIMIT)


def _used(group: Path) -> int:
    """Return the memory of a control group without the page cache, which can be reclaimed.

    Mapped files such as running code cannot be.
    """
    names = ("memory.current", "memory.usage_in_bytes")
    used = next((found for n in names if (found := _integer(_text(group / n))) is not None), 0)
    table = _table(group / "memory.stat")

    def of(*names: str) -> int:
        return next((table[name] for name in names if name in table), 0)

    cache = of("total_inactive_file", "inactive_file") + of("total_active_file", "active_file")
    mapped = of("total_mapped_file", "file_mapped", "mapped_file")
    return max(0, used - max(0, cache - mapped) - of("slab_reclaimable"))


def _slurm_bytes() -> int | None:
    """Return the memory Slurm gave this job on this node; None outside a job or if unlimited."""
    if "SLURM_JOB_ID" not in os.environ:
        return None
    per_node, per_cpu, cpus = (
        _integer(os.environ.get(f"SLURM_{name}")) or 0
        for name in ("MEM_PER_NODE", "MEM_PER_CPU", "CPUS_ON_NODE")
    )
    return (per_node or per_cpu * cpus) * 2**20 or None


def require_memory(needed: int, what: str, remedy: str) -> None:
    """Raise BadInput, before anything is allocated, if fewer bytes than needed are available."""
    available = available_bytes()
    if available is not None and needed > available:
        raise BadInput(f"{what} needs {gib(needed)} and there are {free_memory()}; {remedy}")


def free_memory() -> str:
    """Describe how much memory is free, and what limits it unless that is the machine.

    >>> " GiB free" in free_memory() or available_bytes() is None
    True
    """
    limit = memory_limit()
    why = "" if limit == "machine" else f" ({limit})"
    return f"{gib(available_bytes() or 0)} free{why}"


def gib(count: int) -> str:
    """Format a number of bytes.

    >>> gib(3 * 2**29)
    '1.5 GiB'
    """
    return f"{count / 2**30:.1f} GiB"


def _groups(controller: str, proc: Path) -> Iterator[Path]:
    """Yield the folders of this process's control group and its ancestors, innermost first.

    Version 1 has one tree per controller, version 2 one tree for all. Both may exist.
    """
    for line in _text(proc / "self/cgroup").splitlines():
        number, _, rest = line.partition(":")
        names, _, path = rest.partition(":")
        if controller in names.split(","):
            yield from _with_ancestors(path, _mounts(proc, "cgroup", controller))
        elif number == "0" and not names:
            yield from _with_ancestors(path, _mounts(proc, "cgroup2", None))


def _mounts(proc: Path, kind: str, controller: str | None) -> dict[Path, PurePosixPath]:
    """Return mount points of a tree of control groups → the group that each one shows."""
    found = {}
    for line in _text(proc / "self/mountinfo").splitlines():
        before, _, after = line.partition(" - ")
        fields, (type_, _, options) = before.split(" "), (after.split(" ") + [""] * 3)[:3]
        wanted = type_ == kind and (controller is None or controller in options.split(","))
        if wanted and len(fields) > 4:
            found[Path(unescaped(fields[4]))] = PurePosixPath(unescaped(fields[3]))
    return found


def _with_ancestors(path: str, mounts: dict[Path, PurePosixPath]) -> Iterator[Path]:
    """Yield the folders from a control group up to its mount point.

    In a container the path may not exist below any mount point. Then the mounted group is taken to
    be the container's own.
    """
    seen = []
    for place, root in mounts.items():
        inside = PurePosixPath(path)
        known = inside.is_relative_to(root) and ".." not in inside.parts
        folder = place / (inside.relative_to(root) if known else "")
        seen.append((known and folder.is_dir(), len(root.parts), place, folder))
    if seen:
        *_, place, folder = max(seen)
        between = [up for up in (folder, *folder.parents) if up.is_relative_to(place)]
        yield from (up for up in between if up == place or up.is_dir())


def unescaped(text: str) -> str:
    """Decode a path from mountinfo or mounts, where a space is `\\040`."""
    return re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), text)


def _text(path: Path) -> str:
    """Read a file of the kernel; an empty string if it is missing or not readable."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _table(path: Path) -> dict[str, int]:
    """Read a file whose lines are a name and a number."""
    pairs = (line.split()[:2] for line in _text(path).splitlines())
    return {
        pair[0].rstrip(":"): int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()
    }


def _integer(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if re.fullmatch(r"-?\d{1,19}", text, flags=re.ASCII) else None
