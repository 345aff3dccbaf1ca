"""The fast tests in surroundings unlike this one: `make test-portable`, or some of them by name.

    python tests/surroundings.py                 all of them, one after another
    python tests/surroundings.py "one core" "no git on PATH"

What cannot be had on this machine is said and is no failure. Exit code 1: tests failed somewhere.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
FAST = ("-m", "pytest", "-p", "no:cacheprovider", "-m", "not slow and not seconds")
FAST += ("--numprocesses", "2", "--dist", "loadfile")
CPUINFO = "processor\t: 0\nmodel name\t: Abacus 9000\nflags\t\t: fpu sse2\n"


@dataclass(frozen=True)
class Surrounding:
    """What a process finds around itself.

    Attributes:
        name: what the table calls it.
        changes: of the environment; None takes a variable away.
        before: words before the command, such as `taskset -c 0`.
        python: the interpreter, with the development packages.
        lacking: why it cannot be had here; "" if it can.
    """

    name: str
    changes: dict[str, str | None] = field(default_factory=dict)
    before: tuple[str, ...] = ()
    python: str = sys.executable
    lacking: str = ""


def surroundings(folder: Path) -> Iterator[Surrounding]:
    """Yield all of them; what they need is made in a folder."""
    yield Surrounding("as it is")
    yield _with_program("one core", "taskset", "-c", _first_core())
    for capability in ("avx2", "default"):
        name = f"ATEN_CPU_CAPABILITY={capability}"
        yield Surrounding(name, {"ATEN_CPU_CAPABILITY": capability})
    yield Surrounding("no HOME", {"HOME": "/nonexistent", "XDG_CACHE_HOME": None})
    yield _without_rights()
    yield Surrounding("TZ=Asia/Kolkata", {"TZ": "Asia/Kolkata"})
    yield Surrounding("LC_ALL=C", {"LC_ALL": "C", "LANG": None, "PYTHONUTF8": "0"})
    yield Surrounding("COLUMNS=60", {"COLUMNS": "60"})
    yield Surrounding("no git on PATH", {"PATH": _path_without("git", folder / "bin")})
    yield _another_processor(folder / "cpuinfo")
    for version in ("3.12", "3.13"):
        yield _another_python(version)


def _first_core() -> str:
    there = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else {0}
    return str(min(there))


def _with_program(name: str, *words: str) -> Surrounding:
    lacking = "" if shutil.which(words[0]) else f"there is no {words[0]}"
    return Surrounding(name, before=words, lacking=lacking)


def _without_rights() -> Surrounding:
    """Another user than root; where root alone can read Python, root without any capability."""
    name = "a user without rights"
    if os.getuid() != 0:
        return Surrounding(name)
    if not shutil.which("setpriv"):
        return Surrounding(name, lacking="there is no setpriv")
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    child = (
        "import subprocess, sys; subprocess.check_call([sys.executable, '-c', 'import retrodict'])"
    )
    if _works(*nobody, sys.executable, "-c", child):
        return Surrounding(name, before=nobody)
    return Surrounding(name, before=("setpriv", "--bounding-set=-all", "--inh-caps=-all"))


def _path_without(program: str, folder: Path) -> str:
    """Return a PATH of one folder, which links to everything that PATH has but one program."""
    folder.mkdir()
    for place in os.environ["PATH"].split(os.pathsep):
        for path in Path(place).glob("*"):
            if path.name != program and not path.name.startswith(f"{program}-"):
                with contextlib.suppress(FileExistsError):
                    (folder / path.name).symlink_to(path.absolute())
    return str(folder)


def _another_processor(cpuinfo: Path) -> Surrounding:
    """A processor of another name, for all that is run: its /proc/cpuinfo is another file."""
    cpuinfo.write_text(CPUINFO, encoding="utf-8")
    script = f'mount --bind "{cpuinfo}" /proc/cpuinfo && exec "$@"'
    words = ("unshare", "--mount", "sh", "-c", script, "sh")
    lacking = "" if _works(*words, "true") else "it takes the right to mount"
    return Surrounding("another processor's name", before=words, lacking=lacking)


def _another_python(version: str) -> Surrounding:
    """Another Python; its environment is made by `make setup-dev` and not here."""
    venv = ROOT / f".venv-{version}"
    python = venv / "bin" / "python"
    how = f"make setup-dev PYTHON=python{version} VENV={venv.name}"
    return Surrounding(
        f"Python {version}", python=str(python), lacking="" if python.exists() else f"first: {how}"
    )


def _works(*command: str) -> bool:
    with contextlib.suppress(OSError):
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    return False


def run(one: Surrounding, options: list[str]) -> tuple[str, float]:
    """Run the fast tests; return how that ended and how many seconds it took."""
    if one.lacking:
        return f"cannot be had: {one.lacking}", 0.0
    kept = {**os.environ, **one.changes}
    environment = {name: value for name, value in kept.items() if value is not None}
    environment["OPENBLAS_NUM_THREADS"] = "1"
    began = time.monotonic()
    command = [*one.before, one.python, *FAST, *options]
    code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    return "passed" if code == 0 else "FAILED", time.monotonic() - began


def main(arguments: list[str]) -> int:
    """Run those that are asked for; say how each ended."""
    names = [word for word in arguments if not word.startswith("-")]
    options = [word for word in arguments if word.startswith("-")]
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # another user reads in it
        known = list(surroundings(Path(folder)))
        if strange := set(names) - {one.name for one in known}:
            print(f"{', '.join(strange)}: choose from {', '.join(one.name for one in known)}")
            return 2
        ended = []
        for one in known:
            if names and one.name not in names:
                continue
            print(f"--- {one.name}", flush=True)
            ended.append((one.name, *run(one, options)))
    print("\n" + "\n".join(f"{name:<28} {seconds:5.0f} s  {how}" for name, how, seconds in ended))
    return 1 if any(how == "FAILED" for _, how, _ in ended) else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
