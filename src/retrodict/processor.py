"""Names of this machine's processor and its vector units, read without loading torch."""

from __future__ import annotations

import platform
from pathlib import Path

_FEATURES = ("avx", "avx2", "fma", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "sve")


def processor() -> str:
    """Return the model name of this machine's processor."""
    return _cpuinfo("model name") or platform.processor() or "unknown"


def cpu_features() -> list[str]:
    """List the vector units by which torch chooses its kernels."""
    flags = (_cpuinfo("flags") or _cpuinfo("Features") or "").split()
    return [feature for feature in _FEATURES if feature in flags]


def _cpuinfo(key: str) -> str | None:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    pairs = (line.partition(":") for line in lines)
    return next((value.strip() for name, _, value in pairs if name.strip() == key), None)
