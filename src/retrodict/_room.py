"""How much is too much: the bound of every number that sizes something, and the memory there is."""

from __future__ import annotations

from pathlib import Path

from retrodict.errors import BadInput

MOST = 10**9
"""What no count of anything exceeds: products of a few such numbers still are floats."""


def available_bytes() -> int | None:
    """Free memory of this machine, or None where it cannot be told."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if "MemAvailable" in line)
    except (OSError, StopIteration):
        return None


def require_room(needed: int, what: str, remedy: str) -> None:
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
        raise BadInput(
            f"{what} needs {needed / 2**30:.1f} GiB and there are {available / 2**30:.1f} GiB "
            f"free; {remedy}"
        )
