"""Where output goes, and the environment variables that matter."""

from __future__ import annotations

import contextlib
import locale
import os
import re
import shutil
import stat
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from retrodict.doctor._line import Found, Look, Looks

_SYMBOLS = "→ ± ×"
_RELEVANT = re.compile(
    r"(OMP|GOMP|KMP|MKL|OPENBLAS|BLIS|VECLIB|NUMEXPR|ATEN|TORCH|TORCHINDUCTOR|PYTORCH|TRITON|CUDA|"
    r"NVIDIA|HDF5|MALLOC|RETRODICT|LC)_.*|PYTHON.*|MPL(BACKEND|CONFIGDIR)|MATPLOTLIBRC|TZ|LANG|"
    r"LANGUAGE|TMPDIR|TEMP|TMP|TERM|COLUMNS|LINES|NO_COLOR|FORCE_COLOR|CC|CXX|LD_PRELOAD|"
    r"LD_LIBRARY_PATH|DYLD_.*|XDG_CACHE_HOME|VIRTUAL_ENV|CONDA_DEFAULT_ENV|"
    r"SLURM_(JOB_ID|CPU.*|MEM.*|N.*TASKS.*|NTASKS.*|TRES.*|GPU.*|ARRAY_.*|STEP_ID|.*BIND.*)"
)
_SECRET = re.compile(r"TOKEN|SECRET|PASS|KEY|CREDENTIAL|AUTH|USER(?!BASE)|ACCOUNT", re.IGNORECASE)

_LOGIN = re.compile(r"//[^/@\s]*@")


def _stream(name: str) -> Look:
    def look() -> Found:
        stream = getattr(sys, name)
        if stream is None or stream.closed or not getattr(stream, "given", True):
            return Found("closed", "output there is dropped")
        encoding = stream.encoding or "utf-8"
        value = f"{_kind(stream)}, {encoding}"
        if stream.isatty():
            value += f", {shutil.get_terminal_size().columns} columns"
        try:
            _SYMBOLS.encode(encoding)
        except UnicodeError:
            return Found(value, "symbols are written in ASCII, an arrow as ->")
        return Found(value, f"it can show {_SYMBOLS}")

    return look


def _kind(stream: object) -> str:
    with contextlib.suppress(OSError, ValueError, AttributeError):
        found = os.fstat(stream.fileno())  # type: ignore[attr-defined]
        if os.isatty(stream.fileno()):  # type: ignore[attr-defined]
            return "a terminal"
        if stat.S_ISFIFO(found.st_mode) or stat.S_ISSOCK(found.st_mode):
            return "a pipe"
        return "a file" if stat.S_ISREG(found.st_mode) else "a device"
    return "in memory"


def _locale() -> Found:
    letters = locale.setlocale(locale.LC_CTYPE)
    files, names = locale.getpreferredencoding(False), sys.getfilesystemencoding()
    value = f"{letters}; files are {files}, their names {names}"
    return Found(value, "retrodict's own files are always UTF-8")


def _clock() -> Found:
    now = datetime.now().astimezone().isoformat(timespec="seconds")
    return Found(now, "for time stamps only")


def _home() -> Found:
    home = os.path.expanduser("~")
    if os.access(home, os.W_OK) and os.path.isdir(home):
        return Found(home, "libraries keep their caches there")
    return Found(f"{home} cannot be written", "libraries' caches go to the temporary folder")


def _variables() -> Iterator[Found]:
    relevant = [name for name in sorted(os.environ) if _RELEVANT.fullmatch(name)]
    inherited = _inherited()
    for name in relevant:
        secret = "(hidden)" if _SECRET.search(name) else ""
        ours = "set by retrodict" if inherited and name not in inherited else ""
        value = secret or _LOGIN.sub("//***@", os.environ[name]) or "(empty)"
        yield Found(value, ours, name=name)
    if not relevant:
        yield Found("none that matter")


def _inherited() -> set[str]:
    """Return the names of the variables the process was started with; empty if unknown."""
    try:
        lines = Path("/proc/self/environ").read_bytes().split(b"\0")
    except OSError:
        return set()
    return {os.fsdecode(line.partition(b"=")[0]) for line in lines}


LOOKS: Looks = {
    "stdout": _stream("stdout"),
    "stderr": _stream("stderr"),
    "locale": _locale,
    "clock": _clock,
    "home": _home,
}
VARIABLES: Looks = {"set": _variables}
