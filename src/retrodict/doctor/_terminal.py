"""What is printed where, and the variables that alter what others do."""

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

_SIGNS = "→ ± ×"
_TELLING = re.compile(
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
            return Found("closed", "what is said there is dropped")
        encoding = stream.encoding or "utf-8"
        value = f"{_kind(stream)}, {encoding}"
        if stream.isatty():
            value += f", {shutil.get_terminal_size().columns} columns"
        try:
            _SIGNS.encode(encoding)
        except UnicodeError:
            return Found(value, "signs are spelt in ASCII, an arrow as ->")
        return Found(value, f"it carries {_SIGNS}")

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
    return Found(value, "our own files are UTF-8 in any case")


def _clock() -> Found:
    now = datetime.now().astimezone().isoformat(timespec="seconds")
    return Found(now, "stamps runs and alters no result")


def _home() -> Found:
    home = os.path.expanduser("~")
    if os.access(home, os.W_OK) and os.path.isdir(home):
        return Found(home, "others' caches are kept there")
    return Found(f"{home} cannot be written", "others' caches go to the temporary folder")


def _variables() -> Iterator[Found]:
    told = {name: os.environ[name] for name in sorted(os.environ) if _TELLING.fullmatch(name)}
    given = _given()
    for name, value in told.items():
        secret = "(not told)" if _SECRET.search(name) else ""
        ours = "set by retrodict" if given and name not in given else ""
        yield Found(secret or _LOGIN.sub("//***@", value) or "(empty)", ours, name=name)
    if not told:
        yield Found("none that matter")


def _given() -> set[str]:
    """Names of the variables that the process was started with; none where that is not known."""
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
